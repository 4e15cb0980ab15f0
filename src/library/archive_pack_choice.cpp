// SPDX-License-Identifier: MIT
#include "library/archive_pack_choice.hpp"

#include <map>
#include <set>
#include <utility>

#include "query/archive_restorables.hpp"
#include "query/archive_selection.hpp"
#include "query/session_reference.hpp"

namespace ktstr {
namespace {

class Chooser {
 public:
  Chooser(SQLite::Database& archive, const std::string& root, const Clock& clock)
      : archive_(archive), root_(root), clock_(clock) {}

  [[nodiscard]] Result<void> add(const std::string& what) {
    const char first = what.empty() ? '\0' : what.front();
    if (first == '@' || first == '~') return add_session_named(what);
    auto tokens = results_of_session(archive_, what);
    if (!tokens.empty()) return add_results(tokens);
    return add_named_or_expression(what);
  }

  [[nodiscard]] PackChoice choice() {
    add_dumps_of_results();
    PackChoice choice;
    for (auto& [id, version] : sidecars_) choice.sidecars.push_back(std::move(version));
    for (auto& [id, version] : dumps_) choice.dumps.push_back(std::move(version));
    return choice;
  }

 private:
  [[nodiscard]] Result<void> add_session_named(const std::string& what) {
    const auto session = find_session_reference(archive_, what, root_);
    if (!session) return fail(session.error());
    return add_results(results_of_session(archive_, session->session));
  }

  [[nodiscard]] Result<void> add_results(const std::vector<std::int64_t>& ids) {
    make_number_table(archive_, "chosen_result", ids);
    for (FileVersion& version : sidecar_versions(
             archive_, "s.sidecar_id IN (SELECT number FROM temp.chosen_result)", {})) {
      sidecars_.emplace(version.row_id, std::move(version));
    }
    return {};
  }

  [[nodiscard]] Result<void> add_named_or_expression(const std::string& what) {
    RestoreRequest request;
    request.what = what;
    request.root = root_;
    request.with_traces = true;
    auto named = find_restorables(archive_, request);
    if (named) {
      for (FileVersion& version : *named) {
        auto& group = version.kind == "sidecar" ? sidecars_ : dumps_;
        group.emplace(version.row_id, std::move(version));
      }
      return {};
    }
    const auto found = results_where(archive_, what, clock_);
    if (found) return add_results(*found);
    // A word was meant as a name.
    const bool is_expression = what.find_first_of(" =<>()'") != std::string::npos;
    return fail(is_expression ? found.error() : named.error());
  }

  void add_dumps_of_results() {
    std::set<std::int64_t> directories;
    for (const auto& [id, version] : sidecars_) directories.insert(version.directory_id);
    for (const std::int64_t directory : directories) {
      for (FileVersion& dump : artifact_versions(archive_, directory)) {
        if (sidecars_.contains(dump.owner)) dumps_.emplace(dump.row_id, std::move(dump));
      }
    }
  }

  SQLite::Database& archive_;
  const std::string& root_;
  const Clock& clock_;
  std::map<std::int64_t, FileVersion> sidecars_;
  std::map<std::int64_t, FileVersion> dumps_;
};

}  // namespace

Result<PackChoice> choose_for_pack(SQLite::Database& archive, const std::vector<std::string>& what,
                                   const std::string& root, const Clock& clock) {
  return guarded(archive.getFilename(), [&]() -> Result<PackChoice> {
    Chooser chooser(archive, root, clock);
    for (const std::string& each : what) {
      if (auto added = chooser.add(each); !added) return fail(std::move(added.error()));
    }
    return chooser.choice();
  });
}

}  // namespace ktstr
