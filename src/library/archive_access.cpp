// SPDX-License-Identifier: MIT
#include "library/archive_access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "environment/places.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_day_length = 10;  // of 2026-07-04T…

Error not_there(const std::string& path) {
  return {ErrorCode::not_found, "there is no archive yet", path,
          "ktstr-index refresh makes one; --archive names another"};
}

}  // namespace

Result<std::string> chosen_archive(const OpenIndexOptions& options) {
  const ArchiveChoice choice = archive_choice(options.archive, options.variables);
  if (choice.path) return *choice.path;
  return fail(ErrorCode::not_found, "the archive is off (" + choice.from + ")", "",
              "name one with --archive");
}

Result<std::unique_ptr<SQLite::Database>> open_chosen_archive(const OpenIndexOptions& options) {
  const auto path = chosen_archive(options);
  if (!path) return fail(path.error());
  auto opened = open_archive_to_read(*path);
  if (!opened && opened.error().code == ErrorCode::not_found) return fail(not_there(*path));
  return opened;
}

Result<Archive> open_chosen_archive_to_change(const OpenIndexOptions& options) {
  const auto path = chosen_archive(options);
  if (!path) return fail(path.error());
  if (!options.file_system->status(*path, FollowLinks::yes)) return fail(not_there(*path));
  ArchiveOptions archive;
  archive.path = *path;
  archive.is_named = archive_choice(options.archive, options.variables).is_named;
  return Archive::open(archive, *options.file_system, *options.clock);
}

SubstituteKey substitute_key(const OpenIndexOptions& options) {
  constexpr const char* k_setting = "substitute_key";
  SubstituteKey key = random_substitute_key();
  auto archive = open_chosen_archive_to_change(options);
  if (!archive) return key;
  const auto kept = guarded(archive->path(), [&] {
    ImmediateTransaction transaction(archive->database());
    const auto found = archive->tables().settings().find(k_setting);
    const auto known = found ? parse_key(*found) : std::nullopt;
    if (known) return *known;
    archive->tables().settings().put(k_setting, key_text(key));
    transaction.commit();
    return key;
  });
  return kept.value_or(key);
}

std::string root_or_none(const OpenIndexOptions& options) {
  const auto paths = find_paths(options);
  return paths ? paths->root.path : "";
}

Result<std::string> project_of_root(SQLite::Database& archive, const OpenIndexOptions& options) {
  const auto paths = find_paths(options);
  if (!paths) return fail(paths.error());
  const std::string& root = paths->root.path;
  return guarded(archive.getFilename(), [&] { return ArchiveTables(archive).project_for(root); });
}

Result<std::optional<std::string>> project_unless_all(SQLite::Database& archive,
                                                      const OpenIndexOptions& options,
                                                      bool all_projects) {
  if (all_projects) return std::optional<std::string>();
  auto project = project_of_root(archive, options);
  if (project) return std::optional(std::move(*project));
  Error error = project.error();
  const bool is_unknown = error.code == ErrorCode::timeout;
  error.hint +=
      (error.hint.empty() ? "" : "\n") +
      std::string(is_unknown ? "--all-projects asks for none" : "--all-projects needs no root");
  return fail(std::move(error));
}

Result<std::int64_t> archive_cap_bytes(const Variables& variables) {
  const auto text = variables(k_archive_cap_variable);
  if (!text || text->empty()) return k_default_archive_cap_bytes;
  if (const auto bytes = parse_size(*text)) return *bytes;
  return fail(ErrorCode::usage,
              std::string(k_archive_cap_variable) + " wants a size like 500M, not '" + *text + "'");
}

std::string cap_sentence(const CapReport& report, std::int64_t cap_bytes) {
  if (report.results + report.dumps == 0) return {};
  return "the archive's documents were over " +
         human_number(static_cast<double>(cap_bytes), Quantity::bytes) + ": dropped the bytes of " +
         std::to_string(report.results) + " results and " + std::to_string(report.dumps) +
         " dumps last seen up to " + iso8601_utc(report.before_ns).substr(0, k_day_length) +
         "; their rows stay (ktstr-index gc says more)";
}

std::vector<std::string> copies_beside(const std::string& archive_path) {
  const std::size_t slash = archive_path.rfind('/');
  if (slash == std::string::npos) return {};
  const std::string directory = archive_path.substr(0, slash + 1);
  const std::string name = archive_path.substr(slash + 1);
  auto opened = system_file_system().open_directory(directory);
  if (!opened) return {};
  const auto entries = (*opened)->list();
  if (!entries) return {};
  std::vector<std::string> copies;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_beside = entry.name.size() > name.size() && entry.name.starts_with(name);
    const std::string ending = is_beside ? entry.name.substr(name.size()) : "";
    const bool is_own = ending == "-wal" || ending == "-shm" || ending == ".lock";
    if (is_beside && !is_own && entry.kind == FileKind::regular) {
      copies.push_back(directory + entry.name);
    }
  }
  return copies;
}

namespace {

constexpr mode_t k_owner_only = 0600;

/// SQLite would take a log beside a file for that file's, whoever left it there.
Result<void> check_target(SQLite::Database& database, const std::string& path, bool replace) {
  if (posix::is_same_file(database.getFilename(), path)) {
    return fail(ErrorCode::usage, "is what a snapshot is to be made of", path);
  }
  struct stat status = {};
  for (const char* ending : {"-wal", "-journal"}) {
    if (::lstat((path + ending).c_str(), &status) != 0) continue;
    return fail(ErrorCode::usage, "a database of that name is in use, or was left in the middle",
                path + ending, "name another file");
  }
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (S_ISDIR(status.st_mode)) return fail(os_error(EISDIR, path));
  if (replace) return {};
  return fail(ErrorCode::io, "is there already", path, "--force replaces it");
}

/// The name, or the error number of the link or rename.
int publish(const std::string& from, const std::string& to, bool replace) {
  if (replace) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

Result<std::int64_t> finish(const std::string& staging, const std::string& path, bool replace) {
  const auto file = posix::open_own_file_at(posix::at_path(staging), O_RDONLY);
  if (!file) return fail(file.error());
  struct stat status = {};
  if (::fsync(file->number()) != 0 || ::fstat(file->number(), &status) != 0)
    return fail(os_error(errno, path));
  if (const int error = publish(staging, path, replace); error != 0) {
    return fail(os_error(error, path));
  }
  auto synced = system_file_system().sync_directory(directory_of(path));
  if (!synced) return fail(std::move(synced.error()));
  return static_cast<std::int64_t>(status.st_size);
}

Result<std::int64_t> fill(SQLite::Database& database, const std::string& staging,
                          const std::string& path, bool replace) {
  auto copied = guarded(path, [&] {
    SQLite::Statement vacuum(database, "VACUUM INTO ?");
    vacuum.bind(1, staging);
    vacuum.exec();
  });
  if (!copied) {
    if (copied.error().code == ErrorCode::corrupt) copied.error().path = database.getFilename();
    return fail(std::move(copied.error()));
  }
  return finish(staging, path, replace);
}

}  // namespace

Result<std::int64_t> write_snapshot(SQLite::Database& database, const std::string& path,
                                    bool replace) {
  if (auto checked = check_target(database, path, replace); !checked) {
    return fail(std::move(checked.error()));
  }
  // SQLite fills an empty file, but would make one that everybody can read.
  const std::string staging = path + ".part-" + std::to_string(::getpid());
  const auto made =
      posix::open_at(posix::at_path(staging), O_CREAT | O_EXCL | O_WRONLY, k_owner_only);
  if (!made) return fail(made.error());
  auto written = fill(database, staging, path, replace);
  if (!written) {
    ::unlink(staging.c_str());
    ::unlink((staging + "-journal").c_str());
  }
  return written;
}

}  // namespace ktstr
