// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The run directories by the time of their own entries, newest first; of equals, the last name in
/// byte order, as the harness's choice of the newest has it (`list`, which only shows them, has
/// ties ascending). No dot directories; empty ones, too.
[[nodiscard]] Result<std::vector<std::string>> runs_newest_first(SQLite::Database& database);

/// Whether the name is that of a run under the kernel that the harness labels so: "LABEL-…"; or,
/// as everywhere here, under one of the series "6.14".
[[nodiscard]] bool has_kernel_label(std::string_view run_dir, std::string_view label);

/// The kernel labels of run directories ("6.14.2" of "6.14.2-abc1234-dirty"), each once, the one
/// most like `wanted` first; `count` at most.
[[nodiscard]] std::vector<std::string> nearest_kernel_labels(
    std::string_view wanted, const std::vector<std::string>& run_dirs, std::size_t count);

}  // namespace ktstr
