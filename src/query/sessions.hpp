// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ktstr/result.hpp"

// Labels in expressions: `label.KEY` is the label of a result under that key, NULL for none. Pure;
// thread-safe.

namespace SQLite {
class Database;
}

namespace ktstr {

/// A letter or underscore, then letters, digits and underscores.
[[nodiscard]] bool is_label_key(std::string_view text);

/// "KEY=VALUE". Error usage: there is no '=', or what stands before it is no key.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_label(std::string_view text);

/// An expression in which `label.KEY` has become SQL.
struct LabelledText {
  std::string text;
  /// Where in the original the byte at `offset` of the text comes from.
  [[nodiscard]] std::size_t original_offset(std::size_t offset) const;

  struct Change {
    std::size_t begin;     ///< in the text
    std::size_t end;       ///< in the text
    std::size_t original;  ///< where the replaced piece began
    std::size_t original_end;
  };
  std::vector<Change> changes = {};
};

/// The same text where it names no label, which includes one that has `label` as a name of its own.
/// The SQL is about the table `results`, and reads the view `labels`.
[[nodiscard]] LabelledText with_labels(std::string_view expression);

[[nodiscard]] bool names_label(std::string_view expression);
/// What an expression compares labels with, by `label.KEY = 'text'`.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> labels_of_expression(
    std::string_view expression);

/// Whether the whole text is `label.KEY`.
[[nodiscard]] bool is_label(std::string_view expression);

/// What one session has left, over all its run directories.
struct SessionSummary {
  std::int64_t run_dirs = 0;
  std::int64_t tests = 0;
  std::int64_t pass = 0;
  std::int64_t fail = 0;
  std::int64_t skip = 0;
  std::int64_t inconclusive = 0;
};

/// By its token; none if no run directory carries that.
[[nodiscard]] Result<std::optional<SessionSummary>> find_session(SQLite::Database& database,
                                                                 const std::string& session);

/// "3 tests in 1 run directory: 2 pass, 1 fail"; verdicts that nobody has are left out.
[[nodiscard]] std::string session_text(const SessionSummary& summary);

/// A session that somebody has named.
struct SessionReference {
  std::string session;       ///< its token; "~" and a time where that is only inferred
  bool is_inferred = false;  ///< results without a token, from the first of these times to the last
  std::optional<std::int64_t> first_ns = {};
  std::optional<std::int64_t> last_ns = {};
};

/// The sessions of a root, the newest first by their last result: those of the catalog and, where
/// an archive is attached to it (query/past.hpp), those that the archive has of the same root. With
/// an archive's own connection: the archive's of `root`, of all roots without one. Not to be called
/// under a guard.
[[nodiscard]] Result<std::vector<SessionReference>> sessions_newest_first(
    SQLite::Database& database, const std::string& root = {});

/// The session of that name among them: a token, the beginning of one that no other has, an
/// inferred one's name, or "@last", "@prev" and "@N" (@1 is the last, @2 the one before it). A
/// whole token may be another root's, too. Error usage: there is none, or there are several; the
/// hint names some.
[[nodiscard]] Result<SessionReference> find_session_reference(SQLite::Database& database,
                                                              std::string_view text,
                                                              const std::string& root = {});

/// The run directories that an answer is about.
struct ResultScope {
  std::optional<std::string> session = {};  ///< the token that all of them carry, if any
  std::vector<std::string> run_dirs = {};   ///< in byte order
  bool is_whole_pool = false;
};

/// The run directory with a sidecar in it that was changed last, with all those that carry its
/// session token; on its own if it has none. Of equally old ones the last by name, as the harness
/// chooses the newest, though `list` has such rows in ascending order. An empty directory tells
/// nothing of a session. The whole pool where no run directory can be told: all results are below
/// dot directories then, or there are none.
[[nodiscard]] Result<ResultScope> last_session(SQLite::Database& database);

/// Every directory that has results of the pool, dot directories included.
[[nodiscard]] Result<ResultScope> whole_pool(SQLite::Database& database);

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
