// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/record.hpp"

namespace ktstr {

/// No machine has as many. A longer list is refused: a few bytes could name 2^64 CPUs.
inline constexpr std::size_t k_most_listed_cpus = 65'536;

/// The kernel's lists of CPUs: "0-3,8, 10". Sorted; a CPU that is named twice is there twice.
/// Empty parts are skipped, a range that runs backwards holds nothing. None if anything else than
/// a number stands anywhere. Takes valid UTF-8; pure.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_cpu_list(std::string_view text);

// How the harness reads text of /proc and /sys: by the rules of Rust's string functions. All take
// valid UTF-8, give views into it, and are pure.

/// The first of the words that Unicode white space separates; empty if there is none.
[[nodiscard]] std::string_view first_word(std::string_view text);

/// Lines without their "\n" or "\r\n"; a last one without an end counts.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// Decimal digits alone, but for one "+" in front. None if it doesn't fit.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);

// The files of /proc, /sys and /boot that the host context comes from, one function a source. What
// is missing, unreadable or not UTF-8 is absent, never an error. Thread-safe if the file system is.

/// Where the sources are: `prefix` stands before "/proc/…"; it is empty for the machine itself.
struct HostFiles {
  FileSystem& file_system;
  std::string prefix;
};

/// The whole file, if it is UTF-8.
[[nodiscard]] std::optional<std::string> read_host_text(const HostFiles& files,
                                                        const std::string& path);
/// The same without white space around it; an empty rest is absent. Inner line ends stay.
[[nodiscard]] std::optional<std::string> read_host_line(const HostFiles& files,
                                                        const std::string& path);

struct MemoryInfo {
  std::optional<std::uint64_t> total_kib;
  std::optional<std::uint64_t> hugepages_total;
  std::optional<std::uint64_t> hugepages_free;
  std::optional<std::uint64_t> hugepages_size_kib;
};
[[nodiscard]] MemoryInfo read_memory_info(const HostFiles& files);

/// Of the first CPU that the kernel lists.
struct CpuIdentity {
  std::optional<std::string> model;
  std::optional<std::string> vendor;  ///< ARM has none
};
[[nodiscard]] CpuIdentity read_cpu_identity(const HostFiles& files);

/// The regular files /proc/sys/kernel/sched_*; those without a value are left out. Absent if the
/// directory can't be listed.
[[nodiscard]] std::optional<std::map<std::string, std::string>> read_sched_tunables(
    const HostFiles& files);

/// By CPU id, of the CPUs that are online; empty if these aren't known.
[[nodiscard]] std::map<std::uint64_t, std::string> read_governors(const HostFiles& files);

/// From the switch /proc/sys/kernel/task_delayacct. A kernel without delay accounting has no such
/// file (one before 5.14 neither, and is taken for one without); so a missing file is config_off
/// where /proc/sys/kernel itself is there.
[[nodiscard]] std::optional<DelayacctState> read_task_delayacct(const HostFiles& files);

/// CONFIG_TASK_XACCT by the distribution's plain /boot/config-{release}. Unknown without that file:
/// /proc/config.gz is compressed and needs an option of its own, so it isn't asked.
[[nodiscard]] XacctState read_task_xacct(const HostFiles& files,
                                         const std::optional<std::string>& release);

/// What uname(2) says, as bytes.
struct KernelNames {
  std::string name;  ///< "Linux"
  std::string release;
  std::string machine;
};
using KernelNamesSource = std::function<std::optional<KernelNames>()>;
[[nodiscard]] std::optional<KernelNames> system_kernel_names();

struct HostTopology {
  std::uint64_t online_cpus = 0;
  std::uint64_t numa_nodes = 0;  ///< that have CPUs, as their last-level caches tell; at least 1
};

/// From /sys/devices/system/cpu. None if the list of online CPUs can't be read, or names none.
/// Where no cache is described, all CPUs count as sharing one, and so as one node.
[[nodiscard]] std::optional<HostTopology> probe_host_topology(const HostFiles& files);

/// Collects host contexts and remembers what a process reads only once. Thread-safe.
class HostCollector {
 public:
  /// `prefix` stands before every path that is read. `file_system` must outlive the collector.
  HostCollector(FileSystem& file_system, std::string prefix, KernelNamesSource kernel_names);

  [[nodiscard]] HostContext collect();

 private:
  [[nodiscard]] HostContext read_stable(const MemoryInfo& memory) const;
  /// A context with the remembered facts; reads them the first time.
  [[nodiscard]] HostContext remembered(const MemoryInfo& memory);

  HostFiles files_;
  KernelNamesSource kernel_names_;
  std::mutex mutex_;  ///< held while the facts are first read, so that nobody reads them twice
  std::optional<HostContext> stable_;
  std::optional<std::map<std::uint64_t, std::string>> governors_;
};

}  // namespace ktstr
