// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/series_builder.hpp"

namespace ktstr {

/// The monitor's part of a harness row. Its names hide extension metrics of the same name, so it
/// comes before them.
void add_monitor(SeriesBuilder& series, const MonitorSummary& monitor);

/// What the harness adds to a row only where no extension metric has the name, then what no harness
/// row has: both come after the extension metrics.
void add_monitor_rest(SeriesBuilder& series, const MonitorSummary& monitor);

}  // namespace ktstr
