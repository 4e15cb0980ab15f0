// SPDX-License-Identifier: MIT
#include "commands/over_options.hpp"

namespace ktstr {
namespace {

ValueParser parse_over_into(std::optional<Over>& target) {
  return [&target](const std::string& text) -> Result<void> {
    target = text == "now" ? Over::now : text == "past" ? Over::past : Over::all;
    return {};
  };
}

}  // namespace

std::vector<Option> over_options(OverArguments& arguments) {
  return {
      {"--over",
       "WHICH",
       "now: what is there (the catalog); past: what was seen (the archive); all: both",
       parse_over_into(arguments.over),
       {"now", "past", "all"}},
      {"--all-projects", "", "Of the past, other projects' results and imports, too",
       &arguments.all_projects},
  };
}

Result<Session> open_over(const Context& context, const OverArguments& arguments,
                          CheckLevel fallback) {
  const Over over = arguments.over_or(Over::now);
  auto session = context.open_over(over, fallback);
  if (!session || over == Over::now) return session;
  if (auto looked = look_over(context, *session, over, arguments); !looked) {
    return fail(std::move(looked.error()));
  }
  return session;
}

Result<void> look_over(const Context& context, Session& session, Over over,
                       const OverArguments& arguments) {
  const auto missing = session.look_over({over, arguments.all_projects});
  if (!missing) return fail(missing.error());
  if (!missing->empty()) context.note(*missing);
  return {};
}

}  // namespace ktstr
