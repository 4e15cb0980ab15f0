// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace ktstr {

/// In SQL, which observation of a result the dump or trace `artifact` (an alias of that table)
/// belongs to, as sidecar_id; NULL if none. Of the same directory, test and variant hash, the first
/// version that is as old as the dump or younger, since a dump is written before its sidecar; else
/// the last one.
[[nodiscard]] std::string dump_owner_sql(const std::string& artifact);

}  // namespace ktstr
