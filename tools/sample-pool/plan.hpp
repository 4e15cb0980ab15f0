// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "options.hpp"

namespace ktstr::sample {

/// One invocation of the harness: a commit under two kernels on one machine.
struct Session {
  std::size_t commit = 0;  ///< index in Plan::commits
  std::size_t repeat = 0;  ///< 0: the first time this commit is measured
  std::int64_t time_ns = 0;
  HostName host = HostName::desk;
  bool from_ci = false;
  bool newer_producer = false;  ///< the harness was updated on the way
};

struct RunDirectory {
  std::string name;
  std::string kernel;
  std::optional<std::string> kernel_commit;
  std::size_t session = 0;  ///< index in Plan::sessions
};

/// Everything but the records: who ran what, when and where.
struct Plan {
  std::vector<std::string> commits;  ///< oldest first
  std::vector<Session> sessions;     ///< oldest first
  std::vector<RunDirectory> directories;
  std::vector<TestCase> cases;
};

/// The end of the month that a pool covers: 2026-07-01T00:00:00Z.
inline constexpr std::int64_t k_end_ns = 1'782'864'000'000'000'000;
/// The kernel that the team runs on; each session has a second one.
inline constexpr const char* k_steady_kernel = "6.14.11";
inline constexpr const char* k_newest_kernel = "7.1.0";

[[nodiscard]] Plan make_plan(const Options& options);

/// What the harness wrote to its session sentinel: nanoseconds since the epoch as text. `rerun` is
/// 0 for the session itself.
[[nodiscard]] std::string session_token(const Options& options, const Plan& plan,
                                        const RunDirectory& directory, std::size_t rerun);
/// When a re-run of the session began.
[[nodiscard]] std::int64_t rerun_time_ns(const Session& session, std::size_t rerun);

}  // namespace ktstr::sample
