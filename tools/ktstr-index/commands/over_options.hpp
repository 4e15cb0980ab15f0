// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "context.hpp"

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
[[nodiscard]] Result<Session> open_over(const Context& context, const OverArguments& arguments,
                                        CheckLevel fallback = CheckLevel::dirs);

/// Makes the views of an open index mean it, `over` whatever was said. That there is no archive is
/// a note.
[[nodiscard]] Result<void> look_over(const Context& context, Session& session, Over over,
                                     const OverArguments& arguments);

}  // namespace ktstr
