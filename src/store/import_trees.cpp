// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "environment/places.hpp"
#include "store/import_source.hpp"
#include "store/names.hpp"
#include "store/pre_clear.hpp"

namespace ktstr {
namespace {

// Run directories at depth 3 have jobs at depth 4; below that there is nothing but files to warn
// about, and a limit keeps a hostile tree from exhausting descriptors.
constexpr std::size_t k_max_walked_depth = 16;

std::string leaf_of(const std::string& path) {
  std::filesystem::path whole = std::filesystem::path(absolute_path(path)).lexically_normal();
  std::error_code failed;
  const std::filesystem::path given = std::filesystem::path(path).filename();
  if (given == "." || given == "..") {
    const auto real = std::filesystem::canonical(path, failed);
    if (!failed) whole = real;
  }
  if (whole.filename().empty()) whole = whole.parent_path();
  const std::string leaf = whole.filename().string();
  return leaf.empty() ? "unnamed" : leaf;
}

bool same_thing(const FileStatus& left, const FileStatus& right) {
  return left.stamp.device == right.stamp.device && left.stamp.inode == right.stamp.inode;
}

/// Opens a name that was listed as no link. It could be one by now, and an open follows it: so what
/// was opened has to be what the name itself is.
template <typename Handle>
Result<std::unique_ptr<Handle>> unless_link(const DirectoryHandle& parent, const std::string& name,
                                            Result<std::unique_ptr<Handle>> opened) {
  if (!opened) return opened;
  const auto own = parent.status_of(name, FollowLinks::no);
  if (!own) return fail(own.error());
  const auto found = (*opened)->status();
  if (!found) return fail(found.error());
  if (!same_thing(*own, *found)) return fail(ErrorCode::io, "changed while it was opened");
  return opened;
}

/// Walks a tree from the top, since a directory's role depends on those above it.
class DirectoryImport {
 public:
  DirectoryImport(const ImportOptions& options, ImportDelivery& delivery)
      : options_(options), delivery_(delivery) {}

  struct Level {
    std::string name;
    std::string path;  ///< below PATH
    std::size_t depth = 0;
    const DirectoryPlace* parent = nullptr;
  };

  Result<void> walk(DirectoryHandle& directory, const Level& level);

 private:
  Result<DirectoryFacts> look(const DirectoryHandle& directory,
                              const std::vector<DirectoryEntry>& entries);
  Result<void> walk_files(const DirectoryHandle& directory,
                          const std::vector<DirectoryEntry>& entries, const std::string& path,
                          const DirectoryPlace& place);
  Result<void> enter(const DirectoryHandle& directory, const Level& level);
  Result<void> take(const DirectoryHandle& directory, const std::string& name, ImportedFile&& file);

  const ImportOptions& options_;
  ImportDelivery& delivery_;
};

Result<DirectoryFacts> DirectoryImport::look(const DirectoryHandle& directory,
                                             const std::vector<DirectoryEntry>& entries) {
  DirectoryFacts facts;
  for (const DirectoryEntry& entry : entries) {
    if (auto counted = delivery_.count_entry(); !counted) return fail(counted.error());
    if (entry.kind != FileKind::regular) continue;
    if (import_kind(entry.name) == ImportKind::sidecar) facts.has_sidecars = true;
    if (entry.name != k_session_sentinel) continue;
    const auto file = unless_link(directory, entry.name, directory.open_file(entry.name));
    if (!file) continue;
    auto token = (*file)->read_all(k_max_sentinel_bytes);
    facts.add_sentinel(token ? std::move(*token) : std::string());
  }
  return facts;
}

Result<void> DirectoryImport::take(const DirectoryHandle& directory, const std::string& name,
                                   ImportedFile&& file) {
  const auto unreadable = [&](const Error& error) -> Result<void> {
    delivery_.summary().unreadable.add(file.path, error.message);
    return {};
  };
  const auto opened = unless_link(directory, name, directory.open_file(name));
  if (!opened) return unreadable(opened.error());
  const auto status = (*opened)->status();
  if (!status) return unreadable(status.error());
  if (static_cast<std::uint64_t>(status->stamp.size_bytes) > options_.max_file_bytes) {
    delivery_.refuse(file.path, too_large_reason(options_.max_file_bytes));
    return {};
  }
  auto bytes = (*opened)->read_all(options_.max_file_bytes);
  if (!bytes) return unreadable(bytes.error());
  file.mtime_ns = status->stamp.mtime_ns;
  file.bytes = std::move(*bytes);
  return delivery_.deliver(std::move(file));
}

Result<void> DirectoryImport::walk_files(const DirectoryHandle& directory,
                                         const std::vector<DirectoryEntry>& entries,
                                         const std::string& path, const DirectoryPlace& place) {
  for (const DirectoryEntry& entry : entries) {
    const std::string entry_path = join_path(path, entry.name);
    if (entry.kind == FileKind::symlink) {
      delivery_.refuse(entry_path, "symbolic link");
      continue;
    }
    if (entry.kind == FileKind::directory || entry.name == k_session_sentinel) continue;
    const auto kind = import_kind(entry.name);
    if (!kind || !delivery_.wants(*kind)) {
      ++delivery_.summary().ignored;
    } else if (entry.kind != FileKind::regular) {
      delivery_.refuse(entry_path, "not a regular file");
    } else if (delivery_.is_within_depth(place, entry_path)) {
      ImportedFile file = placed_file(*kind, place, entry_path, entry.name);
      if (auto taken = take(directory, entry.name, std::move(file)); !taken) return taken;
      if (auto going = delivery_.check_stop(); !going) return going;
    }
  }
  return {};
}

Result<void> DirectoryImport::enter(const DirectoryHandle& directory, const Level& level) {
  if (level.depth > k_max_walked_depth) {
    delivery_.summary().too_deep.add(level.path, "directory too far down to look into");
    return {};
  }
  const auto opened = unless_link(directory, level.name, directory.open_directory(level.name));
  if (opened) return walk(**opened, level);
  delivery_.summary().unreadable.add(level.path, opened.error().message);
  return {};
}

Result<void> DirectoryImport::walk(DirectoryHandle& directory, const Level& level) {
  const auto entries = directory.list();
  if (!entries) {
    if (level.depth == 0) return fail(entries.error());
    delivery_.summary().unreadable.add(level.path, entries.error().message);
    return {};
  }
  const auto facts = look(directory, *entries);
  if (!facts) return fail(facts.error());
  const DirectoryPlace place = place_of(level.name, *facts, level.depth, level.parent);
  if (auto walked = walk_files(directory, *entries, level.path, place); !walked) return walked;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::directory || is_skipped_directory(entry.name)) continue;
    const Level below = {entry.name, join_path(level.path, entry.name), level.depth + 1, &place};
    if (auto entered = enter(directory, below); !entered) return entered;
  }
  return {};
}

}  // namespace

Result<void> import_directory(FileSystem& files, const std::string& path,
                              const ImportOptions& options, ImportDelivery& delivery) {
  const auto directory = files.open_directory(path);
  if (!directory) return fail(directory.error());
  DirectoryImport import(options, delivery);
  return import.walk(**directory, {leaf_of(path), "", 0, nullptr});
}

}  // namespace ktstr
