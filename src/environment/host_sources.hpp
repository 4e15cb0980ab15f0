// SPDX-License-Identifier: MIT
#pragma once

// The files of /proc, /sys and /boot that the host context comes from, one function a source. What
// is missing, unreadable or not UTF-8 is absent, never an error. Thread-safe if the file system is.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "ktstr/record.hpp"

namespace ktstr {

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

}  // namespace ktstr
