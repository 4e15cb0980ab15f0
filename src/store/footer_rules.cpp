// SPDX-License-Identifier: MIT
#include "store/footer_rules.hpp"

#include <algorithm>
#include <utility>

#include "environment/join_path.hpp"

namespace ktstr {

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

}  // namespace ktstr
