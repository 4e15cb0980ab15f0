// SPDX-License-Identifier: MIT
#include "archive/merge_reader.hpp"

#include <algorithm>

namespace ktstr {
namespace {

// More than any sidecar or dump that is kept; a frame that says it unpacks to more is a bomb.
constexpr std::int64_t k_largest_document_bytes = std::int64_t{1} << 30;

bool is_content_id(const std::string& id) {
  return id.size() == 32 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// One step of a path, which can't lead out of where it stands; or nothing.
bool is_plain_name(const std::string& name) {
  return name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

std::optional<DocumentKind> kind_of(const std::string& name) {
  for (const DocumentKind kind :
       {DocumentKind::sidecar, DocumentKind::failure_dump, DocumentKind::wprof}) {
    if (name == document_kind_name(kind)) return kind;
  }
  return std::nullopt;
}

Result<std::string> unpacked(const PackedDocument& packed) {
  if (packed.plain_bytes < 0 || packed.plain_bytes > k_largest_document_bytes) {
    return fail(ErrorCode::corrupt, "document " + packed.id + " is too large");
  }
  return unpack_document(packed);
}

std::string text_of(const Value& value) {
  const auto* const text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}

std::int64_t integer_of(const Value& value) {
  const auto* const integer = std::get_if<std::int64_t>(&value);
  return integer != nullptr ? *integer : 0;
}

}  // namespace

void MergeReader::check(bool holds, const std::string& message) const {
  if (!holds) throw source_.failure(message);
}

template <typename Row, typename Covered>
void MergeReader::each_row(const std::string& table, const std::string& columns, Row row,
                           Covered covered) {
  std::map<std::int64_t, std::vector<Value>> rest;
  if (options_.is_tolerant) rest = source_.covered(table, columns);
  for (const std::int64_t id : source_.ids(table).all) {
    try {
      if (const auto found = source_.row(table, id)) {
        row(id, *found);
        rest.erase(id);
      }
    } catch (const SourceFailure&) {
      if (!options_.is_tolerant) throw;
    }
  }
  for (const auto& [id, values] : rest) covered(id, values);
}

void MergeReader::read_places() {
  read_roots();
  each_row(
      "directory", "root_id, run_dir, job",
      [&](std::int64_t id, const SourceRow& row) {
        put_place(id, row.integer("root_id"), row.text("run_dir"), row.text("job"));
      },
      [&](std::int64_t id, const std::vector<Value>& values) {
        put_place(id, integer_of(values[0]), text_of(values[1]), text_of(values[2]));
      });
}

void MergeReader::read_roots() {
  const auto put = [&](std::int64_t id, ArchiveRoot root, std::optional<std::int64_t> seen_ns) {
    if (!options_.origin.empty()) {
      root.path.clear();
      root.origin = options_.origin;
    }
    root.project = project(root.project);
    roots_.try_emplace(id, std::move(root), seen_ns);
  };
  each_row(
      "runs_root", "path, origin, project",
      [&](std::int64_t id, const SourceRow& row) {
        put(id, {row.text("path"), row.text("project"), row.text("origin")},
            row.optional_integer("last_seen_ns"));
      },
      [&](std::int64_t id, const std::vector<Value>& values) {
        put(id, {text_of(values[0]), text_of(values[2]), text_of(values[1])}, std::nullopt);
      });
}

void MergeReader::put_place(std::int64_t id, std::int64_t root_id, const std::string& run_dir,
                            const std::string& job) {
  const auto root = roots_.find(root_id);
  const bool is_sound = root != roots_.end() && is_plain_name(run_dir) && is_plain_name(job);
  if (!is_sound && options_.is_tolerant) return;
  check(is_sound, "directory " + std::to_string(id) + " is none that an archive may hold");
  places_.try_emplace(id, SourcePlace{root->second.first, root->second.second, run_dir, job});
}

const SourcePlace& MergeReader::place(std::int64_t directory_id) const {
  const auto found = places_.find(directory_id);
  check(found != places_.end(), "directory " + std::to_string(directory_id) + " is missing");
  return found->second;
}

std::optional<std::pair<bool, SourceDocument>> MergeReader::document_row(std::int64_t id) {
  const auto row = source_.row("document", id);
  if (!row) return std::nullopt;
  SourceDocument document;
  PackedDocument& packed = document.packed;
  packed.id = row->text("id");
  packed.size_bytes = row->integer("size_bytes");
  packed.plain_bytes = row->integer("plain_bytes");
  packed.coding = row->text("coding");
  packed.is_redacted = row->integer("is_redacted") != 0;
  document.first_seen_ns = row->integer("first_seen_ns");
  const auto kind = kind_of(row->text("kind"));
  check(kind && is_content_id(packed.id) && packed.size_bytes >= 0 && packed.plain_bytes >= 0,
        "document " + std::to_string(id) + " is none that an archive may hold");
  packed.kind = *kind;
  return std::pair(row->integer("stored_bytes") > 0, std::move(document));
}

bool MergeReader::has_bytes(std::int64_t id) {
  if (!options_.is_tolerant) return false;
  try {
    return source_.row("document_bytes", id).has_value();
  } catch (const SourceFailure&) {
    return true;  // there is something, and reading it says that it is lost
  }
}

void MergeReader::read_bytes(std::int64_t id, SourceDocument& document) {
  Error error{ErrorCode::corrupt, "the bytes of document " + document.packed.id + " are missing",
              source_.path()};
  try {
    if (const auto row = source_.row("document_bytes", id)) {
      document.packed.frame = row->text("bytes");
      const auto bytes = unpacked(document.packed);
      if (bytes) return;
      error = bytes.error();
      error.path = source_.path();
    }
  } catch (const SourceFailure& failure) {
    error = failure.error;
  }
  if (!options_.is_tolerant) throw SourceFailure(std::move(error));
  document.packed.frame.clear();
  document.is_lost = true;
}

std::optional<SourceDocument> MergeReader::guessed_document(std::int64_t id) {
  const auto row = source_.row("document_bytes", id);
  if (!row) return std::nullopt;
  if (!covered_documents_) covered_documents_ = source_.covered("document", "id, size_bytes");
  const auto known = covered_documents_->find(id);
  check(known != covered_documents_->end(), "nothing says what these bytes are");
  SourceDocument document;
  document.packed.id = text_of(known->second[0]);
  document.packed.size_bytes = integer_of(known->second[1]);
  document.packed.plain_bytes = document.packed.size_bytes;
  document.packed.frame = row->text("bytes");
  for (const char* coding : {"zstd-1", "zstd"}) {
    document.packed.coding = coding;
    if (unpacked(document.packed)) return document;
  }
  throw source_.failure("the bytes of document " + document.packed.id + " are damaged");
}

/// Whatever the source calls it: its names could be those of results of this machine.
void MergeReader::rename_imported(const std::string& table, SourceObservation& observation) {
  SourceRow& row = observation.row;
  const std::string what =
      table == "sidecar"
          ? row.text("id")
          : identity_of_dump(row.text("id"), row.integer("size_bytes"), row.integer("mtime_ns"));
  const SourcePlace& place = observation.place;
  row.set("observation_id",
          observation_id(place.root, place.run_dir, place.job, row.text("file_name"), what));
}

std::optional<SourceObservation> MergeReader::observation(const std::string& table,
                                                          std::int64_t id) {
  auto row = source_.row(table, id);
  if (!row) return std::nullopt;
  SourceObservation observation{std::move(*row), {}, {}, {}, {}, {}};
  const std::string file_name = observation.row.text("file_name");
  const std::string content = observation.row.text("id");
  const bool needs_content = table == "sidecar" || !content.empty();
  check(!file_name.empty() && is_plain_name(file_name) &&
            is_content_id(observation.row.text("observation_id")) &&
            (!needs_content || is_content_id(content)),
        table + " " + std::to_string(id) + " is none that an archive may hold");
  observation.place = place(observation.row.integer("directory_id"));
  if (!options_.origin.empty()) rename_imported(table, observation);
  return observation;
}

void MergeReader::read_children(SourceObservation& sidecar, std::int64_t sidecar_id) {
  if (const auto host_id = sidecar.row.optional_integer("host_id")) {
    auto host = hosts_.find(*host_id);
    if (host == hosts_.end()) {
      auto row = source_.row("host", *host_id);
      check(row.has_value(), "host " + std::to_string(*host_id) + " is missing");
      host = hosts_.emplace(*host_id, std::move(*row)).first;
    }
    sidecar.host = host->second;
  }
  for (const char* table :
       {"series", "kvm_series", "verifier_program", "callback", "payload_metric"}) {
    auto rows = source_.rows_of(table, "sidecar_id", sidecar_id);
    for (const SourceRow& row : rows) {
      const auto shape_id = row.optional_integer("shape_id");
      if (shape_id) sidecar.shapes.emplace(*shape_id, shape(*shape_id));
    }
    if (!rows.empty()) sidecar.children.emplace_back(table, std::move(rows));
  }
}

const SourceShape& MergeReader::shape(std::int64_t shape_id) {
  if (const auto known = shapes_.find(shape_id); known != shapes_.end()) return known->second;
  const auto row = source_.row("shape", shape_id);
  check(row.has_value(), "shape " + std::to_string(shape_id) + " is missing");
  SourceShape shape;
  shape.digest = row->text("digest");
  std::map<std::int64_t, std::string> metrics;
  for (const SourceRow& metric : source_.rows_of("shape_metric", "shape_id", shape_id)) {
    metrics.emplace(metric.integer("position"), metric.text("metric"));
  }
  for (const auto& [position, metric] : metrics) {
    check(position == static_cast<std::int64_t>(shape.metrics.size()),
          "shape " + shape.digest + " has gaps");
    shape.metrics.push_back(metric);
  }
  return shapes_.emplace(shape_id, std::move(shape)).first->second;
}

std::optional<MergeReader::NamedSidecar> MergeReader::named_sidecar(std::int64_t sidecar_id) {
  if (!covered_sidecars_) {
    covered_sidecars_ = source_.covered("sidecar", "directory_id, file_name, id");
  }
  const auto found = covered_sidecars_->find(sidecar_id);
  if (found == covered_sidecars_->end()) return std::nullopt;
  const auto place = places_.find(integer_of(found->second[0]));
  NamedSidecar named{{}, text_of(found->second[1]), text_of(found->second[2])};
  const bool is_sound = place != places_.end() && !named.file_name.empty() &&
                        is_plain_name(named.file_name) && is_content_id(named.id);
  if (!is_sound) return std::nullopt;
  named.place = place->second;
  return named;
}

}  // namespace ktstr
