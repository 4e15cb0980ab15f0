// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "report/row_renderer.hpp"

namespace ktstr {

inline const Value k_null = std::monostate{};
inline Value integer(std::int64_t number) { return number; }
inline Value text(std::string bytes) { return bytes; }

/// Rows from memory.
class ListedRows : public RowSource {
 public:
  ListedRows(std::vector<RowColumn> columns, std::vector<std::vector<Value>> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  std::vector<RowColumn> columns_;
  std::vector<std::vector<Value>> rows_;
  std::size_t at_ = 0;
};

/// `count` equal rows and then, if there is one, an error.
class RepeatedRows : public RowSource {
 public:
  RepeatedRows(std::vector<RowColumn> columns, std::vector<Value> row, std::size_t count)
      : columns_(std::move(columns)), row_(std::move(row)), left_(count) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    if (left_ == 0) return fails_ ? Result<bool>(fail(ErrorCode::timeout, "too slow")) : false;
    --left_;
    ++given_;
    row = row_;
    return true;
  }
  void fail_at_the_end() { fails_ = true; }
  [[nodiscard]] std::size_t given() const { return given_; }

 private:
  std::vector<RowColumn> columns_;
  std::vector<Value> row_;
  std::size_t left_;
  std::size_t given_ = 0;
  bool fails_ = false;
};

struct Rendered {
  std::string text;
  RenderSummary summary;
};

inline Rendered rendered(RowSource& source, const RenderOptions& options) {
  StringOutput output;
  const auto summary = render_rows(source, output, options);
  EXPECT_TRUE(summary.has_value());
  return {output.text(), summary.value_or(RenderSummary{})};
}

inline Rendered rendered(std::vector<RowColumn> columns, std::vector<std::vector<Value>> rows,
                         const RenderOptions& options) {
  ListedRows source(std::move(columns), std::move(rows));
  return rendered(source, options);
}

inline std::string as(Format format, std::vector<RowColumn> columns,
                      std::vector<std::vector<Value>> rows) {
  RenderOptions options;
  options.format = format;
  return rendered(std::move(columns), std::move(rows), options).text;
}

}  // namespace ktstr
