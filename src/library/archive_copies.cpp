// SPDX-License-Identifier: MIT
#include "library/archive_copies.hpp"

#include "base/file_system.hpp"

namespace ktstr {

std::vector<std::string> copies_beside(const std::string& archive_path) {
  const std::size_t slash = archive_path.rfind('/');
  if (slash == std::string::npos) return {};
  const std::string directory = archive_path.substr(0, slash + 1);
  const std::string name = archive_path.substr(slash + 1);
  auto opened = system_file_system().open_directory(directory);
  if (!opened) return {};
  const auto entries = (*opened)->list();
  if (!entries) return {};
  std::vector<std::string> copies;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_beside = entry.name.size() > name.size() && entry.name.starts_with(name);
    const std::string ending = is_beside ? entry.name.substr(name.size()) : "";
    const bool is_own = ending == "-wal" || ending == "-shm" || ending == ".lock";
    if (is_beside && !is_own && entry.kind == FileKind::regular) {
      copies.push_back(directory + entry.name);
    }
  }
  return copies;
}

}  // namespace ktstr
