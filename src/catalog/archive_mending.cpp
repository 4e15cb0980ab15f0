// SPDX-License-Identifier: MIT
#include "catalog/archive_mending.hpp"

#include "catalog/connection.hpp"
#include "catalog/schema_check.hpp"

namespace ktstr {

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

Result<std::vector<std::string>> mend_archive(const ArchiveOptions& options,
                                              FileSystem& file_system, const Clock& clock) {
  if (is_sound_store(options.path, Store::archive)) return std::vector<std::string>();
  auto archive = Archive::open(options, file_system, clock);
  if (!archive) return fail(std::move(archive.error()));
  // Opening looks at a page or two.
  if (archive->warnings().empty()) {
    auto mended = archive->replace_damaged("a command that reads it met that", file_system, clock);
    if (!mended) return fail(std::move(mended.error()));
  }
  return archive->warnings();
}

}  // namespace ktstr
