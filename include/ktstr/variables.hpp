// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// Looks an environment variable up; none if it is unset. The value is bytes, UTF-8 or not. Tests
/// pass a map.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// Of this process. Not safe while another thread changes the environment.
[[nodiscard]] Variables process_variables();

}  // namespace ktstr
#pragma GCC visibility pop
