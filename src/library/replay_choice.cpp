// SPDX-License-Identifier: MIT
#include "library/replay_choice.hpp"

#include <utility>

namespace ktstr {

Result<ReplayChoice> choose_replay(Session& session, const ReplayOptions& options) {
  auto failed = find_failed_tests(session.database(), options.in_whole_pool);
  if (!failed) return fail(std::move(failed.error()));
  ReplayChoice choice{std::move(*failed), {}};
  for (const std::string& name : choice.failed.names) {
    if (!options.substring || name.find(*options.substring) != std::string::npos) {
      choice.names.push_back(name);
    }
  }
  return choice;
}

std::string no_results_text(const Session& session) {
  return "no sidecars found under " + session.paths().root.path +
         " - run the suite first or pass --dir";
}

}  // namespace ktstr
