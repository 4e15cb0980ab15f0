// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "analysis/sidecar_explanation.hpp"
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

}  // namespace ktstr
