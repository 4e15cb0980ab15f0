// SPDX-License-Identifier: MIT
#pragma once

// What a test run left behind, as the harness sums it up after its tests: which tests failed and
// where the files about each are. Looks only at files directly in the run directories (job
// directories don't count), and of those only at the ones written since the run began.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// A test that failed in one run directory. Each path is that of a fresh file; where several
/// variants left a file of one kind, the last name in byte order is given.
struct FailedTest {
  std::string test_name;
  /// Of the failing variant whose file comes first in byte order; none if no sidecar says fail.
  std::optional<std::string> scheduler = {};
  std::optional<std::string> topology = {};
  std::optional<std::string> failure_dump = {};
  std::optional<std::string> repro_dump = {};
  std::vector<std::string> stats = {};  ///< every variant's sidecar, in byte order
  std::optional<std::string> wprof = {};
  std::optional<std::string> repro_wprof = {};
  bool replayable = false;  ///< some sidecar of this name says fail, which is what a replay takes

  friend bool operator==(const FailedTest&, const FailedTest&) = default;
};

struct RunDirectorySummary {
  std::string path;
  std::vector<FailedTest> failed = {};  ///< by test name, in byte order
  std::uint64_t stats_sidecars = 0;     ///< those that could not be parsed included
  std::uint64_t wprof_traces = 0;       ///< without those of automatic reproductions
  /// Sidecars that count, but have no verdict that could be read; in byte order.
  std::vector<std::string> unparsed_sidecars = {};

  friend bool operator==(const RunDirectorySummary&, const RunDirectorySummary&) = default;
};

/// Every moment is after this one.
inline constexpr std::int64_t k_since_ever = std::numeric_limits<std::int64_t>::min();

struct FooterOptions {
  /// Files written at this time or later count. Nanoseconds since the epoch, compared with mtimes.
  std::int64_t since_ns = k_since_ever;
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< a larger sidecar counts as unparsed
};

/// Reads the run directories (not dot directories; links to directories are fine) directly in
/// `runs_root`, those with fresh files, in byte order of their names. Files that are links are
/// passed over. A test failed if a sidecar of its says fail, or if it left a failure dump of a
/// variant that has no sidecar that can be parsed. What can't be listed or has gone is left out; a
/// missing root has nothing. Thread-safe.
[[nodiscard]] std::vector<RunDirectorySummary> summarize_run_artifacts(
    const std::string& runs_root, const FooterOptions& options = {});

/// The harness's own text, which begins with an empty line; empty for no directories. Control
/// characters in foreign names are shown as \n or \xNN. Pure; thread-safe.
[[nodiscard]] std::string footer_text(const std::vector<RunDirectorySummary>& directories);

}  // namespace ktstr
#pragma GCC visibility pop
