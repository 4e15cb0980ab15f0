// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktstr/result.hpp"
#include "query/filters.hpp"
#include "query/pool_values.hpp"
#include "query/result_query.hpp"

// What an answer rests on: the files that it leaves out, and what there was to judge.

namespace ktstr {

/// Files whose rows an answer doesn't have, or marks.
struct LeftOutCounts {
  std::int64_t drift = 0;
  std::int64_t corrupt = 0;
  std::int64_t unreadable = 0;

  /// Nobody knows what they say: a failure, perhaps.
  [[nodiscard]] bool has_unknown() const { return corrupt + unreadable > 0; }
};

/// The run's files that its report leaves out.
[[nodiscard]] Result<LeftOutCounts> count_left_out(SQLite::Database& database, const NamedRun& run);

/// The files that may belong to an answer under these filters, by what is known of a file that
/// can't be read: its place, its session, and that its record is no younger than it. Of a job's
/// file the session isn't known, so it may be any. Those of another schema count only under
/// `strict`: other answers have their rows. Of the past only what nothing readable came in place
/// of. Cheap in a good pool.
[[nodiscard]] Result<LeftOutCounts> count_left_out(SQLite::Database& database,
                                                   const Filters& filters);

/// "3 corrupt, 1 unreadable, 2 of another schema", without what there is none of; empty for none.
/// Pure; thread-safe.
[[nodiscard]] std::string left_out_text(const LeftOutCounts& left_out);

/// What a gate has to know of an answer in which nothing was found.
struct Evidence {
  /// Whether any result is there under the filters, and any with what the expression asks for by
  /// `column = 'text'`, where all of it has to hold; whatever the verdicts. Without one there was
  /// nothing to judge.
  bool has_results = false;
  std::int64_t undecided = 0;  ///< results under the filters that have no verdict
  LeftOutCounts left_out;
  /// A sentence for each value that occurs nowhere: a filter's, a label's, a phase or cgroup, one
  /// that the expression demands, a word that is no verdict. More likely a slip than good news.
  std::vector<std::string> unknown_values;
};
[[nodiscard]] Result<Evidence> evidence_of(SQLite::Database& database, const ResultQuery& query);

}  // namespace ktstr
