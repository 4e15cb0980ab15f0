// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answer.hpp"
#include "context.hpp"
#include "options.hpp"
#include "query/result_query.hpp"

namespace ktstr {

/// What --over and --all-projects say.
struct OverArguments {
  std::optional<Over> over;  ///< none: not said
  bool all_projects = false;

  [[nodiscard]] Over over_or(Over fallback) const { return over.value_or(fallback); }
};

/// They store into `arguments`, which has to outlive them.
[[nodiscard]] std::vector<Option> over_options(OverArguments& arguments);

/// Opens the index for that, with its views about that. That there is no archive is a note.
[[nodiscard]] Result<OpenIndex> open_over(const Context& context, const OverArguments& arguments,
                                          CheckLevel fallback = CheckLevel::dirs);

/// Makes the views of an open index mean it, `over` whatever was said. That there is no archive is
/// a note.
[[nodiscard]] Result<void> look_over(const Context& context, OpenIndex& index, Over over,
                                     const OverArguments& arguments);

/// What `query` was asked.
struct QueryArguments {
  ResultQuery query;
  OverArguments over;
  std::vector<std::string> sessions;         ///< as they were named
  std::optional<std::string> since_session;  ///< "@prev" and the like, in place of a time
  std::optional<std::string> until_session;
  std::vector<std::string> expressions;  ///< they all have to hold
  GateArguments gate;
  bool columns = false;   ///< the columns instead of results
  bool named = false;     ///< the named queries instead of results
  bool show_sql = false;  ///< the statement instead of its rows
  bool paths = false;     ///< the files of the results
  bool nul = false;       ///< the same, for xargs -0
  bool follow = false;
};

/// They store into `arguments`, which has to outlive them.
[[nodiscard]] std::vector<Option> query_options(QueryArguments& arguments);

/// One expression for all of them; none for none.
[[nodiscard]] std::optional<std::string> all_of(const std::vector<std::string>& expressions);

/// What "@NAME" among the arguments, where no option's value stands, is short for; it is taken out
/// of them. Nothing without one. Error usage: there is no query of the name, there
/// are two names, or a file is broken.
[[nodiscard]] Result<std::vector<std::string>> take_named_query(
    const std::vector<const Option*>& options, std::vector<std::string>& arguments);

/// Whether something about sessions has to be looked up first.
[[nodiscard]] bool names_sessions(const QueryArguments& arguments);

/// Error usage: options that can't be together; several expressions, and one is none by itself.
[[nodiscard]] Result<void> check_arguments(const QueryArguments& arguments, bool is_table);

}  // namespace ktstr
