// SPDX-License-Identifier: MIT
#include "report/run_report_document.hpp"

#include "analysis/gauntlet.hpp"
#include "analysis/kvm_averages.hpp"
#include "analysis/program_limits.hpp"

namespace ktstr {
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
