// SPDX-License-Identifier: MIT
#include "report/documents.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>

#include "analysis/gauntlet.hpp"
#include "analysis/run_report.hpp"
#include "record/fields.hpp"
#include "report/row_formatter.hpp"
#include "report/texts.hpp"

namespace ktstr {
namespace {

// The harness raised it when overcommit_runs came; a string, for readers that look for "1".
constexpr const char* k_schema_version = "2";

JsonObject walk_document(const Collection& collection, const SidecarExplanation& explanation) {
  JsonArray errors;
  for (const SidecarParseError& error : collection.parse_errors) {
    errors.emplace_back(JsonObject()
                            .add("path", error.path)
                            .add("error", error.raw_error)
                            .add("enriched_message", error.enriched_message));
  }
  JsonArray io_errors;
  for (const SidecarIoError& error : collection.io_errors) {
    io_errors.emplace_back(JsonObject().add("path", error.path).add("error", error.raw_error));
  }
  JsonObject walk;
  walk.add("walked", explanation.walked)
      .add("valid", collection.sidecars.size())
      .add("errors", std::move(errors))
      .add("io_errors", std::move(io_errors));
  return walk;
}

JsonObject field_document(const FieldCount& count) {
  JsonArray causes;
  for (const std::string_view cause : count.field->causes) causes.emplace_back(cause);
  JsonObject document;
  document.add("none_count", count.none)
      .add("some_count", count.some)
      .add("classification", classification(*count.field))
      .add("causes", std::move(causes))
      .add("fix", count.field->fix.empty() ? JsonValue() : JsonValue(count.field->fix));
  return document;
}

}  // namespace

JsonObject explanation_document(const Collection& collection,
                                const SidecarExplanation& explanation) {
  std::vector<FieldCount> by_name = explanation.fields;
  std::sort(by_name.begin(), by_name.end(), [](const FieldCount& left, const FieldCount& right) {
    return left.field->name < right.field->name;
  });
  JsonObject fields;
  for (const FieldCount& count : by_name) {
    fields.add(std::string(count.field->name), field_document(count));
  }
  JsonObject document;
  document.add("_schema_version", k_schema_version)
      .add("_walk", walk_document(collection, explanation))
      .add("overcommit_runs", explanation.overcommitted)
      .add("fields", std::move(fields));
  return document;
}

namespace {

JsonObject test_document(const FailedTest& test) {
  JsonObject document;
  document.add("test", test.test_name)
      .add("scheduler", test.scheduler)
      .add("topology", test.topology)
      .add("failure_dump", test.failure_dump)
      .add("repro_dump", test.repro_dump)
      .add("stats", json_array(test.stats))
      .add("wprof", test.wprof)
      .add("repro_wprof", test.repro_wprof)
      .add("replayable", test.replayable);
  return document;
}

}  // namespace

JsonObject footer_document(const std::vector<RunDirectorySummary>& directories) {
  JsonArray list;
  for (const RunDirectorySummary& directory : directories) {
    JsonArray failed;
    for (const FailedTest& test : directory.failed) failed.emplace_back(test_document(test));
    JsonObject entry;
    entry.add("path", directory.path)
        .add("failed", std::move(failed))
        .add("stats_sidecars", directory.stats_sidecars)
        .add("wprof_traces", directory.wprof_traces);
    list.emplace_back(std::move(entry));
  }
  JsonObject document;
  document.add("directories", std::move(list));
  return document;
}

JsonArray host_differences_document(const std::vector<HostDifference>& differences) {
  JsonArray list;
  for (const HostDifference& difference : differences) {
    list.emplace_back(JsonObject()
                          .add("field", difference.name)
                          .add("a", difference.before)
                          .add("b", difference.after));
  }
  return list;
}

namespace {

template <RecordObject T>
JsonObject object_document(const T& object);

JsonValue to_json(const std::string& text) { return text; }
JsonValue to_json(std::uint64_t number) { return number; }
JsonValue to_json(const HostHeapState& heap) { return object_document(heap); }

template <typename E>
requires std::is_enum_v<E> JsonValue to_json(E state) {
  return EnumNames<E>::k_names[static_cast<std::size_t>(state)];
}

JsonValue to_json(const std::map<std::string, std::string>& texts) {
  JsonObject object;
  for (const auto& [key, text] : texts) object.add(key, text);
  return object;
}

JsonValue to_json(const std::map<std::uint64_t, std::string>& texts) {
  JsonObject object;
  for (const auto& [number, text] : texts) object.add(std::to_string(number), text);
  return object;
}

template <typename T>
void add_member(JsonObject& document, std::string_view key, const std::optional<T>& value) {
  if (value) document.add(std::string(key), to_json(*value));
}

/// Left out where it is empty, as the writer does.
void add_member(JsonObject& document, std::string_view key,
                const std::map<std::uint64_t, std::string>& texts) {
  if (!texts.empty()) document.add(std::string(key), to_json(texts));
}

template <RecordObject T>
JsonObject object_document(const T& object) {
  JsonObject document;
  const auto add = [&](const auto& field) {
    add_member(document, field.key, object.*field.member);
  };
  Fields<T>::k_table.apply([&](const auto&... field) { (add(field), ...); });
  return document;
}

}  // namespace

JsonObject host_document(const HostContext& host) { return object_document(host); }

namespace {

using Type = MetricKind::Type;

// Our registry's word on the left, that of the harness's documents on the right; others are equal.
constexpr std::pair<std::string_view, std::string_view> k_words[] = {
    {"wake_ns", "WakeLatencyNs"},      {"timer_ns", "TimerLatencyNs"},
    {"run_delay_ns", "RunDelayNs"},    {"CV", "Cv"},
    {"iterations", "Iterations"},      {"workers", "NumWorkers"},
    {"cpu_sec", "CpuTimeNs"},          {"numa_pages_local", "NumaLocal"},
    {"numa_pages_total", "NumaTotal"},
};

std::string_view harness_word(std::string_view word) {
  for (const auto& [ours, theirs] : k_words) {
    if (word == ours) return theirs;
  }
  return word;
}

/// The two parts of a kind that has parts. Those of a rate are names of metrics.
std::pair<std::string_view, std::string_view> ratio_words(const MetricKind& kind) {
  if (kind.type == Type::rate) return {kind.numerator, kind.denominator};
  return {harness_word(kind.numerator), harness_word(kind.denominator)};
}

JsonValue kind_document(const MetricKind& kind) {
  const std::string name(metric_kind_name(kind.type));
  JsonObject parts;
  switch (kind.type) {
    case Type::gauge:
      return JsonObject().add(name, kind.reduction);
    case Type::rate:
    case Type::worst_lowest: {
      const auto words = ratio_words(kind);
      parts.add("numerator", words.first).add("denominator", words.second);
      return JsonObject().add(name, std::move(parts));
    }
    case Type::distribution:
      parts.add("source", harness_word(kind.source)).add("reduction", harness_word(kind.reduction));
      return JsonObject().add(name, std::move(parts));
    default:
      return name;
  }
}

JsonValue polarity_document(const Polarity& polarity) {
  const std::string_view name =
      EnumNames<Polarity>::k_names[static_cast<std::size_t>(polarity.kind)];
  if (polarity.kind != Polarity::Kind::target_value) return name;
  return JsonObject().add(std::string(name), polarity.target);
}

}  // namespace

JsonArray metrics_document(const std::vector<MetricDefinition>& metrics) {
  JsonArray document;
  for (const MetricDefinition& metric : metrics) {
    JsonObject entry;
    entry.add("name", metric.name)
        .add("polarity", polarity_document({metric.polarity}))
        .add("kind", kind_document(metric.kind))
        .add("default_abs", metric.default_abs)
        .add("default_rel", metric.default_rel)
        .add("display_unit", metric.unit);
    document.emplace_back(std::move(entry));
  }
  return document;
}

std::string polarity_text(const Polarity& polarity) {
  std::string text(polarity_word(polarity.kind));
  if (polarity.kind == Polarity::Kind::target_value) {
    text += "(" + readable_number(polarity.target) + ")";
  }
  return text;
}

std::string kind_text(const MetricKind& kind) {
  std::string name(metric_kind_name(kind.type));
  const auto with = [&](std::string_view first, const char* separator, std::string_view second) {
    return name + "(" + std::string(first) + separator + std::string(second) + ")";
  };
  switch (kind.type) {
    case Type::gauge:
      return with(kind.reduction, "", "");
    case Type::rate:
    case Type::worst_lowest: {
      const auto words = ratio_words(kind);
      return with(words.first, " / ", words.second);
    }
    case Type::distribution:
      return with(harness_word(kind.source), ", ", harness_word(kind.reduction));
    default:
      return name;
  }
}

namespace {

JsonObject outlier_document(const GauntletOutlier& outlier) {
  JsonObject document;
  document.add("scenario", outlier.scenario)
      .add("metric", gauntlet_metric_name(outlier.metric))
      .add("mean", outlier.mean)
      .add("overall_mean", outlier.overall_mean)
      .add("sigma", outlier.sigma)
      .add("topologies", json_array(outlier.topologies));
  return document;
}

JsonArray lines_document(const std::vector<GauntletLine>& lines) {
  JsonArray list;
  for (const GauntletLine& line : lines) {
    JsonObject document;
    document.add("name", line.name)
        .add("total", line.total)
        .add("pass", line.pass)
        .add("skip", line.skip)
        .add("inconclusive", line.inconclusive)
        .add("fail", line.fail)
        .add("avg_spread", line.avg_spread)
        .add("avg_gap_ms", line.avg_gap_ms)
        .add("avg_imbalance", line.avg_imbalance)
        .add("avg_dsq_depth", line.avg_dsq_depth)
        .add("total_stuck", line.total_stuck)
        .add("avg_fallback", line.avg_fallback);
    list.emplace_back(std::move(document));
  }
  return list;
}

JsonObject gauntlet_document(const RunReport& report) {
  const GauntletAnalysis analysis = analyze_gauntlet(report.rows);
  JsonArray outliers;
  for (const GauntletOutlier& outlier : analysis.outliers) {
    outliers.emplace_back(outlier_document(outlier));
  }
  JsonObject document;
  document.add("outliers", std::move(outliers))
      .add("by_scenario", lines_document(analysis.by_scenario))
      .add("by_topology", lines_document(analysis.by_topology))
      .add("by_work_type", lines_document(analysis.by_work_type));
  return document;
}

JsonArray verifier_document(const RunReport& report) {
  JsonArray list;
  for (const ProgramLimit& limit : program_limits(report.verifier)) {
    JsonObject document;
    document.add("program", limit.program)
        .add("verified_insns", limit.verified_insns)
        .add("limit_pct", limit.limit_pct);
    list.emplace_back(std::move(document));
  }
  return list;
}

JsonArray callbacks_document(const RunReport& report) {
  JsonArray list;
  for (const TestCallbacks& test : report.callbacks) {
    JsonArray programs;
    for (const CallbackProgram& program : test.programs) {
      JsonObject document;
      document.add("program", program.program)
          .add("cnt", program.cnt)
          .add("nsecs", program.nsecs)
          .add("nsecs_per_call", program.nsecs_per_call);
      programs.emplace_back(std::move(document));
    }
    JsonObject document;
    document.add("test_name", test.test_name)
        .add("topology", test.topology)
        .add("programs", std::move(programs));
    list.emplace_back(std::move(document));
  }
  return list;
}

JsonValue kvm_document(const RunReport& report) {
  const auto averages = kvm_averages(report.kvm);
  if (!averages) return nullptr;
  JsonObject document;
  document.add("vms", averages->vms)
      .add("exits_per_vcpu", averages->exits)
      .add("halt_per_vcpu", averages->halt_exits)
      .add("halt_wait_ms", averages->halt_wait_ms)
      .add("poll_ok_pct", averages->poll_ok_pct)
      .add("preempted_per_vcpu", averages->preempted)
      .add("signal_per_vcpu", averages->signal_exits)
      .add("hypercalls_per_vcpu", averages->hypercalls)
      .add("preemptions", averages->preemptions);
  return document;
}

void append_lines(std::vector<std::vector<Value>>& rows, const char* dimension,
                  const std::vector<GauntletLine>& lines) {
  const auto count = [](std::uint64_t number) { return static_cast<std::int64_t>(number); };
  for (const GauntletLine& line : lines) {
    rows.push_back({std::string(dimension), line.name, count(line.total), count(line.pass),
                    count(line.skip), count(line.inconclusive), count(line.fail), line.avg_spread,
                    line.avg_gap_ms, line.avg_imbalance, line.avg_dsq_depth, line.total_stuck,
                    line.avg_fallback});
  }
}

}  // namespace

JsonObject run_report_document(const RunReport& report, const std::optional<std::string>& run_dir,
                               const std::optional<std::string>& path) {
  const VerdictCounts verdicts = count_verdicts(report.rows);
  JsonObject document;
  document.add("run_dir", run_dir)
      .add("path", path)
      .add("tests", report.rows.size())
      .add("pass", verdicts.pass)
      .add("fail", verdicts.fail)
      .add("skip", verdicts.skip)
      .add("inconclusive", verdicts.inconclusive)
      .add("gauntlet", gauntlet_document(report))
      .add("verifier", verifier_document(report))
      .add("callbacks", callbacks_document(report))
      .add("kvm", kvm_document(report));
  return document;
}

const std::vector<RowColumn>& gauntlet_columns() {
  static const std::vector<RowColumn> columns = {
      {"dimension"},     {"name"},        {"total"},       {"pass"},       {"skip"},
      {"inconclusive"},  {"fail"},        {"avg_spread"},  {"avg_gap_ms"}, {"avg_imbalance"},
      {"avg_dsq_depth"}, {"total_stuck"}, {"avg_fallback"}};
  return columns;
}

std::vector<std::vector<Value>> gauntlet_rows(const RunReport& report) {
  const GauntletAnalysis analysis = analyze_gauntlet(report.rows);
  std::vector<std::vector<Value>> rows;
  append_lines(rows, "scenario", analysis.by_scenario);
  append_lines(rows, "topology", analysis.by_topology);
  append_lines(rows, "work_type", analysis.by_work_type);
  return rows;
}

}  // namespace ktstr
