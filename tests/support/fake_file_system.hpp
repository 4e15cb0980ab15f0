// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "base/time_text.hpp"

namespace ktstr::test {

struct FakeState;

/// A file system in memory whose stamps come from a clock, with faults, races and counts on demand.
///
/// Paths are absolute. A fault, hook or count goes by the path that was asked for (the path a
/// handle was opened by, "/", the name), with links as written: it does not follow a rename. The
/// times of new stamps are cut to the granularity, as a coarse file system does. Thread-safe; a
/// hook runs inside the operation and may change the tree, but not wait for another thread that
/// uses it.
class FakeFileSystem final : public FileSystem {
 public:
  explicit FakeFileSystem(const Clock& clock);
  ~FakeFileSystem() override;

  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_to_change(
      const std::string& path, FollowLinks follow) override;
  [[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file(const std::string& path) override;
  [[nodiscard]] Result<FileStatus> status(const std::string& path, FollowLinks follow) override;
  [[nodiscard]] Result<void> create_directories(const std::string& path) override;
  [[nodiscard]] Result<void> write_file(const std::string& path, const std::string& bytes) override;
  [[nodiscard]] Result<void> sync_directory(const std::string& path) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;

  // Building a tree. These make missing parents, and throw std::logic_error where a test asks for
  // the impossible.

  void make_directory(const std::string& path);
  /// Creates the file, or replaces it the way a rename does: a new inode, the directory touched.
  void put_file(const std::string& path, const std::string& bytes);
  /// Rewrites an existing file in place: same inode, the directory untouched.
  void overwrite_in_place(const std::string& path, const std::string& bytes);
  void make_symlink(const std::string& path, const std::string& target);
  /// A FIFO: can be opened, has no bytes.
  void make_fifo(const std::string& path);
  /// A file, a link or a directory with all that is in it.
  void remove(const std::string& path);
  void move(const std::string& from, const std::string& to);
  /// Sets the mtime alone, as utimensat does; the ctime becomes now.
  void set_mtime_ns(const std::string& path, std::int64_t mtime_ns);
  /// Moves the ctime alone to now, as chmod does.
  void touch_ctime(const std::string& path);
  /// 1 ns at first.
  void set_granularity_ns(std::int64_t granularity_ns);

  // Faults: the operation fails with this errno from now on; 0 ends it.

  void fail_open(const std::string& path, int error_number);
  void fail_read(const std::string& path, int error_number);
  /// Of a file that was created as new: the bytes up to `written` still get there.
  void fail_write(const std::string& path, int error_number, std::size_t written = 0);
  /// Of a file or a directory.
  void fail_sync(const std::string& path, int error_number);
  /// By the old name.
  void fail_rename(const std::string& path, int error_number);
  void fail_remove(const std::string& path, int error_number);
  void fail_list(const std::string& path, int error_number);
  void fail_status(const std::string& path, int error_number);
  /// The name goes away when its file is next read; the open file still has its bytes.
  void vanish_during_read(const std::string& path);

  // Races: `action` runs once, before the next such operation on that path.

  using Action = std::function<void()>;
  void before_open(const std::string& path, Action action);
  void before_read(const std::string& path, Action action);
  void before_list(const std::string& path, Action action);
  void before_status(const std::string& path, Action action);
  /// By the old name.
  void before_rename(const std::string& path, Action action);

  // What was asked for since the start or clear_counts(), failures included, in order.

  [[nodiscard]] std::vector<std::string> opened() const;    ///< files and directories
  [[nodiscard]] std::vector<std::string> read() const;      ///< files
  [[nodiscard]] std::vector<std::string> listed() const;    ///< directories
  [[nodiscard]] std::vector<std::string> synced() const;    ///< files and directories
  [[nodiscard]] std::vector<std::string> statused() const;  ///< by name, not by open handle
  void clear_counts();

 private:
  std::shared_ptr<FakeState> state_;  ///< shared with the handles, which may live longer
};

}  // namespace ktstr::test
