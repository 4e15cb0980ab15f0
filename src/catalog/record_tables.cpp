// SPDX-License-Identifier: MIT
#include "catalog/record_tables.hpp"

#include <algorithm>

#include "catalog/tables.hpp"
#include "database/connection.hpp"
#include "database/views.hpp"

namespace ktstr {

SettingTable::SettingTable(SQLite::Database& database)
    : find_(database, "SELECT value FROM setting WHERE key = ?"),
      put_(database, "INSERT OR REPLACE INTO setting(key, value) VALUES(?, ?)") {}

std::optional<std::string> SettingTable::find(const std::string& key) {
  SQLite::Statement& select = find_.fresh();
  select.bind(1, key);
  std::optional<std::string> value;
  if (select.executeStep()) value = text_at(select, 0);
  select.reset();
  return value;
}

void SettingTable::put(const std::string& key, const Value& value) {
  SQLite::Statement& put = put_.fresh();
  put.bind(1, key);
  bind_value(put, 2, value);
  put.exec();
}

namespace {

std::string put_packed_sql(const std::string& table, const std::string& labels) {
  std::string columns = "sidecar_id, position, shape_id" + labels;
  for (int i = 0; i < k_series_width; ++i) columns += ", v" + std::to_string(i);
  const auto count = static_cast<std::size_t>(std::count(columns.begin(), columns.end(), ',') + 1);
  return "INSERT INTO " + table + "(" + columns + ") VALUES(" + placeholders(count) + ")";
}

std::string put_host_sql() {
  return "INSERT INTO host(digest, " + joined_names(host_columns()) + ") VALUES(" +
         placeholders(host_columns().size() + 1) + ")";
}

}  // namespace

struct RecordTables::Statements {
  explicit Statements(SQLite::Database& db)
      : put_series(db, [] { return put_packed_sql("series", ", phase, phase_label, cgroup"); }),
        put_kvm(db, [] { return put_packed_sql("kvm_series", ""); }),
        put_verifier(db, "INSERT INTO verifier_program VALUES(?, ?, ?, ?)"),
        put_callback(db, "INSERT INTO callback VALUES(?, ?, ?, ?, ?, ?)"),
        put_payload(db, "INSERT INTO payload_metric VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        remove_series(db, "DELETE FROM series WHERE sidecar_id = ?"),
        remove_kvm(db, "DELETE FROM kvm_series WHERE sidecar_id = ?"),
        remove_verifier(db, "DELETE FROM verifier_program WHERE sidecar_id = ?"),
        remove_callback(db, "DELETE FROM callback WHERE sidecar_id = ?"),
        remove_payload(db, "DELETE FROM payload_metric WHERE sidecar_id = ?"),
        put_host(db, put_host_sql),
        find_host(db, "SELECT host_id FROM host WHERE digest = ?"),
        put_shape(db, "INSERT INTO shape(digest) VALUES(?)"),
        find_shape(db, "SELECT shape_id FROM shape WHERE digest = ?"),
        put_shape_metric(db,
                         "INSERT INTO shape_metric(shape_id, metric, position) VALUES(?, ?, ?)") {}

  LazyStatement put_series, put_kvm, put_verifier, put_callback, put_payload, remove_series,
      remove_kvm, remove_verifier, remove_callback, remove_payload, put_host, find_host, put_shape,
      find_shape, put_shape_metric;
};

RecordTables::RecordTables(SQLite::Database& database)
    : database_(database), statements_(std::make_unique<Statements>(database)) {}

RecordTables::~RecordTables() = default;

void RecordTables::remove_children(std::int64_t sidecar_id) {
  for (LazyStatement* statement :
       {&statements_->remove_series, &statements_->remove_kvm, &statements_->remove_verifier,
        &statements_->remove_callback, &statements_->remove_payload}) {
    SQLite::Statement& remove = statement->fresh();
    remove.bind(1, sidecar_id);
    remove.exec();
  }
}

void RecordTables::put_series(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const auto& [labels, packed] : record.series) {
    const std::int64_t shape = shape_id(*packed.shape);
    SQLite::Statement& put = statements_->put_series.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    put.bind(3, shape);
    if (labels.phase) put.bind(4, *labels.phase);
    if (labels.phase_label) put.bindNoCopy(5, *labels.phase_label);
    if (labels.cgroup) put.bindNoCopy(6, *labels.cgroup);
    const double* const values = &record.values[packed.first];
    const int count = static_cast<int>(packed.shape->metrics.size());
    for (int i = 0; i < count; ++i) put.bind(7 + i, values[i]);
    put.exec();
  }
}

void RecordTables::put_kvm(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const PackedRow& packed : record.kvm) {
    const std::int64_t shape = shape_id(*packed.shape);
    SQLite::Statement& put = statements_->put_kvm.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    put.bind(3, shape);
    const std::uint64_t* const sums = &record.kvm_sums[packed.first];
    const int count = static_cast<int>(packed.shape->metrics.size());
    for (int i = 0; i < count; ++i) bind_value(put, 4 + i, integer_value(sums[i]));
    put.exec();
  }
}

void RecordTables::put_children(std::int64_t sidecar_id, const ExtractedRecord& record) {
  put_series(sidecar_id, record);
  put_kvm(sidecar_id, record);
  put_programs(sidecar_id, record);
  for (const PayloadMetricRow& metric : record.payload_metrics) {
    SQLite::Statement& put = statements_->put_payload.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, metric.invocation);
    put.bind(3, metric.position);
    int index = 3;
    for (const Value& value : metric.values) bind_borrowed(put, ++index, value);
    put.exec();
  }
}

void RecordTables::put_programs(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const VerifierRow& program : record.verifier) {
    SQLite::Statement& put = statements_->put_verifier.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    bind_borrowed(put, 3, program.program);
    bind_borrowed(put, 4, program.verified_insns);
    put.exec();
  }
  position = 0;
  for (const CallbackRow& program : record.callbacks) {
    SQLite::Statement& put = statements_->put_callback.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    bind_borrowed(put, 3, program.program);
    bind_borrowed(put, 4, program.cnt);
    bind_borrowed(put, 5, program.nsecs);
    bind_borrowed(put, 6, program.nsecs_per_call);
    put.exec();
  }
}

std::int64_t RecordTables::host_id(const HostRow& host) {
  if (const auto cached = host_ids_.find(host.digest); cached != host_ids_.end()) {
    return cached->second;
  }
  SQLite::Statement& find = statements_->find_host.fresh();
  find.bind(1, host.digest);
  std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id == 0) id = insert_host(host);
  host_ids_.emplace(host.digest, id);
  return id;
}

std::int64_t RecordTables::insert_host(const HostRow& host) {
  SQLite::Statement& put = statements_->put_host.fresh();
  put.bind(1, host.digest);
  int index = 1;
  for (const Value& value : host.values) bind_value(put, ++index, value);
  put.exec();
  return database_.getLastInsertRowid();
}

std::int64_t RecordTables::shape_id(const SeriesShape& shape) {
  if (const auto cached = shape_ids_.find(shape.digest); cached != shape_ids_.end()) {
    return cached->second;
  }
  SQLite::Statement& find = statements_->find_shape.fresh();
  find.bind(1, shape.digest);
  std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id == 0) id = insert_shape(shape);
  shape_ids_.emplace(shape.digest, id);
  return id;
}

std::int64_t RecordTables::insert_shape(const SeriesShape& shape) {
  SQLite::Statement& put = statements_->put_shape.fresh();
  put.bind(1, shape.digest);
  put.exec();
  const std::int64_t id = database_.getLastInsertRowid();
  std::int64_t position = 0;
  for (const std::string& metric : shape.metrics) {
    SQLite::Statement& add = statements_->put_shape_metric.fresh();
    add.bind(1, id);
    add.bind(2, metric);
    add.bind(3, position++);
    add.exec();
  }
  return id;
}

void RecordTables::remove_unused_hosts() {
  database_.exec(
      "DELETE FROM host WHERE NOT EXISTS (SELECT 1 FROM sidecar WHERE sidecar.host_id = "
      "host.host_id)");
  forget_cached_ids();
}

void RecordTables::forget_cached_ids() {
  host_ids_.clear();
  shape_ids_.clear();
}

}  // namespace ktstr
