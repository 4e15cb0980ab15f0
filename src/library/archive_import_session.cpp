// SPDX-License-Identifier: MIT
#include "library/archive_import_session.hpp"

#include <utility>

#include "catalog/connection.hpp"
#include "library/archive_import.hpp"

namespace ktstr {
namespace {

constexpr const char* k_project = "path:--in";

Result<void> gather(Archive& archive, const std::vector<std::string>& paths,
                    const SessionOptions& options, const std::function<bool()>& should_stop,
                    std::vector<std::string>& notes) {
  for (const std::string& path : paths) {
    ImportRequest request;
    request.path = path;
    request.project = k_project;
    request.max_file_bytes = options.limits.max_file_bytes;
    request.max_dump_bytes = request.max_file_bytes;
    request.should_stop = should_stop;
    ImportReport report = import_path(archive, request, *options.clock);
    for (std::string& note : notes_of(report)) notes.push_back(std::move(note));
    if (report.failure) return fail(std::move(*report.failure));
  }
  return {};
}

/// One file without a log, so that it can be read after its name is gone.
Result<void> make_temporary_archive(const std::string& file, const std::vector<std::string>& paths,
                                    const SessionOptions& options,
                                    const std::function<bool()>& should_stop,
                                    std::vector<std::string>& notes) {
  ArchiveOptions archive_options;
  archive_options.path = file;
  archive_options.is_named = true;
  auto archive = Archive::open(archive_options, *options.file_system, *options.clock);
  if (!archive) return fail(std::move(archive.error()));
  return guarded(file, [&]() -> Result<void> {
    archive->database().exec("PRAGMA synchronous = OFF");
    auto gathered = gather(*archive, paths, options, should_stop, notes);
    if (gathered) archive->database().exec("PRAGMA journal_mode = DELETE");
    return gathered;
  });
}

// What reads the catalog's tables finds the archive's under their names: of each file what stood
// there last.
constexpr const char* k_tables[] = {
    "CREATE TEMP VIEW directory AS SELECT d.*, (SELECT max(t.mtime_ns) FROM past.sidecar t WHERE "
    "t.directory_id = d.directory_id) AS entry_mtime_ns FROM past.directory d",
    "CREATE TEMP VIEW sidecar AS SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY "
    "directory_id, file_name ORDER BY ended_ns IS NULL DESC, ended_ns DESC, first_seen_ns DESC, "
    "sidecar_id DESC) AS newness FROM past.sidecar) WHERE newness = 1",
    "CREATE TEMP VIEW host AS SELECT * FROM past.host",
};

Result<void> make_views(SQLite::Database& database) {
  if (auto made = make_over_views(database, Over::past, PastScope{}); !made) return made;
  return guarded(database.getFilename(), [&] {
    for (const char* sql : k_tables) database.exec(sql);
    // "@last" is one of this root, and here all roots are meant. The catalog is in memory only.
    database.exec("DELETE FROM main.setting WHERE key = 'root'");
  });
}

/// Stands where messages name a root.
std::string described(const std::vector<std::string>& paths) {
  std::string text = paths.front();
  if (paths.size() > 1) text += " and " + std::to_string(paths.size() - 1) + " more";
  return text + " (--in)";
}

}  // namespace

Result<GatheredArchive> gather_archive(const std::vector<std::string>& paths,
                                       const SessionOptions& options,
                                       const std::function<bool()>& should_stop,
                                       std::vector<std::string>& notes) {
  auto directory = TemporaryDirectory::make(options.variables);
  if (!directory) return fail(std::move(directory.error()));
  const std::string file = directory->path() + "/archive.sqlite3";
  auto made = make_temporary_archive(file, paths, options, should_stop, notes);
  if (!made) return fail(std::move(made.error()));
  auto database = open_archive_to_read(file);
  if (!database) return fail(std::move(database.error()));
  return GatheredArchive{std::move(*directory), std::move(*database)};
}

Result<Session> open_to_look_at(const std::vector<std::string>& paths, SessionOptions options,
                                const std::function<bool()>& should_stop,
                                std::vector<std::string>& notes) {
  const auto gathered = gather_archive(paths, options, should_stop, notes);
  if (!gathered) return fail(gathered.error());
  const std::string archive = gathered->database->getFilename();
  options.root = described(paths);
  options.is_foreign = true;
  options.may_be_missing = true;
  auto session = Session::open(options);
  if (!session) return session;
  auto attached = attach_past(session->database(), archive);
  if (attached) attached = make_views(session->database());
  if (!attached) return fail(std::move(attached.error()));
  return session;
}

}  // namespace ktstr
