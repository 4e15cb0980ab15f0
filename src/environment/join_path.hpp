// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace ktstr {

/// `name` below `directory` as Rust's Path::join has it: an absolute name replaces the directory,
/// an empty one leaves a slash at the end. Pure; thread-safe.
[[nodiscard]] inline std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || (!name.empty() && name.front() == '/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

}  // namespace ktstr
