// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "environment/json_cursor.hpp"
#include "ktstr/kernel_cache.hpp"

namespace ktstr {

/// Reads the text of a metadata.json, which must be UTF-8, with just the tolerance of the harness's
/// own reader: unknown keys pass, keys for what may be null may be missing, and nothing else may.
/// Pure; thread-safe.
[[nodiscard]] tl::expected<KernelMetadata, JsonProblem> parse_kernel_metadata(
    std::string_view json);

}  // namespace ktstr
