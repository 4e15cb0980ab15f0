// SPDX-License-Identifier: MIT
#include "library/restore.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/visible_text.hpp"
#include "catalog/archive_tables.hpp"
#include "ktstr/walk.hpp"
#include "library/restore_tree.hpp"
#include "store/dump_name.hpp"
#include "store/pre_clear.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_conflicts_listed = 10;
// Of one file. A foreign archive can promise any size for a few bytes.
constexpr std::int64_t k_most_bytes = std::int64_t{1} << 30;

/// A name that a harness gives to such a file. What a foreign archive calls a result could else be
/// a shell's start-up file.
bool is_restorable_name(const FileVersion& version) {
  const bool is_plain = is_plain_component(version.run_dir) &&
                        (version.job.empty() || is_plain_component(version.job)) &&
                        is_plain_component(version.file_name);
  const bool is_ours = version.kind == "sidecar" ? is_sidecar_filename(version.file_name)
                                                 : !dump_name(version.file_name).test.empty();
  return is_plain && is_ours;
}

TreePath path_of(const FileVersion& version) {
  TreePath path{{version.run_dir}, version.file_name};
  if (!version.job.empty()) path.directories.push_back(version.job);
  return path;
}

/// Of each run directory whose files, those of its jobs aside, are all of one session: its token.
std::map<std::string, std::string> shared_tokens(const std::vector<FileVersion>& files) {
  std::map<std::string, std::set<std::optional<std::string>>> tokens;
  for (const FileVersion& each : files) {
    const bool counts = each.kind == "sidecar" && each.job.empty() && is_restorable_name(each);
    if (counts) tokens[each.run_dir].insert(each.session);
  }
  std::map<std::string, std::string> shared;
  for (const auto& [run_dir, all] : tokens) {
    if (all.size() == 1 && all.begin()->has_value()) shared[run_dir] = **all.begin();
  }
  return shared;
}

class Restorer {
 public:
  Restorer(SQLite::Database& archive, const RestoreOptions& options)
      : archive_(archive), tables_(archive), options_(options), tree_(options.to) {}

  Result<std::vector<RestoredFile>> run(const std::vector<FileVersion>& files) {
    if (auto checked = check(files); !checked) return fail(std::move(checked.error()));
    for (const auto& [run_dir, token] : shared_tokens(files)) {
      if (auto written = put_token(run_dir, token); !written) return fail(written.error());
    }
    for (const FileVersion& each : files) {
      if (options_.should_stop && options_.should_stop()) {
        return fail(ErrorCode::interrupted, "interrupted");
      }
      if (auto restored = put(each); !restored) return fail(std::move(restored.error()));
    }
    return std::move(rows_);
  }

 private:
  /// The bytes, or why there are none.
  Result<std::string> bytes_of(const FileVersion& version, bool* is_redacted = nullptr) {
    if (version.id.empty()) {
      return fail(ErrorCode::not_found, version.not_kept.empty() ? "its bytes were not kept"
                                                                 : "not kept: " + version.not_kept);
    }
    const auto document =
        guarded(archive_.getFilename(), [&] { return tables_.document(version.id); });
    if (!document) return fail(document.error());
    if (!*document) {
      return fail(ErrorCode::not_found, "its bytes were dropped (by gc, or over the size limit)");
    }
    if ((*document)->plain_bytes > k_most_bytes) {
      return fail(ErrorCode::io, "it is larger than 1 GiB");
    }
    if (is_redacted != nullptr) *is_redacted = (*document)->is_redacted;
    return unpack_document(**document);
  }

  /// Before anything is written.
  Result<void> check(const std::vector<FileVersion>& files) {
    std::vector<std::string> conflicts;
    for (const FileVersion& each : files) {
      if (!is_restorable_name(each)) continue;
      const TreePath path = path_of(each);
      auto there = tree_.look(path, "");
      if (!there) return fail(std::move(there.error()));
      if (*there == Standing::absent || options_.force) continue;
      const auto bytes = bytes_of(each);
      if (!bytes) continue;  // nothing will be written there
      there = tree_.look(path, *bytes);
      if (!there) return fail(std::move(there.error()));
      if (*there == Standing::different) conflicts.push_back(path.text());
    }
    if (conflicts.empty()) return {};
    return fail(conflict_error(conflicts));
  }

  [[nodiscard]] Error conflict_error(const std::vector<std::string>& conflicts) const {
    Error error{ErrorCode::io,
                std::to_string(conflicts.size()) +
                    " files are there already and are different; nothing was written",
                options_.to, "--force replaces them:"};
    for (std::size_t i = 0; i < conflicts.size() && i < k_conflicts_listed; ++i) {
      error.hint += "\n" + escape_control(conflicts[i]);
    }
    if (conflicts.size() > k_conflicts_listed) {
      error.hint += "\nand " + std::to_string(conflicts.size() - k_conflicts_listed) + " more";
    }
    return error;
  }

  void add_row(const FileVersion& version, std::string status, std::string reason = {}) {
    rows_.push_back({path_of(version).text(), version.kind, version.id, version.size_bytes,
                     std::move(status), std::move(reason)});
  }

  Result<void> put(const FileVersion& version) {
    if (!is_restorable_name(version)) {
      add_row(version, "missing", "its name is none that a harness gives: refused");
      return {};
    }
    bool is_redacted = false;
    const auto bytes = bytes_of(version, &is_redacted);
    // Of the archive itself: it can be mended, and then there may be more.
    if (!bytes && bytes.error().path == archive_.getFilename()) return fail(bytes.error());
    if (!bytes) {
      add_row(version, "missing", bytes.error().message);
      return {};
    }
    const std::string reason = is_redacted ? "as it was packed: redacted" : "";
    const TreePath path = path_of(version);
    const auto there = tree_.look(path, *bytes);
    if (!there) return fail(there.error());
    if (*there == Standing::same) {
      add_row(version, "present", reason);
      return {};
    }
    auto written = tree_.put(path, *bytes, version.mtime_ns, options_.force);
    if (written) add_row(version, "restored", reason);
    return written;
  }

  /// Only into a run directory that is new, or has the token: what stands in another one may be
  /// another session's. Before its files, so that it is there whenever they are.
  Result<void> put_token(const std::string& run_dir, const std::string& token) {
    const TreePath path{{run_dir}, k_session_sentinel};
    const auto there = tree_.look(path, token);
    if (!there) return fail(there.error());
    const std::int64_t size = static_cast<std::int64_t>(token.size());
    RestoredFile row{path.text(), "session", "", size, "present", ""};
    if (*there == Standing::different) row.reason = "names another session: left as it is";
    if (*there == Standing::absent) {
      if (tree_.has_directory(path.directories)) return {};
      if (auto written = tree_.put(path, token, std::nullopt, false); !written) return written;
      row.status = "restored";
    }
    rows_.push_back(std::move(row));
    return {};
  }

  SQLite::Database& archive_;
  ArchiveTables tables_;
  const RestoreOptions& options_;
  RestoreTree tree_;
  std::vector<RestoredFile> rows_;
};

}  // namespace

Result<std::vector<RestoredFile>> restore(SQLite::Database& archive,
                                          const RestoreOptions& options) {
  const auto files = find_restorables(archive, options.request);
  if (!files) return fail(files.error());
  return Restorer(archive, options).run(*files);
}

}  // namespace ktstr
