// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/file_system.hpp"

namespace ktstr::test {

/// The machine's file system, for a test that changes one of its answers.
class ForwardingFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<DirectoryHandle>> open_directory(const std::string& path) override {
    return real_.open_directory(path);
  }
  Result<std::unique_ptr<DirectoryHandle>> open_to_change(const std::string& path,
                                                          FollowLinks follow) override {
    return real_.open_to_change(path, follow);
  }
  Result<std::unique_ptr<FileHandle>> open_file(const std::string& path) override {
    return real_.open_file(path);
  }
  Result<FileStatus> status(const std::string& path, FollowLinks follow) override {
    return real_.status(path, follow);
  }
  Result<void> create_directories(const std::string& path) override {
    return real_.create_directories(path);
  }
  Result<void> write_file(const std::string& path, const std::string& bytes) override {
    return real_.write_file(path, bytes);
  }
  Result<void> sync_directory(const std::string& path) override {
    return real_.sync_directory(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return real_.rename(from, to);
  }

 private:
  FileSystem& real_ = system_file_system();
};

}  // namespace ktstr::test
