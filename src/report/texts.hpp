// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "analysis/explanation.hpp"
#include "query/pool_values.hpp"
#include "report/json_document.hpp"

namespace ktstr {

// The walk over a run directory as `explain-sidecar` prints it. Pure; thread-safe.

/// For a person: a block for each sidecar, then the files that could not be read. Control
/// characters are shown escaped.
[[nodiscard]] std::string explanation_text(const Collection& collection,
                                           const SidecarExplanation& explanation);

/// The harness's document: counts over all sidecars.
[[nodiscard]] JsonObject explanation_document(const Collection& collection,
                                              const SidecarExplanation& explanation);

// The values of a pool as `list-values` prints them. Pure; thread-safe.

/// The harness's text: a block for each dimension. Control characters are shown escaped.
[[nodiscard]] std::string pool_values_text(const PoolValues& values);

/// The harness's document: an array for each dimension.
[[nodiscard]] JsonObject pool_values_document(const PoolValues& values);

}  // namespace ktstr
