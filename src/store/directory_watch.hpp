// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

namespace ktstr {

/// Waits until something happens in directories. Knows that, not what: whoever waits looks again.
/// Where the system can't watch (no inotify, its limit reached, a file system that other machines
/// write to), the wait ends by itself after a while, and looking again finds what happened. Not
/// thread-safe.
class DirectoryWatch {
 public:
  DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;
  ~DirectoryWatch();

  /// Watches these directories, too. True if one was not watched before: what happened in it
  /// meanwhile was missed.
  bool add(const std::vector<std::string>& directories);

  /// What else ends a wait; -1 for none.
  struct Others {
    int readable = -1;  ///< as soon as it can be read
    int closing = -1;   ///< as soon as its other end is closed
  };

  /// Until something happened, or it is time to look anyway: soon if `is_urgent`. Events that came
  /// before are one. A signal that is handled ends it, too.
  void wait(const Others& others, bool is_urgent);

  /// Some directory can't be watched.
  [[nodiscard]] bool is_polling() const { return is_polling_; }

 private:
  void drain() const;

  int inotify_;
  bool is_polling_;
  std::set<std::string> watched_;
};

}  // namespace ktstr
