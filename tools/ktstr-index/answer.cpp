// SPDX-License-Identifier: MIT
#include "answer.hpp"

#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "library/index.hpp"

namespace ktstr {
namespace {

/// Hands rows through and remembers the last one's first value.
class WatchedRows : public RowSource {
 public:
  explicit WatchedRows(RowSource& rows) : rows_(rows) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_.columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    auto more = rows_.next(row);
    if (more && *more && !row.empty()) {
      if (const auto* integer = std::get_if<std::int64_t>(row.data())) last_ = *integer;
    }
    return more;
  }
  [[nodiscard]] std::int64_t last_integer() const { return last_; }

 private:
  RowSource& rows_;
  std::int64_t last_ = 0;
};

/// Rows under other columns.
class RelabelledRows : public RowSource {
 public:
  RelabelledRows(std::vector<RowColumn> columns, std::unique_ptr<RowSource> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override { return rows_->next(row); }

 private:
  std::vector<RowColumn> columns_;
  std::unique_ptr<RowSource> rows_;
};

}  // namespace

std::unique_ptr<RowSource> with_columns(std::vector<RowColumn> columns,
                                        std::unique_ptr<RowSource> rows) {
  return std::make_unique<RelabelledRows>(std::move(columns), std::move(rows));
}

Answer print_answer(const Context& context, OpenIndex& index, std::int64_t timeout_ns,
                    const MakeRows& make) {
  Answer answer;
  const auto printed = guarded(index.catalog_path(), [&]() -> Result<void> {
    auto rows = make_bounded(index.database(), timeout_ns, make);
    if (!rows) return fail(std::move(rows.error()));
    if (context.is_for_people()) {
      *rows = std::make_unique<ShortIdRows>(index.database(), std::move(*rows));
    }
    WatchedRows watched(**rows);
    answer.status = context.print_rows(
        watched, [&] { return index.is_stale(); }, &answer.rows);
    answer.last_integer = watched.last_integer();
    return {};
  });
  if (!printed) answer.status = context.failed(printed.error());
  return answer;
}

int expected(const Context& context, const OpenIndex& index, const std::string& expect,
             std::uint64_t found, int status) {
  if (status != k_done || expect.empty()) return status;
  if (found == 0 && index.is_partial()) {
    return context.failed({ErrorCode::busy, "nothing was found, but not everything was looked at"});
  }
  return (found > 0) == (expect == "some") ? k_done : k_said_no;
}

void note_left_out(const Context& context, OpenIndex& index, bool strict) {
  const std::string note = left_out_note(index.database(), strict);
  if (note.empty()) return;
  const auto& root = index.named_root();
  const std::string pool = root ? " " + shell_option("--root", *root) : "";
  context.note(note + " (list --left-out" + pool + ")");
}

int failed_or_stopped(const Context& context, const Error& error, const StopRequest& stop) {
  const int status = context.failed(error);
  return error.code == ErrorCode::interrupted ? k_signalled + stop.signal() : status;
}

}  // namespace ktstr
