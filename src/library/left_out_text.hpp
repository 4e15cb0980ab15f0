// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "catalog/summary.hpp"

namespace ktstr {

/// "3 corrupt, 1 unreadable, 2 of another schema", without what there is none of; empty for none.
/// Pure; thread-safe.
[[nodiscard]] std::string left_out_text(const LeftOutCounts& left_out);

/// "not in this answer: …", of a whole pool; empty if it leaves nothing out, or can't be asked.
/// Records of another schema count only where the answer is of the pool that the harness loads.
[[nodiscard]] std::string left_out_note(SQLite::Database& database, bool is_strict);

}  // namespace ktstr
