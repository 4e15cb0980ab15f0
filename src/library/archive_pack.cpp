// SPDX-License-Identifier: MIT
#include "library/archive_pack.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "catalog/archive_dump.hpp"
#include "catalog/archive_tables.hpp"
#include "catalog/open_database.hpp"
#include "catalog/read_sidecar.hpp"
#include "catalog/schema.hpp"
#include "library/archive_import.hpp"
#include "library/archive_pack_choice.hpp"
#include "library/archive_pack_words.hpp"
#include "library/snapshot.hpp"

namespace ktstr {
namespace {

constexpr const char* k_origin = "pack";

constexpr const char* k_sidecar_times =
    "SELECT t.first_seen_ns, coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns), "
    "t.ended_ns, t.ending, t.is_symlink, r.project FROM sidecar t JOIN directory d "
    "USING(directory_id) JOIN runs_root r USING(root_id) WHERE t.sidecar_id = ?";
constexpr const char* k_artifact_times =
    "SELECT t.first_seen_ns, coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns), "
    "t.ended_ns, t.ending, t.is_symlink, r.project FROM artifact t JOIN directory d "
    "USING(directory_id) JOIN runs_root r USING(root_id) WHERE t.artifact_id = ?";
constexpr const char* k_end_sidecar =
    "UPDATE sidecar SET last_seen_ns = ?, ended_ns = ?, ending = ? WHERE directory_id = ? AND "
    "file_name = ? AND id = ?";
constexpr const char* k_end_artifact =
    "UPDATE artifact SET last_seen_ns = ?, ended_ns = ?, ending = ? WHERE directory_id = ? AND "
    "file_name = ? AND size_bytes = ? AND mtime_ns = ?";

/// What of an observation its file doesn't say.
struct Seen {
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  std::int64_t ended_ns = 0;  ///< in a pack nothing stands
  Value ending;
  bool is_symlink = false;
  std::string project;
};

class PackWriter {
 public:
  PackWriter(SQLite::Database& archive, SQLite::Database& pack, const PackOptions& options)
      : source_(archive),
        pack_(pack),
        options_(options),
        from_(archive),
        to_(pack),
        words_(options.with_host ? std::vector<std::string>() : own_host_names()) {}

  [[nodiscard]] Result<void> write(const PackChoice& choice);
  [[nodiscard]] PackReport take_report() {
    report_.redacted.add(words_.counts());
    return std::move(report_);
  }

 private:
  void put_sidecar(const FileVersion& version);
  void put_dump(const FileVersion& version);
  void put_labels(const std::string& id);
  void put_sessions();
  void finish(const char* sql, const Seen& seen, const std::vector<Value>& key);
  [[nodiscard]] Seen seen(const char* sql, std::int64_t row_id);
  [[nodiscard]] std::string project(const std::string& project) const;
  /// The bytes as they are to be given away; none: they can't be, and it is noted.
  [[nodiscard]] std::optional<std::string> bytes_of(const FileVersion& version);
  [[nodiscard]] std::optional<std::string> redacted(const FileVersion& version, std::string bytes);
  void put_document(const FileVersion& version, const std::string& bytes, DocumentKind kind,
                    std::int64_t seen_ns);
  [[nodiscard]] std::string name(const std::string& text) {
    return options_.with_host ? text : words_.name(text);
  }
  [[nodiscard]] std::string text(const std::string& value) {
    return options_.with_host ? value : words_.text(value);
  }
  [[nodiscard]] std::optional<std::string> session_of(const FileVersion& version,
                                                      const std::string& of_project);

  SQLite::Database& source_;
  SQLite::Database& pack_;
  const PackOptions& options_;
  ArchiveTables from_;
  ArchiveTables to_;
  PackWords words_;
  PackReport report_;
  std::string reason_;  ///< why the last bytes can't come along
  /// Session and project as they are, and as they are written.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> sessions_;
};

Result<void> PackWriter::write(const PackChoice& choice) {
  ImmediateTransaction transaction(pack_);
  const auto put_all = [&](const std::vector<FileVersion>& versions, auto put) {
    for (const FileVersion& version : versions) {
      if (options_.should_stop && options_.should_stop()) return false;
      put(version);
    }
    return true;
  };
  const bool is_whole =
      put_all(choice.sidecars, [&](const FileVersion& each) { put_sidecar(each); }) &&
      (!options_.with_dumps ||
       put_all(choice.dumps, [&](const FileVersion& each) { put_dump(each); }));
  if (!is_whole) return fail(ErrorCode::interrupted, "stopped", options_.to);
  put_sessions();
  transaction.commit();
  return {};
}

Seen PackWriter::seen(const char* sql, std::int64_t row_id) {
  SQLite::Statement select(source_, sql);
  select.bind(1, row_id);
  Seen seen;
  if (!select.executeStep()) return seen;
  seen.first_ns = select.getColumn(0).getInt64();
  seen.last_ns = select.getColumn(1).getInt64();
  seen.ended_ns = select.getColumn(2).isNull() ? seen.last_ns : select.getColumn(2).getInt64();
  seen.ending = column_value(select, 3);
  seen.is_symlink = select.getColumn(4).getInt() != 0;
  seen.project = project(column_bytes(select, 5));
  return seen;
}

/// A repository's first commit is public where the repository is; a place isn't.
std::string PackWriter::project(const std::string& project) const {
  return project.starts_with("git:") ? project : k_packed_project;
}

std::optional<std::string> PackWriter::session_of(const FileVersion& version,
                                                  const std::string& of_project) {
  if (!version.session) return std::nullopt;
  const std::string written = name(*version.session);
  sessions_[{*version.session, of_project}] = {written, of_project};
  return written;
}

std::optional<std::string> PackWriter::redacted(const FileVersion& version, std::string bytes) {
  if (options_.with_host) return bytes;
  auto redacted = redact(bytes, {words_.host_names()});
  if (!redacted) {
    reason_ = "not JSON, so nobody can say what it tells (--with-host packs it as it is)";
    report_.left_out.add(version.path(), reason_);
    return std::nullopt;
  }
  report_.redacted.add(redacted->counts);
  return std::move(redacted->json);
}

std::optional<std::string> PackWriter::bytes_of(const FileVersion& version) {
  reason_ = version.not_kept.empty() ? "its bytes are not kept" : "not kept: " + version.not_kept;
  const auto document = version.id.empty() ? std::nullopt : from_.document(version.id);
  if (!document) {
    report_.left_out.add(version.path(), reason_);
    return std::nullopt;
  }
  auto bytes = unpack_document(*document);
  if (!bytes) {
    reason_ = bytes.error().message;
    report_.left_out.add(version.path(), reason_);
    return std::nullopt;
  }
  return redacted(version, std::move(*bytes));
}

void PackWriter::put_document(const FileVersion& version, const std::string& bytes,
                              DocumentKind kind, std::int64_t seen_ns) {
  PackedDocument document = pack_document(bytes, version.id, kind);
  document.size_bytes = version.size_bytes;
  // Of what was packed redacted before, the bytes are no longer those of the id either way.
  const auto original = from_.document(version.id);
  document.is_redacted = !options_.with_host || (original && original->is_redacted);
  to_.put_document(document, seen_ns);
}

void PackWriter::put_sidecar(const FileVersion& version) {
  const auto bytes = bytes_of(version);
  if (!bytes) return;
  const Seen times = seen(k_sidecar_times, version.row_id);
  PreparedFile file;
  file.file_name = name(version.file_name);
  file.content_id = version.id;
  file.stamp.emplace().stamp.size_bytes = version.size_bytes;
  file.stamp->stamp.mtime_ns = version.mtime_ns.value_or(0);
  file.is_symlink = times.is_symlink;
  set_file_hash(file);
  decode_into(file, *bytes);
  if (file.error) file.error = text(*file.error);
  const ArchiveRoot root{"", times.project, k_origin};
  const std::int64_t directory =
      to_.directory_id(to_.root_id(root), name(version.run_dir), name(version.job));
  put_document(version, *bytes, DocumentKind::sidecar, times.first_ns);
  const Sighting sighting{directory, session_of(version, times.project), times.first_ns};
  if (!to_.put_sidecar(sighting, root, file)) return;
  finish(k_end_sidecar, times, {directory, file.file_name, file.content_id});
  put_labels(version.id);
  ++report_.results;
}

void PackWriter::put_dump(const FileVersion& version) {
  if (is_trace(version.kind) && !options_.with_traces) return;
  const auto bytes = bytes_of(version);
  const Seen times = seen(k_artifact_times, version.row_id);
  KeptArtifact dump;
  dump.row.file_name = name(version.file_name);
  dump.row.kind = version.kind;
  set_dump_name(dump.row);
  dump.row.size_bytes = version.size_bytes;
  dump.row.mtime_ns = version.mtime_ns.value_or(0);
  dump.row.is_symlink = times.is_symlink;
  if (bytes) {
    dump.id = version.id;
    put_document(version, *bytes, document_kind(version.kind), times.first_ns);
  } else {
    dump.not_kept = text(reason_);
  }
  const ArchiveRoot root{"", times.project, k_origin};
  const std::int64_t directory =
      to_.directory_id(to_.root_id(root), name(version.run_dir), name(version.job));
  if (to_.has_artifact(directory, dump.row)) return;
  to_.put_artifact({directory, session_of(version, times.project), times.first_ns}, root, dump);
  finish(k_end_artifact, times,
         {directory, dump.row.file_name, dump.row.size_bytes, dump.row.mtime_ns});
  ++(bytes ? report_.dumps : report_.dump_names);
}

void PackWriter::finish(const char* sql, const Seen& seen, const std::vector<Value>& key) {
  SQLite::Statement end(pack_, sql);
  end.bind(1, seen.last_ns);
  end.bind(2, seen.ended_ns);
  bind_value(end, 3, seen.ending);
  int index = 3;
  for (const Value& value : key) bind_value(end, ++index, value);
  end.exec();
}

void PackWriter::put_labels(const std::string& id) {
  SQLite::Statement select(source_, "SELECT key, value FROM label WHERE id = ?");
  select.bind(1, id);
  while (select.executeStep()) {
    // What users tell equal machines apart by is a machine's name.
    if (!options_.with_host && column_bytes(select, 0) == "host") continue;
    to_.put_label(id, column_bytes(select, 0), text(column_bytes(select, 1)));
  }
}

void PackWriter::put_sessions() {
  SQLite::Statement select(source_,
                           "SELECT state, started_ns, ended_ns, exit_status, project FROM session "
                           "WHERE session = ? AND state <> 'unknown'");
  for (const auto& [original, written] : sessions_) {
    select.reset();
    select.bind(1, original.first);
    while (select.executeStep()) {
      if (project(column_bytes(select, 4)) != original.second) continue;
      SessionRecord record;
      record.session = written.first;
      record.is_complete = column_bytes(select, 0) == "complete";
      record.started_ns = select.getColumn(1).getInt64();
      record.ended_ns = select.getColumn(2).getInt64();
      if (!select.getColumn(3).isNull()) record.exit_status = select.getColumn(3).getInt64();
      to_.put_session(record, written.second);
    }
  }
}

}  // namespace

Result<PackReport> write_pack(SQLite::Database& archive, const PackOptions& options,
                              const Clock& clock) {
  const auto choice = choose_for_pack(archive, options.what, options.root, clock);
  if (!choice) return fail(choice.error());
  return guarded(options.to, [&]() -> Result<PackReport> {
    // Without a name it is a file that nobody else sees, and that goes with the connection. Nothing
    // but what is to be given away is ever written to it.
    const auto made = open_database(k_nameless, DatabaseUse::make);
    SQLite::Database& pack = *made;
    pack.exec("PRAGMA page_size = 8192");
    migrate(pack, Store::archive);
    PackWriter writer(archive, pack, options);
    if (auto written = writer.write(*choice); !written) return fail(std::move(written.error()));
    PackReport report = writer.take_report();
    if (report.results + report.dumps == 0) {
      const std::string why = report.left_out.count == 0
                                  ? "nothing is of that name"
                                  : "all of it was left out: " + report.left_out.first[0].path +
                                        ": " + report.left_out.first[0].reason;
      return fail(ErrorCode::not_found, "nothing to pack: " + why);
    }
    const auto size = write_snapshot(pack, options.to, options.force);
    if (!size) return fail(size.error());
    report.size_bytes = *size;
    return report;
  });
}

}  // namespace ktstr
