// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// How a command shows its rows.
enum class Format { table, json, jsonl, csv, markdown };

/// "table", "json", "jsonl", "csv" or "markdown".
[[nodiscard]] const char* format_name(Format format);
/// The names in the order in which help shows them.
[[nodiscard]] const std::vector<std::string>& format_names();
/// Error (code usage) for any other name.
[[nodiscard]] Result<Format> parse_format(std::string_view name);

}  // namespace ktstr
