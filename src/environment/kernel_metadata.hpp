// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "environment/json_cursor.hpp"
#include "ktstr/kernel.hpp"

namespace ktstr {

/// Reads the `source` of a metadata.json, where the cursor stands. False: the cursor has the
/// problem.
bool read_kernel_source(JsonCursor& cursor, KernelSource& out);

/// Reads a string and nothing else. False: the cursor has the problem.
bool read_json_text(JsonCursor& cursor, std::string& out);

/// Reads the text of a metadata.json, which must be UTF-8, with just the tolerance of the harness's
/// own reader: unknown keys pass, keys for what may be null may be missing, and nothing else may.
/// Pure; thread-safe.
[[nodiscard]] tl::expected<KernelMetadata, JsonProblem> parse_kernel_metadata(
    std::string_view json);

}  // namespace ktstr
