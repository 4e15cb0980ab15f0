// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "context.hpp"

namespace ktstr {

/// Makes the rows.
using MakeRows = std::function<Result<std::unique_ptr<RowSource>>()>;

struct Answer {
  int status = k_done;
  std::uint64_t rows = 0;
  /// The first value of the last row, if it was an integer: the number of a `--count`.
  std::int64_t last_integer = 0;
};

/// Prints rows of an open index, with ids short where people read them.
[[nodiscard]] Answer print_answer(const Context& context, Session& session, const MakeRows& make);

/// The exit status that `--expect none|some` makes of an answer with `found` results.
[[nodiscard]] int expected(const std::string& expect, std::uint64_t found, int status);

/// One line about the files that the rows of `results` leave out; those of another schema too if
/// `strict`.
void note_left_out(const Context& context, Session& session, bool strict);

}  // namespace ktstr
