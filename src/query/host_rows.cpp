// SPDX-License-Identifier: MIT
#include "query/host_rows.hpp"

#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "catalog/connection.hpp"
#include "catalog/extract.hpp"
#include "ktstr/record_json.hpp"

namespace ktstr {
namespace {

constexpr const char* k_from =
    "\nFROM sidecar t JOIN directory d USING(directory_id) LEFT JOIN host h USING(host_id)\n"
    "WHERE t.status = 'ok'";

/// These two columns hold JSON already, and so does heap_state.
bool holds_json(const std::string& column) {
  return column == "sched_tunables" || column == "cpufreq_governor" || column == "heap_state";
}

/// The record's host keys: the table's columns but for the one that is computed.
std::vector<std::string> host_keys() {
  std::vector<std::string> keys;
  for (const std::string& column : host_columns()) {
    if (column != "host_key") keys.push_back(column);
  }
  keys.emplace_back("heap_state");
  return keys;
}

void append_member(std::string& json, const std::string& key, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  if (json.back() != '{') json += ',';
  append_json_string(json, key);
  json += ':';
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (holds_json(key)) {
      json += *text;
    } else {
      append_json_string(json, *text);
    }
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    json += std::to_string(*integer);
  } else {
    append_json_double(json, std::get<double>(value));
  }
}

/// Written as the file had it and read by the one decoder, which knows every key's type. The other
/// keys of a record are missing, but a host that can be read is read all the same.
Result<HostContext> read_host(SQLite::Statement& statement, const std::vector<std::string>& keys) {
  std::string json = "{";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    append_member(json, keys[i], column_value(statement, static_cast<int>(i) + 1));
  }
  auto decoded = decode_record("{\"host\":" + json + "}}", SampleHandling::reduce);
  if (!decoded) return fail(std::move(decoded.error()));
  return decoded->record.host ? std::move(*decoded->record.host) : HostContext{};
}

std::string condition_of(const std::optional<NamedRun>& run) {
  if (!run) return {};
  return run->job ? " AND d.run_dir = ?1 AND d.job = ?2" : " AND d.run_dir = ?1";
}

void bind_run(SQLite::Statement& statement, const std::optional<NamedRun>& run) {
  if (!run) return;
  statement.bind(1, run->run_dir);
  if (run->job) statement.bind(2, *run->job);
}

}  // namespace

Result<std::optional<FoundHost>> first_host(SQLite::Database& database,
                                            const std::optional<NamedRun>& run) {
  using Found = std::optional<FoundHost>;
  return guarded(database.getFilename(), [&]() -> Result<Found> {
    const std::vector<std::string> keys = host_keys();
    std::string sql = "SELECT t.test_name";
    for (const std::string& key : keys) sql += ", " + key;
    sql += k_from + condition_of(run) + " AND t.host_id IS NOT NULL\n" +
           "ORDER BY d.run_dir, d.job, t.file_name LIMIT 1";
    SQLite::Statement statement(database, sql);
    bind_run(statement, run);
    if (!statement.executeStep()) return Found();
    auto host = read_host(statement, keys);
    if (!host) return fail(std::move(host.error()));
    return Found({std::move(*host), column_bytes(statement, 0)});
  });
}

Result<HostCounts> count_hosts(SQLite::Database& database, const NamedRun& run) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(
        database,
        std::string("SELECT count(*), count(DISTINCT h.host_key)") + k_from + condition_of(run));
    bind_run(statement, run);
    statement.executeStep();
    return HostCounts{statement.getColumn(0).getInt64(), statement.getColumn(1).getInt64()};
  });
}

}  // namespace ktstr
