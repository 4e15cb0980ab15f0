// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "ktstr/footer.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// The footer as `footer --format json` prints it. Pure; thread-safe.
[[nodiscard]] JsonObject footer_document(const std::vector<RunDirectorySummary>& directories);

}  // namespace ktstr
