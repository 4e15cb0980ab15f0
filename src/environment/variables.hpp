// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/variables.hpp"

namespace ktstr {

/// The value, with an empty one as none: the harness's rule for nearly every variable.
[[nodiscard]] std::optional<std::string> non_empty(const Variables& variables,
                                                   const std::string& name);
/// The same, with a value that is not UTF-8 as none too.
[[nodiscard]] std::optional<std::string> non_empty_utf8(const Variables& variables,
                                                        const std::string& name);

}  // namespace ktstr
