// SPDX-License-Identifier: MIT
#include <memory>

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

// What some answer or other leaves out.
constexpr const char* k_left_out_sql =
    "SELECT path, status, error FROM files WHERE status <> 'ok' ORDER BY run_dir, job, file_name";

struct ListArguments {
  bool left_out = false;
};

const std::vector<RowColumn>& left_out_columns() {
  static const std::vector<RowColumn> columns = {{"path", 0, 24}, {"status"}, {"error", 0, 24}};
  return columns;
}

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
  ListRows(const std::vector<RowColumn>& columns, std::unique_ptr<RowSource> rows)
      : columns_(columns), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override { return rows_->next(row); }

 private:
  const std::vector<RowColumn>& columns_;
  std::unique_ptr<RowSource> rows_;
};

Result<std::unique_ptr<RowSource>> list_rows(Session& session, bool left_out) {
  auto rows =
      run_statement(session.database(), left_out ? k_left_out_sql : k_list_sql, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return std::make_unique<ListRows>(left_out ? left_out_columns() : list_columns(),
                                    std::move(*rows));
}

int run(const Context& context, const ListArguments& arguments) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return context.failed(session.error());
    // No runs yet is nothing to fail over; the document is empty and valid.
    context.note(session.error().text());
    RowList nothing(arguments.left_out ? left_out_columns() : list_columns(), {});
    return context.print_rows(nothing);
  }
  const Answer answer =
      print_answer(context, *session, [&] { return list_rows(*session, arguments.left_out); });
  if (answer.status != k_done || arguments.left_out) return answer.status;
  if (answer.rows == 0) context.note("no run directories in " + session->paths().root.path);
  note_left_out(context, *session, true);
  return k_done;
}

}  // namespace

Command make_list_command(const Context& context) {
  auto arguments = std::make_shared<ListArguments>();
  Command command;
  command.name = "list";
  command.group = "Questions";
  command.summary = "The run directories, newest first";
  command.description =
      "TESTS counts the results that the harness itself would load, and the verdicts add up to it. "
      "The files that it could not load are what --left-out lists: corrupt, unreadable, or of "
      "another schema version (drift), each with the reason.";
  command.options = {
      {"--left-out", "", "The files that answers leave out, and why", &arguments->left_out}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
