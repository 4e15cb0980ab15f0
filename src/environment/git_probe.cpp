// SPDX-License-Identifier: MIT
#include <filesystem>
#include <system_error>

#include "base/stderr_line.hpp"
#include "base/visible_text.hpp"
#include "environment/commit_memo.hpp"
#include "environment/git_patience.hpp"
#include "environment/git_repository.hpp"
#include "environment/variables.hpp"
#include "ktstr/commit.hpp"
#include "ktstr/messages.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_short_digits = 7;

CommitMemo& process_memo() {
  static CommitMemo memo(commit_at);
  return memo;
}

void say_unknown(const std::string& directory, const std::string& commit, const std::string& why) {
  static OnceGate gate;
  if (!gate.enter()) return;
  print_to_stderr("ktstr: WARNING: can't tell whether the git tree of " +
                  escape_control(directory) + " has changes (" + why + "); its commit counts as " +
                  commit + ".");
}

}  // namespace

std::optional<std::string> commit_at(const std::string& directory, CommitSearch search) {
  const std::int64_t until_ns = git_deadline_ns();
  const auto repository = find_git_repository(directory, search, until_ns);
  if (!repository) return std::nullopt;
  std::string commit = repository->head.substr(0, k_short_digits);
  const TreeState state = tree_state(*repository, until_ns);
  if (state.kind == TreeState::Kind::clean) return commit;
  // What isn't known must not pass for clean: its results would replace the clean commit's.
  commit += "-dirty";
  if (state.kind == TreeState::Kind::unknown) say_unknown(directory, commit, state.why_unknown);
  return commit;
}

std::optional<std::string> detect_project_commit(const Variables& variables) {
  if (auto named = non_empty_utf8(variables, "KTSTR_PROJECT_COMMIT")) return named;
  // Empty if it was removed while we were in it: an answer found before is still the answer.
  std::error_code ignored;
  return process_memo().project(std::filesystem::current_path(ignored).string());
}

std::optional<std::string> detect_kernel_commit(const std::string& directory) {
  return process_memo().kernel(directory);
}

}  // namespace ktstr
