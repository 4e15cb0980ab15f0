// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "context.hpp"
#include "statement_bounds.hpp"

namespace ktstr {

struct Answer {
  int status = k_done;
  std::uint64_t rows = 0;
  /// The first value of the last row, if it was an integer: the number of a `--count`.
  std::int64_t last_integer = 0;
};

/// The same rows under columns of those names that know what a narrow terminal may do to them.
[[nodiscard]] std::unique_ptr<RowSource> with_columns(std::vector<RowColumn> columns,
                                                      std::unique_ptr<RowSource> rows);

/// Prints rows of an open index within the bounds of a statement, with ids short where people read
/// them.
[[nodiscard]] Answer print_answer(const Context& context, OpenIndex& index, std::int64_t timeout_ns,
                                  const MakeRows& make);

/// The exit status that `--expect none|some` makes of an answer with `found` results. That nothing
/// was found says nothing where something could not be looked at.
[[nodiscard]] int expected(const Context& context, const OpenIndex& index,
                           const std::string& expect, std::uint64_t found, int status);

/// One line about the files that the rows of `results` leave out; those of another schema too if
/// `strict`. It says how to list them, in the pool that was named.
void note_left_out(const Context& context, OpenIndex& index, bool strict);

/// Says what went wrong and gives the exit status for it: the signal's, where the error is that
/// somebody wanted an end.
[[nodiscard]] int failed_or_stopped(const Context& context, const Error& error,
                                    const StopRequest& stop);

}  // namespace ktstr
