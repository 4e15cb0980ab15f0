// SPDX-License-Identifier: MIT
#include "catalog/archive.hpp"

#include <utility>

#include "catalog/archive_file.hpp"
#include "catalog/archive_merge.hpp"
#include "catalog/catalog.hpp"
#include "catalog/database_files.hpp"
#include "catalog/database_head.hpp"
#include "catalog/open_database.hpp"
#include "catalog/schema.hpp"
#include "catalog/schema_check.hpp"

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
  if (!report.has_losses()) return "nothing was found to be lost";
  std::string tables;
  for (const std::string& table : report.lost_tables) {
    tables += (tables.empty() ? "the table " : ", the table ") + table;
  }
  if (!report.unreadable.empty()) {
    return "all else is lost (" + report.unreadable + (tables.empty() ? "" : "; " + tables) + ")";
  }
  return "lost, as far as can be told: " + std::to_string(report.lost_results) + " results, " +
         std::to_string(report.lost_documents) + " documents, metrics of " +
         std::to_string(report.incomplete_results) + " results" +
         (tables.empty() ? "" : ", what else stood in " + tables);
}

/// Where it is now, an empty new file being in its place; '' if another process was faster. The
/// lock ends with that: making the new one takes it again, and what is carried over needs none.
Result<std::string> put_damaged_aside(const std::string& path, FileSystem& file_system,
                                      const Clock& clock) {
  const auto lock = ArchiveFileLock::acquire(path, 60'000);
  if (!lock) return fail(lock.error());
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
  // A damaged file that another process replaces under our hands is an I/O error, once.
  if (!connected && connected.error().code == ErrorCode::io) connected = archive.connect(clock);
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
    const auto lock = ArchiveFileLock::acquire(options_.path, options_.busy_timeout_ms);
    if (!lock) return fail(lock.error());
    // Both hold for a file's whole life, so they come before its first table.
    database.exec("PRAGMA page_size = 8192");
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    configure(database);
    migrate(database, Store::archive);
    return make_schema_ours(database);
  }
  configure(database);
  if (header.state == StoreState::older) {
    const auto old = schema_differences(database, Store::archive, header.layout_version);
    if (!old.only_up_to(SchemaKind::trigger)) return fail(damaged(old));
    auto migrated = migrate_from(database, header.layout_version, clock);
    if (!migrated) return migrated;
  }
  return make_schema_ours(database);
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
  if (!is_another_versions) warnings_.push_back("mended in the archive: " + found.text());
  return {};
}

Error Archive::damaged(const SchemaDifferences& found) const {
  return {ErrorCode::corrupt, found.text(), options_.path};
}

/// Nothing else has what it holds, so a copy is made first; it stays.
Result<void> Archive::migrate_from(SQLite::Database& database, std::int32_t layout,
                                   const Clock& clock) {
  const auto lock = ArchiveFileLock::acquire(options_.path, options_.busy_timeout_ms);
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
  warnings_.push_back("the archive has a new layout now; as it was before, it is kept as " + copy);
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
  const auto aside = put_damaged_aside(options_.path, file_system, clock);
  if (!aside) return fail(aside.error());
  if (aside->empty()) return connect(clock);  // another process has done it meanwhile
  if (auto connected = connect(clock); !connected) return connected;
  MergeOptions merge;
  merge.is_tolerant = true;
  merge.with_pins = true;
  const auto report = merge_archive(*database_, *aside, merge);
  if (!report || report->has_losses()) has_losses_ = true;
  auto marked = guarded(options_.path, [&] { tables_->settings().put(k_was_mended, "1"); });
  if (!marked) return marked;
  warnings_.push_back("the archive was damaged (" + why + "); it is now " + *aside +
                      (report
                           ? ", and what could be read of it is in a new one: " +
                                 std::to_string(report->results) + " results; " + lost_text(*report)
                           : ", and nothing of it could be read (" + report.error().text() + ")"));
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

}  // namespace ktstr
