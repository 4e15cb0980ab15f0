// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "environment/host_differences.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// [{"field", "a", "b"}, …]: each difference with the value before and after. Pure; thread-safe.
[[nodiscard]] JsonArray host_differences_document(const std::vector<HostDifference>& differences);

}  // namespace ktstr
