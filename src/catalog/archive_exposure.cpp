// SPDX-License-Identifier: MIT
#include "catalog/archive_exposure.hpp"

#include <sys/stat.h>

#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "base/shell_text.hpp"
#include "environment/join_path.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_of_others = 0077;

bool is_open_to_others(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & k_of_others) != 0;
}

/// Of the file itself, its log and lock, and what was put aside or copied before a new layout.
bool is_ending(std::string_view ending) {
  for (const char* whole : {"", "-wal", "-shm", "-journal", ".lock"}) {
    if (ending == whole) return true;
  }
  return ending.starts_with(".aside-") || ending.starts_with(".layout-");
}

std::vector<std::string> open_files(const std::string& path) {
  const std::string directory = directory_of(path);
  const std::string name = path.substr(path.rfind('/') + 1);
  std::vector<std::string> open;
  const auto opened = system_file_system().open_directory(directory);
  if (!opened) return open;
  const auto entries = (*opened)->list();
  if (!entries) return open;
  for (const DirectoryEntry& entry : *entries) {
    const std::string file = join_path(directory, entry.name);
    const bool is_its = entry.kind == FileKind::regular && entry.name.starts_with(name) &&
                        is_ending(std::string_view(entry.name).substr(name.size()));
    if (is_its && is_open_to_others(file)) open.push_back(file);
  }
  return open;
}

}  // namespace

std::string archive_exposure(const std::string& path, bool is_named) {
  std::vector<std::string> open = open_files(path);
  // A directory that somebody has named may be meant for other things, too.
  if (const std::string directory = directory_of(path); !is_named && is_open_to_others(directory)) {
    open.insert(open.begin(), directory);
  }
  if (open.empty()) return {};
  std::vector<std::string> command = {"chmod", "go-rwx"};
  command.insert(command.end(), open.begin(), open.end());
  return "others are allowed at the archive by its permissions; this takes them away: " +
         shell_line(command);
}

}  // namespace ktstr
