// SPDX-License-Identifier: MIT
#include "store/paths.hpp"

#include <filesystem>
#include <system_error>

namespace ktstr {

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  auto absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.string();
}

}  // namespace ktstr
