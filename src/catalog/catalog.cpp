// SPDX-License-Identifier: MIT
#include "catalog/catalog.hpp"

#include <unistd.h>

#include "catalog/connection.hpp"
#include "catalog/schema.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

/// One attempt after the other until a catalog is open.
class CatalogOpener {
 public:
  CatalogOpener(const CatalogOptions& options, FileSystem& file_system, const Clock& clock)
      : options_(options), file_system_(file_system), clock_(clock) {}

  Result<Catalog> run() {
    catalog_.root_ = options_.root;
    auto opened = open_at(options_.location.path);
    for (const std::string& other : options_.location.others) {
      if (opened || opened.error().code != ErrorCode::permission) break;
      catalog_.warnings_.push_back("can't write " + opened.error().text() + "; using " +
                                   (other == k_memory ? "memory only" : other));
      opened = open_at(other);
    }
    if (!opened) return fail(std::move(opened.error()));
    return std::move(catalog_);
  }

 private:
  static constexpr const char* k_memory = ":memory:";

  Result<void> open_at(const std::string& path) {
    if (path != k_memory) {
      if (auto made = make_directory(path); !made) return made;
    }
    auto opened = connect(path);
    if (!opened && opened.error().code == ErrorCode::corrupt) {
      if (auto aside = put_aside(path, opened.error().message); !aside) return aside;
      opened = connect(path);
    }
    return opened;
  }

  Result<void> make_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    // Only the indexer's own directory: a root that isn't there must not come to be.
    const std::string directory = path.substr(0, slash);
    if (options_.location.is_in_root && path == options_.location.path) {
      const auto root = file_system_.status(options_.root, FollowLinks::yes);
      if (!root) return fail(root.error());
    }
    return file_system_.create_directories(directory);
  }

  Result<void> connect(const std::string& path) {
    auto opened = guarded(path, [&]() -> Result<void> {
      auto database =
          std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                                             static_cast<int>(options_.busy_timeout_ms));
      if (auto prepared = prepare(*database, path); !prepared) return prepared;
      catalog_.database_ = std::move(database);
      catalog_.path_ = path;
      return {};
    });
    return opened;
  }

  Result<void> prepare(SQLite::Database& database, const std::string& path) {
    const CatalogHeader header = read_header(database);
    if (header.state == CatalogState::newer) {
      return fail(ErrorCode::newer_version,
                  "the catalog has layout " + std::to_string(header.layout_version) +
                      ", this program knows " + std::to_string(catalog_layout_version()),
                  path, "use the newer program, or delete the catalog: it is made anew");
    }
    if (header.state == CatalogState::foreign) {
      return fail(ErrorCode::corrupt, "not a ktstr-index catalog", path);
    }
    // Readers go on while a refresh writes; where the file system can't, SQLite stays as it is.
    database.exec("PRAGMA journal_mode = WAL");
    // A lost last transaction costs a look at the files it was about, never a wrong answer.
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA temp_store = MEMORY");
    if (header.state != CatalogState::current) migrate_catalog(database);
    if (auto own = check_root(database, path); !own) return own;
    check_extraction(database);
    return {};
  }

  /// A catalog beside its files may move with them; one elsewhere serves one root.
  Result<void> check_root(SQLite::Database& database, const std::string& path) {
    CatalogTables tables(database);
    const auto stored = tables.setting("root");
    if (stored == options_.root) return {};
    const bool is_in_root = options_.location.is_in_root && path == options_.location.path;
    if (stored && !is_in_root) {
      return fail(ErrorCode::usage, "this catalog belongs to the runs root " + *stored, path,
                  "name another --catalog");
    }
    ImmediateTransaction transaction(database);
    tables.set_setting("root", options_.root);
    transaction.commit();
    return {};
  }

  void check_extraction(SQLite::Database& database) {
    CatalogTables tables(database);
    if (tables.setting("extraction_version") == std::to_string(k_extraction_version)) return;
    ImmediateTransaction transaction(database);
    tables.forget_stamps();
    tables.set_setting("extraction_version", k_extraction_version);
    transaction.commit();
    catalog_.warnings_.push_back("this version reads more from a file: every file is read again");
  }

  Result<void> put_aside(const std::string& path, const std::string& why) {
    const std::string aside = path + ".aside-" + std::to_string(clock_.now_ns() / 1'000'000) + "-" +
                              std::to_string(::getpid());
    if (auto moved = file_system_.rename(path, aside); !moved) return moved;
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
      // Missing ones are the rule.
      (void)file_system_.rename(path + suffix, aside + suffix);
    }
    catalog_.warnings_.push_back("the catalog could not be used (" + why + "); it is now " + aside +
                                 ", and a new one is made");
    return {};
  }

  const CatalogOptions& options_;
  FileSystem& file_system_;
  const Clock& clock_;
  Catalog catalog_;
};

Result<Catalog> Catalog::open(const CatalogOptions& options, FileSystem& file_system,
                              const Clock& clock) {
  return CatalogOpener(options, file_system, clock).run();
}

void Catalog::set_busy_timeout_ms(std::int64_t timeout_ms) {
  database_->setBusyTimeout(static_cast<int>(timeout_ms));
}

Result<RefreshReport> Catalog::refresh(FileSystem& file_system, const Clock& clock,
                                       const RefreshOptions& options) {
  return ktstr::refresh(*database_, root_, file_system, clock, options);
}

}  // namespace ktstr
