// SPDX-License-Identifier: MIT
#include "archive/merge.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "archive/merge_reader.hpp"
#include "archive/merge_source.hpp"
#include "archive/merge_target.hpp"
#include "catalog/read_sidecar.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_rows_per_commit = 300;
constexpr std::int64_t k_bytes_per_commit = 16 << 20;

// Documents come first, so that a merge that is killed leaves no result without its bytes:
// 1. every document, unpacked once to prove it, unless the target has as much of it;
// 2. every sidecar with its host and series, or the times of one that is known;
// 3. dumps, sessions, labels, pins;
// 4. when roots were last seen: from then on, what stands in them counts as seen at that time.
// Tolerant, a document without a readable row is known by an index and its hash, and a result
// whose row or metrics can't be read is made again from its document.
class ArchiveMerge {
 public:
  ArchiveMerge(SQLite::Database& database, MergeSource& source, const MergeOptions& options)
      : database_(database),
        source_(source),
        options_(options),
        reader_(source, options),
        target_(database, !options.origin.empty()) {}

  [[nodiscard]] Result<MergeReport> run();

 private:
  [[nodiscard]] bool merge_documents();
  [[nodiscard]] bool merge_observations(const std::string& table);
  [[nodiscard]] bool merge_plain(const std::string& table);
  void merge_roots();
  void put_document(std::int64_t id);
  void put_guessed_document(std::int64_t id);
  void put_sidecar(std::int64_t id);
  void put_artifact(std::int64_t id);
  void rebuild_details(SourceObservation& sidecar);
  void read_document_of(SourceObservation& sidecar);
  [[nodiscard]] bool rebuild_sidecar(std::int64_t id);
  [[nodiscard]] std::optional<std::string> bytes_of(const std::string& id);

  /// Runs `body` as a whole or not at all. False: the source doesn't give it. Throws that unless
  /// tolerant.
  template <typename Body>
  [[nodiscard]] bool put_whole(Body body);
  /// False: somebody wants it to stop.
  [[nodiscard]] bool next_row();
  void commit();
  [[nodiscard]] SourceIds ids(const std::string& table);

  SQLite::Database& database_;
  MergeSource& source_;
  const MergeOptions& options_;
  MergeReader reader_;
  MergeTarget target_;
  MergeReport report_;
  std::unique_ptr<ImmediateTransaction> transaction_;
  std::int64_t uncommitted_rows_ = 0;
  std::int64_t uncommitted_bytes_ = 0;
  std::int64_t rows_ = 0;
};

Result<MergeReport> ArchiveMerge::run() {
  try {
    reader_.read_places();
  } catch (const SourceFailure&) {
    if (!options_.is_tolerant) throw;  // documents can be read without
  }
  const bool is_done = merge_documents() && merge_observations("sidecar") &&
                       merge_observations("artifact") && merge_plain("session") &&
                       merge_plain("label") && (!options_.with_pins || merge_plain("pin"));
  if (is_done) merge_roots();
  commit();
  if (!is_done) return fail(ErrorCode::interrupted, "stopped", source_.path());
  report_.lost_tables.assign(source_.lost_tables().begin(), source_.lost_tables().end());
  return report_;
}

bool ArchiveMerge::next_row() {
  if (options_.should_stop && options_.should_stop()) return false;
  if (uncommitted_rows_ >= k_rows_per_commit || uncommitted_bytes_ >= k_bytes_per_commit) commit();
  if (!transaction_) {
    // Others may have removed meanwhile what was put before.
    target_.forget_cached_ids();
    transaction_ = std::make_unique<ImmediateTransaction>(database_);
  }
  ++uncommitted_rows_;
  ++rows_;
  return true;
}

void ArchiveMerge::commit() {
  if (!transaction_) return;
  transaction_->commit();
  transaction_.reset();
  uncommitted_rows_ = 0;
  uncommitted_bytes_ = 0;
  if (options_.progress) options_.progress(rows_);
  if (options_.committed) options_.committed(report_);
}

template <typename Body>
bool ArchiveMerge::put_whole(Body body) {
  const auto undo = [&] {
    database_.exec("ROLLBACK TO merged_row; RELEASE merged_row");
    target_.forget_cached_ids();
  };
  database_.exec("SAVEPOINT merged_row");
  try {
    body();
  } catch (const SourceFailure&) {
    undo();
    if (!options_.is_tolerant) throw;
    return false;
  } catch (const SQLite::Exception& exception) {
    if (!is_refused_row(exception)) throw;
    // The target takes whatever an archive may hold, so the source holds something else.
    const std::string message = exception.what();
    undo();
    if (!options_.is_tolerant) throw source_.failure(message);
    return false;
  }
  database_.exec("RELEASE merged_row");
  return true;
}

SourceIds ArchiveMerge::ids(const std::string& table) {
  try {
    return source_.ids(table);
  } catch (const SourceFailure& failure) {
    if (!options_.is_tolerant) throw;
    report_.unreadable = failure.error.message;
    return {};
  }
}

bool ArchiveMerge::merge_documents() {
  SourceIds documents = ids("document");
  if (options_.is_tolerant) {
    for (SourceIds more = ids("document_bytes"); auto* const from : {&more.all, &more.named}) {
      std::vector<std::int64_t>& to = from == &more.all ? documents.all : documents.named;
      std::vector<std::int64_t> both;
      std::set_union(to.begin(), to.end(), from->begin(), from->end(), std::back_inserter(both));
      to = std::move(both);
    }
  }
  for (const std::int64_t id : documents.all) {
    if (!next_row()) return false;
    if (put_whole([&] { put_document(id); })) continue;
    if (put_whole([&] { put_guessed_document(id); })) continue;
    if (documents.is_named(id)) ++report_.lost_documents;
  }
  return true;
}

void ArchiveMerge::put_document(std::int64_t id) {
  const auto document = reader_.document(id, [&](const PackedDocument& packed) {
    return target_.rank(packed.id, packed.size_bytes) <
           (packed.is_redacted ? DocumentRank::redacted : DocumentRank::whole);
  });
  if (!document && options_.is_tolerant) throw source_.failure("no such document");
  if (!document) return;
  uncommitted_bytes_ += static_cast<std::int64_t>(document->packed.frame.size());
  if (target_.put_document(document->packed, document->first_seen_ns)) ++report_.documents;
  if (document->is_lost) ++report_.lost_documents;
}

void ArchiveMerge::put_guessed_document(std::int64_t id) {
  const auto document = reader_.guessed_document(id);
  if (!document) throw source_.failure("document " + std::to_string(id) + " is unreadable");
  if (target_.put_document(document->packed, document->first_seen_ns)) ++report_.documents;
}

bool ArchiveMerge::merge_observations(const std::string& table) {
  const bool is_sidecar = table == "sidecar";
  const SourceIds observations = ids(table);
  for (const std::int64_t id : observations.all) {
    if (!next_row()) return false;
    const bool is_put = put_whole([&] { is_sidecar ? put_sidecar(id) : put_artifact(id); });
    if (is_put || !observations.is_named(id)) continue;
    if (!is_sidecar || !rebuild_sidecar(id)) ++report_.lost_results;
  }
  return true;
}

void ArchiveMerge::put_sidecar(std::int64_t id) {
  auto sidecar = reader_.observation("sidecar", id);
  if (!sidecar) throw source_.failure("no such sidecar");
  try {
    reader_.read_children(*sidecar, id);
  } catch (const SourceFailure&) {
    if (!options_.is_tolerant) throw;
    rebuild_details(*sidecar);
  }
  if (!options_.origin.empty()) read_document_of(*sidecar);
  const bool is_incomplete = sidecar->rebuilt && sidecar->rebuilt->columns.empty();
  const bool is_new = target_.put_sidecar(*sidecar);
  ++(is_new ? report_.results : report_.known);
  if (is_new && is_incomplete) ++report_.incomplete_results;
}

void ArchiveMerge::put_artifact(std::int64_t id) {
  const auto artifact = reader_.observation("artifact", id);
  if (!artifact) throw source_.failure("no such artifact");
  if (target_.put_artifact(*artifact)) ++report_.artifacts;
}

std::optional<std::string> ArchiveMerge::bytes_of(const std::string& id) {
  const auto document = target_.tables().document(id);
  if (!document) return std::nullopt;
  auto bytes = unpack_document(*document);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

/// From its document; without that, it comes in as its row alone.
void ArchiveMerge::rebuild_details(SourceObservation& sidecar) {
  sidecar.rebuilt.emplace();
  const auto bytes = bytes_of(sidecar.row.text("id"));
  if (!bytes) return;
  PreparedFile file;
  decode_into(file, *bytes);
  if (file.record) sidecar.rebuilt = std::move(file.record);
}

/// Of what is handed over, the document is believed, and never a row that says something else.
/// Where its bytes were dropped, the row is all there is.
void ArchiveMerge::read_document_of(SourceObservation& sidecar) {
  const auto bytes = bytes_of(sidecar.row.text("id"));
  if (!bytes) return;
  PreparedFile file;
  decode_into(file, *bytes);
  sidecar.row.set("status", file.status);
  const auto text = [](const std::optional<std::string>& value) {
    return value ? Value(*value) : Value();
  };
  sidecar.row.set("error_class", text(file.error_class));
  sidecar.row.set("error", text(file.error));
  for (std::size_t i = 0; i < stored_columns().size(); ++i) {
    sidecar.row.set(stored_columns()[i], file.record ? file.record->columns[i] : Value());
  }
  sidecar.host.reset();
  sidecar.children.clear();
  sidecar.rebuilt = std::move(file.record);
}

bool ArchiveMerge::rebuild_sidecar(std::int64_t id) {
  return put_whole([&] {
    const auto named = reader_.named_sidecar(id);
    const auto bytes = named ? bytes_of(named->id) : std::nullopt;
    if (!bytes) throw source_.failure("sidecar " + std::to_string(id) + " is unreadable");
    PreparedFile file = prepare_sidecar(named->file_name, 0, *bytes);
    file.content_id = named->id;  // a redacted one's bytes have another
    ArchiveTables& tables = target_.tables();
    Sighting sighting;
    sighting.directory_id = tables.directory_id(tables.root_id(named->place.root),
                                                named->place.run_dir, named->place.job);
    const bool is_new = tables.put_sidecar(sighting, named->place.root, file);
    ++(is_new ? report_.results : report_.known);
    if (is_new) ++report_.rebuilt_results;
  });
}

bool ArchiveMerge::merge_plain(const std::string& table) {
  std::vector<SourceRow> rows;
  try {
    rows = source_.all_rows(table);
  } catch (const SourceFailure&) {
    if (!options_.is_tolerant) throw;
  }
  for (const SourceRow& row : rows) {
    if (!next_row()) return false;
    (void)put_whole([&] {
      table == "session" ? target_.put_session(row, reader_.project(row.text("project")))
                         : target_.put_plain(table, row);
    });
  }
  return true;
}

void ArchiveMerge::merge_roots() {
  if (!transaction_) transaction_ = std::make_unique<ImmediateTransaction>(database_);
  for (const auto& root : reader_.roots()) {
    (void)put_whole([&] { target_.put_root(root.second.first, root.second.second); });
  }
  if (options_.is_tolerant) target_.complete_guessed();
}

/// What went wrong with a source as a whole: all of it is lost, or that is an error.
Result<MergeReport> unreadable(Error error, const MergeOptions& options) {
  if (!options.is_tolerant) return fail(std::move(error));
  MergeReport report;
  report.unreadable = error.message;
  return report;
}

}  // namespace

Result<MergeReport> merge_archive(SQLite::Database& target, const std::string& source,
                                  const MergeOptions& options) {
  auto opened = MergeSource::open(source, options.is_tolerant, options.should_stop);
  if (!opened) return unreadable(std::move(opened.error()), options);
  return guarded(target.getFilename(), [&]() -> Result<MergeReport> {
    try {
      return ArchiveMerge(target, **opened, options).run();
    } catch (const SourceFailure& failure) {
      return unreadable(failure.error, options);
    }
  });
}

// Observations of MergeTarget: which of them are known already, and what two archives know of one.

namespace {

std::optional<std::int64_t> integer_at(SQLite::Statement& statement, int index) {
  if (statement.getColumn(index).isNull()) return std::nullopt;
  return statement.getColumn(index).getInt64();
}

Value value_of(const std::optional<std::int64_t>& number) {
  return number ? Value(*number) : Value();
}

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

}  // namespace

std::optional<MergeTarget::Known> MergeTarget::read_known(const std::string& table,
                                                          const std::string& where,
                                                          const std::vector<Value>& values) {
  // Of several, the one of this machine says most.
  SQLite::Statement& find = statement(
      "SELECT t." + table +
      "_id, t.id IS NOT NULL, r.origin = '', t.first_seen_ns, t.last_seen_ns, t.ended_ns, "
      "t.ending, r.last_seen_ns, t.id FROM " +
      table + " t JOIN directory d USING(directory_id) JOIN runs_root r USING(root_id) WHERE " +
      where + " ORDER BY r.origin = '' DESC LIMIT 1");
  int index = 0;
  for (const Value& value : values) bind_value(find, ++index, value);
  if (!find.executeStep()) {
    find.reset();
    return std::nullopt;
  }
  Known known;
  known.row_id = find.getColumn(0).getInt64();
  known.is_kept = find.getColumn(1).getInt() != 0;
  known.is_ours = find.getColumn(2).getInt() != 0;
  known.times.first_seen_ns = find.getColumn(3).getInt64();
  known.times.last_seen_ns = integer_at(find, 4);
  known.times.ended_ns = integer_at(find, 5);
  if (!find.getColumn(6).isNull()) known.times.ending = column_bytes(find, 6);
  known.times.root_seen_ns = integer_at(find, 7);
  if (!find.getColumn(8).isNull()) known.id = column_bytes(find, 8);
  find.reset();
  return known;
}

std::optional<MergeTarget::Known> MergeTarget::find_known(
    const std::string& table, const std::vector<std::string>& content_columns,
    const SourceObservation& observation) {
  auto known = read_known(table, "t.observation_id = ?", {observation.row["observation_id"]});
  if (known) return known;
  std::string same_content = "t.file_name = ?";
  std::vector<Value> values{observation.row["file_name"]};
  for (const std::string& column : content_columns) {
    same_content += " AND t." + column + " = ?";
    values.push_back(observation.row[column]);
  }
  std::vector<Value> here = values;
  here.emplace_back(directory_id(observation.place));
  known = read_known(table, same_content + " AND t.directory_id = ?", here);
  if (known || !is_import_) return known;
  values.emplace_back(observation.place.run_dir);
  values.emplace_back(observation.place.job);
  return read_known(table, same_content + " AND d.run_dir = ? AND d.job = ?", values);
}

ObservationTimes MergeTarget::times_of(const SourceObservation& observation) const {
  ObservationTimes times;
  times.first_seen_ns = observation.row.integer("first_seen_ns");
  times.last_seen_ns = observation.row.optional_integer("last_seen_ns");
  times.ended_ns = observation.row.optional_integer("ended_ns");
  if (const std::string ending = observation.row.text("ending"); !ending.empty()) {
    times.ending = ending;
  }
  times.root_seen_ns = observation.place.root_seen_ns;
  return is_import_ ? as_imported(times) : times;
}

void MergeTarget::widen(const std::string& table, const Known& known,
                        const SourceObservation& observation) {
  const ObservationTimes offered = times_of(observation);
  ObservationTimes times = known.times;
  if (is_import_ && known.is_ours) {
    // What became of a file of this machine, this machine knows best.
    times.first_seen_ns = std::min(times.first_seen_ns, offered.first_seen_ns);
  } else {
    times = united(known.times, offered);
  }
  SQLite::Statement& set = statement("UPDATE " + table +
                                     " SET first_seen_ns = ?, last_seen_ns = ?, ended_ns = ?, "
                                     "ending = ? WHERE " +
                                     table + "_id = ?");
  set.bind(1, times.first_seen_ns);
  bind_value(set, 2, value_of(times.last_seen_ns));
  bind_value(set, 3, value_of(times.ended_ns));
  bind_value(set, 4, value_of(times.ending));
  set.bind(5, known.row_id);
  set.exec();
}

MergeTarget::Columns MergeTarget::observation_columns(const SourceObservation& observation,
                                                      const std::string& id_column) {
  const ObservationTimes times = times_of(observation);
  const std::int64_t directory = directory_id(observation.place);
  Columns columns;
  for (std::size_t i = 0; i < observation.row.values.size(); ++i) {
    const std::string& name = (*observation.row.names)[i];
    if (name == id_column) continue;
    Value value = observation.row.values[i];
    if (name == "directory_id") value = directory;
    if (name == "last_seen_ns") value = value_of(times.last_seen_ns);
    if (name == "ended_ns") value = value_of(times.ended_ns);
    if (name == "host_id") {
      const std::int64_t host = host_id(observation);
      value = host != 0 ? Value(host) : Value();
    }
    columns.emplace_back(name, std::move(value));
  }
  return columns;
}

bool MergeTarget::put_sidecar(const SourceObservation& sidecar) {
  if (const auto known = find_known("sidecar", {"id"}, sidecar)) {
    widen("sidecar", *known, sidecar);
    return false;
  }
  if (const auto known = find_same_version("sidecar", sidecar)) {
    if (!unite_version("sidecar", *known, sidecar)) return false;
    put_children(insert("sidecar", observation_columns(sidecar, "sidecar_id")), sidecar);
    return false;
  }
  const std::int64_t id = insert("sidecar", observation_columns(sidecar, "sidecar_id"));
  put_children(id, sidecar);
  return true;
}

bool MergeTarget::put_artifact(const SourceObservation& artifact) {
  const auto known = find_known("artifact", {"size_bytes", "mtime_ns"}, artifact);
  if (const auto same = known ? std::nullopt : find_same_version("artifact", artifact)) {
    if (unite_version("artifact", *same, artifact)) {
      insert("artifact", observation_columns(artifact, "artifact_id"));
    }
    return false;
  }
  if (!known) {
    insert("artifact", observation_columns(artifact, "artifact_id"));
    return true;
  }
  widen("artifact", *known, artifact);
  if (known->is_kept || artifact.row.text("id").empty()) return false;
  // Only its name was known; now its bytes are.
  SQLite::Statement& set = statement(
      "UPDATE artifact SET id = ?, observation_id = ?, not_kept = NULL WHERE artifact_id = ?");
  bind_value(set, 1, artifact.row["id"]);
  bind_value(set, 2, artifact.row["observation_id"]);
  set.bind(3, known->row_id);
  set.exec();
  return false;
}

}  // namespace ktstr
