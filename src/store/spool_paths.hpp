// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/safe_open.hpp"
#include "environment/join_path.hpp"
#include "environment/locations.hpp"

namespace ktstr {

// Where spools are and what is in them. Thread-safe.

inline constexpr const char* k_spool_journal_name = "journal";
inline constexpr const char* k_spool_parent_name = "spool";

[[nodiscard]] inline std::string spool_parent(const std::string& root) {
  return join_path(root, k_index_directory_name) + "/" + k_spool_parent_name;
}
/// Beside the spool: it has to be there before the spool is.
[[nodiscard]] inline std::string spool_lock_name(const std::string& name) { return name + ".lock"; }

/// "{nanoseconds}-{process}", with "-{number}" behind it where that was taken.
[[nodiscard]] bool is_spool_name(std::string_view name);
/// As a spool calls its files: 1, 2, 3 and so on.
[[nodiscard]] bool is_spooled_file_name(std::string_view name);

/// The directory that holds a root's spools, by no link below the root.
[[nodiscard]] Result<Descriptor> open_spool_parent(const std::string& root, posix::Missing missing);

/// A spool that is there, by no link.
struct OpenSpool {
  std::string path;
  std::string name;
  Descriptor parent;
  Descriptor directory;

  [[nodiscard]] posix::Location inside(const std::string& file_name) const {
    return posix::inside(directory, path, file_name);
  }
  [[nodiscard]] posix::Location lock() const {
    return posix::inside(parent, path.substr(0, path.rfind('/')), spool_lock_name(name));
  }
};
/// What a spool's path says. `directory` isn't open if there is nothing of that name; neither is
/// `parent` where even that is missing.
[[nodiscard]] Result<OpenSpool> open_spool(const std::string& path);

}  // namespace ktstr
