// SPDX-License-Identifier: MIT
#include "support/fake_file_system.hpp"

#include <cerrno>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "support/fake_operations.hpp"
#include "support/fake_tree.hpp"

namespace ktstr::test {

struct FakeState {
  explicit FakeState(const Clock& clock) : tree(clock) {}

  std::recursive_mutex mutex;  ///< recursive: a hook changes the tree from within an operation
  FakeTree tree;
  FakeOperations operations;
  std::map<std::string, std::size_t> bytes_before_fault;  ///< of a failing write, by clean path
};

namespace {

using StatePtr = std::shared_ptr<FakeState>;
using Lock = std::lock_guard<std::recursive_mutex>;

/// A node to start from, what to look up there, and the path by which faults and errors know it.
struct Place {
  FakeNodePtr start;
  std::string name;
  std::string path;
};

Result<void> begin(FakeState& state, FakeOperation operation, const std::string& path) {
  const auto begun = state.operations.begin(operation, path);
  if (!begun) return fail(os_error(begun.error(), path));
  return {};
}

Result<FakeNodePtr> look_up(FakeState& state, FakeOperation operation, const Place& place,
                            FollowLinks follow) {
  if (auto begun = begin(state, operation, place.path); !begun) return fail(begun.error());
  auto found = state.tree.find(place.start, place.name, follow);
  if (!found) return fail(os_error(found.error(), place.path));
  return *found;
}

Result<FileStatus> status_at(FakeState& state, const Place& place, FollowLinks follow) {
  const Lock lock(state.mutex);
  auto node = look_up(state, FakeOperation::status, place, follow);
  if (!node) return fail(node.error());
  return (*node)->status();
}

class FakeFile final : public FileHandle {
 public:
  FakeFile(StatePtr state, FakeNodePtr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)) {}

  [[nodiscard]] Result<FileStatus> status() const override {
    const Lock lock(state_->mutex);
    return node_->status();
  }
  [[nodiscard]] Result<std::string> read_all(std::uint64_t limit_bytes) override;

 private:
  StatePtr state_;
  FakeNodePtr node_;
  std::string path_;
};

Result<std::string> FakeFile::read_all(std::uint64_t limit_bytes) {
  const Lock lock(state_->mutex);
  if (auto begun = begin(*state_, FakeOperation::read, path_); !begun) return fail(begun.error());
  if (node_->kind == FileKind::directory) return fail(os_error(EISDIR, path_));
  if (node_->kind != FileKind::regular) return fail(ErrorCode::io, "not a regular file", path_);
  if (node_->content.size() > limit_bytes) {
    return fail(ErrorCode::io, "larger than the limit of " + std::to_string(limit_bytes) + " bytes",
                path_);
  }
  return node_->content;
}

class FakeWritableFile final : public WritableFile {
 public:
  FakeWritableFile(StatePtr state, FakeNodePtr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)) {}

  [[nodiscard]] Result<void> write_all(std::string_view bytes) override;
  [[nodiscard]] Result<void> flush() override { return {}; }
  [[nodiscard]] Result<void> sync() override {
    const Lock lock(state_->mutex);
    return begin(*state_, FakeOperation::sync, path_);
  }
  [[nodiscard]] Result<FileStatus> status() const override {
    const Lock lock(state_->mutex);
    return node_->status();
  }

 private:
  StatePtr state_;
  FakeNodePtr node_;
  std::string path_;
};

Result<void> FakeWritableFile::write_all(std::string_view bytes) {
  const Lock lock(state_->mutex);
  auto begun = begin(*state_, FakeOperation::write, path_);
  if (!begun) bytes = bytes.substr(0, state_->bytes_before_fault[clean_path(path_)]);
  state_->tree.set_content(*node_, node_->content + std::string(bytes));
  return begun;
}

Result<std::unique_ptr<FileHandle>> open_file_at(const StatePtr& state, const Place& place) {
  const Lock lock(state->mutex);
  auto node = look_up(*state, FakeOperation::open, place, FollowLinks::yes);
  if (!node) return fail(node.error());
  return std::make_unique<FakeFile>(state, *node, place.path);
}

Result<std::unique_ptr<DirectoryHandle>> open_directory_at(const StatePtr& state,
                                                           const Place& place);

// What changes a tree, by path: a fake directory is known by its own.
Result<std::unique_ptr<WritableFile>> create_new_file_at(const StatePtr& state,
                                                         const std::string& path);
Result<void> rename_at(FakeState& state, const std::string& from, const std::string& to);
Result<void> remove_file_at(FakeState& state, const std::string& path);
Result<void> sync_at(FakeState& state, const std::string& path);

class FakeDirectory final : public DirectoryHandle {
 public:
  FakeDirectory(StatePtr state, FakeNodePtr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)) {}

  [[nodiscard]] Result<FileStatus> status() const override {
    const Lock lock(state_->mutex);
    return node_->status();
  }
  [[nodiscard]] Result<std::vector<DirectoryEntry>> list() override;
  [[nodiscard]] Result<FileStatus> status_of(const std::string& name,
                                             FollowLinks follow) const override {
    return status_at(*state_, place_of(name), follow);
  }
  [[nodiscard]] Result<std::unique_ptr<FileHandle>> open_file(
      const std::string& name) const override {
    return open_file_at(state_, place_of(name));
  }
  [[nodiscard]] Result<std::unique_ptr<DirectoryHandle>> open_directory(
      const std::string& name) const override {
    return open_directory_at(state_, place_of(name));
  }
  [[nodiscard]] Result<std::unique_ptr<WritableFile>> create_new_file(
      const std::string& name) override {
    return create_new_file_at(state_, place_of(name).path);
  }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
    return rename_at(*state_, place_of(from).path, place_of(to).path);
  }
  [[nodiscard]] Result<void> remove_file(const std::string& name) override {
    return remove_file_at(*state_, place_of(name).path);
  }
  [[nodiscard]] Result<void> sync() override { return sync_at(*state_, path_); }

 private:
  [[nodiscard]] Place place_of(const std::string& name) const {
    return {node_, name, clean_path(path_ + "/" + name)};
  }

  StatePtr state_;
  FakeNodePtr node_;
  std::string path_;
};

Result<std::vector<DirectoryEntry>> FakeDirectory::list() {
  const Lock lock(state_->mutex);
  if (auto begun = begin(*state_, FakeOperation::list, path_); !begun) return fail(begun.error());
  std::vector<DirectoryEntry> entries;  // a map of bytes is in byte order
  for (const auto& [name, child] : node_->children) entries.push_back({name, child->kind});
  return entries;
}

Result<std::unique_ptr<DirectoryHandle>> open_directory_at(const StatePtr& state,
                                                           const Place& place) {
  const Lock lock(state->mutex);
  auto node = look_up(*state, FakeOperation::open, place, FollowLinks::yes);
  if (!node) return fail(node.error());
  if ((*node)->kind != FileKind::directory) return fail(os_error(ENOTDIR, place.path));
  return std::make_unique<FakeDirectory>(state, *node, place.path);
}

Place at_path(const FakeState& state, const std::string& path) {
  return {state.tree.root(), path, path};
}

template <typename T>
Result<void> to_result(const ErrnoOr<T>& outcome, const std::string& path) {
  if (!outcome) return fail(os_error(outcome.error(), path));
  return {};
}

Result<std::unique_ptr<WritableFile>> create_new_file_at(const StatePtr& state,
                                                         const std::string& path) {
  const Lock lock(state->mutex);
  if (auto begun = begin(*state, FakeOperation::open, path); !begun) return fail(begun.error());
  if (state->tree.find(state->tree.root(), path, FollowLinks::no)) {
    return std::unique_ptr<WritableFile>();
  }
  auto made = state->tree.put(path, FileKind::regular, {});
  if (!made) return fail(os_error(made.error(), path));
  return std::make_unique<FakeWritableFile>(state, *made, path);
}

Result<void> rename_at(FakeState& state, const std::string& from, const std::string& to) {
  const Lock lock(state.mutex);
  if (auto begun = begin(state, FakeOperation::rename, from); !begun) return begun;
  return to_result(state.tree.rename(from, to), from);
}

Result<void> remove_file_at(FakeState& state, const std::string& path) {
  const Lock lock(state.mutex);
  if (auto begun = begin(state, FakeOperation::remove, path); !begun) return begun;
  return to_result(state.tree.unlink(path), path);
}

Result<void> sync_at(FakeState& state, const std::string& path) {
  const Lock lock(state.mutex);
  return begin(state, FakeOperation::sync, path);
}

template <typename T>
T require(ErrnoOr<T> outcome, const std::string& path) {
  if (!outcome) throw std::logic_error(os_error(outcome.error(), path).text());
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

FakeNode& require_node(FakeState& state, const std::string& path) {
  return *require(state.tree.find(state.tree.root(), path, FollowLinks::yes), path);
}

/// Makes the parents too.
void put(FakeState& state, const std::string& path, FileKind kind, const std::string& content) {
  const Lock lock(state.mutex);
  require(state.tree.make_directories(path_ends(path).parent), path);
  require(state.tree.put(path, kind, content), path);
}

}  // namespace

FakeFileSystem::FakeFileSystem(const Clock& clock) : state_(std::make_shared<FakeState>(clock)) {}
FakeFileSystem::~FakeFileSystem() = default;

Result<std::unique_ptr<DirectoryHandle>> FakeFileSystem::open_directory(const std::string& path) {
  return open_directory_at(state_, at_path(*state_, path));
}

Result<std::unique_ptr<DirectoryHandle>> FakeFileSystem::open_to_change(const std::string& path,
                                                                        FollowLinks follow) {
  const auto status = status_at(*state_, at_path(*state_, path), follow);
  if (status && status->kind == FileKind::symlink) return fail(os_error(ENOTDIR, path));
  return open_directory(path);
}

Result<std::unique_ptr<FileHandle>> FakeFileSystem::open_file(const std::string& path) {
  return open_file_at(state_, at_path(*state_, path));
}

Result<FileStatus> FakeFileSystem::status(const std::string& path, FollowLinks follow) {
  return status_at(*state_, at_path(*state_, path), follow);
}

Result<void> FakeFileSystem::create_directories(const std::string& path) {
  const Lock lock(state_->mutex);
  return to_result(state_->tree.make_directories(path), path);
}

Result<void> FakeFileSystem::write_file(const std::string& path, const std::string& bytes) {
  const Lock lock(state_->mutex);
  if (auto begun = begin(*state_, FakeOperation::open, path); !begun) return begun;
  return to_result(state_->tree.write(path, bytes), path);
}

Result<void> FakeFileSystem::sync_directory(const std::string& path) {
  return sync_at(*state_, path);
}

Result<void> FakeFileSystem::rename(const std::string& from, const std::string& to) {
  return rename_at(*state_, from, to);
}

void FakeFileSystem::make_directory(const std::string& path) {
  const Lock lock(state_->mutex);
  require(state_->tree.make_directories(path), path);
}

void FakeFileSystem::put_file(const std::string& path, const std::string& bytes) {
  put(*state_, path, FileKind::regular, bytes);
}

void FakeFileSystem::overwrite_in_place(const std::string& path, const std::string& bytes) {
  const Lock lock(state_->mutex);
  FakeNode& node = require_node(*state_, path);
  if (node.kind != FileKind::regular) throw std::logic_error(path + " is not a file");
  state_->tree.set_content(node, bytes);
}

void FakeFileSystem::make_symlink(const std::string& path, const std::string& target) {
  put(*state_, path, FileKind::symlink, target);
}

void FakeFileSystem::make_fifo(const std::string& path) { put(*state_, path, FileKind::other, {}); }

void FakeFileSystem::remove(const std::string& path) {
  const Lock lock(state_->mutex);
  require(state_->tree.remove(path), path);
}

void FakeFileSystem::move(const std::string& from, const std::string& to) {
  const Lock lock(state_->mutex);
  require(state_->tree.rename(from, to), from);
}

void FakeFileSystem::set_mtime_ns(const std::string& path, std::int64_t mtime_ns) {
  const Lock lock(state_->mutex);
  state_->tree.set_mtime_ns(require_node(*state_, path), mtime_ns);
}

void FakeFileSystem::touch_ctime(const std::string& path) {
  const Lock lock(state_->mutex);
  state_->tree.touch_ctime(require_node(*state_, path));
}

void FakeFileSystem::set_granularity_ns(std::int64_t granularity_ns) {
  const Lock lock(state_->mutex);
  state_->tree.set_granularity_ns(granularity_ns);
}

void FakeFileSystem::fail_open(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::open, path, error_number);
}

void FakeFileSystem::fail_read(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::read, path, error_number);
}

void FakeFileSystem::fail_write(const std::string& path, int error_number, std::size_t written) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::write, path, error_number);
  state_->bytes_before_fault[clean_path(path)] = written;
}

void FakeFileSystem::fail_sync(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::sync, path, error_number);
}

void FakeFileSystem::fail_rename(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::rename, path, error_number);
}

void FakeFileSystem::fail_remove(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::remove, path, error_number);
}

void FakeFileSystem::fail_list(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::list, path, error_number);
}

void FakeFileSystem::fail_status(const std::string& path, int error_number) {
  const Lock lock(state_->mutex);
  state_->operations.fail(FakeOperation::status, path, error_number);
}

void FakeFileSystem::vanish_during_read(const std::string& path) {
  before_read(path, [this, path] { remove(path); });
}

void FakeFileSystem::before_open(const std::string& path, Action action) {
  const Lock lock(state_->mutex);
  state_->operations.before(FakeOperation::open, path, std::move(action));
}

void FakeFileSystem::before_read(const std::string& path, Action action) {
  const Lock lock(state_->mutex);
  state_->operations.before(FakeOperation::read, path, std::move(action));
}

void FakeFileSystem::before_list(const std::string& path, Action action) {
  const Lock lock(state_->mutex);
  state_->operations.before(FakeOperation::list, path, std::move(action));
}

void FakeFileSystem::before_status(const std::string& path, Action action) {
  const Lock lock(state_->mutex);
  state_->operations.before(FakeOperation::status, path, std::move(action));
}

void FakeFileSystem::before_rename(const std::string& path, Action action) {
  const Lock lock(state_->mutex);
  state_->operations.before(FakeOperation::rename, path, std::move(action));
}

std::vector<std::string> FakeFileSystem::synced() const {
  const Lock lock(state_->mutex);
  return state_->operations.paths(FakeOperation::sync);
}

std::vector<std::string> FakeFileSystem::opened() const {
  const Lock lock(state_->mutex);
  return state_->operations.paths(FakeOperation::open);
}

std::vector<std::string> FakeFileSystem::read() const {
  const Lock lock(state_->mutex);
  return state_->operations.paths(FakeOperation::read);
}

std::vector<std::string> FakeFileSystem::listed() const {
  const Lock lock(state_->mutex);
  return state_->operations.paths(FakeOperation::list);
}

std::vector<std::string> FakeFileSystem::statused() const {
  const Lock lock(state_->mutex);
  return state_->operations.paths(FakeOperation::status);
}

void FakeFileSystem::clear_counts() {
  const Lock lock(state_->mutex);
  state_->operations.clear_counts();
}

}  // namespace ktstr::test
