// SPDX-License-Identifier: MIT
#include "operations/versions.hpp"

#include <limits>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "archive/tables.hpp"
#include "base/text.hpp"
#include "database/connection.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_least_id_digits = 4;
constexpr std::size_t k_id_digits = 32;
constexpr std::size_t k_hash_digits = 16;

constexpr const char* k_sidecars =
    "SELECT s.sidecar_id, d.root_id, s.directory_id, d.run_dir, d.job, s.file_name, 'sidecar', "
    "s.id, s.size_bytes, s.mtime_ns, s.session, NULL, s.first_seen_ns, s.ended_ns, 0 "
    "FROM sidecar s JOIN directory d USING(directory_id) JOIN runs_root r USING(root_id) WHERE ";

std::string artifacts_sql() {
  return "SELECT a.artifact_id, d.root_id, a.directory_id, d.run_dir, d.job, a.file_name, a.kind, "
         "a.id, a.size_bytes, a.mtime_ns, a.session, a.not_kept, a.first_seen_ns, a.ended_ns, "
         "coalesce(" +
         dump_owner_sql("a") +
         ", 0) FROM artifact a JOIN directory d USING(directory_id) WHERE a.directory_id = ?";
}

std::optional<std::int64_t> integer_at(SQLite::Statement& row, int index) {
  if (row.getColumn(index).isNull()) return std::nullopt;
  return row.getColumn(index).getInt64();
}

std::vector<FileVersion> read_versions(SQLite::Statement& select) {
  std::vector<FileVersion> versions;
  while (select.executeStep()) {
    FileVersion& version = versions.emplace_back();
    version.row_id = select.getColumn(0).getInt64();
    version.root_id = select.getColumn(1).getInt64();
    version.directory_id = select.getColumn(2).getInt64();
    version.run_dir = column_bytes(select, 3);
    version.job = column_bytes(select, 4);
    version.file_name = column_bytes(select, 5);
    version.kind = column_bytes(select, 6);
    version.id = column_bytes(select, 7);
    version.size_bytes = select.getColumn(8).getInt64();
    version.mtime_ns = integer_at(select, 9);
    if (!select.getColumn(10).isNull()) version.session = column_bytes(select, 10);
    version.not_kept = column_bytes(select, 11);
    version.first_seen_ns = select.getColumn(12).getInt64();
    version.ended_ns = integer_at(select, 13);
    version.owner = select.getColumn(14).getInt64();
  }
  return versions;
}

/// Which came later. A file that was put back as it had been keeps its old mtime.
std::tuple<std::int64_t, std::int64_t, std::int64_t> order_of(const FileVersion& version) {
  return {version.begin_ns(), version.first_seen_ns, version.row_id};
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::vector<FileVersion> sidecar_versions(SQLite::Database& archive, const std::string& condition,
                                          const std::vector<Value>& parameters) {
  SQLite::Statement select(archive, k_sidecars + condition);
  int index = 0;
  for (const Value& value : parameters) bind_value(select, ++index, value);
  return read_versions(select);
}

std::vector<FileVersion> versions_by_id(SQLite::Database& archive, std::string_view name) {
  std::string prefix(name);
  for (char& letter : prefix) {
    if (letter >= 'A' && letter <= 'F') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (prefix.size() < k_least_id_digits || prefix.size() > k_id_digits || !is_hex(prefix)) {
    return {};
  }
  return sidecar_versions(archive, "s.id >= ? AND s.id < ?", {prefix, prefix + "g"});
}

std::vector<FileVersion> versions_by_parts(SQLite::Database& archive, std::string_view name) {
  const std::vector<std::string_view> parts = split(name, '/');
  const std::string last(parts.back());
  if (parts.size() > 3 || last.empty()) return {};
  std::string condition = "(s.test_name = ?1 OR s.file_name IN (?1, ?1 || '.ktstr.json')";
  std::vector<Value> values = {last};
  const std::size_t dash = last.size() > k_hash_digits ? last.size() - k_hash_digits - 1 : 0;
  if (dash > 0 && last[dash] == '-' && is_hex(std::string_view(last).substr(dash + 1))) {
    condition += " OR (s.test_name = ?2 AND (s.file_hash = ?3 OR s.variant_hash = ?3))";
    values.emplace_back(last.substr(0, dash));
    values.emplace_back(last.substr(dash + 1));
  }
  condition += ")";
  const auto next = [&values] { return "?" + std::to_string(values.size()); };
  if (parts.size() == 2) {
    values.emplace_back(std::string(parts[0]));
    condition += " AND (d.run_dir = " + next() + " OR d.job = " + next() + ")";
  } else if (parts.size() == 3) {
    values.emplace_back(std::string(parts[0]));
    condition += " AND d.run_dir = " + next();
    values.emplace_back(std::string(parts[1]));
    condition += " AND d.job = " + next();
  }
  return sidecar_versions(archive, condition, values);
}

std::vector<FileVersion> artifact_versions(SQLite::Database& archive, std::int64_t directory_id) {
  SQLite::Statement select(archive, artifacts_sql());
  select.bind(1, directory_id);
  return read_versions(select);
}

std::vector<FileVersion> newest_of_each(std::vector<FileVersion> versions,
                                        std::optional<std::int64_t> at_ns) {
  std::map<std::pair<std::int64_t, std::string>, FileVersion> newest;
  for (FileVersion& version : versions) {
    if (at_ns && version.begin_ns() > *at_ns) continue;
    const std::pair<std::int64_t, std::string> file(version.directory_id, version.file_name);
    const auto found = newest.find(file);
    if (found == newest.end()) {
      newest.emplace(file, std::move(version));
    } else if (order_of(found->second) < order_of(version)) {
      found->second = std::move(version);
    }
  }
  std::vector<FileVersion> chosen;
  chosen.reserve(newest.size());
  for (auto& [file, version] : newest) chosen.push_back(std::move(version));
  return chosen;
}

std::vector<FileVersion> standing_at(std::vector<FileVersion> versions, std::int64_t at_ns) {
  std::erase_if(versions, [at_ns](const FileVersion& version) {
    return version.ended_ns && *version.ended_ns <= at_ns;
  });
  return versions;
}

std::int64_t last_moment(const std::vector<FileVersion>& versions) {
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
  for (const FileVersion& version : versions) {
    if (!version.ended_ns) return std::numeric_limits<std::int64_t>::max();
    last_ns = std::max(last_ns, *version.ended_ns - 1);
  }
  return last_ns;
}

}  // namespace ktstr
