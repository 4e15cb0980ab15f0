// SPDX-License-Identifier: MIT
#include "archive/archive.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "archive/merge.hpp"
#include "base/file_system.hpp"
#include "base/private_file.hpp"
#include "base/safe_open.hpp"
#include "base/visible_text.hpp"
#include "catalog/catalog.hpp"
#include "database/connection.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "environment/places.hpp"
#include "store/run_directory_lock.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_check_interval_ns = std::int64_t{7} * 24 * 3600 * 1'000'000'000;
constexpr const char* k_last_check = "last_integrity_check_ns";

Error foreign(const std::string& path) {
  return {ErrorCode::usage, "not a ktstr-index archive", path, "name another --archive"};
}

void configure(SQLite::Database& database) {
  database.exec("PRAGMA journal_mode = WAL");
  // A power cut may lose the last commits, never the file; the commands end with one that waits.
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("PRAGMA temp_store = MEMORY");
  database.exec("PRAGMA cache_size = -16384");
  keep_log_on_close(database);  // sync() waits for the disk once
}

std::string lost_text(const MergeReport& report) {
  if (report.is_complete()) return "nothing was found to be lost";
  std::string tables;
  for (const std::string& table : report.lost_tables) {
    tables += (tables.empty() ? "the table " : ", the table ") + table;
  }
  if (!report.unreadable.empty()) {
    return "all else is lost (" + report.unreadable + (tables.empty() ? "" : "; " + tables) + ")";
  }
  return "lost, as far as can be told: " + std::to_string(report.lost_results) + " results, " +
         std::to_string(report.lost_documents) + " documents, metrics of " +
         std::to_string(report.incomplete_results) + " results, session and times of " +
         std::to_string(report.rebuilt_results) + " results" +
         (tables.empty() ? "" : ", what else stood in " + tables);
}

// Carrying over what can be read of a large archive takes its time.
constexpr std::int64_t k_replacing_ms = 60'000;

/// Where it is now, an empty new file being in its place; '' if another process was faster. Under
/// the lock.
Result<std::string> put_damaged_aside(const std::string& path, FileSystem& file_system,
                                      const Clock& clock) {
  // What was found to be damaged may be aside already, and this be the new one.
  if (is_sound_store(path, Store::archive)) return std::string();
  auto aside = put_catalog_aside(path, file_system, clock);
  if (!aside) return aside;
  if (auto made = make_archive_file(path); !made) return fail(std::move(made.error()));
  return aside;
}

}  // namespace

std::string archive_announcement(const std::string& path) {
  return "results are kept in " + path +
         ", which survives re-runs and a wiped target directory: at most 2 GiB of documents; "
         "--archive off or KTSTR_INDEX_ARCHIVE=off to keep none";
}

Error other_layout(const std::string& path, std::int32_t layout) {
  const bool is_newer = layout > layout_version(Store::archive);
  return {ErrorCode::newer_version, layouts_text(Store::archive, layout), path,
          is_newer ? "use the newer program, or name another --archive"
                   : "ktstr-index refresh brings it up to that"};
}

Result<Archive> Archive::open(const ArchiveOptions& options, FileSystem& file_system,
                              const Clock& clock) {
  Archive archive(options);
  const auto made = make_archive_file(options.path);
  if (!made) return fail(made.error());
  if (auto checked = check_archive_files(options.path); !checked) {
    checked.error().code = ErrorCode::usage;
    return fail(std::move(checked.error()));
  }
  // What somebody named by mistake isn't a damaged archive: his file stays where it is.
  const auto head = read_database_head(options.path);
  if (options.is_named && head && !head->may_be(Store::archive)) return fail(foreign(options.path));
  archive.is_new_ = *made;
  auto connected = archive.connect(clock);
  if (connected && options.check_integrity) connected = archive.check_integrity(clock);
  if (!connected && connected.error().code == ErrorCode::corrupt) {
    connected = archive.replace_damaged(connected.error().message, file_system, clock);
  }
  // A damaged file that another process replaces under our hands is an I/O error, until it is done.
  if (!connected && connected.error().code == ErrorCode::io) {
    { const auto done = ArchiveFileLock::acquire(options.path, k_replacing_ms); }
    connected = archive.connect(clock);
  }
  if (!connected) return fail(std::move(connected.error()));
  return archive;
}

Result<void> Archive::connect(const Clock& clock) {
  if (has_strange_journal(options_.path)) {
    return fail(ErrorCode::corrupt, "the journal beside it isn't ours", options_.path);
  }
  return guarded(options_.path, [&]() -> Result<void> {
    auto database = open_database(options_.path, DatabaseUse::write, options_.busy_timeout_ms);
    if (auto prepared = prepare(*database, clock); !prepared) return prepared;
    tables_ = std::make_unique<ArchiveTables>(*database);
    database_ = std::move(database);
    return {};
  });
}

Result<void> Archive::prepare(SQLite::Database& database, const Clock& clock) {
  const StoreHeader header = read_header(database, Store::archive);
  if (header.state == StoreState::newer)
    return fail(other_layout(options_.path, header.layout_version));
  if (header.state == StoreState::foreign) return fail(foreign(options_.path));
  if (is_read_only(database)) return fail(ErrorCode::permission, "read-only", options_.path);
  if (header.state == StoreState::empty) {
    const auto lock = lock_to_make();
    if (!lock) return fail(lock.error());
    // Both hold for a file's whole life, so they come before its first table.
    database.exec("PRAGMA page_size = 8192");
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    configure(database);
    migrate(database, Store::archive);
    return make_schema_ours(database);
  }
  configure(database);
  mend_header(database, header);
  if (header.state == StoreState::older) {
    const auto old = schema_differences(database, Store::archive, header.layout_version);
    if (!old.only_up_to(SchemaKind::trigger)) return fail(damaged(old));
    auto migrated = migrate_from(database, header.layout_version, clock);
    if (!migrated) return migrated;
  }
  return make_schema_ours(database);
}

/// None for who replaces a damaged one, and has it already.
Result<std::optional<ArchiveFileLock>> Archive::lock_to_make() const {
  if (is_replacing_) return std::nullopt;
  return ArchiveFileLock::acquire(options_.path, options_.busy_timeout_ms);
}

/// A table's rows are what an archive is for; all else can be made anew.
Result<void> Archive::make_schema_ours(SQLite::Database& database) {
  const auto found = schema_differences(database, Store::archive);
  if (found.none()) {
    trust_schema(database);
    return {};
  }
  if (!found.only_up_to(SchemaKind::trigger)) return fail(damaged(found));
  const bool is_another_versions =
      found.only_up_to(SchemaKind::view) &&
      SettingTable(database).find(k_views_digest) != views_digest(Store::archive);
  try {
    remake_derived(database, Store::archive);
  } catch (const SQLite::Exception& exception) {
    // The statements are ours, so where one doesn't fit, the words hide something.
    if (sqlite_error(exception, options_.path).code != ErrorCode::usage) throw;
    return fail(ErrorCode::corrupt, exception.what(), options_.path);
  }
  const auto left = schema_differences(database, Store::archive);
  if (!left.none()) return fail(damaged(left));
  trust_schema(database);
  if (!is_another_versions) warnings_.emplace_back("mended in the archive: " + found.text());
  return {};
}

Error Archive::damaged(const SchemaDifferences& found) const {
  return {ErrorCode::corrupt, found.text(), options_.path};
}

/// Nothing else has what it holds, so a copy is made first; it stays.
Result<void> Archive::migrate_from(SQLite::Database& database, std::int32_t layout,
                                   const Clock& clock) {
  const auto lock = lock_to_make();
  if (!lock) return fail(lock.error());
  if (read_header(database, Store::archive).state != StoreState::older) return {};
  const std::string copy = options_.path + ".layout-" + std::to_string(layout) + "-" +
                           std::to_string(clock.now_ns() / 1'000'000);
  if (auto made = make_archive_file(copy); !made) return fail(std::move(made.error()));
  const auto backup = open_database(copy, DatabaseUse::write, options_.busy_timeout_ms);
  if (!copy_content(database, *backup)) {
    return fail(ErrorCode::busy, "another process is writing to it", options_.path);
  }
  migrate(database, Store::archive);
  warnings_.emplace_back("the archive has a new layout now; as it was before, it is kept as " +
                         copy);
  return {};
}

Result<void> Archive::check_integrity(const Clock& clock) {
  return guarded(options_.path, [&]() -> Result<void> {
    const auto last = tables_->settings().find(k_last_check);
    const std::int64_t now_ns = clock.now_ns();
    // A time ahead of the clock is no reason never to look again.
    const std::int64_t since_ns = last ? now_ns - std::stoll(*last) : k_check_interval_ns;
    if (since_ns >= 0 && since_ns < k_check_interval_ns) return {};
    const std::string found = database_->execAndGet("PRAGMA quick_check(1)").getString();
    if (found != "ok") return fail(ErrorCode::corrupt, found, options_.path);
    ImmediateTransaction transaction(*database_);
    tables_->settings().put(k_last_check, now_ns);
    transaction.commit();
    return {};
  });
}

Result<void> Archive::replace_damaged(const std::string& why, FileSystem& file_system,
                                      const Clock& clock) {
  tables_.reset();
  database_.reset();
  // To the end: one that is half made would be taken for a damaged one by the next.
  const auto lock = ArchiveFileLock::acquire(options_.path, k_replacing_ms);
  if (!lock) return fail(lock.error());
  const auto aside = put_damaged_aside(options_.path, file_system, clock);
  if (!aside) return fail(aside.error());
  is_replacing_ = true;
  auto connected = connect(clock);
  is_replacing_ = false;
  // Nothing to carry over: another process has done it meanwhile.
  if (!connected || aside->empty()) return connected;
  MergeOptions merge;
  merge.is_tolerant = true;
  merge.with_pins = true;
  const auto report = merge_archive(*database_, *aside, merge);
  if (!report || report->has_losses()) has_losses_ = true;
  auto marked = guarded(options_.path, [&] { tables_->settings().put(k_was_mended, "1"); });
  if (!marked) return marked;
  const std::string outcome =
      report
          ? ", and what could be read of it is in a new one: " + std::to_string(report->results) +
                " results; " + lost_text(*report)
          : ", and nothing of it could be read (" + report.error().text() + ")";
  warnings_.emplace_back("the archive was damaged (" + why + "); it is now " + *aside + outcome,
                         !report || !report->is_complete());
  return {};
}

void Archive::sync() {
  database_->exec("PRAGMA synchronous = FULL");
  {
    ImmediateTransaction transaction(*database_);
    tables_->settings().put("last_sync", "1");
    transaction.commit();
  }
  database_->exec("PRAGMA synchronous = NORMAL");
  database_->setBusyTimeout(0);
  (void)guarded(options_.path, [&] { database_->exec("PRAGMA wal_checkpoint(TRUNCATE)"); });
  database_->setBusyTimeout(static_cast<int>(options_.busy_timeout_ms));
}

Result<void> check_schema_to_read(SQLite::Database& database, const std::string& path,
                                  const char* schema) {
  const auto found = schema_differences(database, Store::archive, schema);
  if (found.only_up_to(SchemaKind::statistics)) {
    trust_schema(database);
    return {};
  }
  return fail(ErrorCode::corrupt, found.text(), path,
              "ktstr-index refresh makes it as it should be");
}

Result<std::unique_ptr<SQLite::Database>> open_archive_to_read(const std::string& path,
                                                               std::int64_t busy_timeout_ms) {
  if (auto status = system_file_system().status(path, FollowLinks::yes); !status) {
    return fail(status.error());
  }
  if (auto checked = check_archive_files(path); !checked) {
    return fail(std::move(checked.error()));
  }
  return guarded(path, [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    auto database = open_database(path, DatabaseUse::read, busy_timeout_ms);
    const StoreHeader header = read_header(*database, Store::archive);
    if (header.state == StoreState::newer || header.state == StoreState::older) {
      return fail(other_layout(path, header.layout_version));
    }
    if (header.state != StoreState::current) return fail(foreign(path));
    if (auto ours = check_schema_to_read(*database, path); !ours)
      return fail(std::move(ours.error()));
    return database;
  });
}

Result<void> find_damage(Archive& archive, bool with_bytes) {
  return guarded(archive.path(), [&]() -> Result<void> {
    std::vector<std::string> checks = {"PRAGMA quick_check(1)"};
    if (!with_bytes) {
      checks.clear();
      SQLite::Statement tables(archive.database(),
                               "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT "
                               "LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'document_bytes'");
      while (tables.executeStep()) {
        checks.push_back("PRAGMA quick_check(\"" + column_bytes(tables, 0) + "\")");
      }
    }
    for (const std::string& check : checks) {
      const std::string found = archive.database().execAndGet(check).getString();
      if (found != "ok") return fail(ErrorCode::corrupt, found, archive.path());
    }
    return {};
  });
}

Result<std::vector<Warning>> mend_archive(const ArchiveOptions& options, FileSystem& file_system,
                                          const Clock& clock) {
  if (is_sound_store(options.path, Store::archive)) return std::vector<Warning>();
  auto archive = Archive::open(options, file_system, clock);
  if (!archive) return fail(std::move(archive.error()));
  // Opening looks at a page or two.
  if (archive->warnings().empty()) {
    auto mended = archive->replace_damaged("a command that reads it met that", file_system, clock);
    if (!mended) return fail(std::move(mended.error()));
  }
  return archive->warnings();
}

namespace {

constexpr mode_t k_of_others = 0077;

bool is_open_to_others(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & k_of_others) != 0;
}

/// Of the file itself, its log and lock, and what was put aside or copied before a new layout.
bool is_ending(std::string_view ending) {
  for (const char* whole : {"", "-wal", "-shm", "-journal", ".lock"}) {
    if (ending == whole) return true;
  }
  return ending.starts_with(".aside-") || ending.starts_with(".layout-");
}

std::vector<std::string> open_files(const std::string& path) {
  const std::string directory = directory_of(path);
  const std::string name = name_of(path);
  std::vector<std::string> open;
  const auto opened = system_file_system().open_directory(directory);
  if (!opened) return open;
  const auto entries = (*opened)->list();
  if (!entries) return open;
  for (const DirectoryEntry& entry : *entries) {
    const std::string file = join_path(directory, entry.name);
    const bool is_its = entry.kind == FileKind::regular && entry.name.starts_with(name) &&
                        is_ending(std::string_view(entry.name).substr(name.size()));
    if (is_its && is_open_to_others(file)) open.push_back(file);
  }
  return open;
}

}  // namespace

std::string archive_exposure(const std::string& path, bool is_named) {
  std::vector<std::string> open = open_files(path);
  // A directory that somebody has named may be meant for other things, too.
  if (const std::string directory = directory_of(path); !is_named && is_open_to_others(directory)) {
    open.insert(open.begin(), directory);
  }
  if (open.empty()) return {};
  std::vector<std::string> command = {"chmod", "go-rwx"};
  command.insert(command.end(), open.begin(), open.end());
  return "others are allowed at the archive by its permissions; this takes them away: " +
         shell_line(command);
}

namespace {

Result<void> refuse_remote(const std::string& directory) {
  struct statfs raw = {};
  if (::statfs(directory.c_str(), &raw) != 0) return {};
  const auto remote = remote_file_system(static_cast<std::uint32_t>(raw.f_type));
  if (!remote) return {};
  return fail(ErrorCode::usage,
              std::string("an archive can't be on ") + remote->name +
                  ": a database that several processes write to needs locks that hold",
              directory, "name a place on a local file system with --archive, or --archive off");
}

}  // namespace

Result<bool> make_archive_file(const std::string& path) {
  const std::string directory = directory_of(path);
  if (auto made = make_directories(directory, k_owner_only_directory); !made)
    return fail(std::move(made.error()));
  if (auto local = refuse_remote(directory); !local) return fail(std::move(local.error()));
  return make_empty_file(path, k_owner_only_file);
}

Result<ArchiveFileLock> ArchiveFileLock::acquire(const std::string& path, std::int64_t timeout_ms) {
  const std::string lock_path = path + ".lock";
  auto file =
      posix::open_own_file_at(posix::at_path(lock_path), O_CREAT | O_RDWR, k_owner_only_file);
  if (!file) return fail(std::move(file.error()));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (::flock(file->number(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::busy, "another process is making or mending it", path);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ArchiveFileLock(std::move(*file));
}

}  // namespace ktstr
