// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// Makes the rows of a statement.
using MakeRows = std::function<Result<std::unique_ptr<RowSource>>()>;

/// The same rows within bounds, for as long as they live: of memory, and of `timeout_ns` (0: none)
/// of SQLite's own work. The rows' own guard looks at the clock between SQLite's steps; here a
/// signal does, inside a step too, and where a step can't be stopped (one LIKE over one long text
/// may take years), the process ends with the status of what could not be done. One at a time; the
/// connection has to outlive them.
[[nodiscard]] Result<std::unique_ptr<RowSource>> make_bounded(SQLite::Database& database,
                                                              std::int64_t timeout_ns,
                                                              const MakeRows& make);

}  // namespace ktstr
