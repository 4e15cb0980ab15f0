// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/tables.hpp"
#include "base/file_system.hpp"
#include "base/safe_open.hpp"
#include "base/time_text.hpp"
#include "database/connection.hpp"
#include "database/schema.hpp"
#include "ktstr/result.hpp"

// Finding, opening and looking after the archive's file: everything that was seen, for good.

namespace ktstr {

/// Documents' bytes, packed, that are kept unless somebody says otherwise.
inline constexpr std::int64_t k_default_archive_cap_bytes = std::int64_t{2} << 30;

/// A setting of an archive that was made of a damaged one. What no row names there may be what is
/// left of a result, so only a purge drops it.
inline constexpr const char* k_was_mended = "was_mended";

struct ArchiveOptions {
  std::string path;       ///< absolute
  bool is_named = false;  ///< by the user: its directory is his, and synthetic records may go in
  std::int64_t busy_timeout_ms = 10'000;
  /// Look through the whole file if that wasn't done for a week. For commands, not for writers of
  /// results.
  bool check_integrity = false;
};

/// What the user should be told.
struct Warning {
  Warning(std::string said, bool lost = false)  // NOLINT: a sentence is a warning
      : text(std::move(said)), is_loss(lost) {}

  std::string text;
  bool is_loss;  ///< evidence is gone: said to whoever wants no notes, too
};

class ArchiveFileLock;

/// An open archive that can be written. One connection; not thread-safe.
class Archive {
 public:
  /// Opens; makes it where there is none, the directory for its owner only, the file too. An older
  /// layout is migrated, after a copy beside it. What isn't ours in its schema goes, unless it is a
  /// table. What is damaged is put aside under a unique name, what can be read of it carried into a
  /// new one, and warnings() says what was lost. Errors:
  /// newer_version, permission, io, busy; usage: the file is something else, or the file system a
  /// network's, where SQLite's locks don't hold.
  [[nodiscard]] static Result<Archive> open(const ArchiveOptions& options, FileSystem& file_system,
                                            const Clock& clock);

  [[nodiscard]] SQLite::Database& database() { return *database_; }
  [[nodiscard]] ArchiveTables& tables() { return *tables_; }
  [[nodiscard]] const std::string& path() const { return options_.path; }
  [[nodiscard]] bool is_named() const { return options_.is_named; }
  /// This opening has made it.
  [[nodiscard]] bool is_new() const { return is_new_; }
  /// What the user should be told, one sentence each.
  [[nodiscard]] const std::vector<Warning>& warnings() const { return warnings_; }

  /// This opening, or replace_damaged(), has mended it, and something was lost: what is left can't
  /// say what may be dropped.
  [[nodiscard]] bool has_losses() const { return has_losses_; }

  /// One commit that waits for the disk, after which nothing that was committed before can be lost;
  /// and the log is put into the file if nobody reads it just now. Throws SQLite::Exception.
  void sync();
  /// After an error `corrupt`: as open() does with a damaged one.
  [[nodiscard]] Result<void> replace_damaged(const std::string& why, FileSystem& file_system,
                                             const Clock& clock);

 private:
  explicit Archive(ArchiveOptions options) : options_(std::move(options)) {}

  [[nodiscard]] Result<void> connect(const Clock& clock);
  [[nodiscard]] Result<void> prepare(SQLite::Database& database, const Clock& clock);
  [[nodiscard]] Result<void> migrate_from(SQLite::Database& database, std::int32_t layout,
                                          const Clock& clock);
  [[nodiscard]] Result<void> make_schema_ours(SQLite::Database& database);
  [[nodiscard]] Result<void> check_integrity(const Clock& clock);
  [[nodiscard]] Result<std::optional<ArchiveFileLock>> lock_to_make() const;
  [[nodiscard]] Error damaged(const SchemaDifferences& found) const;

  ArchiveOptions options_;
  std::unique_ptr<SQLite::Database> database_;
  std::unique_ptr<ArchiveTables> tables_;
  std::vector<Warning> warnings_;
  bool is_new_ = false;
  bool has_losses_ = false;
  bool is_replacing_ = false;  ///< under the lock of its file
};

/// The error for an archive of the user's that is of another layout than this program's.
[[nodiscard]] Error other_layout(const std::string& path, std::int32_t layout);

/// An archive that is only read; nothing is made where there is none (not_found). Errors as above,
/// damage included (corrupt).
[[nodiscard]] Result<std::unique_ptr<SQLite::Database>> open_archive_to_read(
    const std::string& path, std::int64_t busy_timeout_ms = 2'000);

/// A reader can't make views anew, and doesn't ask others than ours: then the error `corrupt` says
/// what does. Else the schema is trusted from here on. Throws SQLite::Exception.
[[nodiscard]] Result<void> check_schema_to_read(SQLite::Database& database, const std::string& path,
                                                const char* schema = "main");

/// "keeping results in PATH (…)": what the user is told when it was made.
[[nodiscard]] std::string archive_announcement(const std::string& path);

// Damage that shows in the middle of somebody's work on an archive.

/// Whether the archive's pages are what SQLite takes for sound: all, or those without the bytes of
/// documents, which are most of it. Error `corrupt`: they are not. Asked before anything is
/// dropped: a result whose row is damaged is made again from its document.
[[nodiscard]] Result<void> find_damage(Archive& archive, bool with_bytes);

/// Runs `body`, which works on the archive and gives a Result. Where it meets damage, the archive
/// is replaced as open() does it, and `body` runs once more.
template <typename Body>
[[nodiscard]] auto with_mending(Archive& archive, FileSystem& file_system, const Clock& clock,
                                Body body) {
  auto done = body();
  if (done || done.error().code != ErrorCode::corrupt || done.error().path != archive.path()) {
    return done;
  }
  if (auto mended = archive.replace_damaged(done.error().message, file_system, clock); !mended) {
    return decltype(done)(fail(std::move(mended.error())));
  }
  return body();
}

/// Looks at an archive that a command which only reads has found to be damaged, and replaces it as
/// open() does. Gives what the user should be told; nothing if it is sound.
[[nodiscard]] Result<std::vector<Warning>> mend_archive(const ArchiveOptions& options,
                                                        FileSystem& file_system,
                                                        const Clock& clock);

/// A sentence about permissions that let others at an archive: its file, what belongs to that, and,
/// unless the user has named the place, its directory. With the command that takes them away; ''
/// if there are none. Thread-safe.
[[nodiscard]] std::string archive_exposure(const std::string& path, bool is_named);

// The archive's file before SQLite sees it.

/// Makes the directory (mode 0700, its missing parents too) and the empty file (mode 0600) unless
/// they are there. True: the file is new. Errors: usage on a network's file system, where SQLite's
/// locks don't hold; permission; io.
[[nodiscard]] Result<bool> make_archive_file(const std::string& path);

/// Held while an archive is made, migrated or replaced, so that only one process does. Waits up to
/// `timeout_ms`; error `busy`.
class ArchiveFileLock {
 public:
  [[nodiscard]] static Result<ArchiveFileLock> acquire(const std::string& path,
                                                       std::int64_t timeout_ms);

 private:
  explicit ArchiveFileLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace ktstr
