// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rows.hpp"
#include "environment/host_text.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "record/metric_registry.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// The footer as `footer --format json` prints it. Pure; thread-safe.
[[nodiscard]] JsonObject footer_document(const std::vector<RunDirectorySummary>& directories);

/// [{"field", "a", "b"}, …]: each difference with the value before and after. Pure; thread-safe.
[[nodiscard]] JsonArray host_differences_document(const std::vector<HostDifference>& differences);

/// The host as a sidecar has it: the record's keys in their order, absent ones left out. Pure;
/// thread-safe.
[[nodiscard]] JsonObject host_document(const HostContext& host);

// The metric registry as `list-metrics` prints it, in the harness's words. Pure; thread-safe.

/// An array with an object for each metric.
[[nodiscard]] JsonArray metrics_document(const std::vector<MetricDefinition>& metrics);

/// "higher", "lower", "target(2)", "unknown" or "informational".
[[nodiscard]] std::string polarity_text(const Polarity& polarity);

/// "Counter", "Gauge(Avg)", "Rate(a / b)", "Distribution(WakeLatencyNs, P99)", …
[[nodiscard]] std::string kind_text(const MetricKind& kind);

/// The report as `last-run --format json` prints it. `run_dir`: none for a directory that was read
/// by its path; `path`: none where there is no run at all. Pure; thread-safe.
[[nodiscard]] JsonObject run_report_document(const RunReport& report,
                                             const std::optional<std::string>& run_dir,
                                             const std::optional<std::string>& path);

/// The lines by scenario, topology and work type as one table.
[[nodiscard]] const std::vector<RowColumn>& gauntlet_columns();
[[nodiscard]] std::vector<std::vector<Value>> gauntlet_rows(const RunReport& report);

}  // namespace ktstr
