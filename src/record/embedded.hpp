// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace ktstr {

/// The bytes of schema/metrics.csv, in a source that the build generates. Lives as long as the
/// process and is constant-initialised, so it may be read before main.
extern const std::string_view embedded_metrics_csv;

}  // namespace ktstr
