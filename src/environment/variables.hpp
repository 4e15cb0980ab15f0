// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace ktstr {

/// Looks an environment variable up; none if it is unset. Tests pass a map.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// Of this process. Not safe while another thread changes the environment.
[[nodiscard]] Variables process_variables();

/// The value, with an empty one as none: the harness's rule for nearly every variable.
[[nodiscard]] std::optional<std::string> non_empty(const Variables& variables,
                                                   const std::string& name);
/// The same, with a value that is not UTF-8 as none too.
[[nodiscard]] std::optional<std::string> non_empty_utf8(const Variables& variables,
                                                        const std::string& name);

}  // namespace ktstr
