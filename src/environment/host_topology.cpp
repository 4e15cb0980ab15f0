// SPDX-License-Identifier: MIT
#include "environment/host_topology.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "environment/cpu_list.hpp"
#include "environment/proc_text.hpp"

namespace ktstr {
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

}  // namespace ktstr
