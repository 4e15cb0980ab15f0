// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/kernel.hpp"

namespace ktstr {

/// The commit of the source tree that a kernel identifier leads to; none where there is no tree or
/// no commit. Thread-safe as far as the variables are.
[[nodiscard]] std::optional<std::string> kernel_commit_of(const std::string& identifier,
                                                          const Variables& variables,
                                                          const KernelSourceOptions& options);

}  // namespace ktstr
