// SPDX-License-Identifier: MIT
#pragma once

#include "commands/query_arguments.hpp"
#include "context.hpp"

// What `query` says about queries instead of answering one. Each gives the exit status.

namespace ktstr {

[[nodiscard]] int show_columns(const Context& context);
[[nodiscard]] int show_named_queries(const Context& context);
[[nodiscard]] int show_sql(const Context& context, OpenIndex& index, const ResultQuery& query);
/// Of the files that a query's results are in; `nul`: each ends with a NUL byte, as it is, else
/// with a line feed and with its control characters escaped. `found` gets their number.
[[nodiscard]] int show_paths(const Context& context, OpenIndex& index, ResultQuery query, bool nul,
                             std::uint64_t& found);

}  // namespace ktstr
