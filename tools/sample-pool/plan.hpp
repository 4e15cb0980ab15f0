// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/record.hpp"
#include "options.hpp"
#include "random.hpp"

// The names and numbers that sample records are made from: work types, schedulers, hosts, tests.

namespace ktstr::sample {

/// How a work type behaves on an undisturbed machine.
struct WorkProfile {
  std::string_view name;
  double iterations_per_sec;  ///< of one worker
  double wake_us;             ///< median wake latency; 0: this work never sleeps
  double timer_us;            ///< median timer latency; 0: no timers
  double off_cpu_pct;
  double migrations_per_sec;
};
/// SpinWait's for a name that it doesn't know.
[[nodiscard]] const WorkProfile& work_profile(std::string_view work_type);

struct SchedulerProfile {
  std::string_view name;
  std::string_view prefix;  ///< of its BPF programs; empty: the kernel's own scheduler
  double wake_factor;
  double migration_factor;
};
[[nodiscard]] std::span<const SchedulerProfile> schedulers();
[[nodiscard]] const SchedulerProfile& scheduler_profile(std::string_view name);

struct HostProfile {
  std::string_view cpu_model;
  std::string_view cpu_vendor;  ///< empty: the machine doesn't say
  std::string_view arch;
  std::string_view release;
  std::string_view governor;
  std::uint64_t cpus;
  std::uint64_t numa_nodes;
  std::uint64_t memory_kib;
  double speed;
};
enum class HostName { desk, ci, arm };
[[nodiscard]] const HostProfile& host_profile(HostName name);

struct Topology {
  unsigned numa = 1;
  unsigned llcs = 1;
  unsigned cores = 1;
  unsigned threads = 1;

  [[nodiscard]] unsigned vcpus() const { return llcs * cores * threads; }
  /// "1n2l4c1t".
  [[nodiscard]] std::string text() const;
};

/// The part that a test plays in the story that the pool tells.
enum class Role {
  ordinary,
  breaks_midway,
  breaks_last,
  fixed_last,
  flaky,
  expected_failure,
  needs_big_host,
  skips_in_vm,
  unsure_on_new_kernel,
  noisy,
};

/// One variant of one test: what makes one sidecar in each run directory.
struct TestCase {
  std::string test;
  std::string scheduler;
  std::string work_type;
  Topology topology;
  std::optional<std::string> payload;
  std::vector<std::string> sysctls;
  std::vector<std::string> kargs;
  unsigned cgroups = 2;
  unsigned workers = 2;  ///< of each cgroup
  unsigned steps = 1;
  Role role = Role::ordinary;
  bool is_base = true;  ///< not one of the variants that fill up a large directory
};

/// As many different variants as asked for; the first ones are the same for every count.
[[nodiscard]] std::vector<TestCase> make_cases(std::size_t count);

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

// What is planted in a pool: verdicts and effects that a question should find again. Everything
// else is noise.

enum class SkipKind { none, before_boot, in_vm };

struct Outcome {
  Verdict verdict = Verdict::pass;
  SkipKind skip = SkipKind::none;
  bool expected_failure = false;
};

/// Factors on a case's usual values.
struct Effects {
  double wake = 1.0;
  double iterations = 1.0;
  double migrations = 1.0;
  double run_noise = 0.03;  ///< how much whole runs differ, relative
};

/// One case in one run directory.
struct Scene {
  const Plan& plan;
  const RunDirectory& directory;
  const Session& session;
  const TestCase& test_case;
};

[[nodiscard]] Outcome outcome_of(const Scene& scene, Random& random);
[[nodiscard]] Effects effects_of(const Scene& scene);

/// For people: what is planted, where it begins, and how to tell it from noise.
[[nodiscard]] std::string describe(const Options& options, const Plan& plan);

}  // namespace ktstr::sample
