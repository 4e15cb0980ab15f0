// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/hashing.hpp"
#include "base/safe_open.hpp"
#include "store/import_source.hpp"
#include "store/names.hpp"
#include "store/pre_clear.hpp"
#include "store/tar_reader.hpp"

// A tar is read twice: whose run directory a file is in depends on what else lies beside and above
// it, and on the session's sentinel, which may all come after it. Keeping the files until then
// would need as much memory as the tar unpacks to.

namespace ktstr {
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

/// A file without a name: on a disk, or where none takes such a file, in memory.
Result<Descriptor> nameless_file() {
  const char* const places[] = {std::getenv("TMPDIR"), "/var/tmp", "/tmp"};
  for (const char* place : places) {
    if (place == nullptr) continue;
    auto file = posix::try_open_at(posix::at_path(place), O_TMPFILE | O_RDWR);
    if (file) return std::move(*file);
  }
  Descriptor file(::memfd_create("ktstr-index", MFD_CLOEXEC));
  return file.is_open() ? Result<Descriptor>(std::move(file)) : fail(os_error(errno));
}

class TarImport {
 public:
  /// `within`: the entry of another tar that it is; "" for none.
  TarImport(const std::string& path, std::string within, const ImportOptions& options,
            ImportDelivery& delivery)
      : options_(options),
        delivery_(delivery),
        tree_(archive_stem(path)),
        within_(std::move(within)) {}

  Result<void> run(Descriptor file, std::uint64_t size_bytes);

 private:
  /// A wanted file whose bytes are another entry's.
  struct Linked {
    std::string name;  ///< as the tar spells it
    std::int64_t mtime_ns = 0;
  };
  using Visit = Result<void> (TarImport::*)(TarReader&, const TarEntry&);
  Result<void> pass(Visit visit, std::uint64_t bytes_before);
  void note_damage(const TarReader& reader, const std::string& last_name);
  Result<void> note(TarReader& reader, const TarEntry& entry);
  Result<void> note_sentinel(TarReader& reader, const EntryName& name);
  Result<void> deliver(TarReader& reader, const TarEntry& entry);
  Result<void> deliver_file(TarReader& reader, const TarEntry& entry, ImportKind kind,
                            const EntryName& name);
  Result<void> deliver_bytes(const TarEntry& entry, ImportKind kind, const EntryName& name,
                             const DirectoryPlace& place, std::string bytes);
  [[nodiscard]] std::optional<DirectoryPlace> place_to_deliver(const EntryName& name);
  void note_bytes(const TarEntry& entry, const EntryName& name, bool is_wanted);
  Result<void> deliver_linked(TarReader& reader, const TarEntry& entry, const EntryName& name);
  Result<void> look_inside(TarReader& reader, const TarEntry& entry, const EntryName& name);
  Result<void> refuse(const TarEntry& entry, std::string reason) {
    delivery_.refuse(within_ + entry.name, std::move(reason));
    return {};
  }

  const ImportOptions& options_;
  ImportDelivery& delivery_;
  Descriptor file_;
  std::uint64_t size_bytes_ = 0;
  DirectoryTree tree_;
  const std::string within_;
  std::uint64_t ordinal_ = 0;  ///< of the entry, in either pass
  /// By a path's hash: which entry has the bytes of what had this name last.
  std::unordered_map<std::uint64_t, std::uint64_t> bytes_of_;
  /// By the entry that has their bytes.
  std::unordered_map<std::uint64_t, std::vector<Linked>> linked_;
  std::unordered_set<std::uint64_t> found_links_;  ///< which entries those are
  bool has_wanted_ = false;
  std::uint64_t inner_bytes_ = 0;  ///< of the tars and zips within it that were looked into
};

Result<void> TarImport::run(Descriptor file, std::uint64_t size_bytes) {
  file_ = std::move(file);
  size_bytes_ = size_bytes;
  const std::uint64_t count_before = delivery_.count();
  if (auto noted = pass(&TarImport::note, 0); !noted) return noted;
  bytes_of_.clear();
  delivery_.restart_count(count_before);
  return pass(&TarImport::deliver, size_bytes_);
}

Result<void> TarImport::pass(Visit visit, std::uint64_t bytes_before) {
  const TarReaderOptions limits = {options_.max_expansion, options_.min_expanded_bytes,
                                   options_.should_stop};
  auto reader = TarReader::open(file_.number(), limits);
  if (!reader) return fail(std::move(reader.error()));
  std::string last_name;
  ordinal_ = 0;
  while (true) {
    const auto entry = reader->next();
    if (!entry) return fail(entry.error());
    note_damage(*reader, last_name);
    if (!*entry) return {};
    last_name = (*entry)->name;
    ++ordinal_;
    if (auto counted = delivery_.count_entry(); !counted) return counted;
    if (auto visited = (this->*visit)(*reader, **entry); !visited) return visited;
    const std::uint64_t read = std::min(reader->packed_bytes_read(), size_bytes_);
    delivery_.show_progress(bytes_before + read, 2 * size_bytes_);
  }
}

void TarImport::note_damage(const TarReader& reader, const std::string& last_name) {
  auto& damaged = delivery_.summary().damaged;
  if (damaged || !reader.damage()) return;
  damaged = (last_name.empty() ? "" : "at " + within_ + last_name + ": ") + *reader.damage();
}

/// First pass: what makes a run directory.
Result<void> TarImport::note(TarReader& reader, const TarEntry& entry) {
  const auto name = entry_name(entry);
  const bool is_file = entry.kind == EntryKind::regular || entry.kind == EntryKind::hard_link;
  if (!name || !is_file) return {};
  const auto kind = import_kind(name->file);
  const bool is_wanted = kind && delivery_.wants(*kind) && !name->is_skipped() &&
                         name->directory.size() <= k_max_directories;
  note_bytes(entry, *name, is_wanted);
  if (name->is_skipped() || name->directory.size() > k_max_directories) return {};
  if (tree_.size() >= k_max_remembered) {
    return fail(ErrorCode::parse, "holds too many directories");
  }
  if (name->file == k_session_sentinel && entry.kind == EntryKind::regular) {
    return note_sentinel(reader, *name);
  }
  has_wanted_ = has_wanted_ || is_wanted;
  if (kind == ImportKind::sidecar) tree_.facts(name->directory_path()).has_sidecars = true;
  return {};
}

/// A name may occur twice; a link has the bytes of what had it last before. A link to a link has
/// those of the first. Of what can't be remembered the links are refused.
void TarImport::note_bytes(const TarEntry& entry, const EntryName& name, bool is_wanted) {
  std::uint64_t with_bytes = ordinal_;
  if (entry.kind == EntryKind::hard_link) {
    TarEntry target;
    target.name = entry.link;
    const auto target_name = entry_name(target);
    const auto found = target_name ? bytes_of_.find(xxh3_64(target_name->path())) : bytes_of_.end();
    if (found == bytes_of_.end()) return;
    with_bytes = found->second;
    if (is_wanted && found_links_.size() < k_max_remembered) {
      linked_[with_bytes].push_back({entry.name, entry.mtime_ns});
      found_links_.insert(ordinal_);
    }
  }
  if (bytes_of_.size() < k_max_remembered) bytes_of_[xxh3_64(name.path())] = with_bytes;
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
  const auto name = entry_name(entry);
  if (!name) return refuse(entry, name.error());
  if (entry.kind == EntryKind::hard_link) {
    if (found_links_.contains(ordinal_)) return {};  // it comes with its bytes
    if (import_kind(name->file) && !name->is_skipped()) return refuse(entry, "hard link");
    ++delivery_.summary().ignored;
    return {};
  }
  if (entry.kind == EntryKind::regular && linked_.contains(ordinal_)) {
    return deliver_linked(reader, entry, *name);
  }
  if (entry.kind == EntryKind::directory || name->file == k_session_sentinel) return {};
  const auto kind = import_kind(name->file);
  if (entry.kind == EntryKind::other) return refuse(entry, "not a regular file");
  if (is_archive_name(name->file) && !name->is_skipped()) return look_inside(reader, entry, *name);
  if (!kind || !delivery_.wants(*kind) || name->is_skipped()) {
    ++delivery_.summary().ignored;
    return {};
  }
  if (entry.is_encrypted) return refuse(entry, "encrypted");
  return deliver_file(reader, entry, *kind, *name);
}

/// None, and noted, for what is too far down.
std::optional<DirectoryPlace> TarImport::place_to_deliver(const EntryName& name) {
  const std::string path = within_ + name.path();
  if (name.directory.size() > k_max_directories) {
    delivery_.summary().too_deep.add(path, "too far down to look at");
    return std::nullopt;
  }
  DirectoryPlace place = tree_.place(name.directory);
  return delivery_.is_within_depth(place, path) ? std::optional(std::move(place)) : std::nullopt;
}

Result<void> TarImport::deliver_file(TarReader& reader, const TarEntry& entry, ImportKind kind,
                                     const EntryName& name) {
  const auto place = place_to_deliver(name);
  if (!place) return {};
  std::string bytes;
  const auto outcome = reader.read(options_.max_file_bytes, bytes);
  if (!outcome) return fail(outcome.error());
  if (*outcome == TarReader::Outcome::too_large) {
    return refuse(entry, too_large_reason(options_.max_file_bytes));
  }
  if (*outcome == TarReader::Outcome::damaged) return {};  // the pass says it
  return deliver_bytes(entry, kind, name, *place, std::move(bytes));
}

Result<void> TarImport::deliver_bytes(const TarEntry& entry, ImportKind kind, const EntryName& name,
                                      const DirectoryPlace& place, std::string bytes) {
  ImportedFile file = placed_file(kind, place, within_ + name.path(), std::string(name.file));
  file.bytes = std::move(bytes);
  file.mtime_ns = entry.mtime_ns;
  return delivery_.deliver(std::move(file));
}

/// An entry that others are links to, which come after it: they are delivered with it, and so is
/// the entry itself where it is a wanted one. Our own capture is such a first name.
Result<void> TarImport::deliver_linked(TarReader& reader, const TarEntry& entry,
                                       const EntryName& name) {
  auto found = linked_.extract(ordinal_);
  std::string bytes;
  const auto outcome = entry.is_encrypted ? Result<TarReader::Outcome>(TarReader::Outcome::damaged)
                                          : reader.read(options_.max_file_bytes, bytes);
  if (!outcome) return fail(outcome.error());
  std::vector<Linked> files = std::move(found.mapped());
  if (!name.is_skipped()) files.insert(files.begin(), Linked{entry.name, entry.mtime_ns});
  for (const Linked& linked : files) {
    TarEntry file;
    file.name = linked.name;
    file.mtime_ns = linked.mtime_ns;
    const auto file_name = entry_name(file);
    const auto kind = file_name ? import_kind(file_name->file) : std::nullopt;
    if (!kind || !delivery_.wants(*kind)) {
      ++delivery_.summary().ignored;
    } else if (*outcome == TarReader::Outcome::read) {
      const auto place = place_to_deliver(*file_name);
      auto done = place ? deliver_bytes(file, *kind, *file_name, *place, bytes) : Result<void>();
      if (!done) return done;
    } else if (*outcome == TarReader::Outcome::too_large) {
      (void)refuse(file, too_large_reason(options_.max_file_bytes));
    } else {
      (void)refuse(file, entry.is_encrypted ? "encrypted" : "damaged");
    }
  }
  return {};
}

/// One level: of a tar that has no results of its own. Else it is somebody's, and may hold more.
Result<void> TarImport::look_inside(TarReader& reader, const TarEntry& entry,
                                    const EntryName& name) {
  if (entry.is_encrypted) return refuse(entry, "encrypted");
  if (has_wanted_) return refuse(entry, "not looked into, beside results");
  if (!within_.empty()) return refuse(entry, "not looked into, at a second level");
  auto file = nameless_file();
  if (!file) return fail(std::move(file.error()));
  const std::uint64_t left = options_.max_total_bytes - inner_bytes_;
  const auto outcome = reader.copy(left, file->number());
  if (!outcome) return fail(outcome.error());
  if (*outcome == TarReader::Outcome::damaged) return {};  // the pass says it
  if (*outcome == TarReader::Outcome::too_large) {
    return refuse(entry, too_large_reason(options_.max_total_bytes));
  }
  const auto size = ::lseek(file->number(), 0, SEEK_END);
  inner_bytes_ += static_cast<std::uint64_t>(std::max<off_t>(size, 0));
  TarImport inner(std::string(name.file), within_ + name.path() + "/", options_, delivery_);
  auto done = inner.run(std::move(*file), static_cast<std::uint64_t>(std::max<off_t>(size, 0)));
  const bool is_none = !done && done.error().code == ErrorCode::parse && done.error().hint.empty();
  return is_none ? refuse(entry, done.error().message) : done;
}

}  // namespace

Result<void> import_tar(const std::string& path, const ImportOptions& options,
                        ImportDelivery& delivery) {
  auto opened = posix::open_regular_at(posix::at_path(path), O_RDONLY);
  const auto status = opened ? posix::status_of(*opened, path) : fail(opened.error());
  if (!status) return fail(status.error());
  TarImport import(path, "", options, delivery);
  return import.run(std::move(*opened), static_cast<std::uint64_t>(
                                            std::max<std::int64_t>(status->stamp.size_bytes, 0)));
}

}  // namespace ktstr
