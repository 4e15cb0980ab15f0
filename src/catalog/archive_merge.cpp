// SPDX-License-Identifier: MIT
#include "catalog/archive_merge.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "catalog/archive_merge_reader.hpp"
#include "catalog/archive_merge_source.hpp"
#include "catalog/archive_merge_target.hpp"
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

}  // namespace ktstr
