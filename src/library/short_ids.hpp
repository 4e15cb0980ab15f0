// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "catalog/summary.hpp"

namespace ktstr {

/// Rows with each id in the column `id` cut to the shortest prefix that names its result. Make it
/// before the rows: while they live the connection refuses statements on tables.
class ShortIdRows : public RowSource {
 public:
  explicit ShortIdRows(SQLite::Database& database)
      : path_(database.getFilename()), prefixes_(database) {}
  void set_rows(std::unique_ptr<RowSource> rows);

  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_->columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override;

 private:
  std::string path_;
  IdPrefixes prefixes_;
  std::unique_ptr<RowSource> rows_;
  std::vector<std::size_t> id_columns_;
};

}  // namespace ktstr
