// SPDX-License-Identifier: MIT
#include "environment/host_differences.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>

#include "base/visible_text.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

using Tunables = std::map<std::string, std::string>;

constexpr const char* k_unknown = "(unknown)";
constexpr const char* k_absent = "(absent)";

std::optional<std::string> digits(const std::optional<std::uint64_t>& number) {
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

template <typename E>
std::optional<std::string> word(const std::optional<E>& state) {
  if (!state) return std::nullopt;
  return std::string(EnumNames<E>::k_names[static_cast<std::size_t>(*state)]);
}

std::vector<HostFact> accounting_facts(const HostContext& host) {
  return {{"task_delayacct", word(host.task_delayacct)},
          {"config_task_xacct", word(host.config_task_xacct)}};
}

std::string entry_name(const char* map, std::uint64_t cpu) {
  return std::string(map) + ".cpu" + std::to_string(cpu);
}
std::string entry_name(const char* map, const std::string& tunable) {
  return std::string(map) + "." + tunable;
}

template <typename Map>
void add_entries(std::vector<HostFact>& facts, const char* name, const Map& map) {
  for (const auto& [key, value] : map) facts.push_back({entry_name(name, key), value});
}

template <typename Map>
void compare_entries(std::vector<HostDifference>& out, const char* name, const Map& before,
                     const Map& after) {
  std::set<typename Map::key_type> keys;
  for (const auto& entry : before) keys.insert(entry.first);
  for (const auto& entry : after) keys.insert(entry.first);
  const auto find = [](const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::optional<std::string>() : found->second;
  };
  for (const auto& key : keys) {
    const auto old_value = find(before, key);
    const auto new_value = find(after, key);
    if (old_value == new_value) continue;
    out.push_back(
        {entry_name(name, key), old_value.value_or(k_absent), new_value.value_or(k_absent)});
  }
}

std::string size_text(const std::optional<Tunables>& tunables) {
  if (!tunables) return k_unknown;
  if (tunables->empty()) return "(empty)";
  if (tunables->size() == 1) return "(1 entry)";
  return "(" + std::to_string(tunables->size()) + " entries)";
}

void compare_tunables(std::vector<HostDifference>& out, const std::optional<Tunables>& before,
                      const std::optional<Tunables>& after) {
  if (before && after) return compare_entries(out, "sched_tunables", *before, *after);
  if (before || after) out.push_back({"sched_tunables", size_text(before), size_text(after)});
}

}  // namespace

std::vector<HostFact> single_host_facts(const HostContext& host) {
  return {{"kernel_name", host.kernel_name},
          {"kernel_release", host.kernel_release},
          {"arch", host.arch},
          {"cpu_model", host.cpu_model},
          {"cpu_vendor", host.cpu_vendor},
          {"total_memory_kib", digits(host.total_memory_kib)},
          {"hugepages_total", digits(host.hugepages_total)},
          {"hugepages_free", digits(host.hugepages_free)},
          {"hugepages_size_kib", digits(host.hugepages_size_kib)},
          {"online_cpus", digits(host.online_cpus)},
          {"numa_nodes", digits(host.numa_nodes)},
          {"thp_enabled", host.thp_enabled},
          {"thp_defrag", host.thp_defrag},
          {"kernel_cmdline", host.kernel_cmdline}};
}

std::vector<HostFact> heap_facts(const HostHeapState& heap) {
  return {{"allocated_bytes", digits(heap.allocated_bytes)},
          {"active_bytes", digits(heap.active_bytes)},
          {"resident_bytes", digits(heap.resident_bytes)},
          {"mapped_bytes", digits(heap.mapped_bytes)},
          {"narenas", digits(heap.narenas)}};
}

std::vector<HostFact> host_facts(const HostContext& host) {
  std::vector<HostFact> facts = single_host_facts(host);
  add_entries(facts, "cpufreq_governor", host.cpufreq_governor);
  if (host.sched_tunables) add_entries(facts, "sched_tunables", *host.sched_tunables);
  if (host.heap_state) {
    for (HostFact& fact : heap_facts(*host.heap_state)) {
      facts.push_back({"heap_state." + fact.name, std::move(fact.value)});
    }
  }
  for (HostFact& fact : accounting_facts(host)) facts.push_back(std::move(fact));
  return facts;
}

std::vector<HostDifference> fact_differences(const std::vector<HostFact>& before,
                                             const std::vector<HostFact>& after) {
  std::vector<HostDifference> out;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].value == after[i].value) continue;
    out.push_back(
        {before[i].name, before[i].value.value_or(k_unknown), after[i].value.value_or(k_unknown)});
  }
  return out;
}

std::vector<HostDifference> known_differences(const HostContext& before, const HostContext& after) {
  auto out = fact_differences(single_host_facts(before), single_host_facts(after));
  compare_entries(out, "cpufreq_governor", before.cpufreq_governor, after.cpufreq_governor);
  compare_tunables(out, before.sched_tunables, after.sched_tunables);
  return out;
}

std::vector<HostDifference> host_differences(const HostContext& before, const HostContext& after) {
  auto out = known_differences(before, after);
  for (HostDifference& difference :
       fact_differences(accounting_facts(before), accounting_facts(after))) {
    out.push_back(std::move(difference));
  }
  return out;
}

std::vector<HostDifference> condensed(std::vector<HostDifference> differences) {
  constexpr std::string_view k_governor = "cpufreq_governor.";
  std::vector<HostDifference> out;
  for (HostDifference& difference : differences) {
    const bool is_governor = difference.name.starts_with(k_governor);
    const auto is_alike = [&](const HostDifference& other) {
      return other.name.starts_with(k_governor) && other.before == difference.before &&
             other.after == difference.after;
    };
    const auto alike = std::count_if(differences.begin(), differences.end(), is_alike);
    if (!is_governor || alike == 1) {
      out.push_back(difference);
      continue;
    }
    const bool is_first =
        &*std::find_if(differences.begin(), differences.end(), is_alike) == &difference;
    if (!is_first) continue;
    out.push_back(difference);
    out.back().name = "cpufreq_governor (" + std::to_string(alike) + " CPUs)";
  }
  return out;
}

std::string host_differences_text(const std::vector<HostDifference>& differences) {
  std::string out;
  for (const HostDifference& difference : differences) {
    out += "  " + escape_control(difference.name) + ": " + escape_control(difference.before) +
           " \u2192 " + escape_control(difference.after) + "\n";
  }
  return out;
}

}  // namespace ktstr
