// SPDX-License-Identifier: MIT
#pragma once

// The names and numbers that sample records are made from: work types, schedulers, hosts, tests.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// The part that a test plays in the story that the pool tells (story.hpp).
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

}  // namespace ktstr::sample
