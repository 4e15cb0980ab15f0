// SPDX-License-Identifier: MIT
#include "catalog/catalog.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/private_file.hpp"
#include "catalog/record_tables.hpp"
#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "environment/places.hpp"

namespace ktstr {
namespace {

// The root stays: it was just compared with where the catalog is.
constexpr const char* k_forget_settings = "DELETE FROM setting WHERE key <> 'root'";

std::vector<std::string> tables_with_rows(SQLite::Database& database) {
  SQLite::Statement select(database,
                           "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                           "'sqlite!_%' ESCAPE '!' AND name <> 'setting'");
  std::vector<std::string> names;
  while (select.executeStep()) names.push_back(column_bytes(select, 0));
  return names;
}

}  // namespace

std::string file_identity(const std::string& path) {
  struct statx status = {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
  const std::string inode = std::to_string(status.stx_ino);
  if ((status.stx_mask & STATX_BTIME) != 0) {
    return inode + "@" + std::to_string(status.stx_btime.tv_sec) + "." +
           std::to_string(status.stx_btime.tv_nsec);
  }
  return inode + "/" + std::to_string(status.stx_dev_major) + ":" +
         std::to_string(status.stx_dev_minor);
}

bool disown_rows(SQLite::Database& database, const std::string& identity) {
  ImmediateTransaction transaction(database);
  SettingTable settings(database);
  if (settings.find(k_own_file) == identity) return false;
  // Everything: a forged host or shape is found by its digest, whichever file names it.
  bool had_rows = false;
  for (const std::string& table : tables_with_rows(database)) {
    had_rows = database.exec("DELETE FROM " + table) > 0 || had_rows;
  }
  database.exec(k_forget_settings);
  put_versions(database, Store::catalog);
  settings.put(k_own_file, identity);
  transaction.commit();
  return had_rows;
}

namespace {

// A log that is longer when a refresh ends is copied into the catalog: opening it reads it through.
constexpr std::int64_t k_longest_idle_log_bytes = 1 << 20;

// While somebody keeps deleting the catalog.
constexpr int k_most_tries = 4;

constexpr mode_t k_not_executable = 0666;

/// For a writer that may take long: in steps short enough for somebody who wants an end.
struct StoppableWait {
  const RefreshOptions& options;
  std::int64_t most_ns = 0;
  const Clock& clock;
  std::int64_t since_ns = 0;
};

int wait_for_writer(void* context, int times) {
  auto& wait = *static_cast<StoppableWait*>(context);
  const std::int64_t now_ns = wait.clock.steady_ns();
  if (times == 0) wait.since_ns = now_ns;
  if (wait.options.should_stop() || now_ns - wait.since_ns >= wait.most_ns) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 1;
}

}  // namespace

/// One attempt after the other until a catalog is open.
class CatalogOpener {
 public:
  CatalogOpener(const CatalogOptions& options, FileSystem& file_system, const Clock& clock)
      : options_(options), file_system_(file_system), clock_(clock) {}

  Result<Catalog> run() {
    catalog_.options_ = options_;
    auto opened = open_at(options_.location.path);
    bool is_only_cache = false;  // where that can't be made, it is as good as none
    for (const std::string& other : options_.location.others) {
      const bool is_missing =
          is_only_cache && !opened && opened.error().code == ErrorCode::not_found;
      if (opened || !(is_missing || is_unusable_place(opened.error()))) break;
      is_only_cache = true;
      catalog_.warnings_.push_back("can't write " + opened.error().text() + "; using " +
                                   (other == k_in_memory ? "memory only" : other));
      opened = open_at(other);
    }
    if (!opened) return fail(std::move(opened.error()));
    return std::move(catalog_);
  }

  /// The same place again, with a new catalog in place of a damaged one that nobody has open here.
  Result<Catalog> replace(const std::string& path, const std::string& why) {
    catalog_.options_ = options_;
    if (auto aside = put_aside(path, why); !aside) return fail(std::move(aside.error()));
    if (auto opened = open_at(path); !opened) return fail(std::move(opened.error()));
    return std::move(catalog_);
  }

 private:
  /// Not permitted, read-only, full, or something else is in the way.
  static bool is_unusable_place(const Error& error) {
    return error.code == ErrorCode::permission || error.code == ErrorCode::io;
  }

  Result<void> open_at(const std::string& path) {
    auto opened = try_open_at(path);
    for (int tries = 1; was_taken_away_ && tries < k_most_tries; ++tries) {
      opened = try_open_at(path);
    }
    return opened;
  }

  Result<void> try_open_at(const std::string& path) {
    was_taken_away_ = false;
    if (path == k_in_memory) return connect(path);
    if (auto made = make_directory(path); !made) return made;
    const auto links = is_in_root(path) ? FollowLinks::no : FollowLinks::yes;
    if (auto checked = check_database_files(path, links); !checked) {
      if (is_users(path)) checked.error().code = ErrorCode::usage;
      return checked;
    }
    if (auto may_be = check_named(path); !may_be) return may_be;
    if (auto own = leave_shared(path); !own) return own;
    make_private(path);
    const auto before = file_system_.status(path, FollowLinks::yes);
    auto opened = connect(path);
    if (!opened && opened.error().code == ErrorCode::permission) {
      // SQLite doesn't say why it can't open a file; that there are too many says nothing of it.
      const auto file = file_system_.open_file(path);
      if (!file && file.error().code == ErrorCode::busy) return fail(file.error());
    }
    if (opened || opened.error().code != ErrorCode::corrupt) return opened;
    // Another process may have put it aside already, and ours would be its new one.
    const auto now = file_system_.status(path, FollowLinks::yes);
    if (before && now && before->stamp.inode == now->stamp.inode) {
      if (auto aside = put_aside(path, opened.error().message); !aside) return aside;
    }
    return connect(path);
  }

  [[nodiscard]] bool is_users(const std::string& path) const {
    return options_.location.is_named && path == options_.location.path;
  }

  /// What a copied tree shares with its original stays the original's, as it is.
  Result<void> leave_shared(const std::string& path) {
    const std::string shared = shared_database_file(path);
    if (shared.empty()) return {};
    constexpr const char* k_why = "has another name on its disk (a hard link)";
    if (is_users(path)) return fail(ErrorCode::usage, k_why, shared, "name another --catalog");
    (void)make_empty_file(path, k_owner_only_file);  // logs may be all there is
    return put_aside(path, name_of(shared) + " " + k_why);
  }

  /// Before SQLite, which would bring logs into it and make new ones beside it.
  Result<void> check_named(const std::string& path) const {
    if (!is_users(path)) return {};
    const auto head = read_database_head(path);
    if (!head || head->may_be(Store::catalog)) return {};  // why it can't be read, SQLite says
    return fail(ErrorCode::usage, "not a ktstr-index catalog", path, "name another --catalog");
  }

  Result<void> make_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    const std::string directory = path.substr(0, slash);
    if (is_in_root(path)) {
      // Only the indexer's own directory: a root that isn't there must not come to be.
      if (auto made = make_index_directory(options_.root); !made) return made;
    } else {
      (void)make_directories(directory, k_owner_only_directory);
    }
    // Says what is wrong if that could not be done.
    return file_system_.create_directories(directory);
  }

  /// In its root a catalog is as open as that is, elsewhere it is for its owner only. What can't be
  /// done here, SQLite finds out.
  void make_private(const std::string& path) {
    if (!file_system_.status(path, FollowLinks::no)) {
      const mode_t mode = is_in_root(path) ? openness_of(options_.root) : k_owner_only_directory;
      (void)make_empty_file(path, mode & k_not_executable);
    }
    const auto& others = options_.location.others;
    if (std::find(others.begin(), others.end(), path) == others.end()) return;
    // The cache has only what is ours; of an earlier version, whose copies everybody could read.
    tighten(directory_of(path), k_owner_only_directory);
    for (const char* suffix : {"", "-wal", "-shm"}) tighten(path + suffix, k_owner_only_file);
  }

  Result<void> connect(const std::string& path) {
    if (has_strange_journal(path)) {
      return fail(ErrorCode::corrupt, "the journal beside it isn't ours", path);
    }
    auto opened = guarded(path, [&]() -> Result<void> {
      // The root's path has no links (canonical_path), so one on the way was put there since.
      const auto links = is_in_root(path) ? FollowLinks::no : FollowLinks::yes;
      auto database = open_database(path, DatabaseUse::make, options_.busy_timeout_ms, links);
      if (auto prepared = prepare_or_find_damage(*database, path); !prepared) return prepared;
      catalog_.database_ = std::move(database);
      catalog_.path_ = path;
      return {};
    });
    return opened;
  }

  /// The statements are ours, so where one doesn't fit the tables, the tables are wrong.
  Result<void> prepare_or_find_damage(SQLite::Database& database, const std::string& path) {
    try {
      return prepare(database, path);
    } catch (const SQLite::Exception& exception) {
      if (exception.getErrorCode() != SQLITE_ERROR) throw;
      return fail(ErrorCode::corrupt, exception.what(), path);
    }
  }

  Result<void> prepare(SQLite::Database& database, const std::string& path) {
    const StoreHeader header = read_header(database, Store::catalog);
    if (header.state == StoreState::newer) {
      return fail(ErrorCode::newer_version, layouts_text(Store::catalog, header.layout_version),
                  path, "use the newer program, or delete the catalog: it is made anew");
    }
    if (header.state == StoreState::foreign) {
      return fail(ErrorCode::corrupt, "not a ktstr-index catalog", path);
    }
    // SQLite opens what it can't write without a word, and fails later.
    if (is_read_only(database)) return fail(ErrorCode::permission, "read-only", path);
    configure(database);
    mend_header(database, header);
    if (auto ours = make_schema_ours(database, header, path); !ours) return ours;
    CatalogTables tables(database);
    if (auto own = check_root(database, tables, path); !own) return own;
    if (auto trusted = check_rows(database, tables, path); !trusted) return trusted;
    check_extraction(database, tables);
    return {};
  }

  /// Views hold nothing and are made anew; all else that differs would have to be made up.
  Result<void> make_schema_ours(SQLite::Database& database, const StoreHeader& header,
                                const std::string& path) {
    if (header.state == StoreState::older) {
      const auto old = schema_differences(database, Store::catalog, header.layout_version);
      if (!old.only_up_to(SchemaKind::view)) return fail(ErrorCode::corrupt, old.text(), path);
    }
    if (header.state != StoreState::current) migrate(database, Store::catalog);
    auto found = schema_differences(database, Store::catalog);
    if (found.none()) return {};
    if (found.only_up_to(SchemaKind::view)) {
      note_other_views(database, found);
      remake_derived(database, Store::catalog);
      found = schema_differences(database, Store::catalog);
    }
    return found.none() ? Result<void>() : fail(ErrorCode::corrupt, found.text(), path);
  }

  /// Those of another version are nothing to speak of.
  void note_other_views(SQLite::Database& database, const SchemaDifferences& found) {
    SettingTable settings(database);
    if (settings.find(k_views_digest) != views_digest(Store::catalog)) return;
    catalog_.warnings_.push_back("the catalog's views are made anew: " + found.text());
  }

  /// After the root: whose catalog it is, comes first.
  Result<void> check_rows(SQLite::Database& database, CatalogTables& tables,
                          const std::string& path) {
    if (path == k_in_memory) return {};
    const std::string identity = file_identity(path);
    // Another file's name by then: the rows of ours are no stranger's, and others may read them.
    was_taken_away_ = identity.empty() || has_moved(database);
    if (was_taken_away_) return fail(ErrorCode::busy, "was taken away", path);
    if (tables.settings().find(k_own_file) == identity) return {};
    if (!disown_rows(database, identity)) return {};
    catalog_.was_emptied_ = true;
    catalog_.warnings_.emplace_back(
        "the catalog was copied here, or is an earlier version's: every file is read again");
    return {};
  }

  static void configure(SQLite::Database& database) {
    try {
      // Readers go on while a refresh writes; where the file system can't, SQLite stays as it is.
      database.exec("PRAGMA journal_mode = WAL");
    } catch (const SQLite::Exception& exception) {
      // Another process is switching a new catalog right now; the next statement finds it switched.
      if (sqlite_error(exception, {}).code != ErrorCode::busy) throw;
    }
    // A lost last transaction costs a look at the files it was about, never a wrong answer.
    database.exec("PRAGMA synchronous = NORMAL");
    use_temporary_files(database);
    // Who makes the log long copies it (shorten_log), and every reader reads it. Nor may a writer
    // that ends remove the log by its name: that can be another catalog's by then.
    keep_log_on_close(database);
    // Room for the pages of a refresh's transaction (KiB), else they are written and read again.
    database.exec("PRAGMA cache_size = -16384");
  }

  [[nodiscard]] bool is_in_root(const std::string& path) const {
    return options_.location.is_in_root && path == options_.location.path;
  }

  /// A catalog beside its files may move with them; one elsewhere serves one root.
  Result<void> check_root(SQLite::Database& database, CatalogTables& tables,
                          const std::string& path) {
    const auto stored = tables.settings().find("root");
    if (stored == options_.root) return {};
    if (stored && !is_in_root(path)) {
      return fail(ErrorCode::usage, "this catalog belongs to the runs root " + *stored, path,
                  "name another --catalog");
    }
    ImmediateTransaction transaction(database);
    tables.settings().put("root", options_.root);
    transaction.commit();
    return {};
  }

  void check_extraction(SQLite::Database& database, CatalogTables& tables) {
    if (tables.settings().find("extraction_version") == std::to_string(k_extraction_version))
      return;
    ImmediateTransaction transaction(database);
    tables.forget_stamps();
    tables.settings().put("extraction_version", k_extraction_version);
    transaction.commit();
    catalog_.warnings_.emplace_back(
        "this version reads more from a file: every file is read again");
  }

  Result<void> put_aside(const std::string& path, const std::string& why) {
    if (is_users(path)) {
      return fail(ErrorCode::corrupt, why, path,
                  "delete it, and it is made anew, or name another --catalog");
    }
    const auto aside = put_catalog_aside(path, file_system_, clock_);
    if (!aside) return fail(aside.error());
    catalog_.warnings_.push_back("the catalog could not be used (" + why + "); it is now " +
                                 *aside + ", and a new one is made");
    return {};
  }

  const CatalogOptions& options_;
  FileSystem& file_system_;
  const Clock& clock_;
  Catalog catalog_;
  bool was_taken_away_ = false;  ///< deleted or renamed while it was opened
};

Result<std::string> put_catalog_aside(const std::string& path, FileSystem& file_system,
                                      const Clock& clock) {
  const std::string stem = path + ".aside-" + std::to_string(clock.now_ns() / 1'000'000) + "-" +
                           std::to_string(::getpid());
  std::string aside = stem;
  for (int i = 2; file_system.status(aside, FollowLinks::no); ++i) {
    aside = stem + "-" + std::to_string(i);
  }
  if (auto moved = file_system.rename(path, aside); !moved) return fail(std::move(moved.error()));
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    // Missing ones are the rule.
    (void)file_system.rename(path + suffix, aside + suffix);
  }
  return aside;
}

Result<Catalog> Catalog::open(const CatalogOptions& options, FileSystem& file_system,
                              const Clock& clock) {
  return CatalogOpener(options, file_system, clock).run();
}

bool Catalog::is_complete() {
  const auto time = guarded(path_, [&] {
    return CatalogTables(*database_).settings().find("last_refresh_ns").has_value();
  });
  return time.value_or(false);
}

void Catalog::set_busy_timeout_ms(std::int64_t timeout_ms) {
  options_.busy_timeout_ms = timeout_ms;
  database_->setBusyTimeout(static_cast<int>(timeout_ms));
}

void Catalog::copy_log() {
  // Only if nobody is reading or writing just now: it is no use waiting for.
  database_->setBusyTimeout(0);
  (void)guarded(path_, [&] { database_->exec("PRAGMA wal_checkpoint(TRUNCATE)"); });
  set_busy_timeout_ms(options_.busy_timeout_ms);
}

void Catalog::shorten_log(FileSystem& file_system) {
  const auto log = file_system.status(path_ + "-wal", FollowLinks::yes);
  if (log && log->stamp.size_bytes > k_longest_idle_log_bytes) copy_log();
}

Result<RefreshReport> Catalog::refresh_stoppable(FileSystem& file_system, const Clock& clock,
                                                 const RefreshOptions& options) {
  if (!options.should_stop) {
    return ktstr::refresh(*database_, options_.root, file_system, clock, options);
  }
  StoppableWait wait{options, options_.busy_timeout_ms * 1'000'000, clock};
  sqlite3_busy_handler(database_->getHandle(), wait_for_writer, &wait);
  auto report = ktstr::refresh(*database_, options_.root, file_system, clock, options);
  set_busy_timeout_ms(options_.busy_timeout_ms);
  if (!report && report.error().code == ErrorCode::busy && options.should_stop()) {
    report.error().code = ErrorCode::interrupted;
    report.error().message = "stopped while another process was writing to it";
  }
  return report;
}

Result<RefreshReport> Catalog::refresh(FileSystem& file_system, const Clock& clock,
                                       const RefreshOptions& options) {
  auto report = refresh_stoppable(file_system, clock, options);
  // The statements of a refresh are ours: one that doesn't fit the tables says that they are wrong.
  const bool is_damaged = !report && (report.error().code == ErrorCode::corrupt ||
                                      report.error().code == ErrorCode::usage);
  if (!is_damaged || path_ == k_in_memory) {
    shorten_log(file_system);
    return report;
  }
  database_.reset();
  auto replaced =
      CatalogOpener(options_, file_system, clock).replace(path_, report.error().message);
  if (!replaced) {
    // There is nothing to answer from, but database() must stay valid.
    database_ = open_database(k_in_memory, DatabaseUse::write);
    return fail(std::move(replaced.error()));
  }
  std::vector<std::string> warnings = std::move(warnings_);
  *this = std::move(*replaced);
  warnings_.insert(warnings_.begin(), warnings.begin(), warnings.end());
  report = refresh_stoppable(file_system, clock, options);
  shorten_log(file_system);
  return report;
}

}  // namespace ktstr
