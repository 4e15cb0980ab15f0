// SPDX-License-Identifier: MIT
#include "database/extract.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "database/extract_series.hpp"
#include "database/extract_values.hpp"
#include "ktstr/record.hpp"
#include "record/fields.hpp"
#include "record/record.hpp"

namespace ktstr {
namespace {

/// The five monitor metrics are unknown without a monitor, not zero.
template <typename M>
Value monitor_value(const Record& record, M MonitorSummary::*member) {
  return record.monitor ? read_value(*record.monitor, member) : Value{};
}
template <typename M>
Value event_value(const Record& record, M ScxEventDeltas::*member) {
  return record.monitor && record.monitor->event_deltas
             ? read_value(*record.monitor->event_deltas, member)
             : Value{};
}

Value positive(const Record& record, std::uint32_t Record::*member) {
  return record.*member == 0 ? Value{} : read_value(record, member);
}

Value verdict(const Record& record) {
  if (!was_read(record, &Record::passed) || !was_read(record, &Record::skipped) ||
      !was_read(record, &Record::inconclusive)) {
    return {};
  }
  return std::string(verdict_name(verdict_of(record.passed, record.skipped, record.inconclusive)));
}

/// NULL if one of the six parts is missing. A null payload is a part; one that is not there, or not
/// readable, in a drifted record is not.
Value own_variant_hash(const DecodedRecord& decoded) {
  const Record& record = decoded.record;
  const bool has_payload = decoded.contract == Contract::ok || was_read(record, &Record::payload);
  const bool has_parts = has_payload && was_read(record, &Record::topology) &&
                         was_read(record, &Record::scheduler) &&
                         was_read(record, &Record::work_type) &&
                         was_read(record, &Record::sysctls) && was_read(record, &Record::kargs);
  return has_parts ? Value(variant_hash_text(variant_hash(record))) : Value{};
}

/// "6.14" of "6.14.2" or "6.14-rc3"; NULL where the version doesn't begin with two numbers.
Value kernel_series(const Record& record) {
  if (!record.kernel_version) return {};
  const std::string& version = *record.kernel_version;
  const auto digits_from = [&](std::size_t at) {
    const std::size_t end = version.find_first_not_of("0123456789", at);
    return (end == std::string::npos ? version.size() : end) - at;
  };
  const std::size_t major = digits_from(0);
  if (major == 0 || major >= version.size() || version[major] != '.') return {};
  const std::size_t minor = digits_from(major + 1);
  return minor == 0 ? Value{} : Value(version.substr(0, major + 1 + minor));
}

Value time_ns(const Record& record) {
  const auto time = parse_iso8601_utc(record.timestamp);
  return time ? Value(*time) : Value{};
}

Value denomination(const Record& record) {
  // A producer that doesn't know the key measured against the wall clock.
  return to_value(record.throughput_denomination.value_or(ThroughputDenomination::wall));
}

Value kvm_vcpus(const Record& record) {
  return record.kvm_stats ? integer_value(record.kvm_stats->per_vcpu.size()) : Value{};
}

Value heap_state(const Record& record) {
  return record.host ? heap_state_json(*record.host) : Value{};
}

struct StoredColumn {
  const char* name;
  Value (*get)(const DecodedRecord& decoded);
};

// The sidecar table's columns in the order in which they are bound.
constexpr StoredColumn k_stored[] = {
    {"variant_hash", own_variant_hash},
    {"test_name", [](const DecodedRecord& d) { return read_value(d.record, &Record::test_name); }},
    {"topology", [](const DecodedRecord& d) { return read_value(d.record, &Record::topology); }},
    {"scheduler", [](const DecodedRecord& d) { return read_value(d.record, &Record::scheduler); }},
    {"scheduler_commit",
     [](const DecodedRecord& d) { return to_value(d.record.scheduler_commit); }},
    {"resolve_source", [](const DecodedRecord& d) { return to_value(d.record.resolve_source); }},
    {"project_commit", [](const DecodedRecord& d) { return to_value(d.record.project_commit); }},
    {"payload", [](const DecodedRecord& d) { return to_value(d.record.payload); }},
    {"work_type", [](const DecodedRecord& d) { return read_value(d.record, &Record::work_type); }},
    {"kernel_version", [](const DecodedRecord& d) { return to_value(d.record.kernel_version); }},
    {"kernel_series", [](const DecodedRecord& d) { return kernel_series(d.record); }},
    {"kernel_commit", [](const DecodedRecord& d) { return to_value(d.record.kernel_commit); }},
    {"run_source", [](const DecodedRecord& d) { return to_value(d.record.run_source); }},
    {"verdict", [](const DecodedRecord& d) { return verdict(d.record); }},
    {"passed", [](const DecodedRecord& d) { return read_value(d.record, &Record::passed); }},
    {"skipped", [](const DecodedRecord& d) { return read_value(d.record, &Record::skipped); }},
    {"inconclusive",
     [](const DecodedRecord& d) { return read_value(d.record, &Record::inconclusive); }},
    {"expected_failure",
     [](const DecodedRecord& d) { return read_value(d.record, &Record::expected_failure); }},
    {"vcpus", [](const DecodedRecord& d) { return positive(d.record, &Record::vcpus); }},
    {"cpu_budget", [](const DecodedRecord& d) { return positive(d.record, &Record::cpu_budget); }},
    {"timestamp", [](const DecodedRecord& d) { return read_value(d.record, &Record::timestamp); }},
    {"time_ns", [](const DecodedRecord& d) { return time_ns(d.record); }},
    {"run_id", [](const DecodedRecord& d) { return read_value(d.record, &Record::run_id); }},
    {"periodic_fired",
     [](const DecodedRecord& d) { return read_value(d.record, &Record::periodic_fired); }},
    {"periodic_target",
     [](const DecodedRecord& d) { return read_value(d.record, &Record::periodic_target); }},
    {"cleanup_duration_ms",
     [](const DecodedRecord& d) { return to_value(d.record.cleanup_duration_ms); }},
    {"throughput_denomination", [](const DecodedRecord& d) { return denomination(d.record); }},
    {"host_dilation", [](const DecodedRecord& d) { return to_value(d.record.host_dilation); }},
    {"monitor_samples",
     [](const DecodedRecord& d) {
       return monitor_value(d.record, &MonitorSummary::total_samples);
     }},
    {"worst_spread",
     [](const DecodedRecord& d) {
       return read_value(d.record.stats, &ScenarioStats::worst_spread);
     }},
    {"worst_gap_ms",
     [](const DecodedRecord& d) {
       return read_value(d.record.stats, &ScenarioStats::worst_gap_ms);
     }},
    {"total_migrations",
     [](const DecodedRecord& d) {
       return read_value(d.record.stats, &ScenarioStats::total_migrations);
     }},
    {"worst_migration_ratio",
     [](const DecodedRecord& d) {
       return read_value(d.record.stats, &ScenarioStats::worst_migration_ratio);
     }},
    {"max_imbalance_ratio",
     [](const DecodedRecord& d) {
       return monitor_value(d.record, &MonitorSummary::max_imbalance_ratio);
     }},
    {"max_dsq_depth",
     [](const DecodedRecord& d) {
       return monitor_value(d.record, &MonitorSummary::max_local_dsq_depth);
     }},
    {"stuck_count",
     [](const DecodedRecord& d) { return monitor_value(d.record, &MonitorSummary::stuck_count); }},
    {"total_fallback",
     [](const DecodedRecord& d) { return event_value(d.record, &ScxEventDeltas::total_fallback); }},
    {"total_keep_last",
     [](const DecodedRecord& d) {
       return event_value(d.record, &ScxEventDeltas::total_dispatch_keep_last);
     }},
    {"total_iterations",
     [](const DecodedRecord& d) {
       return read_value(d.record.stats, &ScenarioStats::total_iterations);
     }},
    {"kvm_vcpus", [](const DecodedRecord& d) { return kvm_vcpus(d.record); }},
    {"heap_state", [](const DecodedRecord& d) { return heap_state(d.record); }},
};

using NamedCount = std::pair<std::string_view, std::uint64_t>;

/// The same names with equal ones added up. Wraps as the harness's release build does.
void sum_by_name(std::vector<NamedCount>& counts) {
  std::sort(counts.begin(), counts.end());
  std::size_t kept = 0;
  for (const NamedCount& count : counts) {
    if (kept > 0 && counts[kept - 1].first == count.first) {
      counts[kept - 1].second += count.second;
    } else {
      counts[kept++] = count;
    }
  }
  counts.resize(kept);
}

std::vector<NamedCount> kvm_sums(const KvmStatsTotals& kvm) {
  std::vector<NamedCount> sums;
  std::vector<NamedCount> others;  // names that the first vCPU doesn't have; mostly none
  for (const auto& vcpu : kvm.per_vcpu) {
    if (sums.empty()) {
      sums.assign(vcpu.begin(), vcpu.end());
      sum_by_name(sums);
      continue;
    }
    for (const auto& [name, value] : vcpu) {
      const auto found = std::lower_bound(
          sums.begin(), sums.end(), name,
          [](const NamedCount& sum, const std::string& wanted) { return sum.first < wanted; });
      if (found != sums.end() && found->first == name) {
        found->second += value;
      } else {
        others.emplace_back(name, value);
      }
    }
  }
  if (others.empty()) return sums;
  sums.insert(sums.end(), others.begin(), others.end());
  sum_by_name(sums);
  return sums;
}

void extract_kvm(const KvmStatsTotals& kvm, ShapeCache& shapes, ExtractedRecord& extracted) {
  std::string names;
  for (const auto& [name, sum] : kvm_sums(kvm)) {
    append_name(names, name);
    extracted.kvm_sums.push_back(sum);
  }
  std::size_t first = 0;
  for (const auto& shape : shapes.find(names)->rows) {
    extracted.kvm.push_back({shape, first});
    first += shape->metrics.size();
  }
}

std::vector<CallbackRow> callbacks(const Record& record) {
  std::vector<CallbackRow> rows;
  if (!record.monitor || !record.monitor->prog_stats_deltas) return rows;
  for (const ProgStatsDelta& program : *record.monitor->prog_stats_deltas) {
    rows.push_back({read_value(program, &ProgStatsDelta::name),
                    read_value(program, &ProgStatsDelta::cnt),
                    read_value(program, &ProgStatsDelta::nsecs),
                    read_value(program, &ProgStatsDelta::nsecs_per_call)});
  }
  return rows;
}

void append_payload(const PayloadMetrics& payload, std::int64_t invocation,
                    std::vector<PayloadMetricRow>& rows) {
  std::int64_t position = 0;
  for (const Metric& metric : payload.metrics) {
    const bool has_polarity = was_read(metric, &Metric::polarity);
    const bool has_target = has_polarity && metric.polarity.kind == Polarity::Kind::target_value;
    const auto kind = static_cast<std::size_t>(metric.polarity.kind);
    rows.push_back(
        {invocation,
         position++,
         {
             read_value(payload, &PayloadMetrics::payload_index),
             read_value(metric, &Metric::name),
             read_value(metric, &Metric::value),
             has_polarity ? Value(std::string(EnumNames<Polarity>::k_names[kind])) : Value{},
             has_target ? Value(metric.polarity.target) : Value{},
             read_value(metric, &Metric::unit),
             read_value(metric, &Metric::stream),
             read_value(payload, &PayloadMetrics::exit_code),
         }});
  }
}

}  // namespace

Value integer_value(std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<double>(number);
  }
  return static_cast<std::int64_t>(number);
}

const std::vector<std::string>& stored_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const StoredColumn& column : k_stored) result.emplace_back(column.name);
    return result;
  }();
  return names;
}

ExtractedRecord extract(const DecodedRecord& decoded) {
  const Record& record = decoded.record;
  ExtractedRecord extracted;
  extracted.columns.reserve(std::size(k_stored));
  for (const StoredColumn& column : k_stored) extracted.columns.push_back(column.get(decoded));
  thread_local HostCache hosts;
  thread_local ShapeCache shapes;
  if (record.host) extracted.host = hosts.find(*record.host);
  SeriesBuilder series(shapes, extracted);
  extract_series(record, series);
  if (record.kvm_stats) extract_kvm(*record.kvm_stats, shapes, extracted);
  for (const ProgVerifierStats& program : record.verifier_stats) {
    extracted.verifier.push_back({read_value(program, &ProgVerifierStats::name),
                                  read_value(program, &ProgVerifierStats::verified_insns)});
  }
  extracted.callbacks = callbacks(record);
  std::int64_t invocation = 0;
  for (const PayloadMetrics& payload : record.metrics) {
    append_payload(payload, invocation++, extracted.payload_metrics);
  }
  extracted.is_synthetic = is_synthetic(record);
  return extracted;
}

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
  Fields<HostContext>::k_table.apply([&](const auto&... field) { (append(field), ...); });
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
