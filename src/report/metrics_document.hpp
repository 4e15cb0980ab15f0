// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "record/metric_registry.hpp"
#include "report/json_document.hpp"

namespace ktstr {

// The metric registry as `list-metrics` prints it, in the harness's words. Pure; thread-safe.

/// An array with an object for each metric.
[[nodiscard]] JsonArray metrics_document(const std::vector<MetricDefinition>& metrics);

/// "higher", "lower", "target(2)", "unknown" or "informational".
[[nodiscard]] std::string polarity_text(const Polarity& polarity);

/// "Counter", "Gauge(Avg)", "Rate(a / b)", "Distribution(WakeLatencyNs, P99)", …
[[nodiscard]] std::string kind_text(const MetricKind& kind);

}  // namespace ktstr
