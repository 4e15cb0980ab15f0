// SPDX-License-Identifier: MIT
#include "support/fake_tree.hpp"

#include <cerrno>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace ktstr::test {
namespace {

constexpr int k_most_links = 40;  // as Linux
constexpr std::int64_t k_directory_bytes = 4096;

std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names;
  for (const std::string_view name : split(path, '/')) {
    if (!name.empty() && name != ".") names.emplace_back(name);
  }
  return names;
}

/// Whether `node` is `directory` or below it.
bool is_within(FakeNodePtr node, const FakeNodePtr& directory) {
  while (node && node != directory) node = node->parent.lock();
  return node == directory;
}

/// What rename(2) says about putting `from` where `to` is.
int rename_error(const FakeNode& from, const FakeNode& to) {
  const bool from_directory = from.kind == FileKind::directory;
  const bool to_directory = to.kind == FileKind::directory;
  if (from_directory && !to_directory) return ENOTDIR;
  if (!from_directory && to_directory) return EISDIR;
  return to.children.empty() ? 0 : ENOTEMPTY;
}

}  // namespace

FileStatus FakeNode::status() const {
  FileStatus status;
  status.kind = kind;
  status.stamp.device = 1;
  status.stamp.inode = inode;
  status.stamp.size_bytes =
      kind == FileKind::directory ? k_directory_bytes : static_cast<std::int64_t>(content.size());
  status.stamp.mtime_ns = mtime_ns;
  status.stamp.ctime_ns = ctime_ns;
  return status;
}

std::string clean_path(const std::string& path) {
  std::string clean;
  for (const std::string_view name : split(path, '/')) {
    if (name.empty()) continue;
    clean += '/';
    clean += name;
  }
  return clean.empty() ? "/" : clean;
}

FakePathEnds path_ends(const std::string& path) {
  const std::string clean = clean_path(path);
  const std::size_t slash = clean.rfind('/');
  return {slash == 0 ? "/" : clean.substr(0, slash), clean.substr(slash + 1)};
}

FakeTree::FakeTree(const Clock& clock) : clock_(clock) {
  root_ = make_node(FileKind::directory, {});
}

std::int64_t FakeTree::stamp_now_ns() const {
  const std::int64_t now = clock_.now_ns();
  return now - now % granularity_ns_;
}

ErrnoOr<FakeNodePtr> FakeTree::find(const FakeNodePtr& start, const std::string& path,
                                    FollowLinks follow) const {
  if (path.empty()) return tl::unexpected(ENOENT);
  int links_left = k_most_links;
  return walk(start, path, follow, links_left);
}

ErrnoOr<FakeNodePtr> FakeTree::walk(FakeNodePtr at, const std::string& path, FollowLinks follow,
                                    int& links_left) const {
  if (path.front() == '/') at = root_;
  const std::vector<std::string> names = names_of(path);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (at->kind != FileKind::directory) return tl::unexpected(ENOTDIR);
    if (names[i] == "..") {
      if (const FakeNodePtr parent = at->parent.lock()) at = parent;
      continue;
    }
    const auto child = at->children.find(names[i]);
    if (child == at->children.end()) return tl::unexpected(ENOENT);
    const bool is_last = i + 1 == names.size();
    if (child->second->kind != FileKind::symlink || (is_last && follow == FollowLinks::no)) {
      at = child->second;
      continue;
    }
    if (links_left-- == 0) return tl::unexpected(ELOOP);
    auto target = walk(at, child->second->content, FollowLinks::yes, links_left);
    if (!target) return target;
    at = std::move(*target);
  }
  return at;
}

ErrnoOr<FakeTree::Slot> FakeTree::find_slot(const FakeNodePtr& start,
                                            const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return tl::unexpected(EINVAL);
  auto directory = find(start, parent, FollowLinks::yes);
  if (!directory) return tl::unexpected(directory.error());
  if ((*directory)->kind != FileKind::directory) return tl::unexpected(ENOTDIR);
  const auto child = (*directory)->children.find(name);
  const bool exists = child != (*directory)->children.end();
  return Slot{*directory, name, exists ? child->second : nullptr};
}

ErrnoOr<FakeNodePtr> FakeTree::make_directories(const std::string& path) {
  auto found = find(root_, path, FollowLinks::yes);
  if (found && (*found)->kind != FileKind::directory) return tl::unexpected(EEXIST);
  if (found || found.error() != ENOENT) return found;
  auto parent = make_directories(path_ends(path).parent);
  if (!parent) return parent;
  const auto slot = find_slot(*parent, path_ends(path).name);
  if (!slot) return tl::unexpected(slot.error());
  if (slot->node) return tl::unexpected(EEXIST);  // a link to nowhere
  const FakeNodePtr made = make_node(FileKind::directory, {});
  attach(*slot, made);
  return made;
}

ErrnoOr<FakeNodePtr> FakeTree::put(const std::string& path, FileKind kind, std::string content) {
  const auto slot = find_slot(root_, path);
  if (!slot) return tl::unexpected(slot.error());
  if (slot->node && slot->node->kind == FileKind::directory) return tl::unexpected(EISDIR);
  if (slot->node) detach(*slot);
  const FakeNodePtr made = make_node(kind, std::move(content));
  attach(*slot, made);
  return made;
}

ErrnoOr<void> FakeTree::write(const std::string& path, const std::string& bytes) {
  return write_at(root_, path, bytes, k_most_links);
}

ErrnoOr<void> FakeTree::write_at(const FakeNodePtr& start, const std::string& path,
                                 const std::string& bytes, int links_left) {
  const auto slot = find_slot(start, path);
  if (!slot) return tl::unexpected(slot.error());
  if (!slot->node) {
    attach(*slot, make_node(FileKind::regular, bytes));
    return {};
  }
  switch (slot->node->kind) {
    case FileKind::regular:
      set_content(*slot->node, bytes);
      return {};
    case FileKind::symlink:
      if (links_left == 0) return tl::unexpected(ELOOP);
      return write_at(slot->directory, slot->node->content, bytes, links_left - 1);
    case FileKind::directory:
      return tl::unexpected(EISDIR);
    case FileKind::other:
      break;
  }
  return tl::unexpected(ENXIO);  // a FIFO without a reader
}

ErrnoOr<void> FakeTree::rename(const std::string& from, const std::string& to) {
  const auto source = find_slot(root_, from);
  if (!source) return tl::unexpected(source.error());
  if (!source->node) return tl::unexpected(ENOENT);
  const auto target = find_slot(root_, to);
  if (!target) return tl::unexpected(target.error());
  if (source->node == target->node) return {};
  const bool is_directory = source->node->kind == FileKind::directory;
  if (is_directory && is_within(target->directory, source->node)) return tl::unexpected(EINVAL);
  if (target->node) {
    if (const int error = rename_error(*source->node, *target->node)) return tl::unexpected(error);
    detach(*target);
  }
  detach(*source);
  attach(*target, source->node);
  return {};
}

ErrnoOr<void> FakeTree::unlink(const std::string& path) {
  const auto slot = find_slot(root_, path);
  if (!slot) return tl::unexpected(slot.error());
  if (!slot->node) return tl::unexpected(ENOENT);
  if (slot->node->kind == FileKind::directory) return tl::unexpected(EISDIR);
  detach(*slot);
  return {};
}

ErrnoOr<void> FakeTree::remove(const std::string& path) {
  const auto slot = find_slot(root_, path);
  if (!slot) return tl::unexpected(slot.error());
  if (!slot->node) return tl::unexpected(ENOENT);
  slot->node->children.clear();  // who holds the directory open sees it empty
  detach(*slot);
  return {};
}

void FakeTree::set_content(FakeNode& node, std::string content) const {
  node.content = std::move(content);
  node.mtime_ns = node.ctime_ns = stamp_now_ns();
}

void FakeTree::set_mtime_ns(FakeNode& node, std::int64_t mtime_ns) const {
  node.mtime_ns = mtime_ns;
  touch_ctime(node);
}

FakeNodePtr FakeTree::make_node(FileKind kind, std::string content) {
  auto node = std::make_shared<FakeNode>();
  node->kind = kind;
  node->inode = ++last_inode_;
  set_content(*node, std::move(content));
  return node;
}

void FakeTree::attach(const Slot& slot, const FakeNodePtr& node) const {
  slot.directory->children[slot.name] = node;
  if (node->kind == FileKind::directory) node->parent = slot.directory;
  touch_ctime(*node);  // its name is part of the inode's state
  touch_directory(*slot.directory);
}

void FakeTree::detach(const Slot& slot) const {
  slot.directory->children.erase(slot.name);
  touch_ctime(*slot.node);
  touch_directory(*slot.directory);
}

void FakeTree::touch_directory(FakeNode& directory) const {
  directory.mtime_ns = directory.ctime_ns = stamp_now_ns();
}

}  // namespace ktstr::test
