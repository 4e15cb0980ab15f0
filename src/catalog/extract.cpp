// SPDX-License-Identifier: MIT
#include "catalog/extract.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "base/hashing.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "catalog/extract_series.hpp"
#include "ktstr/variant_hash.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

Value to_value(bool value) { return static_cast<std::int64_t>(value ? 1 : 0); }
Value to_value(std::uint32_t value) { return static_cast<std::int64_t>(value); }
Value to_value(std::uint64_t value) { return integer_value(value); }
Value to_value(std::int64_t value) { return value; }
Value to_value(double value) { return value; }
Value to_value(const std::string& value) { return value; }
template <typename T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value{};
}

/// NULL for what a drifted record did not have.
template <RecordObject T, typename M>
Value read_value(const T& object, M T::*member) {
  return was_read(object, member) ? to_value(object.*member) : Value{};
}

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

Value own_variant_hash(const Record& record) {
  const bool has_parts = was_read(record, &Record::topology) &&
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
  if (!record.throughput_denomination)
    return std::string(EnumNames<ThroughputDenomination>::names[0]);
  return std::string(EnumNames<ThroughputDenomination>::names[static_cast<std::size_t>(
      *record.throughput_denomination)]);
}

Value kvm_vcpus(const Record& record) {
  return record.kvm_stats ? integer_value(record.kvm_stats->per_vcpu.size()) : Value{};
}

struct StoredColumn {
  const char* name;
  Value (*get)(const Record& record);
};

// The sidecar table's columns in the order in which they are bound.
constexpr StoredColumn k_stored[] = {
    {"variant_hash", own_variant_hash},
    {"test_name", [](const Record& r) { return read_value(r, &Record::test_name); }},
    {"topology", [](const Record& r) { return read_value(r, &Record::topology); }},
    {"scheduler", [](const Record& r) { return read_value(r, &Record::scheduler); }},
    {"scheduler_commit", [](const Record& r) { return to_value(r.scheduler_commit); }},
    {"resolve_source", [](const Record& r) { return to_value(r.resolve_source); }},
    {"project_commit", [](const Record& r) { return to_value(r.project_commit); }},
    {"payload", [](const Record& r) { return to_value(r.payload); }},
    {"work_type", [](const Record& r) { return read_value(r, &Record::work_type); }},
    {"kernel_version", [](const Record& r) { return to_value(r.kernel_version); }},
    {"kernel_series", kernel_series},
    {"kernel_commit", [](const Record& r) { return to_value(r.kernel_commit); }},
    {"run_source", [](const Record& r) { return to_value(r.run_source); }},
    {"verdict", verdict},
    {"passed", [](const Record& r) { return read_value(r, &Record::passed); }},
    {"skipped", [](const Record& r) { return read_value(r, &Record::skipped); }},
    {"inconclusive", [](const Record& r) { return read_value(r, &Record::inconclusive); }},
    {"expected_failure", [](const Record& r) { return read_value(r, &Record::expected_failure); }},
    {"vcpus", [](const Record& r) { return positive(r, &Record::vcpus); }},
    {"cpu_budget", [](const Record& r) { return positive(r, &Record::cpu_budget); }},
    {"timestamp", [](const Record& r) { return read_value(r, &Record::timestamp); }},
    {"time_ns", time_ns},
    {"run_id", [](const Record& r) { return read_value(r, &Record::run_id); }},
    {"periodic_fired", [](const Record& r) { return read_value(r, &Record::periodic_fired); }},
    {"periodic_target", [](const Record& r) { return read_value(r, &Record::periodic_target); }},
    {"cleanup_duration_ms", [](const Record& r) { return to_value(r.cleanup_duration_ms); }},
    {"throughput_denomination", denomination},
    {"host_dilation", [](const Record& r) { return to_value(r.host_dilation); }},
    {"monitor_samples",
     [](const Record& r) { return monitor_value(r, &MonitorSummary::total_samples); }},
    {"worst_spread",
     [](const Record& r) { return read_value(r.stats, &ScenarioStats::worst_spread); }},
    {"worst_gap_ms",
     [](const Record& r) { return read_value(r.stats, &ScenarioStats::worst_gap_ms); }},
    {"total_migrations",
     [](const Record& r) { return read_value(r.stats, &ScenarioStats::total_migrations); }},
    {"worst_migration_ratio",
     [](const Record& r) { return read_value(r.stats, &ScenarioStats::worst_migration_ratio); }},
    {"max_imbalance_ratio",
     [](const Record& r) { return monitor_value(r, &MonitorSummary::max_imbalance_ratio); }},
    {"max_dsq_depth",
     [](const Record& r) { return monitor_value(r, &MonitorSummary::max_local_dsq_depth); }},
    {"stuck_count", [](const Record& r) { return monitor_value(r, &MonitorSummary::stuck_count); }},
    {"total_fallback",
     [](const Record& r) { return event_value(r, &ScxEventDeltas::total_fallback); }},
    {"total_keep_last",
     [](const Record& r) { return event_value(r, &ScxEventDeltas::total_dispatch_keep_last); }},
    {"total_iterations",
     [](const Record& r) { return read_value(r.stats, &ScenarioStats::total_iterations); }},
    {"kvm_vcpus", kvm_vcpus},
};

// ---- host ---------------------------------------------------------------------------------------

std::string text_or_empty(const std::optional<std::string>& text) { return text.value_or(""); }
std::string text_or_empty(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "";
}

template <typename Map>
std::string map_json(const Map& map) {
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

template <typename E>
Value enum_value(const std::optional<E>& value) {
  return value ? Value(std::string(EnumNames<E>::names[static_cast<std::size_t>(*value)]))
               : Value{};
}

HostRow extract_host(const HostContext& host) {
  HostRow row;
  row.values = {
      host_key(host),
      to_value(host.cpu_model),
      to_value(host.cpu_vendor),
      to_value(host.total_memory_kib),
      to_value(host.hugepages_total),
      to_value(host.hugepages_free),
      to_value(host.hugepages_size_kib),
      to_value(host.thp_enabled),
      to_value(host.thp_defrag),
      host.sched_tunables ? Value(map_json(*host.sched_tunables)) : Value{},
      to_value(host.online_cpus),
      to_value(host.numa_nodes),
      host.cpufreq_governor.empty() ? Value{} : Value(map_json(host.cpufreq_governor)),
      to_value(host.kernel_name),
      to_value(host.kernel_release),
      to_value(host.arch),
      to_value(host.kernel_cmdline),
      enum_value(host.task_delayacct),
      enum_value(host.config_task_xacct),
  };
  std::string all;
  for (const Value& value : row.values) {
    if (const auto* text = std::get_if<std::string>(&value)) all += *text;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) all += std::to_string(*integer);
    all += std::holds_alternative<std::monostate>(value) ? '\1' : '\0';
  }
  row.digest = content_id(all);
  return row;
}

// ---- the small lists ----------------------------------------------------------------------------

std::vector<std::pair<std::string, Value>> kvm_sums(const KvmStatsTotals& kvm) {
  std::map<std::string, std::uint64_t> sums;
  for (const auto& vcpu : kvm.per_vcpu) {
    for (const auto& [name, value] : vcpu) sums[name] += value;
  }
  std::vector<std::pair<std::string, Value>> result;
  result.reserve(sums.size());
  for (const auto& [name, sum] : sums) result.emplace_back(name, integer_value(sum));
  return result;
}

std::vector<CallbackRow> callbacks(const Record& record) {
  std::vector<CallbackRow> rows;
  if (!record.monitor || !record.monitor->prog_stats_deltas) return rows;
  for (const ProgStatsDelta& program : *record.monitor->prog_stats_deltas) {
    rows.push_back({program.name, read_value(program, &ProgStatsDelta::cnt),
                    read_value(program, &ProgStatsDelta::nsecs),
                    read_value(program, &ProgStatsDelta::nsecs_per_call)});
  }
  return rows;
}

void append_payload(const PayloadMetrics& payload, std::int64_t invocation,
                    std::vector<PayloadMetricRow>& rows) {
  std::int64_t position = 0;
  for (const Metric& metric : payload.metrics) {
    PayloadMetricRow row;
    row.invocation = invocation;
    row.position = position++;
    const auto kind = static_cast<std::size_t>(metric.polarity.kind);
    const bool has_polarity = was_read(metric, &Metric::polarity);
    const bool has_target = has_polarity && metric.polarity.kind == Polarity::Kind::target_value;
    const auto stream = static_cast<std::size_t>(metric.stream);
    row.values = {
        read_value(payload, &PayloadMetrics::payload_index),
        metric.name,
        read_value(metric, &Metric::value),
        has_polarity ? Value(std::string(EnumNames<Polarity>::names[kind])) : Value{},
        has_target ? Value(metric.polarity.target) : Value{},
        read_value(metric, &Metric::unit),
        was_read(metric, &Metric::stream)
            ? Value(std::string(EnumNames<MetricStream>::names[stream]))
            : Value{},
        was_read(payload, &PayloadMetrics::exit_code)
            ? Value(static_cast<std::int64_t>(payload.exit_code))
            : Value{},
    };
    rows.push_back(std::move(row));
  }
}

}  // namespace

Value integer_value(std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return static_cast<double>(number);
  }
  return static_cast<std::int64_t>(number);
}

std::string host_key(const HostContext& host) {
  std::string facts;
  for (const std::string& fact :
       {text_or_empty(host.arch), text_or_empty(host.cpu_vendor), text_or_empty(host.cpu_model),
        text_or_empty(host.online_cpus), text_or_empty(host.numa_nodes)}) {
    facts += fact;
    facts += '\n';
  }
  return hex16(xxh3_64(facts));
}

const std::vector<std::string>& stored_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const StoredColumn& column : k_stored) result.emplace_back(column.name);
    return result;
  }();
  return names;
}

const std::vector<std::string>& host_columns() {
  static const std::vector<std::string> names = {
      "host_key",         "cpu_model",      "cpu_vendor",         "total_memory_kib",
      "hugepages_total",  "hugepages_free", "hugepages_size_kib", "thp_enabled",
      "thp_defrag",       "sched_tunables", "online_cpus",        "numa_nodes",
      "cpufreq_governor", "kernel_name",    "kernel_release",     "arch",
      "kernel_cmdline",   "task_delayacct", "config_task_xacct"};
  return names;
}

ExtractedRecord extract(const DecodedRecord& decoded) {
  const Record& record = decoded.record;
  ExtractedRecord extracted;
  extracted.columns.reserve(std::size(k_stored));
  for (const StoredColumn& column : k_stored) extracted.columns.push_back(column.get(record));
  if (record.host) extracted.host = extract_host(*record.host);
  extracted.series = extract_series(record);
  if (record.kvm_stats) extracted.kvm_sums = kvm_sums(*record.kvm_stats);
  for (const ProgVerifierStats& program : record.verifier_stats) {
    extracted.verifier.push_back(
        {program.name, read_value(program, &ProgVerifierStats::verified_insns)});
  }
  extracted.callbacks = callbacks(record);
  std::int64_t invocation = 0;
  for (const PayloadMetrics& payload : record.metrics) {
    append_payload(payload, invocation++, extracted.payload_metrics);
  }
  return extracted;
}

}  // namespace ktstr
