// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "archive/space.hpp"
#include "base/time_text.hpp"
#include "ktstr/result.hpp"

// What gc leaves alone: sessions and whatever an expression holds for.

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

// What an archive can do without, by a stated policy: documents' bytes before rows, and never what
// is pinned.

/// A document's bytes go if no observation of it is pinned, and it was last seen longer ago than
/// keep_ns (if given), and it is not among the newest keep_last observations of its project, test
/// and variant (if given; a dump is what its result is). Then, if there is a limit, the oldest of
/// what is left and not pinned go until the rest fits.
struct GcPolicy {
  std::optional<std::int64_t> keep_ns;
  std::optional<std::int64_t> keep_last;
  std::optional<std::int64_t> max_bytes;  ///< of documents, packed
  /// The observations' rows, too; also of those whose bytes went earlier, by the first two rules.
  bool with_rows = false;
};

struct GcDocument {
  std::string id;
  bool has_bytes = true;
};

struct GcPlan {
  std::vector<GcDocument> documents;
  std::vector<std::int64_t> unkept_dumps;  ///< artifact rows without bytes, of results that go
  std::int64_t planned_ns = 0;
  std::int64_t results = 0;  ///< whose bytes go
  std::int64_t dumps = 0;    ///< and traces
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::optional<std::int64_t> oldest_ns;  ///< when those that go were last seen
  std::optional<std::int64_t> newest_ns;
  std::int64_t kept_bytes = 0;
  std::int64_t pinned_bytes = 0;  ///< of the kept ones
};

/// Looks only; works on a connection that can't write, too. Errors: a pin that doesn't work.
[[nodiscard]] Result<GcPlan> plan_gc(SQLite::Database& archive, const GcPolicy& policy,
                                     const Clock& clock);

/// Some documents a commit, so that others can write in between; what was seen again since the plan
/// was made stays. Error: interrupted, after what was done is committed; busy, io. Space is not
/// given back yet.
[[nodiscard]] Result<void> apply_gc(Archive& archive, const GcPlan& plan, bool with_rows,
                                    const std::function<bool()>& should_stop);

struct CapReport {
  std::int64_t results = 0;  ///< whose bytes were dropped
  std::int64_t dumps = 0;
  std::int64_t bytes = 0;
  std::int64_t before_ns = 0;  ///< they were last seen before, or then
};

/// Drops the bytes of the oldest unpinned documents if all together are more than `cap_bytes`, and
/// gives the space back. One sum if they are not.
[[nodiscard]] Result<CapReport> enforce_archive_cap(Archive& archive, std::int64_t cap_bytes,
                                                    const Clock& clock);

}  // namespace ktstr
