// SPDX-License-Identifier: MIT
#include "store/footer_scan.hpp"

#include <memory>
#include <utility>

#include "environment/join_path.hpp"
#include "ktstr/record_json.hpp"
#include "store/footer_rules.hpp"
#include "store/walk_internal.hpp"

namespace ktstr {
namespace {

std::optional<FooterVerdict> read_verdict(const DirectoryHandle& directory, const std::string& name,
                                          const FooterOptions& options) {
  const auto file = directory.open_file(name);
  if (!file) return std::nullopt;
  const auto bytes = (*file)->read_all(options.max_file_bytes);
  if (!bytes) return std::nullopt;
  const auto decoded = decode_record(*bytes, SampleHandling::reduce);
  if (!decoded || decoded->contract != Contract::ok) return std::nullopt;
  const Record& record = decoded->record;
  return FooterVerdict{record.is_fail(), record.scheduler, record.topology};
}

/// The entry's own status: a link is never fresh, wherever it leads.
bool is_fresh_file(const DirectoryHandle& directory, const DirectoryEntry& entry,
                   const FooterOptions& options) {
  if (entry.kind != FileKind::regular) return false;
  return is_fresh(directory.status_of(entry.name, FollowLinks::no), options.since_ns);
}

std::optional<RunDirectorySummary> summarize(DirectoryHandle& directory, std::string path,
                                             const FooterOptions& options) {
  const auto entries = directory.list();
  if (!entries) return std::nullopt;
  FooterRules rules(std::move(path));
  for (const DirectoryEntry& entry : *entries) {
    if (!classify_artifact(entry.name) || !is_fresh_file(directory, entry, options)) continue;
    rules.add(entry.name, is_footer_sidecar(entry.name)
                              ? read_verdict(directory, entry.name, options)
                              : std::nullopt);
  }
  return rules.finish();
}

}  // namespace

std::vector<RunDirectorySummary> summarize_run_artifacts(FileSystem& files,
                                                         const std::string& runs_root,
                                                         const FooterOptions& options) {
  const auto root = files.open_directory(runs_root);
  if (!root) return {};
  const auto entries = (*root)->list();
  if (!entries) return {};
  std::vector<RunDirectorySummary> found;
  for (const DirectoryEntry& entry : *entries) {
    if (!is_run_directory_name(entry.name) || !is_directory_entry(**root, entry)) continue;
    const auto run = (*root)->open_directory(entry.name);
    if (!run) continue;
    auto summary = summarize(**run, join_path(runs_root, entry.name), options);
    if (summary) found.push_back(std::move(*summary));
  }
  return found;
}

std::vector<RunDirectorySummary> summarize_run_artifacts(const std::string& runs_root,
                                                         const FooterOptions& options) {
  return summarize_run_artifacts(system_file_system(), runs_root, options);
}

}  // namespace ktstr
