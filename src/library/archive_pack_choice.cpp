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

constexpr const char* k_chosen = "chosen_result";

class Chooser {
 public:
  Chooser(SQLite::Database& archive, const PackRoot& root, const Clock& clock)
      : archive_(archive), root_(root), clock_(clock) {}

  [[nodiscard]] Result<void> add(const std::string& what) {
    RestoreRequest request;
    request.what = what;
    request.root = root_.path;
    request.project = root_.project;
    request.with_traces = true;
    const char first = what.empty() ? '\0' : what.front();
    if (first == '@' || first == '~') return add_session_named(request);
    auto of_token = versions_of_session(archive_, request, {what, false});
    if (!of_token.empty()) return add_versions(std::move(of_token));
    return add_named_or_expression(request);
  }

  [[nodiscard]] PackChoice choice() {
    add_dumps_of_results();
    PackChoice choice;
    for (auto& [id, version] : sidecars_) choice.sidecars.push_back(std::move(version));
    for (auto& [id, version] : dumps_) choice.dumps.push_back(std::move(version));
    return choice;
  }

 private:
  [[nodiscard]] Result<void> add_session_named(const RestoreRequest& request) {
    const auto session = find_session_reference(archive_, request.what, request.root);
    if (!session) return fail(session.error());
    return add_versions(versions_of_session(archive_, request, *session));
  }

  [[nodiscard]] Result<void> add_versions(std::vector<FileVersion> versions) {
    for (FileVersion& version : versions) {
      auto& group = version.kind == "sidecar" ? sidecars_ : dumps_;
      group.emplace(version.row_id, std::move(version));
    }
    return {};
  }

  [[nodiscard]] Result<void> add_named_or_expression(const RestoreRequest& request) {
    auto named = find_restorables(archive_, request);
    if (named) return add_versions(std::move(*named));
    const auto found = results_where(archive_, request.what, clock_);
    if (found) return add_results(request, *found);
    // A word was meant as a name.
    const bool is_expression = request.what.find_first_of(" =<>()'") != std::string::npos;
    return fail(is_expression ? found.error() : named.error());
  }

  [[nodiscard]] Result<void> add_results(const RestoreRequest& request,
                                         const std::vector<std::int64_t>& ids) {
    make_number_table(archive_, k_chosen, ids);
    if (request.project) keep_of_project(archive_, k_chosen, *request.project);
    auto versions = sidecar_versions(
        archive_, std::string("s.sidecar_id IN (SELECT number FROM temp.") + k_chosen + ")", {});
    if (versions.empty() && !ids.empty()) {
      return fail(ErrorCode::not_found,
                  "'" + request.what + "' holds only for results of other projects", "",
                  "--all-projects packs those, too");
    }
    return add_versions(std::move(versions));
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
  const PackRoot& root_;
  const Clock& clock_;
  std::map<std::int64_t, FileVersion> sidecars_;
  std::map<std::int64_t, FileVersion> dumps_;
};

}  // namespace

Result<PackChoice> choose_for_pack(SQLite::Database& archive, const std::vector<std::string>& what,
                                   const PackRoot& root, const Clock& clock) {
  return guarded(archive.getFilename(), [&]() -> Result<PackChoice> {
    Chooser chooser(archive, root, clock);
    for (const std::string& each : what) {
      if (auto added = chooser.add(each); !added) return fail(std::move(added.error()));
    }
    return chooser.choice();
  });
}

}  // namespace ktstr
