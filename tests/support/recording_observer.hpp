// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "store/staged_file.hpp"

namespace ktstr::test {

/// What an observer was told, one line a call: "about_to_remove a.ktstr.json b.ktstr.json". Names
/// without their directories. Thread-safe.
class RecordingObserver final : public ChangeObserver {
 public:
  void about_to_remove(std::span<const FileChange> files) noexcept override {
    add("about_to_remove", files);
  }
  void removed(std::span<const FileChange> files) noexcept override { add("removed", files); }
  void written(const FileChange& file) noexcept override { add("written", {&file, 1}); }
  void rewritten(const FileChange& file) noexcept override { add("rewritten", {&file, 1}); }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// The last file that was named, with a copy of its bytes.
  [[nodiscard]] std::string last_path() const { return path_; }
  [[nodiscard]] std::string last_bytes() const { return bytes_; }
  [[nodiscard]] Stamp last_stamp() const { return stamp_; }

  /// Called in the midst of each announcement with its line.
  std::function<void(const std::string& line)> during = {};

 private:
  void add(const char* what, std::span<const FileChange> files) {
    std::string line = what;
    for (const FileChange& file : files) line += " " + file.path.substr(file.path.rfind('/') + 1);
    if (during) during(line);
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    path_ = files.back().path;
    bytes_ = files.back().bytes == nullptr ? "" : *files.back().bytes;
    stamp_ = files.back().stamp;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::string path_;
  std::string bytes_;
  Stamp stamp_;
};

}  // namespace ktstr::test
