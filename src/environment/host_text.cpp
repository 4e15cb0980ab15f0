// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "base/text.hpp"
#include "ktstr/host.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_arrow = " \u2192 ";
constexpr std::string_view k_unknown = "(unknown)";
constexpr std::string_view k_absent = "(absent)";

using Tunables = std::map<std::string, std::string>;

/// One line of either form.
struct Fact {
  std::string key;
  std::optional<std::string> value;
};

std::optional<std::string> digits(const std::optional<std::uint64_t>& number) {
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

/// Those of one value, in the order of the harness's forms, which isn't that of the record.
std::vector<Fact> single_facts(const HostContext& host) {
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

std::vector<Fact> heap_facts(const HostHeapState& heap) {
  return {{"allocated_bytes", digits(heap.allocated_bytes)},
          {"active_bytes", digits(heap.active_bytes)},
          {"resident_bytes", digits(heap.resident_bytes)},
          {"mapped_bytes", digits(heap.mapped_bytes)},
          {"narenas", digits(heap.narenas)}};
}

std::string shown(const std::optional<std::string>& value, std::string_view if_none) {
  return value ? escape_control(*value) : std::string(if_none);
}

std::string indented(const std::string& lines) {
  std::string out;
  for (std::size_t start = 0; start < lines.size();) {
    const std::size_t end = lines.find('\n', start) + 1;
    out += "  " + lines.substr(start, end - start);
    start = end;
  }
  return out;
}

std::string value_lines(const std::vector<Fact>& facts) {
  std::string out;
  for (const Fact& fact : facts) out += fact.key + ": " + shown(fact.value, k_unknown) + "\n";
  return out;
}

std::string change_line(const std::string& key, const std::string& before,
                        const std::string& after) {
  return "  " + key + ": " + before + std::string(k_arrow) + after + "\n";
}

/// Both lists have the same keys in the same order.
std::string fact_changes(const std::vector<Fact>& before, const std::vector<Fact>& after) {
  std::string out;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].value == after[i].value) continue;
    out += change_line(before[i].key, shown(before[i].value, k_unknown),
                       shown(after[i].value, k_unknown));
  }
  return out;
}

std::string key_text(std::uint64_t cpu) { return "cpu" + std::to_string(cpu); }
std::string key_text(const std::string& tunable) { return escape_control(tunable); }

template <typename Map>
std::optional<std::string> value_of(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

template <typename Map>
std::string entry_changes(const std::string& name, const Map& before, const Map& after) {
  std::set<typename Map::key_type> keys;
  for (const auto& entry : before) keys.insert(entry.first);
  for (const auto& entry : after) keys.insert(entry.first);
  std::string out;
  for (const auto& key : keys) {
    const auto old_value = value_of(before, key);
    const auto new_value = value_of(after, key);
    if (old_value == new_value) continue;
    out += change_line(name + "." + key_text(key), shown(old_value, k_absent),
                       shown(new_value, k_absent));
  }
  return out;
}

template <typename Map>
std::string entry_lines(const std::string& name, const Map& map) {
  if (map.empty()) return name + ": (empty)\n";
  std::string out = name + ":\n";
  for (const auto& [key, value] : map) {
    out += "  " + key_text(key) + " = " + escape_control(value) + "\n";
  }
  return out;
}

std::string size_text(const std::optional<Tunables>& tunables) {
  if (!tunables) return std::string(k_unknown);
  if (tunables->empty()) return "(empty)";
  if (tunables->size() == 1) return "(1 entry)";
  return "(" + std::to_string(tunables->size()) + " entries)";
}

std::string tunable_changes(const std::optional<Tunables>& before,
                            const std::optional<Tunables>& after) {
  if (before && after) return entry_changes("sched_tunables", *before, *after);
  if (!before && !after) return {};
  return change_line("sched_tunables", size_text(before), size_text(after));
}

std::string heap_changes(const std::optional<HostHeapState>& before,
                         const std::optional<HostHeapState>& after) {
  if (!before && !after) return {};
  if (!before) return change_line("heap_state", "(unknown)", "(present)");
  if (!after) return change_line("heap_state", "(present)", "(unknown)");
  const std::string changes = fact_changes(heap_facts(*before), heap_facts(*after));
  return changes.empty() ? changes : "  heap_state:\n" + indented(changes);
}

}  // namespace

bool host_equal(const HostContext& before, const HostContext& after) {
  const auto rest = [](const HostContext& host) {
    return std::tie(host.cpufreq_governor, host.sched_tunables, host.task_delayacct,
                    host.config_task_xacct);
  };
  return rest(before) == rest(after) &&
         fact_changes(single_facts(before), single_facts(after)).empty() &&
         heap_changes(before.heap_state, after.heap_state).empty();
}

std::string host_diff(const HostContext& before, const HostContext& after) {
  return fact_changes(single_facts(before), single_facts(after)) +
         entry_changes("cpufreq_governor", before.cpufreq_governor, after.cpufreq_governor) +
         tunable_changes(before.sched_tunables, after.sched_tunables) +
         heap_changes(before.heap_state, after.heap_state);
}

std::string host_text(const HostContext& host) {
  std::string out = value_lines(single_facts(host));
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

}  // namespace ktstr
