// SPDX-License-Identifier: MIT
#include "support/shared_data.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ktstr::test {
namespace {

std::filesystem::path shared_data_directory() {
  const char* named = std::getenv("KTSTR_SHARED_DATA");
  if (named != nullptr && *named != '\0') return named;
  return source_directory().parent_path() / "shared" / "data";
}

bool is_ci() {
  const char* value = std::getenv("CI");
  return value != nullptr && *value != '\0';
}

}  // namespace

std::filesystem::path source_directory() { return KTSTR_SOURCE_DIR; }

std::optional<std::string> shared_data_path(std::string_view file) {
  const std::filesystem::path path = shared_data_directory() / file;
  std::error_code error;
  if (std::filesystem::exists(path, error)) return path.string();
  if (is_ci()) ADD_FAILURE() << "CI is set and the shared data lacks " << path;
  return std::nullopt;
}

}  // namespace ktstr::test
