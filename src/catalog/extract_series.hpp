// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/series_builder.hpp"

namespace ktstr {

/// Finishes the metric series of a record: the whole run, each cgroup, each phase, each cgroup in a
/// phase. A value that wasn't measured, or that a drifted record doesn't have, is absent. Names are
/// the record's keys and the harness's registry names; a distribution of samples adds its parts as
/// {key}_n, {key}_p50, _p90, _p99, _p999, _max.
void extract_series(const Record& record, SeriesBuilder& series);

}  // namespace ktstr
