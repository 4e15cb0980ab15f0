// SPDX-License-Identifier: MIT

// Observations of MergeTarget: which of them are known already, and what two archives know of one.

#include <algorithm>

#include "catalog/archive_merge_target.hpp"

namespace ktstr {
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
