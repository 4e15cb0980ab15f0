// SPDX-License-Identifier: MIT
#include "query/run_names.hpp"

#include "base/text.hpp"
#include "catalog/connection.hpp"
#include "environment/join_path.hpp"
#include "ktstr/walk.hpp"
#include "store/walk_internal.hpp"

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

/// `names`: those that it could have been.
Error no_such_run(std::string_view name, const NamedRun& run,
                  const std::vector<std::string>& names) {
  Error error{ErrorCode::usage,
              "there is no run '" + std::string(name) + "'",
              {},
              "ktstr-index list shows the runs"};
  const auto near = closest(run.run_dir, names);
  if (near && *near != run.run_dir) error.hint = "did you mean " + *near + "?\n" + error.hint;
  return error;
}

std::vector<std::string> all_names(SQLite::Database& database) {
  SQLite::Statement statement(database, "SELECT run_dir FROM run_dirs ORDER BY run_dir");
  std::vector<std::string> names;
  while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
  return names;
}

/// As the harness's listing has them: no dot directories.
std::vector<std::string> all_names(DirectoryHandle& root) {
  std::vector<std::string> names;
  const auto entries = root.list();
  if (!entries) return names;
  for (const DirectoryEntry& entry : *entries) {
    if (is_run_directory_name(entry.name) && is_directory_entry(root, entry)) {
      names.push_back(entry.name);
    }
  }
  return names;
}

}  // namespace

Error no_runs_root(Error error, const std::string& root, std::string_view option) {
  error.path = root;
  if (error.code == ErrorCode::not_found) {
    error.message = "no such runs root";
    // Another pool than one's own isn't filled by running tests.
    error.hint = option == "--root" ? "run the tests first, or " : "";
    error.hint.append("name another with ").append(option);
  }
  return error;
}

Result<NamedRun> find_run(SQLite::Database& database, std::string_view name) {
  auto run = split_name(name);
  if (!run) return run;
  return guarded(database.getFilename(), [&]() -> Result<NamedRun> {
    if (exists(database, *run)) return std::move(*run);
    return fail(no_such_run(name, *run, all_names(database)));
  });
}

Result<std::string> find_run_directory(FileSystem& files, const std::string& root,
                                       std::string_view name) {
  const auto run = split_name(name);
  if (!run) return fail(run.error());
  const auto opened = files.open_directory(root);
  if (!opened) return fail(no_runs_root(opened.error(), root, "--root"));
  const std::string relative = run->job ? join_path(run->run_dir, *run->job) : run->run_dir;
  std::string path = join_path(root, relative);
  const auto directory = (*opened)->open_directory(relative);
  if (directory) {
    auto listed = (*directory)->list();
    if (!listed) return fail(std::move(listed.error()));
    return path;
  }
  if (directory.error().code != ErrorCode::permission) {
    return fail(no_such_run(name, *run, all_names(**opened)));
  }
  Error error = directory.error();
  error.path = path;
  return fail(std::move(error));
}

}  // namespace ktstr
