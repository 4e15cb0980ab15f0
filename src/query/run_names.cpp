// SPDX-License-Identifier: MIT
#include "query/run_names.hpp"

#include "base/text.hpp"
#include "catalog/connection.hpp"

namespace ktstr {
namespace {

constexpr const char* k_key_hint =
    "a run is named as `ktstr-index list` shows it, 6.14.2-abc1234 for one, or with a job: "
    "6.14.2-abc1234/job-1";

Error not_a_run(std::string_view name) {
  return {
      ErrorCode::usage, "'" + std::string(name) + "' can't be the name of a run", {}, k_key_hint};
}

bool is_plain_part(std::string_view part) { return !part.empty() && part != "." && part != ".."; }

/// Of the name alone.
Result<NamedRun> split_name(std::string_view name) {
  std::string_view rest = name;
  if (rest.size() > 1 && rest.back() == '/') rest.remove_suffix(1);
  NamedRun run;
  const std::size_t slash = rest.find('/');
  run.run_dir = rest.substr(0, slash);
  if (!is_plain_part(run.run_dir)) return fail(not_a_run(name));
  if (slash == std::string_view::npos) return run;
  run.job = rest.substr(slash + 1);
  if (!is_plain_part(*run.job) || run.job->find('/') != std::string::npos) {
    return fail(not_a_run(name));
  }
  return run;
}

bool exists(SQLite::Database& database, const NamedRun& run) {
  SQLite::Statement statement(
      database, "SELECT EXISTS(SELECT 1 FROM directory WHERE run_dir = ? AND job = ?)");
  statement.bindNoCopy(1, run.run_dir);
  statement.bind(2, run.job.value_or(""));
  return statement.executeStep() && statement.getColumn(0).getInt() != 0;
}

std::vector<std::string> all_names(SQLite::Database& database) {
  SQLite::Statement statement(database, "SELECT run_dir FROM run_dirs ORDER BY run_dir");
  std::vector<std::string> names;
  while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
  return names;
}

}  // namespace

Result<NamedRun> find_run(SQLite::Database& database, std::string_view name) {
  auto run = split_name(name);
  if (!run) return run;
  return guarded(database.getFilename(), [&]() -> Result<NamedRun> {
    if (exists(database, *run)) return std::move(*run);
    Error error{ErrorCode::usage,
                "there is no run '" + std::string(name) + "'",
                {},
                "ktstr-index list shows the runs"};
    const auto near = closest(run->run_dir, all_names(database));
    if (near && *near != run->run_dir) error.hint = "did you mean " + *near + "?\n" + error.hint;
    return fail(std::move(error));
  });
}

}  // namespace ktstr
