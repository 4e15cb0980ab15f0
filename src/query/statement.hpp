// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/rows.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The rows of one statement that a person wrote; it may only read the views. `timeout_ns`: 0 for
/// none. Columns have the names that SQLite gives them, repeated ones too. Error usage: what is
/// wrong with the statement, with its place. As long as the rows live, the connection can't do
/// anything else but read.
[[nodiscard]] Result<std::unique_ptr<RowSource>> run_statement(SQLite::Database& database,
                                                               const std::string& sql,
                                                               std::int64_t timeout_ns,
                                                               const Clock& clock);

}  // namespace ktstr
