// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time_text.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"
#include "operations/versions.hpp"
#include "privacy/redaction.hpp"
#include "store/import_source.hpp"

namespace ktstr {

/// Whose results are meant. A name or an expression may hold for those of others, too.
struct PackRoot {
  std::string path = {};                    ///< canonical; '': none in particular
  std::optional<std::string> project = {};  ///< none: of all projects
};

struct PackChoice {
  std::vector<FileVersion> sidecars;
  std::vector<FileVersion> dumps;  ///< and traces
};

/// What the words mean, each observation once, in the order of its rows. Of a session all that it
/// wrote, also what a retry has replaced. Nothing but what is of the root's project: error usage or
/// not_found where a word means only what is of others.
[[nodiscard]] Result<PackChoice> choose_for_pack(SQLite::Database& archive,
                                                 const std::vector<std::string>& what,
                                                 const PackRoot& root, const Clock& clock);

// Results as one file to give away: a small archive without what tells where it was made.

struct PackOptions {
  /// Each a result (an id's beginning, a name), a run directory, a session, or else an expression.
  std::vector<std::string> what;
  std::string to;
  PackRoot root;
  bool force = false;
  bool with_host = false;  ///< nothing is redacted
  SubstituteKey key;       ///< of substitutes; a secret
  bool with_dumps = true;
  bool with_traces = false;
  std::function<bool()> should_stop;
};

struct PackReport {
  std::int64_t results = 0;
  std::int64_t dumps = 0;
  std::int64_t dump_names = 0;  ///< dumps whose bytes could not come along
  std::int64_t size_bytes = 0;  ///< of the file
  RedactionCounts redacted;
  LeftOut left_out;  ///< results and dumps, or the bytes of these, and why
};

/// Writes the file, whole or not at all. A result's id, size and hash are those of the redacted
/// bytes, so that what stands in the file can be made from the file alone; its times stay, and an
/// import knows by them and by its names what it has. Paths and the places of projects never come
/// along. Errors: usage: nothing is of that
/// name; not_found: nothing is left to pack; io: it is there and not to be replaced; interrupted.
[[nodiscard]] Result<PackReport> write_pack(SQLite::Database& archive, const PackOptions& options,
                                            const Clock& clock);

}  // namespace ktstr
