// SPDX-License-Identifier: MIT
#pragma once

// What `replay` says about its choice, its outcome and the host. Texts of several lines have no
// newline at the end, and control characters of foreign names are escaped. Pure; thread-safe.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/replay_outcome.hpp"
#include "environment/host_differences.hpp"
#include "query/failed_tests.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// "last session 17…, 2 run directories", and which failures that leaves out.
[[nodiscard]] std::string scope_text(const FailedTests& failed);

/// "2 failed tests".
[[nodiscard]] std::string failed_tests_text(std::size_t count);

/// What to do about that many: how they are run.
[[nodiscard]] std::string to_replay_text(std::size_t count);

/// Why there is nothing to replay: `substring` is what names had to contain, if anything.
[[nodiscard]] std::string nothing_to_replay_text(const FailedTests& failed,
                                                 const std::optional<std::string>& substring);

/// "results of session 17… in 6.14.2-abc1234 will be replaced".
[[nodiscard]] std::string replaced_text(const OlderResults& older, const std::string& run_dir);

/// How many of each outcome, then a line for each test that isn't fixed.
[[nodiscard]] std::string outcome_text(const std::vector<ReplayedTest>& tests);

/// The recorded host against the one of now.
struct HostDrift {
  bool is_captured = false;
  std::vector<HostDifference> differences;  ///< none: unchanged
};
[[nodiscard]] std::string drift_text(const HostDrift& drift);

/// The document of a dry run.
[[nodiscard]] JsonObject replay_document(const ResultScope& scope,
                                         const std::vector<std::string>& names,
                                         const HostDrift& drift);

}  // namespace ktstr
