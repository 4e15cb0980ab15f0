// SPDX-License-Identifier: MIT
#include "archive/merge_source.hpp"

#include <algorithm>
#include <string_view>

#include "database/connection.hpp"
#include "database/open_database.hpp"

namespace ktstr {
namespace {

// Gaps are searched while that costs no more than reading what is known to be there.
constexpr std::int64_t k_searched_gap = 100'000;
constexpr std::int64_t k_smallest_row_bytes = 4;

std::vector<Value> all_values(SQLite::Statement& statement, int first = 0) {
  std::vector<Value> values;
  for (int i = first; i < statement.getColumnCount(); ++i) {
    values.push_back(column_value(statement, i));
  }
  return values;
}

/// SQLite keeps text in a column of numbers, and the other way round. An integer beyond 64 bits is
/// a real number in a column of integers.
bool fits(const Value& value, const std::string& type) {
  if (std::holds_alternative<std::monostate>(value) || type.empty()) return true;
  const bool wants_number = type == "INTEGER" || type == "REAL";
  return wants_number != std::holds_alternative<std::string>(value);
}

/// While a document's bytes are read, a value may be as long as those.
class LongValues {
 public:
  LongValues(SQLite::Database& database, bool allow) : database_(database) {
    allow_documents(database_, allow);
  }
  LongValues(const LongValues&) = delete;
  LongValues& operator=(const LongValues&) = delete;
  ~LongValues() { allow_documents(database_, false); }

 private:
  SQLite::Database& database_;
};

/// Adds what damage may hide between the known ones.
std::vector<std::int64_t> with_gaps(std::vector<std::int64_t> named) {
  const auto limit = [&] { return 4 * static_cast<std::int64_t>(named.size()) + k_searched_gap; };
  std::vector<std::int64_t> strays;  // made up by damage, or of an archive full of gaps
  while (!named.empty() && named.back() > limit()) {
    strays.push_back(named.back());
    named.pop_back();
  }
  std::vector<std::int64_t> all;
  for (std::int64_t id = 1; !named.empty() && id <= named.back(); ++id) all.push_back(id);
  all.insert(all.end(), strays.rbegin(), strays.rend());
  return all;
}

}  // namespace

const Value& SourceRow::operator[](const std::string& name) const {
  static const Value none;
  const auto found = std::find(names->begin(), names->end(), name);
  return found == names->end() ? none : values[static_cast<std::size_t>(found - names->begin())];
}

std::string SourceRow::text(const std::string& name) const {
  const auto* const text = std::get_if<std::string>(&(*this)[name]);
  return text != nullptr ? *text : std::string();
}

void SourceRow::set(const std::string& name, Value value) {
  const auto found = std::find(names->begin(), names->end(), name);
  if (found == names->end()) return;
  values.at(static_cast<std::size_t>(found - names->begin())) = std::move(value);
}

std::int64_t SourceRow::integer(const std::string& name) const {
  return optional_integer(name).value_or(0);
}

std::optional<std::int64_t> SourceRow::optional_integer(const std::string& name) const {
  const auto* const integer = std::get_if<std::int64_t>(&(*this)[name]);
  return integer != nullptr ? std::optional(*integer) : std::nullopt;
}

bool SourceIds::is_named(std::int64_t id) const {
  return std::binary_search(named.begin(), named.end(), id);
}

Result<std::unique_ptr<MergeSource>> MergeSource::open(const std::string& path, bool is_tolerant,
                                                       const std::function<bool()>& should_stop) {
  if (auto checked = check_database_files(path, FollowLinks::yes); !checked) {
    return fail(std::move(checked.error()));
  }
  auto opened =
      is_tolerant ? ForeignDatabase::open_damaged(path) : ForeignDatabase::open(path, should_stop);
  if (!opened) return fail(std::move(opened.error()));
  std::unique_ptr<MergeSource> source(new MergeSource(path, is_tolerant, std::move(*opened)));
  auto counted = guarded(path, [&] { source->count_rows(); });
  if (!counted) return fail(std::move(counted.error()));
  return source;
}

void MergeSource::count_rows() {
  SQLite::Database& database = opened_.database();
  const std::int64_t pages = database.execAndGet("PRAGMA page_count").getInt64();
  const std::int64_t page_bytes = database.execAndGet("PRAGMA page_size").getInt64();
  most_rows_ = pages * page_bytes / k_smallest_row_bytes;
}

SQLite::Statement& MergeSource::statement(const std::string& sql) {
  auto& kept = statements_[sql];
  if (!kept) kept = std::make_unique<SQLite::Statement>(opened_.database(), sql);
  kept->tryReset();  // reset() would throw the last failure once more
  return *kept;
}

template <typename Row>
void MergeSource::each(const std::string& sql, std::optional<std::int64_t> id, Row row) {
  try {
    SQLite::Statement& select = statement(sql);
    if (id) select.bind(1, *id);
    // Pages that name each other in a circle would give rows without end.
    for (std::int64_t count = 0; select.executeStep(); ++count) {
      if (count > most_rows_) throw failure("its pages form a circle");
      row(select);
    }
    select.tryReset();
  } catch (const SQLite::Exception& exception) {
    throw SourceFailure(sqlite_error(exception, path_));
  }
}

template <typename Row>
bool MergeSource::each_readable(const std::string& sql, Row row) {
  try {
    each(sql, std::nullopt, row);
    return true;
  } catch (const SourceFailure&) {
    return false;
  }
}

const MergeSource::Table& MergeSource::table(const std::string& name) {
  const auto [entry, is_new] = tables_.try_emplace(name);
  Table& table = entry->second;
  if (is_new && opened_.has_table(name)) {
    each("SELECT name, type FROM pragma_table_info('" + name + "') ORDER BY cid", std::nullopt,
         [&](SQLite::Statement& select) {
           table.columns.push_back(column_bytes(select, 0));
           table.types.push_back(column_bytes(select, 1));
         });
  }
  if (table.columns.empty()) {
    lost_tables_.insert(name);
    throw failure("it has no table " + name + " of ours");
  }
  return table;
}

const std::vector<std::string>& MergeSource::columns(const std::string& table_name) {
  return table(table_name).columns;
}

SourceRow MergeSource::checked_row(const std::string& name, SQLite::Statement& select) {
  const Table& from = table(name);
  SourceRow row{&from.columns, all_values(select)};
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (fits(row.values[i], from.types[i])) continue;
    throw failure("a row of " + name + " has no " + from.types[i] + " as " + from.columns[i]);
  }
  return row;
}

std::vector<MergeSource::Index> MergeSource::indexes(const std::string& table) {
  std::vector<Index> found;
  const std::string sql =
      "SELECT l.name, (SELECT group_concat(name, ', ') FROM (SELECT name FROM "
      "pragma_index_info(l.name) ORDER BY seqno)) FROM pragma_index_list('" +
      table + "') l WHERE NOT l.partial";
  each_readable(sql, [&](SQLite::Statement& select) {
    found.push_back({column_bytes(select, 0), column_bytes(select, 1)});
  });
  return found;
}

SourceIds MergeSource::ids(const std::string& table) {
  SourceIds ids;
  (void)columns(table);
  const auto take = [&](SQLite::Statement& select) {
    if (const auto id = select.getColumn(0).getInt64(); id > 0) ids.named.push_back(id);
  };
  const std::string select = "SELECT rowid FROM " + table + " ";
  if (!is_tolerant_) {
    each(select + "NOT INDEXED ORDER BY rowid", std::nullopt, take);
    ids.all = ids.named;
    return ids;
  }
  if (!each_readable(select + "NOT INDEXED ORDER BY rowid", take)) {
    each_readable(select + "NOT INDEXED ORDER BY rowid DESC", take);
  }
  for (const Index& index : indexes(table)) {
    const std::string by = select + "INDEXED BY " + index.name + " ORDER BY " +
                           index.columns.substr(0, index.columns.find(','));
    if (!each_readable(by, take)) each_readable(by + " DESC", take);
  }
  std::sort(ids.named.begin(), ids.named.end());
  ids.named.erase(std::unique(ids.named.begin(), ids.named.end()), ids.named.end());
  ids.all = with_gaps(ids.named);
  return ids;
}

std::optional<SourceRow> MergeSource::row(const std::string& table, std::int64_t id) {
  const LongValues long_values(opened_.database(), table == "document_bytes");
  std::optional<SourceRow> found;
  each("SELECT " + joined_names(columns(table)) + " FROM " + table + " NOT INDEXED WHERE rowid = ?",
       id, [&](SQLite::Statement& select) { found = checked_row(table, select); });
  return found;
}

std::vector<SourceRow> MergeSource::rows_of(const std::string& table, const std::string& key,
                                            std::int64_t id) {
  std::vector<SourceRow> rows;
  each("SELECT " + joined_names(columns(table)) + " FROM " + table + " WHERE " + key + " = ?", id,
       [&](SQLite::Statement& select) { rows.push_back(checked_row(table, select)); });
  return rows;
}

std::map<std::int64_t, std::vector<Value>> MergeSource::covered(const std::string& table,
                                                                const std::string& columns) {
  std::map<std::int64_t, std::vector<Value>> rows;
  const auto take = [&](SQLite::Statement& select) {
    rows.emplace(select.getColumn(0).getInt64(), all_values(select, 1));
  };
  for (const Index& index : indexes(table)) {
    if (index.columns != columns) continue;
    std::string by = "SELECT rowid, ";
    by.append(columns).append(" FROM ").append(table).append(" INDEXED BY ").append(index.name);
    by.append(" ORDER BY ").append(columns.substr(0, columns.find(',')));
    if (each_readable(by, take)) continue;
    each_readable(by.append(" DESC"), take);
  }
  return rows;
}

std::vector<SourceRow> MergeSource::all_rows(const std::string& table) {
  std::vector<SourceRow> rows;
  const auto take = [&](SQLite::Statement& select) { rows.push_back(checked_row(table, select)); };
  const std::string select =
      "SELECT " + joined_names(columns(table)) + " FROM " + table + " ORDER BY 1";
  if (!is_tolerant_) {
    each(select, std::nullopt, take);
  } else if (!each_readable(select, take)) {
    lost_tables_.insert(table);
    each_readable(select + " DESC", take);
  }
  return rows;
}

}  // namespace ktstr
