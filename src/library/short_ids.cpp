// SPDX-License-Identifier: MIT
#include "library/short_ids.hpp"

#include "catalog/connection.hpp"
#include "query/past.hpp"

namespace ktstr {

ShortIdRows::ShortIdRows(SQLite::Database& database, std::unique_ptr<RowSource> rows)
    : path_(database.getFilename()), rows_(std::move(rows)), prefixes_(database) {
  if (is_past_attached(database)) past_prefixes_.emplace(database, "past");
  for (std::size_t i = 0; i < rows_->columns().size(); ++i) {
    if (rows_->columns()[i].name == "id") id_columns_.push_back(i);
  }
}

Result<bool> ShortIdRows::next(std::vector<Value>& row) {
  auto more = rows_->next(row);
  if (!more || !*more) return more;
  return guarded(path_, [&] {
    for (const std::size_t column : id_columns_) {
      auto* const id = std::get_if<std::string>(&row[column]);
      if (id == nullptr) continue;
      std::string shortest = prefixes_.shortest(*id);
      if (past_prefixes_) {
        std::string other = past_prefixes_->shortest(*id);
        if (other.size() > shortest.size()) shortest = std::move(other);
      }
      *id = std::move(shortest);
    }
    return true;
  });
}

}  // namespace ktstr
