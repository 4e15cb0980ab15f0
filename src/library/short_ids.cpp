// SPDX-License-Identifier: MIT
#include "library/short_ids.hpp"

#include "catalog/connection.hpp"

namespace ktstr {

ShortIdRows::ShortIdRows(SQLite::Database& database, std::unique_ptr<RowSource> rows)
    : path_(database.getFilename()), rows_(std::move(rows)), prefixes_(database) {
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
      if (id != nullptr) *id = prefixes_.shortest(*id);
    }
    return true;
  });
}

}  // namespace ktstr
