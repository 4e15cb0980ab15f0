// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/run_report.hpp"
#include "environment/host_text.hpp"
#include "query/failed_tests.hpp"
#include "report/json_document.hpp"

// Filtersets for `cargo nextest run -E`. Pure; thread-safe.

namespace ktstr {

/// Matches the tests that the harness's test binaries list for a test function: NAME, ktstr/NAME,
/// gauntlet/NAME, each with or without more parts after a slash, and behind a module path or a
/// binary's name. Any bytes will do: what is special in a regular expression, or could end a
/// quoted argument, is escaped, so that the term can stand between single quotes.
[[nodiscard]] std::string nextest_term(std::string_view test_name);

/// The union of the terms, on one line; for no names a term that matches nothing.
[[nodiscard]] std::string nextest_filter(const std::vector<std::string>& test_names);

/// The same union in pieces of at most `most_bytes` (a term that is longer stands alone). nextest
/// runs what any of several -E options matches, and one argument of a program is limited to 128
/// KiB on Linux.
[[nodiscard]] std::vector<std::string> nextest_filters(const std::vector<std::string>& test_names,
                                                       std::size_t most_bytes = 64 * 1024);

// What `replay` says about its choice, its outcome and the host. Texts of several lines have no
// newline at the end, and control characters of foreign names are escaped. Pure; thread-safe.

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
