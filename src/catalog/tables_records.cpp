// SPDX-License-Identifier: MIT

// What hangs on a record in CatalogTables: series, the small lists, hosts and shapes.

#include <algorithm>

#include "base/hashing.hpp"
#include "catalog/connection.hpp"
#include "catalog/statements.hpp"
#include "catalog/tables.hpp"
#include "catalog/views.hpp"

namespace ktstr {

void CatalogTables::remove_children(std::int64_t sidecar_id) {
  for (LazyStatement* statement :
       {&statements_->remove_series, &statements_->remove_kvm, &statements_->remove_verifier,
        &statements_->remove_callback, &statements_->remove_payload}) {
    SQLite::Statement& remove = statement->fresh();
    remove.bind(1, sidecar_id);
    remove.exec();
  }
}

template <typename Values>
void CatalogTables::put_packed(LazyStatement& statement, std::int64_t sidecar_id,
                               std::int64_t& position, const Values& values,
                               const SeriesRow* labels) {
  constexpr auto k_width = static_cast<std::size_t>(k_series_width);
  for (std::size_t first = 0; first < values.size(); first += k_width) {
    const std::size_t count = std::min(k_width, values.size() - first);
    std::vector<std::string> names;
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) names.push_back(values[first + i].first);
    const std::int64_t shape = shape_id(names);

    SQLite::Statement& put = statement.fresh();
    int index = 0;
    put.bind(++index, sidecar_id);
    put.bind(++index, position++);
    put.bind(++index, shape);
    if (labels != nullptr) {
      ++index;
      if (labels->phase) put.bind(index, *labels->phase);
      bind_optional(put, ++index, labels->phase_label);
      bind_optional(put, ++index, labels->cgroup);
    }
    for (std::size_t i = 0; i < count; ++i)
      bind_value(put, ++index, Value(values[first + i].second));
    put.exec();
  }
}

void CatalogTables::put_children(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const SeriesRow& series : record.series) {
    put_packed(statements_->put_series, sidecar_id, position, series.values, &series);
  }
  position = 0;
  put_packed(statements_->put_kvm, sidecar_id, position, record.kvm_sums, nullptr);
  put_programs(sidecar_id, record);
  for (const PayloadMetricRow& metric : record.payload_metrics) {
    SQLite::Statement& put = statements_->put_payload.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, metric.invocation);
    put.bind(3, metric.position);
    int index = 3;
    for (const Value& value : metric.values) bind_value(put, ++index, value);
    put.exec();
  }
}

void CatalogTables::put_programs(std::int64_t sidecar_id, const ExtractedRecord& record) {
  std::int64_t position = 0;
  for (const VerifierRow& program : record.verifier) {
    SQLite::Statement& put = statements_->put_verifier.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    bind_value(put, 3, program.program);
    bind_value(put, 4, program.verified_insns);
    put.exec();
  }
  position = 0;
  for (const CallbackRow& program : record.callbacks) {
    SQLite::Statement& put = statements_->put_callback.fresh();
    put.bind(1, sidecar_id);
    put.bind(2, position++);
    bind_value(put, 3, program.program);
    bind_value(put, 4, program.cnt);
    bind_value(put, 5, program.nsecs);
    bind_value(put, 6, program.nsecs_per_call);
    put.exec();
  }
}

std::int64_t CatalogTables::host_id(const HostRow& host) {
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

std::int64_t CatalogTables::insert_host(const HostRow& host) {
  SQLite::Statement& put = statements_->put_host.fresh();
  put.bind(1, host.digest);
  int index = 1;
  for (const Value& value : host.values) bind_value(put, ++index, value);
  put.exec();
  return database_.getLastInsertRowid();
}

std::int64_t CatalogTables::shape_id(const std::vector<std::string>& metrics) {
  // A name may hold any character, so each stands behind its length.
  std::string names;
  for (const std::string& metric : metrics) names += std::to_string(metric.size()) + ':' + metric;
  if (const auto cached = shape_ids_.find(names); cached != shape_ids_.end()) {
    return cached->second;
  }
  const std::string digest = content_id(names);
  SQLite::Statement& find = statements_->find_shape.fresh();
  find.bind(1, digest);
  std::int64_t id = find.executeStep() ? find.getColumn(0).getInt64() : 0;
  find.reset();
  if (id == 0) id = insert_shape(digest, metrics);
  shape_ids_.emplace(std::move(names), id);
  return id;
}

std::int64_t CatalogTables::insert_shape(const std::string& digest,
                                         const std::vector<std::string>& metrics) {
  SQLite::Statement& put = statements_->put_shape.fresh();
  put.bind(1, digest);
  put.exec();
  const std::int64_t id = database_.getLastInsertRowid();
  std::int64_t position = 0;
  for (const std::string& metric : metrics) {
    SQLite::Statement& add = statements_->put_shape_metric.fresh();
    add.bind(1, id);
    add.bind(2, metric);
    add.bind(3, position++);
    add.exec();
  }
  return id;
}

void CatalogTables::remove_unused_hosts() {
  database_.exec(
      "DELETE FROM host WHERE NOT EXISTS (SELECT 1 FROM sidecar WHERE sidecar.host_id = "
      "host.host_id)");
  forget_cached_ids();
}

void CatalogTables::forget_cached_ids() {
  host_ids_.clear();
  shape_ids_.clear();
}

}  // namespace ktstr
