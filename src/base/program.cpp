// SPDX-License-Identifier: MIT
#include "base/program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace ktstr {
namespace {

bool is_executable_file(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> environment_with(const EnvironmentChanges& changes) {
  std::vector<std::string> out;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(changes.begin(), changes.end(),
                                      [&](const auto& change) { return change.first == name; });
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : changes) {
    out.push_back(name);
    out.back().append("=").append(value);
  }
  return out;
}

std::vector<char*> c_strings(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> absolute_entries(std::string_view search_path) {
  std::vector<std::string> entries;
  for (const std::string_view entry : split(search_path, ':')) {
    if (!entry.empty() && entry.front() == '/') entries.emplace_back(entry);
  }
  return entries;
}

std::optional<std::string> find_program(std::string_view name, std::string_view search_path) {
  for (std::string& entry : absolute_entries(search_path)) {
    entry.append("/").append(name);
    if (is_executable_file(entry)) return std::move(entry);
  }
  return std::nullopt;
}

}  // namespace ktstr
