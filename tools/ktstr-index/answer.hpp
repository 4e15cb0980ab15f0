// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "context.hpp"
#include "options.hpp"
#include "query/result_query.hpp"
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

/// What `--expect` and its like say.
struct GateArguments {
  std::string expect;          ///< "none", "some"; empty: no gate
  bool allow_partial = false;  ///< also on part of what was asked about

  [[nodiscard]] bool is_gate() const { return !expect.empty(); }
};
/// They store into `arguments`, which has to outlive them.
[[nodiscard]] std::vector<Option> gate_options(GateArguments& arguments);

/// The exit status that a gate makes of an answer with `found` results. That nothing was found says
/// nothing where there was nothing to judge, or something could not be looked at: then it is that
/// of a failure, and a line says what is missing.
[[nodiscard]] int judged(const Context& context, OpenIndex& index, const GateArguments& gate,
                         const ResultQuery& query, std::uint64_t found, int status);

/// One line about the files that the answer leaves out. It says how to list them, in the pool that
/// was named.
void note_left_out(const Context& context, OpenIndex& index, const Filters& filters);

/// Says the first few of many failures, and how many more there are: "9 more `what`".
void say_first(const Context& context, const std::vector<Error>& failures, const char* what);

/// Says what went wrong and gives the exit status for it: the signal's, where the error is that
/// somebody wanted an end.
[[nodiscard]] int failed_or_stopped(const Context& context, const Error& error,
                                    const StopRequest& stop);

}  // namespace ktstr
