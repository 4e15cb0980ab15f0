// SPDX-License-Identifier: MIT
#pragma once

// Who holds a flock, by the kernel's own lock table. For a message only: a lock can change hands
// while it is being looked at. All but the last function are pure; all are thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"

namespace ktstr {

/// A mount point of mountinfo with its octal escapes undone ("\040" is a space). What is no
/// escape of one byte stays as it stands.
[[nodiscard]] std::string unescape_mount_point(std::string_view text);

/// The device of the file system that `path` (absolute, links resolved) is on, as "MM:mm" of the
/// lock table: two or more lower-case hex digits each. The longest mount point above the path
/// counts, of equal ones the first. None if no line covers it.
///
/// Not st_dev: stat and the lock table differ on btrfs, overlayfs and bind mounts.
[[nodiscard]] std::optional<std::string> device_of_mount(std::string_view mountinfo,
                                                         std::string_view path);

/// The process ids of the flocks held on "MM:mm:INODE", each once, in the table's order. Waiters
/// and locks of other kinds don't count.
[[nodiscard]] std::vector<std::uint32_t> flock_holders(std::string_view lock_table,
                                                       std::string_view needle);

/// A process's arguments on one line, at most 100 characters of them.
[[nodiscard]] std::string command_line_text(std::string_view arguments);

/// One line "  pid=P cmd=C" for each holder, or "<none recorded>": also where they can't be found
/// out.
[[nodiscard]] std::string lock_holders_text(FileSystem& files, const std::string& lock_path);

}  // namespace ktstr
