// SPDX-License-Identifier: MIT
#include "report/texts.hpp"

#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <set>
#include <vector>

#include "analysis/gauntlet.hpp"
#include "analysis/run_report.hpp"
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "ktstr/index.hpp"
#include "report/row_formatter.hpp"
#include "report/table.hpp"

namespace ktstr {

std::string callback_text(const RunReport& report) {
  std::string text;
  for (const TestCallbacks& test : report.callbacks) {
    if (test.programs.empty()) continue;
    if (text.empty()) text = "\n=== BPF CALLBACK PROFILE ===\n";
    text += fmt::format("\n  {} ({}):\n", printable(test.test_name), printable(test.topology));
    text +=
        fmt::format("    {:<24} {:>12} {:>14} {:>12}\n", "program", "cnt", "total_ns", "avg_ns");
    text += fmt::format("    {:-<24} {:-<12} {:-<14} {:-<12}\n", "", "", "", "");
    for (const CallbackProgram& program : test.programs) {
      text += fmt::format("    {} {:>12} {:>14} {:>12.0f}\n", padded_name(program.program, 24),
                          program.cnt, program.nsecs, program.nsecs_per_call);
    }
  }
  return text;
}

namespace {

/// "0-3,6"
std::string cpu_ranges(const std::set<std::uint64_t>& cpus) {
  std::string out;
  for (auto first = cpus.begin(); first != cpus.end();) {
    auto last = first;
    auto next = std::next(first);
    while (next != cpus.end() && *next - *last == 1) last = next++;
    out += (out.empty() ? "" : ",") + std::to_string(*first);
    if (last != first) out += "-" + std::to_string(*last);
    first = next;
  }
  return out;
}

std::string budget_text(const Record& record) {
  const std::string budget = std::to_string(record.cpu_budget);
  std::string both = budget + " / " + std::to_string(record.vcpus) + " vcpus";
  switch (budget_state(record)) {
    case BudgetState::not_booted:
      return "- (skipped, no guest was booted)";
    case BudgetState::malformed:
      return budget + " (malformed: a budget, but vcpus is 0)";
    case BudgetState::overcommitted:
      return both + " (OVERCOMMIT)";
    case BudgetState::plain:
      return both;
  }
  return {};
}

std::string facts_of(const Record& record) {
  const Verdict verdict = verdict_of(record.passed, record.skipped, record.inconclusive);
  std::string out = "test: " + printable(record.test_name) + "\n";
  const auto add = [&out](const char* name, const std::string& value) {
    out += std::string("  ") + name + ": " + value + "\n";
  };
  add("topology", printable(record.topology));
  add("scheduler", printable(record.scheduler));
  add("verdict", verdict_name(verdict));
  add("run_id", printable(record.run_id));
  add("arch", record.host && record.host->arch ? printable(*record.host->arch) : "-");
  add("cpu_budget", budget_text(record));
  for (const CgroupStats& cgroup : record.stats.cgroups) {
    if (cgroup.cpus_used.empty()) continue;
    const std::string name =
        cgroup.cgroup_name.empty() ? "(unnamed)" : printable(cgroup.cgroup_name);
    out += "  cgroup " + name + ": cpus " + cpu_ranges(cgroup.cpus_used) + "\n";
  }
  return out;
}

std::string populated_line(const std::vector<const NullableField*>& fields) {
  std::string names;
  for (const NullableField* field : fields) {
    names += (names.empty() ? "" : ", ") + std::string(field->name);
  }
  return "  populated optional fields (" + std::to_string(fields.size()) +
         "): " + (names.empty() ? "<none>" : names) + "\n";
}

std::string none_block(const std::vector<const NullableField*>& fields) {
  if (fields.empty()) return "  none fields: <all populated>\n";
  std::string out = "  none fields (" + std::to_string(fields.size()) + "):\n";
  for (const NullableField* field : fields) {
    out += "    " + std::string(field->name) + " [" + std::string(classification(*field)) + "]\n";
    for (const std::string_view cause : field->causes)
      out += "      - " + std::string(cause) + "\n";
    if (!field->fix.empty()) out += "      fix: " + std::string(field->fix) + "\n";
  }
  return out;
}

std::string sidecar_block(const Record& record) {
  std::vector<const NullableField*> populated;
  std::vector<const NullableField*> none;
  for (const NullableField& field : nullable_fields()) {
    (field.is_none(record) ? none : populated).push_back(&field);
  }
  return facts_of(record) + populated_line(populated) + none_block(none) + "\n";
}

std::string heading(const char* name, std::size_t count) {
  return std::string(name) + " (" + std::to_string(count) + "):\n";
}

template <typename FileError>
std::string error_lines(const FileError& error) {
  return "  " + printable(error.path) + "\n    error: " + printable(error.raw_error) + "\n";
}

std::string corrupt_block(const std::vector<SidecarParseError>& errors) {
  if (errors.empty()) return {};
  std::string out = heading("corrupt sidecars", errors.size());
  for (const SidecarParseError& error : errors) {
    out += error_lines(error);
    if (error.enriched_message) {
      out += "    enriched: " + printable(*error.enriched_message) + "\n";
    }
  }
  return out + "\n";
}

std::string io_block(const std::vector<SidecarIoError>& errors) {
  if (errors.empty()) return {};
  std::string out = heading("io errors", errors.size());
  for (const SidecarIoError& error : errors) out += error_lines(error);
  return out + "\n";
}

}  // namespace

std::string explanation_text(const Collection& collection, const SidecarExplanation& explanation) {
  std::string out = "walked " + std::to_string(explanation.walked) + " sidecar file(s), parsed " +
                    std::to_string(collection.sidecars.size()) + " valid\n\n";
  for (const LoadedSidecar* sidecar : explanation.sidecars) out += sidecar_block(sidecar->record);
  return out + corrupt_block(collection.parse_errors) + io_block(collection.io_errors);
}

namespace {

constexpr std::size_t k_label_columns = 13;

/// As the harness shows a path, but in one line whatever bytes are in it.
std::string shown(const std::string& text) { return escape_control(lossy_utf8(text)); }

void append_detail(std::string& out, std::string label, const std::string& value) {
  label.resize(k_label_columns, ' ');
  out += "      " + label + " " + value + "\n";
}

void append_path(std::string& out, const char* label, const std::optional<std::string>& path) {
  if (path) append_detail(out, label, shown(*path));
}

void append_test(std::string& out, const FailedTest& test) {
  const std::string name = shown(test.test_name);
  out += "    FAILED  " + name;
  if (test.scheduler && test.topology) {
    out += "  [" + shown(*test.scheduler) + " " + shown(*test.topology) + "]";
  }
  out += "\n";
  append_path(out, "failure dump", test.failure_dump);
  append_path(out, "repro dump", test.repro_dump);
  for (const std::string& path : test.stats) append_path(out, "stats", path);
  append_path(out, "wprof", test.wprof);
  append_path(out, "repro wprof", test.repro_wprof);
  if (test.replayable) {
    append_detail(out, "replay",
                  "cargo ktstr replay " + shell_option("--filter", test.test_name) + " --exec");
  }
}

}  // namespace

std::string footer_text(const std::vector<RunDirectorySummary>& directories) {
  if (directories.empty()) return {};
  std::string out = "\ncargo ktstr: test outputs\n";
  for (const RunDirectorySummary& directory : directories) {
    out += "  " + shown(directory.path) + "\n";
    for (const FailedTest& test : directory.failed) append_test(out, test);
    out += "    (" + std::to_string(directory.stats_sidecars) + " stats sidecar(s), " +
           std::to_string(directory.wprof_traces) + " wprof trace(s) written this run)\n";
  }
  return out;
}

namespace {

constexpr std::size_t k_name_width = 25;

/// As a Rust cast does: towards zero, and at the end of the range where that isn't enough.
std::uint64_t truncated(double value) {
  if (!(value > 0)) return 0;
  constexpr double k_end = 18446744073709551616.0;  // 2^64
  if (value >= k_end) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(value);
}

std::string outlier_text(const GauntletOutlier& outlier) {
  std::string text = fmt::format("  {}: {} {:.1f} (overall avg {:.1f}, +{:.1f}\u03c3)",
                                 printable(outlier.scenario), gauntlet_metric_name(outlier.metric),
                                 outlier.mean, outlier.overall_mean, outlier.sigma);
  const char* separator = "\n    worst on: ";
  for (const std::string& topology : outlier.topologies) {
    text += separator + printable(topology);
    separator = ", ";
  }
  return text + "\n";
}

std::string outliers_text(const std::vector<GauntletOutlier>& outliers) {
  if (outliers.empty()) return "No outliers detected.\n";
  std::string text = "Outliers detected:\n";
  for (const GauntletOutlier& outlier : outliers) text += outlier_text(outlier);
  return text;
}

std::string line_text(const GauntletLine& line) {
  std::string text = fmt::format(
      "  {} {}/{} passed ({} skipped, {} inconclusive, {} failed)  avg_spread={:.1f}%  "
      "avg_gap={:.0f}ms",
      padded_name(line.name, k_name_width), line.pass, line.total, line.skip, line.inconclusive,
      line.fail, line.avg_spread, line.avg_gap_ms);
  if (line.avg_imbalance > 1) text += fmt::format("  imbal={:.1f}", line.avg_imbalance);
  if (line.avg_dsq_depth > 0) text += fmt::format("  dsq={:.0f}", line.avg_dsq_depth);
  if (line.total_stuck > 0) text += fmt::format("  stuck={}", truncated(line.total_stuck));
  if (line.avg_fallback > 0) text += fmt::format("  fallback={:.0f}", line.avg_fallback);
  return text + "\n";
}

std::string lines_text(const std::vector<GauntletLine>& lines) {
  std::string text;
  for (const GauntletLine& line : lines) text += line_text(line);
  return text;
}

}  // namespace

std::string gauntlet_text(const RunReport& report) {
  if (report.rows.empty()) return {};
  const GauntletAnalysis analysis = analyze_gauntlet(report.rows);
  std::string text = "\n=== GAUNTLET ANALYSIS ===\n\n" + outliers_text(analysis.outliers) +
                     "\nBy scenario (worst first):\n" + lines_text(analysis.by_scenario) +
                     "\nBy topology:\n" + lines_text(analysis.by_topology);
  if (analysis.by_work_type.size() > 1) {
    text += "\nBy work_type:\n" + lines_text(analysis.by_work_type);
  }
  return text;
}

std::string run_report_text(const RunReport& report) {
  return gauntlet_text(report) + verifier_text(report) + callback_text(report) + kvm_text(report);
}

std::string kvm_text(const RunReport& report) {
  const auto averages = kvm_averages(report.kvm);
  if (!averages) return {};
  std::string text = fmt::format("\n=== KVM STATS (avg across {} VMs) ===\n\n", averages->vms);
  text += fmt::format("  exits/vcpu  {:>7}   halt/vcpu     {:>5}   halt_wait_ms {:>7.1f}\n",
                      averages->exits, averages->halt_exits, averages->halt_wait_ms);
  text += fmt::format("  poll_ok%    {:>6.1f}%   preempted/vcpu {:>4}   signal/vcpu  {:>7}\n",
                      averages->poll_ok_pct, averages->preempted, averages->signal_exits);
  if (averages->hypercalls > 0) {
    text += fmt::format("  hypercalls/vcpu {:>4}\n", averages->hypercalls);
  }
  if (averages->preempted > 0) {
    text += fmt::format(
        "\n  WARNING: {} host preemptions detected -- timing results may be unreliable\n",
        averages->preemptions);
  }
  return text;
}

std::string verifier_text(const RunReport& report) {
  const std::vector<ProgramLimit> limits = program_limits(report.verifier);
  if (limits.empty()) return {};
  std::string text = "\n=== BPF VERIFIER STATS ===\n\n";
  text += fmt::format("  {:<24} {:>12} {:>8}\n", "program", "verified", "limit%");
  text += fmt::format("  {:-<24} {:-<12} {:-<8}\n", "", "", "");
  std::string warnings;
  std::uint64_t total = 0;
  for (const ProgramLimit& limit : limits) {
    text += fmt::format("  {} {:>12} {:>7.1f}%{}\n", padded_name(limit.program, 24),
                        limit.verified_insns, limit.limit_pct, limit.is_near ? " !" : "");
    total += limit.verified_insns;
    if (!limit.is_near) continue;
    warnings += fmt::format("  {}: {:.1f}% of 1M limit ({} verified insns)\n",
                            printable(limit.program), limit.limit_pct, limit.verified_insns);
  }
  text += fmt::format("\n  total verified insns: {}\n", total);
  if (!warnings.empty()) {
    text += "\nWARNING: programs near verifier complexity limit:\n" + warnings;
  }
  return text;
}

namespace {

std::string value_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return "unknown";
}

JsonValue value_json(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  return nullptr;
}

const char* placeholder(const PoolValues& values) {
  // Only a budget can be missing from every result.
  return values.results == 0 ? "(no sidecars in pool)"
                             : "(all runs skipped \u2014 no budget recorded)";
}

}  // namespace

std::string pool_values_text(const PoolValues& values) {
  std::string out;
  for (const PoolDimension& dimension : values.dimensions) {
    out += dimension.name + ":\n";
    for (const PoolValue& value : dimension.values) out += "  " + value_text(value.value) + "\n";
    if (dimension.values.empty()) out += std::string("  ") + placeholder(values) + "\n";
    out += "\n";
  }
  return out;
}

JsonObject pool_values_document(const PoolValues& values) {
  JsonObject document;
  for (const PoolDimension& dimension : values.dimensions) {
    JsonArray array;
    for (const PoolValue& value : dimension.values) array.push_back(value_json(value.value));
    document.add(dimension.name, std::move(array));
  }
  return document;
}

}  // namespace ktstr
