// SPDX-License-Identifier: MIT
#include "operations/restore.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "archive/tables.hpp"
#include "base/safe_open.hpp"
#include "base/visible_text.hpp"
#include "ktstr/index.hpp"
#include "store/footer.hpp"
#include "store/pre_clear.hpp"

namespace ktstr {
namespace {

constexpr mode_t k_file_mode = 0644;
constexpr mode_t k_directory_mode = 0755;
constexpr std::int64_t k_ns_per_s = 1'000'000'000;

Result<std::string> read_all(int file, std::uint64_t most_bytes) {
  std::string bytes;
  char buffer[1 << 16];
  while (bytes.size() <= most_bytes) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(os_error(errno));
    if (got == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  return bytes;
}

int set_mtime(int file, std::int64_t mtime_ns) {
  std::int64_t seconds = mtime_ns / k_ns_per_s;
  if (mtime_ns % k_ns_per_s < 0) --seconds;
  const timespec times[2] = {{0, UTIME_NOW}, {seconds, mtime_ns - seconds * k_ns_per_s}};
  return ::futimens(file, times) == 0 ? 0 : errno;
}

/// Never over what is there, where the file system can do that in one step.
int move_new(int directory, const char* from, const char* to) {
  if (::renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::linkat(directory, from, directory, to, 0) != 0) return errno;
  ::unlinkat(directory, from, 0);
  return 0;
}

}  // namespace

bool is_plain_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

std::string TreePath::text() const {
  std::string text;
  for (const std::string& directory : directories) text += directory + "/";
  return text + file_name;
}

Error RestoreTree::error_at(int error_number, const TreePath& path) const {
  Error error = os_error(error_number, path_ + "/" + path.text());
  if (error_number == ELOOP || error_number == ENOTDIR) {
    error.message = "a link or a file is where a directory should be; nothing is written there";
  }
  return error;
}

Result<Descriptor> RestoreTree::open_top(bool make) const {
  if (make) {
    if (auto made = system_file_system().create_directories(path_); !made) {
      return fail(std::move(made.error()));
    }
  }
  // The user's own words: links on the way to it are his.
  auto top = posix::try_open_at(posix::at_path(path_), O_RDONLY | O_DIRECTORY);
  if (top) return std::move(*top);
  if (top.error() == ENOENT && !make) return Descriptor();
  return fail(os_error(top.error(), path_));
}

Result<Descriptor> RestoreTree::open_directory(const std::vector<std::string>& directories,
                                               bool make) const {
  auto current = open_top(make);
  if (!current || !current->is_open()) return current;
  for (const std::string& name : directories) {
    if (!is_plain_component(name)) return fail(error_at(EINVAL, {directories, ""}));
    if (make && ::mkdirat(current->number(), name.c_str(), k_directory_mode) != 0 &&
        errno != EEXIST) {
      return fail(error_at(errno, {directories, ""}));
    }
    auto next = posix::try_open_at(posix::inside(*current, path_, name),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!next && next.error() == ENOENT && !make) return Descriptor();
    if (!next) return fail(error_at(next.error(), {directories, ""}));
    *current = std::move(*next);
  }
  return current;
}

bool RestoreTree::has_directory(const std::vector<std::string>& directories) const {
  const auto directory = open_directory(directories, false);
  return directory && directory->is_open();
}

Result<std::optional<std::string>> RestoreTree::read(const TreePath& path,
                                                     std::uint64_t most_bytes) const {
  const auto directory = open_directory(path.directories, false);
  if (!directory) return fail(directory.error());
  if (!directory->is_open()) return std::optional<std::string>();
  const auto file =
      posix::open_own_file_at(posix::inside(*directory, path_, path.file_name), O_RDONLY);
  if (!file) return std::optional<std::string>();
  auto bytes = read_all(file->number(), most_bytes);
  if (!bytes) return std::optional<std::string>();
  return std::optional(std::move(*bytes));
}

Result<Standing> RestoreTree::look(const TreePath& path, std::string_view bytes) const {
  if (!is_plain_component(path.file_name)) return fail(error_at(EINVAL, path));
  const auto directory = open_directory(path.directories, false);
  if (!directory) return fail(directory.error());
  if (!directory->is_open()) return Standing::absent;
  struct stat status = {};
  if (::fstatat(directory->number(), path.file_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Result<Standing>(Standing::absent) : fail(error_at(errno, path));
  }
  const bool may_be_same =
      S_ISREG(status.st_mode) && static_cast<std::size_t>(status.st_size) == bytes.size();
  if (!may_be_same) return Standing::different;
  const auto there = read(path, bytes.size());
  if (!there) return fail(there.error());
  return *there == bytes ? Standing::same : Standing::different;
}

Result<void> RestoreTree::write_staged(const Descriptor& directory, const std::string& staging,
                                       std::string_view bytes,
                                       std::optional<std::int64_t> mtime_ns) const {
  const auto file = posix::open_at(posix::inside(directory, path_, staging),
                                   O_WRONLY | O_CREAT | O_EXCL, k_file_mode);
  if (!file) return fail(file.error());
  int error = write_whole(file->number(), bytes);
  if (error == 0 && mtime_ns) error = set_mtime(file->number(), *mtime_ns);
  return error == 0 ? Result<void>() : fail(os_error(error));
}

Result<void> RestoreTree::put(const TreePath& path, std::string_view bytes,
                              std::optional<std::int64_t> mtime_ns, bool replace) {
  if (!is_plain_component(path.file_name)) return fail(error_at(EINVAL, path));
  const auto directory = open_directory(path.directories, true);
  if (!directory) return fail(directory.error());
  const int number = directory->number();
  // No walk takes it for a result.
  const std::string staging =
      ".restoring-" + std::to_string(::getpid()) + "-" + std::to_string(++staged_);
  auto written = write_staged(*directory, staging, bytes, mtime_ns);
  if (written) {
    const char* const to = path.file_name.c_str();
    const int error = !replace ? move_new(number, staging.c_str(), to)
                               : (::renameat(number, staging.c_str(), number, to) == 0 ? 0 : errno);
    if (error != 0) written = fail(os_error(error));
  }
  if (written) return written;
  ::unlinkat(number, staging.c_str(), 0);
  written.error().path = path_ + "/" + path.text();
  return written;
}

namespace {

constexpr std::size_t k_conflicts_listed = 10;
// Of one file. A foreign archive can promise any size for a few bytes.
constexpr std::int64_t k_most_bytes = std::int64_t{1} << 30;

/// A name that a harness gives to such a file. What a foreign archive calls a result could else be
/// a shell's start-up file.
bool is_restorable_name(const FileVersion& version) {
  const bool is_plain = is_plain_component(version.run_dir) &&
                        (version.job.empty() || is_plain_component(version.job)) &&
                        is_plain_component(version.file_name);
  const bool is_ours = version.kind == "sidecar" ? is_sidecar_filename(version.file_name)
                                                 : !dump_name(version.file_name).test.empty();
  return is_plain && is_ours;
}

TreePath path_of(const FileVersion& version) {
  TreePath path{{version.run_dir}, version.file_name};
  if (!version.job.empty()) path.directories.push_back(version.job);
  return path;
}

/// Of each run directory whose files, those of its jobs aside, are all of one session: its token.
std::map<std::string, std::string> shared_tokens(const std::vector<FileVersion>& files) {
  std::map<std::string, std::set<std::optional<std::string>>> tokens;
  for (const FileVersion& each : files) {
    const bool counts = each.kind == "sidecar" && each.job.empty() && is_restorable_name(each);
    if (counts) tokens[each.run_dir].insert(each.session);
  }
  std::map<std::string, std::string> shared;
  for (const auto& [run_dir, all] : tokens) {
    if (all.size() == 1 && all.begin()->has_value()) shared[run_dir] = **all.begin();
  }
  return shared;
}

class Restorer {
 public:
  Restorer(SQLite::Database& archive, const RestoreOptions& options)
      : archive_(archive), tables_(archive), options_(options), tree_(options.to) {}

  Result<std::vector<RestoredFile>> run(const std::vector<FileVersion>& files) {
    if (auto checked = check(files); !checked) return fail(std::move(checked.error()));
    for (const auto& [run_dir, token] : shared_tokens(files)) {
      if (auto written = put_token(run_dir, token); !written) return fail(written.error());
    }
    for (const FileVersion& each : files) {
      if (options_.should_stop && options_.should_stop()) {
        return fail(ErrorCode::interrupted, "interrupted");
      }
      if (auto restored = put(each); !restored) return fail(std::move(restored.error()));
    }
    return std::move(rows_);
  }

 private:
  /// The bytes, or why there are none.
  Result<std::string> bytes_of(const FileVersion& version, bool* is_redacted = nullptr) {
    if (version.id.empty()) {
      return fail(ErrorCode::not_found, version.not_kept.empty() ? "its bytes were not kept"
                                                                 : "not kept: " + version.not_kept);
    }
    const auto document =
        guarded(archive_.getFilename(), [&] { return tables_.document(version.id); });
    if (!document) return fail(document.error());
    if (!*document) {
      return fail(ErrorCode::not_found, "its bytes were dropped (by gc, or over the size limit)");
    }
    if ((*document)->plain_bytes > k_most_bytes) {
      return fail(ErrorCode::io, "it is larger than 1 GiB");
    }
    if (is_redacted != nullptr) *is_redacted = (*document)->is_redacted;
    return unpack_document(**document);
  }

  /// Before anything is written.
  Result<void> check(const std::vector<FileVersion>& files) {
    std::vector<std::string> conflicts;
    for (const FileVersion& each : files) {
      if (!is_restorable_name(each)) continue;
      const TreePath path = path_of(each);
      auto there = tree_.look(path, "");
      if (!there) return fail(std::move(there.error()));
      if (*there == Standing::absent || options_.force) continue;
      const auto bytes = bytes_of(each);
      if (!bytes) continue;  // nothing will be written there
      there = tree_.look(path, *bytes);
      if (!there) return fail(std::move(there.error()));
      if (*there == Standing::different) conflicts.push_back(path.text());
    }
    if (conflicts.empty()) return {};
    return fail(conflict_error(conflicts));
  }

  [[nodiscard]] Error conflict_error(const std::vector<std::string>& conflicts) const {
    Error error{ErrorCode::io,
                std::to_string(conflicts.size()) +
                    " files are there already and are different; nothing was written",
                options_.to, "--force replaces them:"};
    for (std::size_t i = 0; i < conflicts.size() && i < k_conflicts_listed; ++i) {
      error.hint += "\n" + escape_control(conflicts[i]);
    }
    if (conflicts.size() > k_conflicts_listed) {
      error.hint += "\nand " + std::to_string(conflicts.size() - k_conflicts_listed) + " more";
    }
    return error;
  }

  void add_row(const FileVersion& version, std::string status, std::string reason = {}) {
    rows_.push_back({path_of(version).text(), version.kind, version.id, version.size_bytes,
                     std::move(status), std::move(reason)});
  }

  Result<void> put(const FileVersion& version) {
    if (!is_restorable_name(version)) {
      add_row(version, "missing", "its name is none that a harness gives: refused");
      return {};
    }
    bool is_redacted = false;
    const auto bytes = bytes_of(version, &is_redacted);
    // Of the archive itself: it can be mended, and then there may be more.
    if (!bytes && bytes.error().path == archive_.getFilename()) return fail(bytes.error());
    if (!bytes) {
      add_row(version, "missing", bytes.error().message);
      return {};
    }
    const std::string reason = is_redacted ? "as it was packed: redacted" : "";
    const TreePath path = path_of(version);
    const auto there = tree_.look(path, *bytes);
    if (!there) return fail(there.error());
    if (*there == Standing::same) {
      add_row(version, "present", reason);
      return {};
    }
    auto written = tree_.put(path, *bytes, version.mtime_ns, options_.force);
    if (written) add_row(version, "restored", reason);
    return written;
  }

  /// Only into a run directory that is new, or has the token: what stands in another one may be
  /// another session's. Before its files, so that it is there whenever they are.
  Result<void> put_token(const std::string& run_dir, const std::string& token) {
    const TreePath path{{run_dir}, k_session_sentinel};
    const auto there = tree_.look(path, token);
    if (!there) return fail(there.error());
    const std::int64_t size = static_cast<std::int64_t>(token.size());
    RestoredFile row{path.text(), "session", "", size, "present", ""};
    if (*there == Standing::different) row.reason = "names another session: left as it is";
    if (*there == Standing::absent) {
      if (tree_.has_directory(path.directories)) return {};
      if (auto written = tree_.put(path, token, std::nullopt, false); !written) return written;
      row.status = "restored";
    }
    rows_.push_back(std::move(row));
    return {};
  }

  SQLite::Database& archive_;
  ArchiveTables tables_;
  const RestoreOptions& options_;
  RestoreTree tree_;
  std::vector<RestoredFile> rows_;
};

}  // namespace

Result<std::vector<RestoredFile>> restore(SQLite::Database& archive,
                                          const RestoreOptions& options) {
  const auto files = find_restorables(archive, options.request);
  if (!files) return fail(files.error());
  return Restorer(archive, options).run(*files);
}

}  // namespace ktstr
