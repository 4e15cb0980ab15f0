// SPDX-License-Identifier: MIT
#include "environment/variables.hpp"

#include <cstdlib>

#include "base/text.hpp"

namespace ktstr {

Variables process_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::optional<std::string> non_empty(const Variables& variables, const std::string& name) {
  auto value = variables(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::string> non_empty_utf8(const Variables& variables, const std::string& name) {
  auto value = non_empty(variables, name);
  return value && is_valid_utf8(*value) ? value : std::nullopt;
}

}  // namespace ktstr
