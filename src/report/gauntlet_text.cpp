// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <limits>

#include "analysis/gauntlet.hpp"
#include "ktstr/run_report.hpp"
#include "report/padded_name.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
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

}  // namespace ktstr
