// SPDX-License-Identifier: MIT
#pragma once

// What the archive's views have beside the catalog's.

#include <string>
#include <vector>

#include "catalog/views.hpp"

namespace ktstr {

/// ",\n  expression AS name", …: what an observation adds to a result, for sidecar s and runs_root
/// r.
[[nodiscard]] std::string archive_result_columns();

/// observations, labels, documents, pins.
void append_archive_views(std::vector<ViewDefinition>& views);

}  // namespace ktstr
