// SPDX-License-Identifier: MIT
#include "query/naming.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "query/filters.hpp"
#include "query/past.hpp"
#include "query/statement.hpp"

namespace ktstr {

Result<std::vector<std::string>> known_directories(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(
        database,
        "SELECT run_dir || CASE job WHEN '' THEN '' ELSE '/' || job END\n"
        "FROM directory d WHERE run_dir <> '' AND (run_dir NOT GLOB '.*' OR "
        "EXISTS(SELECT 1 FROM directory o JOIN sidecar USING(directory_id) WHERE o.run_dir = "
        "d.run_dir))\n"
        "ORDER BY run_dir, job");
    std::vector<std::string> paths;
    while (statement.executeStep()) paths.push_back(column_bytes(statement, 0));
    return paths;
  });
}

namespace {

constexpr std::size_t k_least_id_digits = 4;
constexpr std::size_t k_id_digits = 32;
constexpr std::size_t k_hash_digits = 16;
constexpr std::size_t k_shown_id_digits = 8;
constexpr std::size_t k_candidates_listed = 10;
constexpr std::size_t k_broken_listed = 3;

struct Place {
  std::int64_t sidecar_id = 0;
  std::string id;
  std::string path;
  std::string verdict;  ///< or the file's status
};

/// A result and where it is.
struct Candidate {
  std::string id;
  std::vector<Place> places;
};

constexpr const char* k_path =
    "run_dir || '/' || CASE job WHEN '' THEN '' ELSE job || '/' END || t.file_name";
constexpr const char* k_order = "\nORDER BY run_dir, job, t.file_name";

/// Files as t, with run_dir and job: those that the answer is about.
std::string from_files(SQLite::Database& database) {
  if (over_of(database) != Over::now) return "FROM result_files t";
  return "FROM main.sidecar t JOIN main.directory d USING(directory_id)";
}

std::vector<Place> find_places(SQLite::Database& database, const std::string& condition,
                               const Parameters& parameters) {
  SQLite::Statement statement(database, std::string("SELECT t.sidecar_id, t.id, ") + k_path +
                                            ", coalesce(t.verdict, t.status)\n" +
                                            from_files(database) + "\nWHERE " + condition +
                                            k_order);
  bind_values(statement, parameters.values());
  std::vector<Place> places;
  while (statement.executeStep()) {
    places.push_back({statement.getColumn(0).getInt64(), column_bytes(statement, 1),
                      column_bytes(statement, 2), column_bytes(statement, 3)});
  }
  return places;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
  });
}

std::vector<Place> find_by_id(SQLite::Database& database, std::string_view name) {
  const std::string prefix = lower_ascii(name);
  if (prefix.size() < k_least_id_digits || prefix.size() > k_id_digits || !is_hex(prefix))
    return {};
  Parameters parameters;
  // 'g' is behind every hex digit. A range, for the index.
  const std::string condition =
      "t.id >= " + parameters.add(prefix) + " AND t.id < " + parameters.add(prefix + "g");
  return find_places(database, condition, parameters);
}

/// What the last part of a name says: a test, a test and its hash, or a file.
std::string test_condition(const std::string& last, Parameters& parameters) {
  const std::string whole = parameters.add(last);
  std::string condition = "t.test_name = " + whole + " OR t.file_name IN (" + whole + ", " +
                          parameters.add(last + ".ktstr.json") + ")";
  const std::size_t dash = last.size() > k_hash_digits ? last.size() - k_hash_digits - 1 : 0;
  const std::string hash = lower_ascii(std::string_view(last).substr(dash + 1));
  if (dash > 0 && last[dash] == '-' && is_hex(hash)) {
    const std::string number = parameters.add(hash);
    condition += " OR (t.test_name = " + parameters.add(last.substr(0, dash)) +
                 " AND (t.file_hash = " + number + " OR t.variant_hash = " + number + "))";
  }
  return "(" + condition + ")";
}

/// What the parts before the last say.
std::string directory_condition(const std::vector<std::string_view>& parts,
                                Parameters& parameters) {
  if (parts.size() == 2) {
    const std::string directory = parameters.add(std::string(parts[0]));
    return " AND (run_dir = " + directory + " OR job = " + directory + ")";
  }
  if (parts.size() != 3) return {};
  const std::string run_dir = parameters.add(std::string(parts[0]));
  return " AND run_dir = " + run_dir + " AND job = " + parameters.add(std::string(parts[1]));
}

std::vector<Place> find_by_parts(SQLite::Database& database, std::string_view name) {
  const std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() > 3 || parts.back().empty()) return {};
  Parameters parameters;
  std::string condition = test_condition(std::string(parts.back()), parameters);
  condition += directory_condition(parts, parameters);
  return find_places(database, condition, parameters);
}

/// Files that begin with the name but tell no test, since they could not be read.
std::vector<Place> find_broken(SQLite::Database& database, std::string_view name) {
  const std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() > 3 || parts.back().empty()) return {};
  Parameters parameters;
  const std::string beginning = std::string(parts.back()) + "-";
  const std::string first = parameters.add(beginning);
  std::string condition = "t.test_name IS NULL AND substr(t.file_name, 1, length(" + first +
                          ")) = " + first + directory_condition(parts, parameters);
  return find_places(database, condition, parameters);
}

std::vector<Place> find_all(SQLite::Database& database, std::string_view name) {
  std::vector<Place> places = find_by_id(database, name);
  for (Place& place : find_by_parts(database, name)) places.push_back(std::move(place));
  if (!places.empty()) return places;
  // What nextest prints looks like a run directory and a test: only if there is no such thing.
  for (const std::string& form : test_name_forms(std::string(name))) {
    if (places.empty() && form != name) places = find_by_parts(database, form);
  }
  return places;
}

std::vector<Candidate> group(const std::vector<Place>& places) {
  std::vector<Candidate> candidates;
  std::map<std::string, std::size_t> known;  // by id, or by place where there is none
  std::set<std::int64_t> seen;
  for (const Place& place : places) {
    if (!seen.insert(place.sidecar_id).second) continue;
    const std::string key = place.id.empty() ? std::to_string(place.sidecar_id) : place.id;
    const auto [found, is_new] = known.emplace(key, candidates.size());
    if (is_new) candidates.push_back({place.id, {}});
    candidates[found->second].places.push_back(place);
  }
  return candidates;
}

/// The other places of the same bytes: their names may be different.
std::vector<Place> all_places(SQLite::Database& database, const Candidate& candidate) {
  if (candidate.id.empty()) return candidate.places;
  Parameters parameters;
  const std::string condition = "t.id = " + parameters.add(candidate.id);
  return find_places(database, condition, parameters);
}

/// How many digits tell all the candidates apart.
std::size_t telling_digits(const std::vector<Candidate>& candidates) {
  std::vector<std::string> ids;
  for (const Candidate& candidate : candidates) {
    if (!candidate.id.empty()) ids.push_back(candidate.id);
  }
  std::sort(ids.begin(), ids.end());
  std::size_t digits = k_shown_id_digits;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    while (digits < k_id_digits && ids[i].compare(0, digits, ids[i - 1], 0, digits) == 0) ++digits;
  }
  return digits;
}

Error ambiguous(std::string_view name, const std::vector<Candidate>& candidates) {
  Error error{ErrorCode::usage, "'" + std::string(name) + "' names " +
                                    std::to_string(candidates.size()) + " results"};
  const std::size_t digits = telling_digits(candidates);
  error.hint = "one of these:";
  for (std::size_t i = 0; i < candidates.size() && i < k_candidates_listed; ++i) {
    const Candidate& candidate = candidates[i];
    const Place& place = candidate.places.front();
    std::string id = candidate.id.substr(0, digits);
    id.resize(digits, '-');
    error.hint += "\n" + id + "  " + place.verdict + "  " + escape_control(place.path);
  }
  if (candidates.size() > k_candidates_listed) {
    error.hint += "\nand " + std::to_string(candidates.size() - k_candidates_listed) + " more";
  }
  return error;
}

std::vector<std::string> column(SQLite::Database& database, const std::string& sql) {
  SQLite::Statement statement(database, sql);
  std::vector<std::string> values;
  while (statement.executeStep()) values.push_back(column_bytes(statement, 0));
  return values;
}

/// Their tests are unknown, so only their paths name them.
std::string broken_text(const std::vector<Place>& places) {
  std::string text;
  for (std::size_t i = 0; i < places.size() && i < k_broken_listed; ++i) {
    text += text.empty() ? "" : "\n";
    text += escape_control(places[i].path) + " is " + places[i].verdict + " (show it by its path)";
  }
  if (places.size() > k_broken_listed) {
    text += "\nand " + std::to_string(places.size() - k_broken_listed) + " more";
  }
  return text;
}

Error not_found(SQLite::Database& database, std::string_view name) {
  Error error{ErrorCode::usage, "no result is named '" + std::string(name) + "'"};
  error.hint = broken_text(find_broken(database, name));
  if (!error.hint.empty()) return error;
  const std::vector<std::string_view> parts = split(name, '/');
  std::vector<std::string> near;
  if (parts.size() > 1) {
    const auto directories =
        column(database, std::string("SELECT DISTINCT run_dir FROM ") +
                             (over_of(database) == Over::now ? "main.directory" : "result_files") +
                             " WHERE run_dir <> '' ORDER BY run_dir");
    const std::string directory(parts.front());
    if (std::find(directories.begin(), directories.end(), directory) == directories.end()) {
      near = near_names(directory, directories, 3);
      if (!near.empty()) error.hint = "the nearest run directories: " + any_of_text(near);
    }
  }
  const auto tests = column(database, "SELECT DISTINCT test_name " + from_files(database) +
                                          " WHERE test_name IS NOT NULL ORDER BY test_name");
  near = near_names(test_name_forms(std::string(parts.back())).back(), tests, 3);
  const bool is_there = near.size() == 1 && near.front() == parts.back();
  if (!near.empty() && !is_there) {
    error.hint += (error.hint.empty() ? "" : "\n") + ("did you mean " + any_of_text(near)) + "?";
  }
  return error;
}

Result<void> check_not_empty(std::string_view name) {
  if (trim(name).empty()) return fail(ErrorCode::usage, "the name of the result is empty");
  return {};
}

}  // namespace

Result<NamedResult> resolve_result(SQLite::Database& database, std::string_view name) {
  return guarded(database.getFilename(), [&]() -> Result<NamedResult> {
    if (auto checked = check_not_empty(name); !checked) return fail(std::move(checked.error()));
    const std::vector<Candidate> candidates = group(find_all(database, name));
    if (candidates.empty()) return fail(not_found(database, name));
    if (candidates.size() > 1) return fail(ambiguous(name, candidates));
    NamedResult found{candidates.front().id, {}};
    for (const Place& place : all_places(database, candidates.front())) {
      found.sidecar_ids.push_back(place.sidecar_id);
    }
    return found;
  });
}

Result<bool> names_a_result(SQLite::Database& database, std::string_view name) {
  return guarded(database.getFilename(), [&]() -> Result<bool> {
    if (auto checked = check_not_empty(name); !checked) return fail(std::move(checked.error()));
    return !find_all(database, name).empty();
  });
}

Result<std::vector<ResultPlace>> result_places(SQLite::Database& database,
                                               const NamedResult& result) {
  return guarded(database.getFilename(), [&] {
    SQLite::Statement statement(database, std::string("SELECT ") + k_path +
                                              ", t.status, t.error\n" + from_files(database) +
                                              "\nWHERE t.sidecar_id = ?");
    std::vector<ResultPlace> places;
    for (const std::int64_t id : result.sidecar_ids) {
      statement.reset();
      statement.bind(1, id);
      if (!statement.executeStep()) continue;  // gone since it was named
      places.push_back(
          {column_bytes(statement, 0), column_bytes(statement, 1), column_bytes(statement, 2)});
    }
    return places;
  });
}

}  // namespace ktstr
