// SPDX-License-Identifier: MIT
#include "answer.hpp"
#include "commands/commands.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

// The first four columns are the harness's own listing; a run with several architectures shows the
// first, as the harness does.
constexpr const char* k_list_sql =
    "SELECT run_dir AS run, tests, first_timestamp AS date, "
    "coalesce(arch, (SELECT r.arch FROM pool r WHERE r.run_dir = d.run_dir AND r.arch IS NOT NULL "
    "ORDER BY r.job, r.file_name LIMIT 1)) AS arch, "
    "pass, fail, skip, inconclusive FROM run_dirs d ORDER BY mtime_ns DESC, run_dir";

const std::vector<RowColumn>& list_columns() {
  // A date is whole or useless; the architecture is nearly always the same.
  static const std::vector<RowColumn> columns = {{"run", 0, 15}, {"tests"},       {"date", 0, 20},
                                                 {"arch", 1},    {"pass"},        {"fail"},
                                                 {"skip"},       {"inconclusive"}};
  return columns;
}

/// The statement's rows with columns that know what a narrow terminal may do to them.
class ListRows : public RowSource {
 public:
  explicit ListRows(std::unique_ptr<RowSource> rows) : rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return list_columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override { return rows_->next(row); }

 private:
  std::unique_ptr<RowSource> rows_;
};

Result<std::unique_ptr<RowSource>> list_rows(Session& session) {
  auto rows = run_statement(session.database(), k_list_sql, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return std::make_unique<ListRows>(std::move(*rows));
}

int run(const Context& context) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return context.failed(session.error());
    // No runs yet is nothing to fail over; the document is empty and valid.
    context.note(session.error().text());
    RowList nothing(list_columns(), {});
    return context.print_rows(nothing);
  }
  const Answer answer = print_answer(context, *session, [&] { return list_rows(*session); });
  if (answer.status == k_done) {
    if (answer.rows == 0) context.note("no run directories in " + session->paths().root.path);
    note_left_out(context, *session, true);
  }
  return answer.status;
}

}  // namespace

Command make_list_command(const Context& context) {
  Command command;
  command.name = "list";
  command.group = "Questions";
  command.summary = "The run directories, newest first";
  command.description =
      "TESTS counts the results that the harness itself would load, and the verdicts add up to it.";
  command.run = [&context] { return run(context); };
  return command;
}

}  // namespace ktstr
