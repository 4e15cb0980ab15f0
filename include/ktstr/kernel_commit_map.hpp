// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ktstr/kernel.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The value of KTSTR_KERNEL_COMMIT for test processes that will have one of `identifiers` in
/// KTSTR_KERNEL: "identifier=commit;identifier=commit", made once so that none of them has to look
/// at a kernel's tree itself. The identifiers are as typed, without white space at their ends, as
/// the processes compare them; relative paths mean those of this process. Left out, so that the
/// process looks itself: an identifier without a source tree or whose tree has no commit, and one
/// that is not UTF-8 or holds a ";". One that comes twice is there once. May be empty.
/// Looks at each tree with git, which takes a while; commits are remembered for the rest of the
/// process. Thread-safe as far as the variables are.
[[nodiscard]] std::string kernel_commit_map(const std::vector<std::string>& identifiers,
                                            const Variables& variables,
                                            const KernelSourceOptions& options = {});

}  // namespace ktstr
#pragma GCC visibility pop
