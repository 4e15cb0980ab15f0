// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/merge.hpp"
#include "archive/merge_source.hpp"
#include "archive/merge_target.hpp"

// Puts together what belongs to one document or one observation of a merge's source, and holds it
// against what an archive may hold. Methods throw SourceFailure.

namespace ktstr {

struct SourceDocument {
  PackedDocument packed;  ///< without a frame if its bytes were dropped, or are lost
  std::int64_t first_seen_ns = 0;
  bool is_lost = false;  ///< its bytes should be there, but aren't or aren't what they should be
};

class MergeReader {
 public:
  MergeReader(MergeSource& source, const MergeOptions& options)
      : source_(source), options_(options) {}

  /// The roots, as the target is to have them, and when they were last seen.
  [[nodiscard]] const std::map<std::int64_t, std::pair<ArchiveRoot, std::optional<std::int64_t>>>&
  roots() const {
    return roots_;
  }
  /// Under which the target files what the source files under `stored`.
  [[nodiscard]] std::string project(const std::string& stored) const {
    return stored == options_.project_from ? options_.project_to : stored;
  }
  /// Has to come before everything else.
  void read_places();

  /// None: there is no such row. `wanted` says whether its bytes are worth reading.
  template <typename Wanted>
  [[nodiscard]] std::optional<SourceDocument> document(std::int64_t id, Wanted wanted) {
    auto found = document_row(id);
    if (found && (found->first || has_bytes(id)) && wanted(found->second.packed)) {
      read_bytes(id, found->second);
    }
    if (!found) return std::nullopt;
    return std::move(found->second);
  }
  /// Of bytes whose row can't be read: what an index and the bytes themselves say. Tolerant only.
  [[nodiscard]] std::optional<SourceDocument> guessed_document(std::int64_t id);

  /// The row and its place, without what hangs on it.
  [[nodiscard]] std::optional<SourceObservation> observation(const std::string& table,
                                                             std::int64_t id);
  /// Adds host and children.
  void read_children(SourceObservation& sidecar, std::int64_t sidecar_id);

  /// What an index says of a sidecar whose row can't be read.
  struct NamedSidecar {
    SourcePlace place;
    std::string file_name;
    std::string id;
  };
  [[nodiscard]] std::optional<NamedSidecar> named_sidecar(std::int64_t sidecar_id);

 private:
  /// Whether it has bytes, and what is known without them.
  [[nodiscard]] std::optional<std::pair<bool, SourceDocument>> document_row(std::int64_t id);
  /// Of a damaged source, whose row may be wrong when it says that there are none.
  [[nodiscard]] bool has_bytes(std::int64_t id);
  void read_bytes(std::int64_t id, SourceDocument& document);
  void check(bool holds, const std::string& message) const;
  void read_roots();
  static void rename_imported(const std::string& table, SourceObservation& observation);
  void put_place(std::int64_t id, std::int64_t root_id, const std::string& run_dir,
                 const std::string& job);
  [[nodiscard]] const SourcePlace& place(std::int64_t directory_id) const;
  [[nodiscard]] const SourceShape& shape(std::int64_t shape_id);
  /// Each row, and those that only an index can show as values in `columns`' order.
  template <typename Row, typename Covered>
  void each_row(const std::string& table, const std::string& columns, Row row, Covered covered);

  MergeSource& source_;
  const MergeOptions& options_;
  std::map<std::int64_t, std::pair<ArchiveRoot, std::optional<std::int64_t>>> roots_;
  std::map<std::int64_t, SourcePlace> places_;
  std::map<std::int64_t, SourceShape> shapes_;
  std::map<std::int64_t, SourceRow> hosts_;
  std::optional<std::map<std::int64_t, std::vector<Value>>> covered_documents_;
  std::optional<std::map<std::int64_t, std::vector<Value>>> covered_sidecars_;
};

}  // namespace ktstr
