// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace ktstr {

/// Who is asked about a repository.
enum class GitJudge { library, command };

/// When a look at a repository that begins now has to be over, on the steady clock: in 5 s.
/// Thread-safe.
[[nodiscard]] std::int64_t git_deadline_ns();

/// How much of that one question may take: all, or a quarter of a second once somebody in this
/// process has waited for that judge in vain, since results wait for these looks. Thread-safe.
[[nodiscard]] std::int64_t patience_with(GitJudge judge, std::int64_t until_ns);
void note_waited_in_vain(GitJudge judge);

}  // namespace ktstr
