// SPDX-License-Identifier: MIT
#include "environment/host_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/visible_text.hpp"
#include "ktstr/host.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_unknown = "(unknown)";

std::string indented(const std::string& lines) {
  std::string out;
  for (std::size_t start = 0; start < lines.size();) {
    const std::size_t end = lines.find('\n', start) + 1;
    out += "  " + lines.substr(start, end - start);
    start = end;
  }
  return out;
}

std::string value_lines(const std::vector<HostFact>& facts) {
  std::string out;
  for (const HostFact& fact : facts) {
    out += fact.name + ": " + (fact.value ? escape_control(*fact.value) : std::string(k_unknown)) +
           "\n";
  }
  return out;
}

std::string key_text(std::uint64_t cpu) { return "cpu" + std::to_string(cpu); }
std::string key_text(const std::string& tunable) { return escape_control(tunable); }

template <typename Map>
std::string entry_lines(const std::string& name, const Map& map) {
  if (map.empty()) return name + ": (empty)\n";
  std::string out = name + ":\n";
  for (const auto& [key, value] : map) {
    out += "  " + key_text(key) + " = " + escape_control(value) + "\n";
  }
  return out;
}

std::string heap_changes(const std::optional<HostHeapState>& before,
                         const std::optional<HostHeapState>& after) {
  if (!before && !after) return {};
  if (!before) return host_differences_text({{"heap_state", "(unknown)", "(present)"}});
  if (!after) return host_differences_text({{"heap_state", "(present)", "(unknown)"}});
  const std::string changes =
      host_differences_text(fact_differences(heap_facts(*before), heap_facts(*after)));
  return changes.empty() ? changes : "  heap_state:\n" + indented(changes);
}

}  // namespace

bool host_equal(const HostContext& before, const HostContext& after) {
  return host_differences(before, after).empty() &&
         heap_changes(before.heap_state, after.heap_state).empty();
}

std::string host_diff(const HostContext& before, const HostContext& after) {
  return host_differences_text(known_differences(before, after)) +
         heap_changes(before.heap_state, after.heap_state);
}

std::string host_text(const HostContext& host) {
  std::string out = value_lines(single_host_facts(host));
  out += entry_lines("cpufreq_governor", host.cpufreq_governor);
  out += host.sched_tunables ? entry_lines("sched_tunables", *host.sched_tunables)
                             : "sched_tunables: (unknown)\n";
  out += host.heap_state ? "heap_state:\n" + indented(value_lines(heap_facts(*host.heap_state)))
                         : "heap_state: (unknown)\n";
  return out;
}

std::optional<std::string> active_thp_policy(std::string_view menu) {
  const std::size_t open = menu.find('[');
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t close = menu.find(']', open);
  if (close == std::string_view::npos) return std::nullopt;
  return std::string(menu.substr(open + 1, close - open - 1));
}

namespace {

using Tunables = std::map<std::string, std::string>;

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
  if (!tunables) return std::string(k_unknown);
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
    out.push_back({before[i].name, before[i].value.value_or(std::string(k_unknown)),
                   after[i].value.value_or(std::string(k_unknown))});
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
