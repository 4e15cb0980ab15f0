// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "base/time_text.hpp"

namespace ktstr::test {

/// An inode of the fake file system.
struct FakeNode {
  FileKind kind = FileKind::other;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::string content;  ///< a file's bytes, a link's target
  std::map<std::string, std::shared_ptr<FakeNode>> children;
  std::weak_ptr<FakeNode> parent;  ///< of a directory; none for the root

  [[nodiscard]] FileStatus status() const;
};

using FakeNodePtr = std::shared_ptr<FakeNode>;

/// A value or an errno.
template <typename T>
using ErrnoOr = tl::expected<T, int>;

/// The nodes of the fake file system and what POSIX says about changing them. Not thread-safe.
class FakeTree {
 public:
  explicit FakeTree(const Clock& clock);

  [[nodiscard]] const FakeNodePtr& root() const { return root_; }
  void set_granularity_ns(std::int64_t granularity_ns) { granularity_ns_ = granularity_ns; }

  /// The node of a path that is absolute or relative to `start`.
  [[nodiscard]] ErrnoOr<FakeNodePtr> find(const FakeNodePtr& start, const std::string& path,
                                          FollowLinks follow) const;
  /// The directory, made with its parents where missing.
  ErrnoOr<FakeNodePtr> make_directories(const std::string& path);
  /// A new node under that name, in place of what was there unless that is a directory.
  ErrnoOr<FakeNodePtr> put(const std::string& path, FileKind kind, std::string content);
  /// As open(2) with O_CREAT and O_TRUNC, and write(2).
  ErrnoOr<void> write(const std::string& path, const std::string& bytes);
  ErrnoOr<void> rename(const std::string& from, const std::string& to);
  ErrnoOr<void> unlink(const std::string& path);
  /// As "rm -r".
  ErrnoOr<void> remove(const std::string& path);

  void set_content(FakeNode& node, std::string content) const;
  void set_mtime_ns(FakeNode& node, std::int64_t mtime_ns) const;
  void touch_ctime(FakeNode& node) const { node.ctime_ns = stamp_now_ns(); }

 private:
  /// Where a name stands, or would.
  struct Slot {
    FakeNodePtr directory;
    std::string name;
    FakeNodePtr node;  ///< null if there is none of that name
  };

  [[nodiscard]] std::int64_t stamp_now_ns() const;
  [[nodiscard]] ErrnoOr<FakeNodePtr> walk(FakeNodePtr at, const std::string& path,
                                          FollowLinks follow, int& links_left) const;
  [[nodiscard]] ErrnoOr<Slot> find_slot(const FakeNodePtr& start, const std::string& path) const;
  ErrnoOr<void> write_at(const FakeNodePtr& start, const std::string& path,
                         const std::string& bytes, int links_left);
  FakeNodePtr make_node(FileKind kind, std::string content);
  void attach(const Slot& slot, const FakeNodePtr& node) const;
  void detach(const Slot& slot) const;
  void touch_directory(FakeNode& directory) const;

  const Clock& clock_;
  std::int64_t granularity_ns_ = 1;
  std::uint64_t last_inode_ = 1;
  FakeNodePtr root_;
};

/// The part of a path before its last name, and that name: "/a/b/" gives "/a" and "b".
struct FakePathEnds {
  std::string parent;
  std::string name;
};
[[nodiscard]] FakePathEnds path_ends(const std::string& path);

/// Without doubled slashes, or one at the end.
[[nodiscard]] std::string clean_path(const std::string& path);

}  // namespace ktstr::test
