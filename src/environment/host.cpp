// SPDX-License-Identifier: MIT
#include "environment/host.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "ktstr/host.hpp"

namespace ktstr {
namespace {

struct CpuRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::optional<CpuRange> parse_range(std::string_view part) {
  const std::size_t dash = part.find('-');
  const auto first = parse_u64(part.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return CpuRange{*first, *first};
  const auto last = parse_u64(part.substr(dash + 1));
  if (!last) return std::nullopt;
  return CpuRange{*first, *last};
}

/// False if the list would become too long.
bool append_range(std::vector<std::uint64_t>& cpus, const CpuRange& range) {
  if (range.last < range.first) return true;
  const std::uint64_t steps = range.last - range.first;
  if (steps >= k_most_listed_cpus - cpus.size()) return false;
  for (std::uint64_t step = 0; step <= steps; ++step) cpus.push_back(range.first + step);
  return true;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> parse_cpu_list(std::string_view text) {
  std::vector<std::uint64_t> cpus;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view trimmed = trim_unicode(part);
    if (trimmed.empty()) continue;
    const auto range = parse_range(trimmed);
    if (!range || !append_range(cpus, *range)) return std::nullopt;
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

std::string_view first_word(std::string_view text) {
  text = trim_unicode(text);
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t length = first_utf8_sequence(text.substr(end)).length;
    if (trim_unicode(text.substr(end, length)).empty()) break;
    end += length;
  }
  return text.substr(0, end);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

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

namespace {

constexpr const char* k_cpu_directory = "/sys/devices/system/cpu";

std::string directory_of(std::uint64_t cpu) {
  return std::string(k_cpu_directory) + "/cpu" + std::to_string(cpu);
}

bool is_directory(const HostFiles& files, const std::string& path) {
  const auto status = files.file_system.status(files.prefix + path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

std::vector<DirectoryEntry> entries_of(const HostFiles& files, const std::string& path) {
  const auto directory = files.file_system.open_directory(files.prefix + path);
  if (!directory) return {};
  return (*directory)->list().value_or(std::vector<DirectoryEntry>{});
}

std::optional<std::uint64_t> read_number(const HostFiles& files, const std::string& path) {
  const auto line = read_host_line(files, path);
  return line ? parse_u64(*line) : std::nullopt;
}

/// The 7 of "node7".
std::optional<std::uint64_t> number_behind(std::string_view word, std::string_view name) {
  if (!name.starts_with(word)) return std::nullopt;
  name.remove_prefix(word.size());
  if (name.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_u64(name);
}

/// The CPU's cache of the highest level, of equals the first by name. None if none is described.
std::optional<std::string> last_level_cache(const HostFiles& files, std::uint64_t cpu) {
  const std::string caches = directory_of(cpu) + "/cache";
  std::optional<std::string> best;
  std::uint64_t best_level = 0;
  for (const DirectoryEntry& entry : entries_of(files, caches)) {
    if (!number_behind("index", entry.name)) continue;
    std::string cache = caches + "/" + entry.name;
    const auto level = read_number(files, cache + "/level");
    if (!level || (best && *level <= best_level)) continue;
    best = std::move(cache);
    best_level = *level;
  }
  return best;
}

/// Equal for the CPUs that share a last-level cache.
std::uint64_t llc_of(const HostFiles& files, std::uint64_t cpu) {
  const auto cache = last_level_cache(files, cpu);
  if (!cache) return 0;
  if (const auto id = read_number(files, *cache + "/id")) return *id;
  const auto shared = read_host_text(files, *cache + "/shared_cpu_list");
  const auto cpus = shared ? parse_cpu_list(*shared) : std::nullopt;
  return cpus && !cpus->empty() ? cpus->front() : 0;
}

std::uint64_t node_of(const HostFiles& files, std::uint64_t cpu) {
  for (const DirectoryEntry& entry : entries_of(files, directory_of(cpu))) {
    if (const auto node = number_behind("node", entry.name)) return *node;
  }
  return 0;
}

}  // namespace

std::optional<HostTopology> probe_host_topology(const HostFiles& files) {
  const auto online = read_host_text(files, std::string(k_cpu_directory) + "/online");
  const auto listed = online ? parse_cpu_list(*online) : std::nullopt;
  if (!listed || listed->empty()) return std::nullopt;
  HostTopology topology;
  std::set<std::uint64_t> nodes;
  std::set<std::uint64_t> seen_llcs;
  for (const std::uint64_t cpu : std::set<std::uint64_t>(listed->begin(), listed->end())) {
    if (!is_directory(files, directory_of(cpu))) continue;
    ++topology.online_cpus;
    // The cache's first CPU speaks for all of them.
    if (seen_llcs.insert(llc_of(files, cpu)).second) nodes.insert(node_of(files, cpu));
  }
  topology.numa_nodes = std::max<std::uint64_t>(nodes.size(), 1);
  return topology;
}

namespace {

constexpr const char* k_thp_directory = "/sys/kernel/mm/transparent_hugepage";

std::optional<std::string> if_utf8(std::string bytes) {
  if (!is_valid_utf8(bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

HostCollector::HostCollector(FileSystem& file_system, std::string prefix,
                             KernelNamesSource kernel_names)
    : files_{file_system, std::move(prefix)}, kernel_names_(std::move(kernel_names)) {}

HostContext HostCollector::read_stable(const MemoryInfo& memory) const {
  HostContext host;
  CpuIdentity identity = read_cpu_identity(files_);
  host.cpu_model = std::move(identity.model);
  host.cpu_vendor = std::move(identity.vendor);
  host.total_memory_kib = memory.total_kib;
  host.hugepages_size_kib = memory.hugepages_size_kib;
  if (const auto topology = probe_host_topology(files_)) {
    host.online_cpus = topology->online_cpus;
    host.numa_nodes = topology->numa_nodes;
  }
  if (auto names = kernel_names_()) {
    host.kernel_name = if_utf8(std::move(names->name));
    host.kernel_release = if_utf8(std::move(names->release));
    host.arch = if_utf8(std::move(names->machine));
  }
  host.config_task_xacct = read_task_xacct(files_, host.kernel_release);
  return host;
}

HostContext HostCollector::remembered(const MemoryInfo& memory) {
  const std::lock_guard lock(mutex_);
  if (!stable_) stable_ = read_stable(memory);
  if (!governors_) governors_ = read_governors(files_);
  HostContext host = *stable_;
  host.cpufreq_governor = *governors_;
  return host;
}

HostContext HostCollector::collect() {
  const MemoryInfo memory = read_memory_info(files_);
  HostContext host = remembered(memory);
  host.hugepages_total = memory.hugepages_total;
  host.hugepages_free = memory.hugepages_free;
  host.thp_enabled = read_host_line(files_, std::string(k_thp_directory) + "/enabled");
  host.thp_defrag = read_host_line(files_, std::string(k_thp_directory) + "/defrag");
  host.sched_tunables = read_sched_tunables(files_);
  host.kernel_cmdline = read_host_line(files_, "/proc/cmdline");
  host.task_delayacct = read_task_delayacct(files_);
  return host;
}

HostContext collect_host_context() {
  static HostCollector collector(system_file_system(), "", system_kernel_names);
  return collector.collect();
}

}  // namespace ktstr
