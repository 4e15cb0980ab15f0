// SPDX-License-Identifier: MIT
#include "environment/host_sources.hpp"

#include <sys/utsname.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "environment/cpu_list.hpp"
#include "environment/proc_text.hpp"
#include "environment/unicode_space.hpp"

namespace ktstr {
namespace {

/// /proc/cpuinfo, the longest of them, has some KiB for each CPU.
constexpr std::uint64_t k_limit_bytes = 64ULL * 1024 * 1024;
constexpr const char* k_kernel_directory = "/proc/sys/kernel";

/// "key: value", both trimmed.
struct KeyValue {
  std::string_view key;
  std::string_view value;
};

std::optional<KeyValue> split_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return KeyValue{trim_unicode(line.substr(0, colon)), trim_unicode(line.substr(colon + 1))};
}

std::optional<std::uint64_t>* memory_slot(MemoryInfo& info, std::string_view key) {
  if (key == "MemTotal") return &info.total_kib;
  if (key == "HugePages_Total") return &info.hugepages_total;
  if (key == "HugePages_Free") return &info.hugepages_free;
  if (key == "Hugepagesize") return &info.hugepages_size_kib;
  return nullptr;
}

std::optional<std::string>* identity_slot(CpuIdentity& identity, std::string_view key) {
  if (key == "model name") return &identity.model;
  if (key == "vendor_id") return &identity.vendor;
  return nullptr;
}

bool is_tunable(const DirectoryEntry& entry) {
  return entry.kind == FileKind::regular && entry.name.starts_with("sched_") &&
         is_valid_utf8(entry.name);
}

}  // namespace

std::optional<std::string> read_host_text(const HostFiles& files, const std::string& path) {
  auto file = files.file_system.open_file(files.prefix + path);
  if (!file) return std::nullopt;
  auto bytes = (*file)->read_all(k_limit_bytes);
  if (!bytes || !is_valid_utf8(*bytes)) return std::nullopt;
  return std::move(*bytes);
}

std::optional<std::string> read_host_line(const HostFiles& files, const std::string& path) {
  const auto text = read_host_text(files, path);
  if (!text) return std::nullopt;
  const std::string_view line = trim_unicode(*text);
  if (line.empty()) return std::nullopt;
  return std::string(line);
}

MemoryInfo read_memory_info(const HostFiles& files) {
  MemoryInfo info;
  const std::string text = read_host_text(files, "/proc/meminfo").value_or("");
  for (const std::string_view line : lines_of(text)) {
    const auto pair = split_line(line);
    if (!pair) continue;
    auto* const slot = memory_slot(info, pair->key);
    const auto number = parse_u64(first_word(pair->value));
    if (slot != nullptr && number) *slot = number;
  }
  return info;
}

CpuIdentity read_cpu_identity(const HostFiles& files) {
  CpuIdentity identity;
  const std::string text = read_host_text(files, "/proc/cpuinfo").value_or("");
  for (const std::string_view line : lines_of(text)) {
    if (line.empty()) break;  // the next CPU's block
    const auto pair = split_line(line);
    if (!pair || pair->value.empty()) continue;
    auto* const slot = identity_slot(identity, pair->key);
    if (slot != nullptr && !*slot) *slot = std::string(pair->value);
  }
  return identity;
}

std::optional<std::map<std::string, std::string>> read_sched_tunables(const HostFiles& files) {
  const std::string path = k_kernel_directory;
  const auto directory = files.file_system.open_directory(files.prefix + path);
  if (!directory) return std::nullopt;
  const auto entries = (*directory)->list();
  if (!entries) return std::nullopt;
  std::map<std::string, std::string> tunables;
  for (const DirectoryEntry& entry : *entries) {
    if (!is_tunable(entry)) continue;
    auto value = read_host_line(files, path + "/" + entry.name);
    if (value) tunables.emplace(entry.name, std::move(*value));
  }
  return tunables;
}

std::map<std::uint64_t, std::string> read_governors(const HostFiles& files) {
  std::map<std::uint64_t, std::string> governors;
  const auto online = read_host_text(files, "/sys/devices/system/cpu/online");
  const auto cpus = online ? parse_cpu_list(*online) : std::nullopt;
  if (!cpus) return governors;
  for (const std::uint64_t cpu : *cpus) {
    auto governor = read_host_line(
        files, "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor");
    if (governor) governors.emplace(cpu, std::move(*governor));
  }
  return governors;
}

std::optional<DelayacctState> read_task_delayacct(const HostFiles& files) {
  const std::string directory = files.prefix + k_kernel_directory;
  const auto status = files.file_system.status(directory + "/task_delayacct", FollowLinks::yes);
  if (!status) {
    const bool is_missing = status.error().code == ErrorCode::not_found &&
                            files.file_system.status(directory, FollowLinks::yes).has_value();
    return is_missing ? std::optional(DelayacctState::config_off) : std::nullopt;
  }
  const auto value = read_host_line(files, std::string(k_kernel_directory) + "/task_delayacct");
  if (value == "1") return DelayacctState::on;
  if (value == "0") return DelayacctState::runtime_off;
  return std::nullopt;
}

XacctState read_task_xacct(const HostFiles& files, const std::optional<std::string>& release) {
  if (!release || release->empty() || release->find('/') != std::string::npos) {
    return XacctState::unknown;
  }
  const auto config = read_host_text(files, "/boot/config-" + *release);
  if (!config) return XacctState::unknown;
  for (const std::string_view line : lines_of(*config)) {
    if (line == "CONFIG_TASK_XACCT=y") return XacctState::on;
  }
  return XacctState::off;
}

std::optional<KernelNames> system_kernel_names() {
  utsname names = {};
  if (::uname(&names) != 0) return std::nullopt;
  return KernelNames{names.sysname, names.release, names.machine};
}

}  // namespace ktstr
