// SPDX-License-Identifier: MIT
#include "store/footer.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "store/walk.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_attempt = ".attempt-";

/// Without ".attempt-N" before the last two or three parts of the name.
std::string without_attempt(std::string_view name) {
  const std::size_t at = name.rfind(k_attempt);
  if (at == std::string_view::npos) return std::string(name);
  std::size_t end = at + k_attempt.size();
  while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
  const bool is_attempt = end > at + k_attempt.size() && end < name.size() && name[end] == '.';
  return is_attempt ? std::string(name.substr(0, at)) + std::string(name.substr(end))
                    : std::string(name);
}

}  // namespace

DumpName dump_name(std::string_view file_name) {
  const auto name = classify_artifact(without_attempt(file_name));
  if (!name) return {};
  DumpName dump{name->test, std::nullopt};
  if (name->has_hash) dump.hash = hex16(name->hash);
  return dump;
}

bool is_footer_sidecar(const std::string& file_name) {
  const auto artifact = classify_artifact(file_name);
  return artifact && artifact->kind == ArtifactKind::sidecar;
}

FooterRules::FooterRules(std::string directory) { summary_.path = std::move(directory); }

void FooterRules::add(const std::string& file_name, const std::optional<FooterVerdict>& verdict) {
  const auto artifact = classify_artifact(file_name);
  // What a writer died over says nothing about a test.
  if (!artifact || artifact->kind == ArtifactKind::staging) return;
  Test& test = tests_[artifact->test];
  const std::string path = join_path(summary_.path, file_name);
  switch (artifact->kind) {
    case ArtifactKind::failure_dump:
      test.dumped.insert(artifact->hash);
      test.found.failure_dump = path;
      break;
    case ArtifactKind::repro_failure_dump:
      test.dumped.insert(artifact->hash);
      test.found.repro_dump = path;
      break;
    case ArtifactKind::wprof:
      ++summary_.wprof_traces;
      test.found.wprof = path;
      break;
    case ArtifactKind::repro_wprof:
      test.found.repro_wprof = path;
      break;
    case ArtifactKind::sidecar:
      add_sidecar(test, artifact->hash, path, verdict);
      break;
    case ArtifactKind::staging:
      break;
  }
}

void FooterRules::add_sidecar(Test& test, std::uint64_t hash, const std::string& path,
                              const std::optional<FooterVerdict>& verdict) {
  ++summary_.stats_sidecars;
  test.found.stats.push_back(path);
  if (!verdict) {
    summary_.unparsed_sidecars.push_back(path);
    return;
  }
  test.parsed.insert(hash);
  if (!verdict->is_fail) return;
  if (!test.found.replayable) {
    test.found.scheduler = verdict->scheduler;
    test.found.topology = verdict->topology;
  }
  test.found.replayable = true;
}

std::optional<RunDirectorySummary> FooterRules::finish() {
  if (tests_.empty()) return std::nullopt;
  for (auto& [name, test] : tests_) {
    // A dump beside a sidecar of the same variant is of a failure that the test expected, or of
    // one that the sidecar tells of. A dump alone is of a test that died before it could write one.
    const bool has_explained_dumps = std::includes(test.parsed.begin(), test.parsed.end(),
                                                   test.dumped.begin(), test.dumped.end());
    if (!test.found.replayable && has_explained_dumps) continue;
    test.found.test_name = name;
    summary_.failed.push_back(std::move(test.found));
  }
  return std::move(summary_);
}

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
