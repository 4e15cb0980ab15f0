// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/visible_text.hpp"
#include "environment/host_differences.hpp"
#include "ktstr/host.hpp"

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

}  // namespace ktstr
