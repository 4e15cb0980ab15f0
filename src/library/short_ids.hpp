// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "catalog/summary.hpp"

namespace ktstr {

/// Rows with each id in the column `id` cut to the shortest prefix that names its result, in an
/// archive that is attached, too.
class ShortIdRows : public RowSource {
 public:
  /// Throws SQLite::Exception.
  ShortIdRows(SQLite::Database& database, std::unique_ptr<RowSource> rows);

  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_->columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override;

 private:
  std::string path_;
  // Before the prefixes, whose statements must end before the guard that the rows hold.
  std::unique_ptr<RowSource> rows_;
  IdPrefixes prefixes_;
  std::optional<IdPrefixes> past_prefixes_;
  std::vector<std::size_t> id_columns_;
};

}  // namespace ktstr
