// SPDX-License-Identifier: MIT
#pragma once

// What gc leaves alone: sessions and whatever an expression holds for.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

struct ArchivePin {
  std::string kind;  ///< "session" or "query"
  std::string value;
};

/// "session=TOKEN" or "query=EXPR". Error usage.
[[nodiscard]] Result<ArchivePin> parse_pin(std::string_view text);

/// By kind and value.
[[nodiscard]] Result<std::vector<ArchivePin>> archive_pins(SQLite::Database& archive);

/// How many observations of results it stands for now. Error usage: an expression that isn't one.
[[nodiscard]] Result<std::int64_t> pinned_by(SQLite::Database& archive, const ArchivePin& pin,
                                             const Clock& clock);

/// Error usage: a session that the archive doesn't have, an expression that isn't one. A pin that
/// is there already is fine.
[[nodiscard]] Result<void> put_pin(SQLite::Database& archive, const ArchivePin& pin,
                                   const Clock& clock);
/// Error usage: there is no such pin.
[[nodiscard]] Result<void> remove_pin(SQLite::Database& archive, const ArchivePin& pin);

/// Those that stand for some of these results and for no other: when they go, the pins' text is all
/// that is left of them. One that no longer works is left out.
[[nodiscard]] Result<std::vector<ArchivePin>> pins_only_of(
    SQLite::Database& archive, const std::vector<std::int64_t>& sidecar_ids, const Clock& clock);

/// The sidecar_ids of everything that is pinned, doubles possible. An expression that no longer
/// works is an error: what it meant must not be dropped.
[[nodiscard]] Result<std::vector<std::int64_t>> pinned_results(SQLite::Database& archive,
                                                               const Clock& clock);

}  // namespace ktstr
