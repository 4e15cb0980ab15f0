// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "catalog/connection.hpp"
#include "commands/commands.hpp"
#include "commands/over_options.hpp"
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
  OverArguments over;
};

const std::vector<RowColumn>& left_out_columns() {
  static const std::vector<RowColumn> columns = {{"path", 0, 24}, {"status"}, {"error", 0, 24}};
  return columns;
}

const std::vector<RowColumn>& list_columns() {
  // A name that is cut and a date without its end are useless; the architecture is nearly always
  // the same.
  static const std::vector<RowColumn> columns = {
      {"run", 0, 20}, {"tests", 1}, {"date", 2, 20}, {"arch", 5},
      {"pass", 3},    {"fail", 1},  {"skip", 4},     {"inconclusive", 4, 7}};
  return columns;
}

Result<std::unique_ptr<RowSource>> list_rows(Session& session, bool left_out) {
  auto rows =
      run_statement(session.database(), left_out ? k_left_out_sql : k_list_sql, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return with_columns(left_out ? left_out_columns() : list_columns(), std::move(*rows));
}

Result<bool> has_runs(Session& session) {
  return guarded(session.catalog_path(), [&]() -> Result<bool> {
    return session.database().execAndGet("SELECT EXISTS(SELECT 1 FROM run_dirs)").getInt() != 0;
  });
}

/// Without runs a person gets no header over nothing, as the harness has it.
Answer print_runs(const Context& context, Session& session) {
  if (context.format() == Format::table) {
    const auto some = has_runs(session);
    if (!some) return {context.failed(some.error())};
    if (!*some) return {};
  }
  return print_answer(context, session, 0, [&] { return list_rows(session, false); });
}

int run(const Context& context, const ListArguments& arguments) {
  auto session = open_over(context, arguments.over);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return context.failed(session.error());
    context.note_no_root(session.error());
    if (context.format() == Format::table) return k_done;
    RowList nothing(arguments.left_out ? left_out_columns() : list_columns(), {});
    return context.print_rows(nothing);
  }
  if (arguments.left_out) {
    return print_answer(context, *session, 0, [&] { return list_rows(*session, true); }).status;
  }
  const Answer answer = print_runs(context, *session);
  if (answer.status != k_done) return answer.status;
  if (answer.rows == 0) context.note("no run directories in " + session->paths().root.path);
  if (over_of(session->database()) != Over::past) note_left_out(context, *session, true);
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
      "another schema version (drift), each with the reason.\n\n"
      "--over past lists the run directories that the archive knows: of each file name it counts "
      "what stood there last, so that the numbers are those of the directory's last state. --over "
      "all has those that are there now as they are, and the archive's others.";
  command.options = {
      {"--left-out", "", "The files that answers leave out, and why", &arguments->left_out}};
  for (Option& option : over_options(arguments->over)) {
    command.options.push_back(std::move(option));
  }
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
