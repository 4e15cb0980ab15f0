// SPDX-License-Identifier: MIT
#include "query/pool_values.hpp"

#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.hpp"
#include "base/text.hpp"
#include "database/connection.hpp"
#include "database/extract.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "query/past.hpp"
#include "store/walk.hpp"

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

void bind_run(SQLite::Statement& statement, const NamedRun& run) {
  statement.bind(1, run.run_dir);
  if (run.job) statement.bind(2, *run.job);
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

namespace {

constexpr const char* k_from =
    "\nFROM sidecar t JOIN directory d USING(directory_id) LEFT JOIN host h USING(host_id)\n"
    "WHERE t.status = 'ok'";

/// These two columns hold JSON already, and so does heap_state.
bool holds_json(const std::string& column) {
  return column == "sched_tunables" || column == "cpufreq_governor" || column == "heap_state";
}

/// The record's host keys: the table's columns but for the one that is computed.
std::vector<std::string> host_keys() {
  std::vector<std::string> keys;
  for (const std::string& column : host_columns()) {
    if (column != "host_key") keys.push_back(column);
  }
  keys.emplace_back("heap_state");
  return keys;
}

void append_member(std::string& json, const std::string& key, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  if (json.back() != '{') json += ',';
  append_json_string(json, key);
  json += ':';
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (holds_json(key)) {
      json += *text;
    } else {
      append_json_string(json, *text);
    }
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    json += std::to_string(*integer);
  } else {
    append_json_double(json, std::get<double>(value));
  }
}

/// Written as the file had it and read by the one decoder, which knows every key's type. The other
/// keys of a record are missing, but a host that can be read is read all the same.
Result<HostContext> read_host(SQLite::Statement& statement, const std::vector<std::string>& keys) {
  std::string json = "{";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    append_member(json, keys[i], column_value(statement, static_cast<int>(i) + 1));
  }
  auto decoded = decode_record("{\"host\":" + json + "}}", SampleHandling::reduce);
  if (!decoded) return fail(std::move(decoded.error()));
  return decoded->record.host ? std::move(*decoded->record.host) : HostContext{};
}

std::string condition_of(const std::optional<NamedRun>& run) {
  if (!run) return {};
  return run->job ? " AND d.run_dir = ?1 AND d.job = ?2" : " AND d.run_dir = ?1";
}

}  // namespace

Result<std::optional<FoundHost>> first_host(SQLite::Database& database,
                                            const std::optional<NamedRun>& run) {
  using Found = std::optional<FoundHost>;
  return guarded(database.getFilename(), [&]() -> Result<Found> {
    const std::vector<std::string> keys = host_keys();
    std::string sql = "SELECT t.test_name";
    for (const std::string& key : keys) sql += ", " + key;
    sql += k_from + condition_of(run) + " AND t.host_id IS NOT NULL\n" +
           "ORDER BY d.run_dir, d.job, t.file_name LIMIT 1";
    SQLite::Statement statement(database, sql);
    if (run) bind_run(statement, *run);
    if (!statement.executeStep()) return Found();
    auto host = read_host(statement, keys);
    if (!host) return fail(std::move(host.error()));
    return Found({std::move(*host), column_bytes(statement, 0)});
  });
}

Result<HostCounts> count_hosts(SQLite::Database& database, const NamedRun& run) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(
        database,
        std::string("SELECT count(*), count(DISTINCT h.host_key)") + k_from + condition_of(run));
    bind_run(statement, run);
    statement.executeStep();
    return HostCounts{statement.getColumn(0).getInt64(), statement.getColumn(1).getInt64()};
  });
}

namespace {

constexpr std::size_t k_dimensions = 9;
constexpr const char* k_names[k_dimensions] = {"kernel",    "commit",         "kernel_commit",
                                               "source",    "resolve_source", "cpu_budget",
                                               "scheduler", "topology",       "work_type"};
constexpr std::size_t k_source = 3;
constexpr std::size_t k_cpu_budget = 5;

// One pass over the rows for all nine: they are wide, and reading them costs more than counting.
constexpr const char* k_columns =
    "SELECT kernel_version, project_commit, kernel_commit, run_source, resolve_source,\n"
    "  cpu_budget, scheduler, topology, work_type\n";
constexpr const char* k_from_now = "FROM main.sidecar WHERE status = 'ok'";
constexpr const char* k_from_past = "FROM pool";

using TextCounts = std::map<std::string, std::int64_t, std::less<>>;

struct Counts {
  std::int64_t nulls = 0;
  TextCounts texts;
  std::map<std::int64_t, std::int64_t> numbers;

  void add_text(std::string_view text) {
    const auto found = texts.find(text);
    if (found == texts.end()) {
      texts.emplace(text, 1);
    } else {
      ++found->second;
    }
  }

  void add(const SQLite::Column& column) {
    if (column.isNull()) {
      ++nulls;
    } else if (column.isInteger()) {
      ++numbers[column.getInt64()];
    } else {
      add_text({column.getText(), static_cast<std::size_t>(column.getBytes())});
    }
  }

  [[nodiscard]] std::vector<PoolValue> values() const {
    std::vector<PoolValue> values;
    if (nulls > 0) values.push_back({{}, nulls});
    for (const auto& [number, results] : numbers) values.push_back({number, results});
    for (const auto& [text, results] : texts) values.push_back({text, results});
    return values;
  }
};

}  // namespace

PoolValues no_pool_values() {
  PoolValues values;
  for (const char* name : k_names) values.dimensions.push_back({name});
  return values;
}

Result<PoolValues> pool_values(SQLite::Database& database, bool is_archive) {
  return guarded(database.getFilename(), [&] {
    PoolValues found = no_pool_values();
    Counts counts[k_dimensions];
    const char* from = over_of(database) == Over::now ? k_from_now : k_from_past;
    SQLite::Statement statement(database, std::string(k_columns) + from);
    while (statement.executeStep()) {
      ++found.results;
      for (std::size_t i = 0; i < k_dimensions; ++i) {
        if (i == k_source && is_archive) continue;
        counts[i].add(statement.getColumn(static_cast<int>(i)));
      }
    }
    counts[k_cpu_budget].nulls = 0;
    if (is_archive && found.results > 0) counts[k_source].texts["archive"] = found.results;
    for (std::size_t i = 0; i < k_dimensions; ++i) found.dimensions[i].values = counts[i].values();
    return found;
  });
}

}  // namespace ktstr
