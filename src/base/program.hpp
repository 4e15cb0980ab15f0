// SPDX-License-Identifier: MIT
#pragma once

// What every start of another program needs: where it is, and its environment.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktstr {

/// Environment variables to set for a child, beside those of this process.
using EnvironmentChanges = std::vector<std::pair<std::string, std::string>>;

/// This process's environment as NAME=value texts, with the changes.
[[nodiscard]] std::vector<std::string> environment_with(const EnvironmentChanges& changes);

/// What exec takes: a null at the end. The texts have to outlive it.
[[nodiscard]] std::vector<char*> c_strings(std::vector<std::string>& texts);

/// The absolute entries of a PATH. The others ("", ".", "bin") would mean something else in every
/// directory, and a program of whoever made that directory.
[[nodiscard]] std::vector<std::string> absolute_entries(std::string_view search_path);

/// The first executable file of that name in the absolute entries of a PATH.
[[nodiscard]] std::optional<std::string> find_program(std::string_view name,
                                                      std::string_view search_path);

}  // namespace ktstr
