// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "environment/json_cursor.hpp"
#include "ktstr/kernel_cache.hpp"

namespace ktstr {

/// Reads the `source` of a metadata.json, where the cursor stands. False: the cursor has the
/// problem.
bool read_kernel_source(JsonCursor& cursor, KernelSource& out);

/// Reads a string and nothing else. False: the cursor has the problem.
bool read_json_text(JsonCursor& cursor, std::string& out);

}  // namespace ktstr
