// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

// The stamps of a record, UTC. A clock before 1970 counts as 1970. Thread-safe.

/// "2026-07-04T21:41:43Z", now.
[[nodiscard]] std::string now_iso8601();

/// "20260704T214143Z": when this process first asked for it; the same ever after.
[[nodiscard]] std::string run_id_timestamp();

/// "20260704T214143Z-0", then -1 and so on. Unique in this process only: another one may have the
/// same second.
[[nodiscard]] std::string generate_run_id();

}  // namespace ktstr
#pragma GCC visibility pop
