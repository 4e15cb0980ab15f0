// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/safe_open.hpp"
#include "environment/places.hpp"
#include "store/import_source.hpp"
#include "store/names.hpp"
#include "store/pre_clear.hpp"
#include "store/tar_reader.hpp"

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
    delivery_.summary().refused.add(file.path, too_large_reason(options_.max_file_bytes));
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
      delivery_.summary().refused.add(entry_path, "symbolic link");
      continue;
    }
    if (entry.kind == FileKind::directory || entry.name == k_session_sentinel) continue;
    const auto kind = import_kind(entry.name);
    if (!kind || !delivery_.wants(*kind)) {
      ++delivery_.summary().ignored;
    } else if (entry.kind != FileKind::regular) {
      delivery_.summary().refused.add(entry_path, "not a regular file");
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

// A tar is read twice: whose run directory a file is in depends on what else lies beside and above
// it, and on the session's sentinel, which may all come after it. Keeping the files until then
// would need as much memory as the tar unpacks to.

namespace {

// Nothing of ours is nested deeper; a name may be, to make us work.
constexpr std::size_t k_max_directories = 16;
// What a hostile tar can make us remember.
constexpr std::size_t k_max_remembered = 1'000'000;

/// An entry's name that is fit to be used.
struct EntryName {
  std::vector<std::string_view> directory;
  std::string_view file;

  [[nodiscard]] bool is_skipped() const {
    return std::any_of(directory.begin(), directory.end(), is_skipped_directory);
  }
  [[nodiscard]] std::string directory_path() const {
    std::string path;
    for (const std::string_view component : directory) {
      if (!path.empty()) path += '/';
      path += component;
    }
    return path;
  }
  [[nodiscard]] std::string path() const {
    const std::string above = directory_path();
    return (above.empty() ? above : above + '/') + std::string(file);
  }
};

tl::expected<EntryName, std::string> entry_name(const TarEntry& entry) {
  auto components = split_entry_name(entry.name);
  if (!components) return tl::unexpected<std::string>(std::move(components.error()));
  EntryName name;
  if (!components->empty()) {
    name.file = components->back();
    components->pop_back();
  }
  name.directory = std::move(*components);
  return name;
}

class TarImport {
 public:
  TarImport(const std::string& path, const ImportOptions& options, ImportDelivery& delivery)
      : options_(options), delivery_(delivery), tree_(archive_stem(path)) {}

  Result<void> run(const std::string& path);

 private:
  using Visit = Result<void> (TarImport::*)(TarReader&, const TarEntry&);
  Result<void> pass(Visit visit, std::uint64_t bytes_before);
  void note_damage(const TarReader& reader, const std::string& last_name);
  Result<void> note(TarReader& reader, const TarEntry& entry);
  Result<void> note_sentinel(TarReader& reader, const EntryName& name);
  Result<void> deliver(TarReader& reader, const TarEntry& entry);
  Result<void> deliver_file(TarReader& reader, const TarEntry& entry, ImportKind kind,
                            const EntryName& name);
  Result<void> refuse(const TarEntry& entry, std::string reason) {
    delivery_.summary().refused.add(entry.name, std::move(reason));
    return {};
  }

  const ImportOptions& options_;
  ImportDelivery& delivery_;
  Descriptor file_;
  std::uint64_t size_bytes_ = 0;
  DirectoryTree tree_;
};

Result<void> TarImport::run(const std::string& path) {
  auto opened = posix::open_regular_at(posix::at_path(path), O_RDONLY);
  const auto status = opened ? posix::status_of(*opened, path) : fail(opened.error());
  if (!status) return fail(status.error());
  file_ = std::move(*opened);
  size_bytes_ = static_cast<std::uint64_t>(std::max<std::int64_t>(status->stamp.size_bytes, 0));
  if (auto noted = pass(&TarImport::note, 0); !noted) return noted;
  delivery_.restart_count();
  return pass(&TarImport::deliver, size_bytes_);
}

Result<void> TarImport::pass(Visit visit, std::uint64_t bytes_before) {
  const TarReaderOptions limits = {options_.max_expansion, options_.min_expanded_bytes,
                                   options_.should_stop};
  auto reader = TarReader::open(file_.number(), limits);
  if (!reader) return fail(std::move(reader.error()));
  std::string last_name;
  while (true) {
    const auto entry = reader->next();
    if (!entry) return fail(entry.error());
    note_damage(*reader, last_name);
    if (!*entry) return {};
    last_name = (*entry)->name;
    if (auto counted = delivery_.count_entry(); !counted) return counted;
    if (auto visited = (this->*visit)(*reader, **entry); !visited) return visited;
    const std::uint64_t read = std::min(reader->packed_bytes_read(), size_bytes_);
    delivery_.show_progress(bytes_before + read, 2 * size_bytes_);
  }
}

void TarImport::note_damage(const TarReader& reader, const std::string& last_name) {
  auto& damaged = delivery_.summary().damaged;
  if (damaged || !reader.damage()) return;
  damaged = (last_name.empty() ? "" : "at " + last_name + ": ") + *reader.damage();
}

/// First pass: what makes a run directory.
Result<void> TarImport::note(TarReader& reader, const TarEntry& entry) {
  const auto name = entry_name(entry);
  if (!name || entry.kind != EntryKind::regular || name->is_skipped()) return {};
  if (name->directory.size() > k_max_directories) return {};
  if (tree_.size() >= k_max_remembered) {
    return fail(ErrorCode::parse, "holds too many directories");
  }
  if (name->file == k_session_sentinel) return note_sentinel(reader, *name);
  if (import_kind(name->file) == ImportKind::sidecar) {
    tree_.facts(name->directory_path()).has_sidecars = true;
  }
  return {};
}

Result<void> TarImport::note_sentinel(TarReader& reader, const EntryName& name) {
  std::string token;
  const auto outcome = reader.read(k_max_sentinel_bytes, token);
  if (!outcome) return fail(outcome.error());
  tree_.facts(name.directory_path()).add_sentinel(std::move(token));
  return {};
}

/// Second pass.
Result<void> TarImport::deliver(TarReader& reader, const TarEntry& entry) {
  if (entry.kind == EntryKind::symbolic_link) return refuse(entry, "symbolic link");
  if (entry.kind == EntryKind::hard_link) return refuse(entry, "hard link");
  const auto name = entry_name(entry);
  if (!name) return refuse(entry, name.error());
  if (entry.kind == EntryKind::directory || name->file == k_session_sentinel) return {};
  const auto kind = import_kind(name->file);
  if (entry.kind == EntryKind::other) return refuse(entry, "not a regular file");
  if (!kind || !delivery_.wants(*kind) || name->is_skipped()) {
    ++delivery_.summary().ignored;
    return {};
  }
  if (entry.is_encrypted) return refuse(entry, "encrypted");
  return deliver_file(reader, entry, *kind, *name);
}

Result<void> TarImport::deliver_file(TarReader& reader, const TarEntry& entry, ImportKind kind,
                                     const EntryName& name) {
  const std::string path = name.path();
  if (name.directory.size() > k_max_directories) {
    delivery_.summary().too_deep.add(path, "too far down to look at");
    return {};
  }
  const DirectoryPlace place = tree_.place(name.directory);
  if (!delivery_.is_within_depth(place, path)) return {};
  ImportedFile file = placed_file(kind, place, path, std::string(name.file));
  const auto outcome = reader.read(options_.max_file_bytes, file.bytes);
  if (!outcome) return fail(outcome.error());
  if (*outcome == TarReader::Outcome::too_large) {
    return refuse(entry, too_large_reason(options_.max_file_bytes));
  }
  if (*outcome == TarReader::Outcome::damaged) return {};  // the pass says it
  file.mtime_ns = entry.mtime_ns;
  return delivery_.deliver(std::move(file));
}

}  // namespace

Result<void> import_tar(const std::string& path, const ImportOptions& options,
                        ImportDelivery& delivery) {
  TarImport import(path, options, delivery);
  return import.run(path);
}

}  // namespace ktstr
