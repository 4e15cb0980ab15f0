// SPDX-License-Identifier: MIT
#include "library/pack.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "archive/tables.hpp"
#include "catalog/read_sidecar.hpp"
#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "library/archive_access.hpp"
#include "library/import.hpp"
#include "library/pack_documents.hpp"
#include "operations/purge.hpp"
#include "operations/restorables.hpp"
#include "query/sessions.hpp"

namespace ktstr {
namespace {

constexpr const char* k_chosen = "chosen_result";

class Chooser {
 public:
  Chooser(SQLite::Database& archive, const PackRoot& root, const Clock& clock)
      : archive_(archive), root_(root), clock_(clock) {}

  [[nodiscard]] Result<void> add(const std::string& what) {
    RestoreRequest request;
    request.what = what;
    request.root = root_.path;
    request.project = root_.project;
    request.with_traces = true;
    const char first = what.empty() ? '\0' : what.front();
    if (first == '@' || first == '~') return add_session_named(request);
    auto of_token = versions_of_session(archive_, request, {what, false});
    if (!of_token.empty()) return add_versions(std::move(of_token));
    return add_named_or_expression(request);
  }

  [[nodiscard]] PackChoice choice() {
    add_dumps_of_results();
    PackChoice choice;
    for (auto& [id, version] : sidecars_) choice.sidecars.push_back(std::move(version));
    for (auto& [id, version] : dumps_) choice.dumps.push_back(std::move(version));
    return choice;
  }

 private:
  [[nodiscard]] Result<void> add_session_named(const RestoreRequest& request) {
    const auto session = find_session_reference(archive_, request.what, request.root);
    if (!session) return fail(session.error());
    return add_versions(versions_of_session(archive_, request, *session));
  }

  [[nodiscard]] Result<void> add_versions(std::vector<FileVersion> versions) {
    for (FileVersion& version : versions) {
      auto& group = version.kind == "sidecar" ? sidecars_ : dumps_;
      group.emplace(version.row_id, std::move(version));
    }
    return {};
  }

  [[nodiscard]] Result<void> add_named_or_expression(const RestoreRequest& request) {
    auto named = find_restorables(archive_, request);
    if (named) return add_versions(std::move(*named));
    const auto found = results_where(archive_, request.what, clock_);
    if (found) return add_results(request, *found);
    // A word was meant as a name.
    const bool is_expression = request.what.find_first_of(" =<>()'") != std::string::npos;
    return fail(is_expression ? found.error() : named.error());
  }

  [[nodiscard]] Result<void> add_results(const RestoreRequest& request,
                                         const std::vector<std::int64_t>& ids) {
    make_number_table(archive_, k_chosen, ids);
    if (request.project) keep_of_project(archive_, k_chosen, *request.project);
    auto versions = sidecar_versions(
        archive_, std::string("s.sidecar_id IN (SELECT number FROM temp.") + k_chosen + ")", {});
    if (versions.empty() && !ids.empty()) {
      return fail(ErrorCode::not_found,
                  "'" + request.what + "' holds only for results of other projects", "",
                  "--all-projects packs those, too");
    }
    return add_versions(std::move(versions));
  }

  void add_dumps_of_results() {
    std::set<std::int64_t> directories;
    for (const auto& [id, version] : sidecars_) directories.insert(version.directory_id);
    for (const std::int64_t directory : directories) {
      for (FileVersion& dump : artifact_versions(archive_, directory)) {
        if (sidecars_.contains(dump.owner)) dumps_.emplace(dump.row_id, std::move(dump));
      }
    }
  }

  SQLite::Database& archive_;
  const PackRoot& root_;
  const Clock& clock_;
  std::map<std::int64_t, FileVersion> sidecars_;
  std::map<std::int64_t, FileVersion> dumps_;
};

}  // namespace

Result<PackChoice> choose_for_pack(SQLite::Database& archive, const std::vector<std::string>& what,
                                   const PackRoot& root, const Clock& clock) {
  return guarded(archive.getFilename(), [&]() -> Result<PackChoice> {
    Chooser chooser(archive, root, clock);
    for (const std::string& each : what) {
      if (auto added = chooser.add(each); !added) return fail(std::move(added.error()));
    }
    return chooser.choice();
  });
}

namespace {

constexpr const char* k_origin = "pack";

constexpr const char* k_sidecar_times =
    "SELECT t.first_seen_ns, coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns), "
    "t.ended_ns, t.ending, t.is_symlink, r.project, t.variant_hash FROM sidecar t JOIN directory d "
    "USING(directory_id) JOIN runs_root r USING(root_id) WHERE t.sidecar_id = ?";
constexpr const char* k_artifact_times =
    "SELECT t.first_seen_ns, coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns), "
    "t.ended_ns, t.ending, t.is_symlink, r.project, NULL FROM artifact t JOIN directory d "
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
  std::string variant_hash;  ///< of the record as it is; '': none
};

// 1. Every document is asked which machines it names, so that their names are found in all others.
// 2. Sidecars are redacted and decoded again: their rows, ids and sizes are those of the redacted
//    bytes. A variant's hash over private parts could be tried, so its place in names and texts is
//    taken by that over the redacted parts.
// 3. Dumps, which stand under names with the same hashes.
// 4. Sessions.
class PackWriter {
 public:
  PackWriter(SQLite::Database& archive, SQLite::Database& pack, const PackOptions& options)
      : source_(archive), pack_(pack), options_(options), to_(pack), documents_(archive, options) {}

  [[nodiscard]] Result<void> write(const PackChoice& choice);
  [[nodiscard]] PackReport take_report() {
    report_.redacted = documents_.counts();
    report_.left_out = documents_.left_out();
    return std::move(report_);
  }

 private:
  void put_sidecar(const FileVersion& version);
  void put_dump(const FileVersion& version);
  void put_labels(const std::string& id, const std::string& as);
  void put_sessions();
  void finish(const char* sql, const Seen& seen, const std::vector<Value>& key);
  [[nodiscard]] Seen seen(const char* sql, std::int64_t row_id);
  [[nodiscard]] std::string project(const std::string& project) const;
  [[nodiscard]] std::int64_t directory(const FileVersion& version, const ArchiveRoot& root);
  void put_document(const Outgoing& outgoing, DocumentKind kind, std::int64_t seen_ns);
  [[nodiscard]] std::optional<std::string> session_of(const FileVersion& version,
                                                      const std::string& of_project);

  SQLite::Database& source_;
  SQLite::Database& pack_;
  const PackOptions& options_;
  ArchiveTables to_;
  PackDocuments documents_;
  PackReport report_;
  /// OpenIndex and project as they are, and as they are written.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> sessions_;
};

Result<void> PackWriter::write(const PackChoice& choice) {
  if (!options_.with_host && !documents_.learn_names(choice)) {
    return fail(ErrorCode::interrupted, "stopped", options_.to);
  }
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
  if (!select.getColumn(6).isNull()) seen.variant_hash = column_bytes(select, 6);
  return seen;
}

/// A repository's first commit is public where the repository is; a place isn't.
std::string PackWriter::project(const std::string& project) const {
  return project.starts_with("git:") ? project : k_packed_project;
}

std::optional<std::string> PackWriter::session_of(const FileVersion& version,
                                                  const std::string& of_project) {
  if (!version.session) return std::nullopt;
  const std::string written = documents_.name(*version.session);
  sessions_[{*version.session, of_project}] = {written, of_project};
  return written;
}

std::int64_t PackWriter::directory(const FileVersion& version, const ArchiveRoot& root) {
  return to_.directory_id(to_.root_id(root), documents_.name(version.run_dir),
                          documents_.name(version.job));
}

void PackWriter::put_document(const Outgoing& outgoing, DocumentKind kind, std::int64_t seen_ns) {
  PackedDocument document = pack_document(outgoing.bytes, outgoing.id, kind);
  document.size_bytes = outgoing.size_bytes;
  document.is_redacted = outgoing.is_redacted;
  to_.put_document(document, seen_ns);
}

void PackWriter::put_sidecar(const FileVersion& version) {
  auto document = documents_.outgoing(version);
  if (!document) return;
  const Seen times = seen(k_sidecar_times, version.row_id);
  PreparedFile file;
  documents_.decode(version, times.variant_hash, *document, file);
  file.file_name = documents_.file_name(version);
  file.content_id = document->id;
  file.stamp.emplace().stamp.size_bytes = document->size_bytes;
  file.stamp->stamp.mtime_ns = version.mtime_ns.value_or(0);
  file.is_symlink = times.is_symlink;
  set_file_hash(file);
  const ArchiveRoot root{"", times.project, k_origin};
  const std::int64_t directory_id = directory(version, root);
  put_document(*document, DocumentKind::sidecar, times.first_ns);
  const Sighting sighting{directory_id, session_of(version, times.project), times.first_ns};
  if (!to_.put_sidecar(sighting, root, file)) return;
  finish(k_end_sidecar, times, {directory_id, file.file_name, file.content_id});
  put_labels(version.id, file.content_id);
  ++report_.results;
}

void PackWriter::put_dump(const FileVersion& version) {
  if (is_trace(version.kind) && !options_.with_traces) return;
  const auto document = documents_.outgoing(version);
  const Seen times = seen(k_artifact_times, version.row_id);
  KeptArtifact dump;
  dump.row.file_name = documents_.file_name(version);
  dump.row.kind = version.kind;
  set_dump_name(dump.row);
  // The exact size of what isn't in the pack would say something of it.
  dump.row.size_bytes = document             ? document->size_bytes
                        : options_.with_host ? version.size_bytes
                                             : 0;
  dump.row.mtime_ns = version.mtime_ns.value_or(0);
  dump.row.is_symlink = times.is_symlink;
  const ArchiveRoot root{"", times.project, k_origin};
  const std::int64_t directory_id = directory(version, root);
  if (to_.has_artifact(directory_id, dump.row)) return;
  if (document) {
    dump.id = document->id;
    put_document(*document, document_kind(version.kind), times.first_ns);
  } else {
    dump.not_kept = documents_.reason();
  }
  to_.put_artifact({directory_id, session_of(version, times.project), times.first_ns}, root, dump);
  finish(k_end_artifact, times,
         {directory_id, dump.row.file_name, dump.row.size_bytes, dump.row.mtime_ns});
  ++(document ? report_.dumps : report_.dump_names);
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

void PackWriter::put_labels(const std::string& id, const std::string& as) {
  SQLite::Statement select(source_, "SELECT key, value FROM label WHERE id = ?");
  select.bind(1, id);
  while (select.executeStep()) {
    const std::string key = column_bytes(select, 0);
    const std::string value = column_bytes(select, 1);
    to_.put_label(as, documents_.name(key), documents_.label(key, value));
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
    const auto made = open_database(temporary_database_name(), DatabaseUse::make);
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
