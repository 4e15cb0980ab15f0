// SPDX-License-Identifier: MIT
#include "catalog/extract_host.hpp"

#include <tuple>
#include <type_traits>

#include "base/hashing.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "catalog/extract_values.hpp"

namespace ktstr {
namespace {

struct HostColumn {
  const char* name;
  Value (*get)(const HostContext& host);
};

template <typename Map>
Value map_json(const Map& map) {
  std::string json = "{";
  for (const auto& [key, text] : map) {
    if (json.size() > 1) json += ',';
    if constexpr (std::is_same_v<typename Map::key_type, std::string>) {
      append_json_string(json, key);
    } else {
      append_json_string(json, std::to_string(key));
    }
    json += ':';
    append_json_string(json, text);
  }
  return json + "}";
}

Value key_value(const HostContext& host) {
  const auto key = host_key(host);
  return key ? Value(*key) : Value{};
}

// The host table's columns after its digest, in the order in which they are bound.
constexpr HostColumn k_host[] = {
    {"host_key", key_value},
    {"cpu_model", [](const HostContext& h) { return to_value(h.cpu_model); }},
    {"cpu_vendor", [](const HostContext& h) { return to_value(h.cpu_vendor); }},
    {"total_memory_kib", [](const HostContext& h) { return to_value(h.total_memory_kib); }},
    {"hugepages_total", [](const HostContext& h) { return to_value(h.hugepages_total); }},
    {"hugepages_free", [](const HostContext& h) { return to_value(h.hugepages_free); }},
    {"hugepages_size_kib", [](const HostContext& h) { return to_value(h.hugepages_size_kib); }},
    {"thp_enabled", [](const HostContext& h) { return to_value(h.thp_enabled); }},
    {"thp_defrag", [](const HostContext& h) { return to_value(h.thp_defrag); }},
    {"sched_tunables",
     [](const HostContext& h) { return h.sched_tunables ? map_json(*h.sched_tunables) : Value{}; }},
    {"online_cpus", [](const HostContext& h) { return to_value(h.online_cpus); }},
    {"numa_nodes", [](const HostContext& h) { return to_value(h.numa_nodes); }},
    {"cpufreq_governor",
     [](const HostContext& h) {
       return h.cpufreq_governor.empty() ? Value{} : map_json(h.cpufreq_governor);
     }},
    {"kernel_name", [](const HostContext& h) { return to_value(h.kernel_name); }},
    {"kernel_release", [](const HostContext& h) { return to_value(h.kernel_release); }},
    {"arch", [](const HostContext& h) { return to_value(h.arch); }},
    {"kernel_cmdline", [](const HostContext& h) { return to_value(h.kernel_cmdline); }},
    {"task_delayacct", [](const HostContext& h) { return to_value(h.task_delayacct); }},
    {"config_task_xacct", [](const HostContext& h) { return to_value(h.config_task_xacct); }},
};

/// The value behind its type and length, so that no two lists of values give the same text.
void append_unambiguous(std::string& text, const Value& value) {
  std::string bytes;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) bytes = std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) bytes = std::to_string(*real);
  if (const auto* string = std::get_if<std::string>(&value)) bytes = *string;
  text += std::to_string(value.index()) + ',' + std::to_string(bytes.size()) + ':' + bytes;
}

std::string text_or_empty(const std::optional<std::string>& text) { return text.value_or(""); }
std::string text_or_empty(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "";
}

}  // namespace

std::optional<std::string> host_key(const HostContext& host) {
  if (!host.arch && !host.cpu_vendor && !host.cpu_model && !host.online_cpus && !host.numa_nodes) {
    return std::nullopt;
  }
  std::string facts;
  for (const std::string& fact :
       {text_or_empty(host.arch), text_or_empty(host.cpu_vendor), text_or_empty(host.cpu_model),
        text_or_empty(host.online_cpus), text_or_empty(host.numa_nodes)}) {
    facts += fact;
    facts += '\n';
  }
  return hex16(xxh3_64(facts));
}

const std::vector<std::string>& host_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const HostColumn& column : k_host) result.emplace_back(column.name);
    return result;
  }();
  return names;
}

namespace {

HostRow make_host(const HostContext& host) {
  HostRow row;
  row.values.reserve(std::size(k_host));
  std::string all;
  for (const HostColumn& column : k_host) {
    row.values.push_back(column.get(host));
    append_unambiguous(all, row.values.back());
  }
  row.digest = content_id(all);
  return row;
}

// A key for a host within this process: quick to make, the same for no two hosts that differ in
// what is stored of them.

template <typename T>
requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void append_key(std::string& key, T number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof number);
}
void append_key(std::string& key, const std::string& text) {
  append_key(key, text.size());
  key += text;
}
template <typename Key>
void append_key(std::string& key, const std::map<Key, std::string>& texts) {
  append_key(key, texts.size());
  for (const auto& [name, text] : texts) {
    append_key(key, name);
    append_key(key, text);
  }
}
// It differs in every record, and isn't stored with the host.
void append_key(std::string& /*key*/, const HostHeapState& /*heap*/) {}
template <typename T>
void append_key(std::string& key, const std::optional<T>& value) {
  key += value ? '1' : '0';
  if (value) append_key(key, *value);
}

std::string key_of(const HostContext& host) {
  std::string key;
  const auto append = [&](const auto& field) { append_key(key, host.*field.member); };
  std::apply([&](const auto&... field) { (append(field), ...); }, Fields<HostContext>::k_table);
  return key;
}

}  // namespace

std::shared_ptr<const HostRow> HostCache::find(const HostContext& host) {
  std::string key = key_of(host);
  if (const auto found = hosts_.find(key); found != hosts_.end()) return found->second;
  auto row = std::make_shared<const HostRow>(make_host(host));
  if (key.size() > k_longest_kept_bytes) return row;
  if (hosts_.size() >= k_most_hosts) hosts_.clear();
  hosts_.emplace(std::move(key), row);
  return row;
}

Value heap_state_json(const HostContext& host) {
  if (!host.heap_state) return {};
  const HostHeapState& heap = *host.heap_state;
  std::string json = "{";
  const auto add = [&](const char* key, const std::optional<std::uint64_t>& number) {
    if (!number) return;
    json += (json.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + std::to_string(*number);
  };
  add("active_bytes", heap.active_bytes);
  add("allocated_bytes", heap.allocated_bytes);
  add("resident_bytes", heap.resident_bytes);
  add("mapped_bytes", heap.mapped_bytes);
  add("narenas", heap.narenas);
  return json + "}";
}

}  // namespace ktstr
