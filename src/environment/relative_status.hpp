// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

enum class Presence {
  present,
  missing,  ///< it isn't there, or something above it isn't a directory
  unknown,  ///< the system didn't let us look
};

/// lstat of many files below one directory. Keeps the directories on the way to the last file open,
/// so that the next one beside it costs one look-up. A link to a directory is not a directory.
/// For one thread.
class RelativeStatus {
 public:
  explicit RelativeStatus(const std::string& top);
  RelativeStatus(const RelativeStatus&) = delete;
  RelativeStatus& operator=(const RelativeStatus&) = delete;
  ~RelativeStatus();

  /// The path is relative, without dots, with a NUL behind it.
  [[nodiscard]] Presence operator()(std::string_view path, struct stat& status);

 private:
  struct Level {
    std::size_t length;  ///< of its path in path_
    int descriptor;
  };

  /// 0 or an error number.
  int enter(std::string_view directory);
  void leave_what_is_not_above(std::string_view directory);
  /// A descriptor, or an error number as a negative one.
  [[nodiscard]] int open_below(const std::string& name);

  int top_;
  int top_error_ = 0;
  std::string path_;  ///< of the directory that is entered
  std::vector<Level> levels_;
};

}  // namespace ktstr
