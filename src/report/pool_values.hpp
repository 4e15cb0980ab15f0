// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "query/pool_values.hpp"
#include "report/json_document.hpp"

namespace ktstr {

// The values of a pool as `list-values` prints them. Pure; thread-safe.

/// The harness's text: a block for each dimension. Control characters are shown escaped.
[[nodiscard]] std::string pool_values_text(const PoolValues& values);

/// The harness's document: an array for each dimension.
[[nodiscard]] JsonObject pool_values_document(const PoolValues& values);

}  // namespace ktstr
