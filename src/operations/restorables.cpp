// SPDX-License-Identifier: MIT
#include "operations/restorables.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "archive/tables.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "query/filters.hpp"
#include "query/statement.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_candidates_listed = 10;
constexpr const char* k_all_projects_hint = "--all-projects looks at those of others, too";

using Versions = std::vector<FileVersion>;

std::string number_list(const std::set<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) {
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  }
  return text;
}

/// Of this machine; 0 if the archive doesn't know it.
std::int64_t root_id_of(SQLite::Database& archive, const std::string& root) {
  SQLite::Statement select(archive,
                           "SELECT root_id FROM runs_root WHERE path = ? AND origin = '' ORDER BY "
                           "root_id DESC LIMIT 1");
  select.bind(1, root);
  return select.executeStep() ? select.getColumn(0).getInt64() : 0;
}

std::string described_root(const std::string& path, const std::string& origin) {
  return path.empty() ? "imported from " + origin : path;
}

/// Of several roots, the one that is meant: the request's, else the only one of its project, else
/// the only one that isn't an import.
Result<std::int64_t> choose_root(SQLite::Database& archive, const std::set<std::int64_t>& roots,
                                 const RestoreRequest& request) {
  if (roots.size() == 1) return *roots.begin();
  SQLite::Statement select(
      archive,
      "SELECT root_id, path, origin, project IN (SELECT project FROM runs_root WHERE path = ?1 AND "
      "origin = '') FROM runs_root WHERE root_id IN (" +
          number_list(roots) + ") ORDER BY path, origin");
  select.bind(1, request.root);
  std::vector<std::int64_t> of_project;
  std::vector<std::int64_t> own;
  std::string places;
  while (select.executeStep()) {
    const std::string path = column_bytes(select, 1);
    const std::string origin = column_bytes(select, 2);
    const std::int64_t root_id = select.getColumn(0).getInt64();
    if (path == request.root && origin.empty()) return root_id;
    if (select.getColumn(3).getInt() != 0) of_project.push_back(root_id);
    if (origin.empty()) own.push_back(root_id);
    places += "\n" + escape_control(described_root(path, origin));
  }
  if (of_project.size() == 1) return of_project.front();
  if (own.size() == 1) return own.front();
  return fail(ErrorCode::usage, "'" + request.what + "' is in several runs roots", "",
              "name one with --root, or a result by its id, or a session:" + places);
}

std::set<std::int64_t> roots_of(const Versions& versions) {
  std::set<std::int64_t> roots;
  for (const FileVersion& version : versions) roots.insert(version.root_id);
  return roots;
}

Result<Versions> of_one_root(SQLite::Database& archive, Versions versions,
                             const RestoreRequest& request) {
  if (versions.empty()) return versions;
  const auto root = choose_root(archive, roots_of(versions), request);
  if (!root) return fail(root.error());
  std::erase_if(versions, [&](const FileVersion& each) { return each.root_id != *root; });
  return versions;
}

/// The dumps of those results, the last version of each that had come by then.
Versions dumps_of(SQLite::Database& archive, const Versions& results,
                  std::optional<std::int64_t> at_ns) {
  std::set<std::int64_t> owners;
  std::set<std::int64_t> directories;
  for (const FileVersion& each : results) {
    owners.insert(each.row_id);
    directories.insert(each.directory_id);
  }
  Versions dumps;
  for (const std::int64_t directory : directories) {
    for (FileVersion& each : artifact_versions(archive, directory)) {
      if (owners.contains(each.owner)) dumps.push_back(std::move(each));
    }
  }
  return newest_of_each(std::move(dumps), at_ns);
}

/// Sidecars, dumps and traces, by their paths.
Versions assembled(Versions results, Versions dumps, bool with_traces) {
  for (FileVersion& dump : dumps) {
    if (with_traces || !is_trace(dump.kind)) results.push_back(std::move(dump));
  }
  std::sort(results.begin(), results.end(), [](const FileVersion& left, const FileVersion& right) {
    return std::tie(left.run_dir, left.job, left.file_name) <
           std::tie(right.run_dir, right.job, right.file_name);
  });
  return results;
}

Error nothing_stood(const RestoreRequest& request) {
  const std::string when = request.at_ns ? " at " + iso8601_utc(*request.at_ns) : "";
  return {ErrorCode::not_found, "nothing of '" + request.what + "' stood" + when};
}

// A session.

/// A token is one harness invocation's, whatever roots it wrote to. The same file can have come in
/// by an import, too.
Versions one_of_each_path(Versions versions, std::int64_t preferred_root) {
  const auto rank = [preferred_root](const FileVersion& each) {
    return std::pair(each.root_id == preferred_root, each.begin_ns());
  };
  std::map<std::string, FileVersion> chosen;
  for (FileVersion& each : versions) {
    const auto [found, is_new] = chosen.try_emplace(each.path(), each);
    if (!is_new && rank(found->second) < rank(each)) found->second = std::move(each);
  }
  Versions all;
  for (auto& [path, each] : chosen) all.push_back(std::move(each));
  return all;
}

Result<Versions> session_files(SQLite::Database& archive, const RestoreRequest& request,
                               const SessionReference& session) {
  Versions results = one_of_each_path(
      newest_of_each(versions_of_session(archive, request, session), request.at_ns),
      root_id_of(archive, request.root));
  if (results.empty()) return fail(nothing_stood(request));
  Versions dumps = dumps_of(archive, results, request.at_ns);
  return assembled(std::move(results), std::move(dumps), request.with_traces);
}

bool is_token(SQLite::Database& archive, const RestoreRequest& request) {
  return !versions_of_session(archive, request, {request.what, false}).empty();
}

// A run directory.

/// directory_ids, by root.
std::map<std::int64_t, std::set<std::int64_t>> find_directories(SQLite::Database& archive,
                                                                const RestoreRequest& request) {
  std::string_view name = request.what;
  while (name.ends_with('/')) name.remove_suffix(1);
  const std::vector<std::string_view> parts = split(name, '/');
  std::map<std::int64_t, std::set<std::int64_t>> found;
  if (parts.size() > 2 || parts.front().empty()) return found;
  SQLite::Statement select(archive,
                           "SELECT root_id, directory_id FROM directory WHERE run_dir = ?1 AND (?2 "
                           "IS NULL OR job = ?2) AND (?3 IS NULL OR root_id IN (SELECT root_id "
                           "FROM runs_root WHERE project = ?3))");
  select.bind(1, std::string(parts[0]));
  if (parts.size() == 2) select.bind(2, std::string(parts[1]));
  if (request.project) select.bind(3, *request.project);
  while (select.executeStep()) {
    found[select.getColumn(0).getInt64()].insert(select.getColumn(1).getInt64());
  }
  return found;
}

/// Without a time: what stood when something last did, so that a directory that was wiped comes
/// back as it was just before.
Result<Versions> directory_files(SQLite::Database& archive, const RestoreRequest& request,
                                 const std::set<std::int64_t>& directories) {
  Versions results =
      sidecar_versions(archive, "s.directory_id IN (" + number_list(directories) + ")", {});
  Versions dumps;
  for (const std::int64_t directory : directories) {
    for (FileVersion& each : artifact_versions(archive, directory)) {
      dumps.push_back(std::move(each));
    }
  }
  // The harness's clearing leaves dumps, so results say when.
  const std::int64_t at_ns = request.at_ns.value_or(last_moment(results.empty() ? dumps : results));
  results = newest_of_each(standing_at(std::move(results), at_ns), at_ns);
  dumps = newest_of_each(standing_at(std::move(dumps), at_ns), at_ns);
  Versions all = assembled(std::move(results), std::move(dumps), request.with_traces);
  if (all.empty()) return fail(nothing_stood(request));
  return all;
}

// A result.

Error ambiguous(const RestoreRequest& request, const std::set<std::string>& names) {
  Error error{ErrorCode::usage,
              "'" + request.what + "' names " + std::to_string(names.size()) + " results"};
  error.hint = "one of these:";
  std::size_t listed = 0;
  for (const std::string& name : names) {
    if (++listed > k_candidates_listed) break;
    error.hint += "\n" + escape_control(name);
  }
  if (names.size() > k_candidates_listed) {
    error.hint += "\nand " + std::to_string(names.size() - k_candidates_listed) + " more";
  }
  return error;
}

Error unknown(SQLite::Database& archive, const RestoreRequest& request) {
  std::vector<std::string> names;
  SQLite::Statement select(archive,
                           "SELECT DISTINCT test_name FROM sidecar WHERE test_name IS NOT NULL "
                           "UNION SELECT DISTINCT run_dir FROM directory WHERE run_dir <> ''");
  while (select.executeStep()) names.push_back(column_bytes(select, 0));
  const auto near = near_names(split(request.what, '/').back(), names, 3);
  Error error{ErrorCode::usage, "the archive has no result, run directory or session '" +
                                    request.what + "'" +
                                    (request.project ? " of this project" : "")};
  if (!near.empty()) error.hint = "did you mean " + any_of_text(near) + "?";
  if (request.project) error.hint += (near.empty() ? "" : "\n") + std::string(k_all_projects_hint);
  return error;
}

/// An id names the version itself, wherever it stood: where it stood last.
Result<Versions> version_by_id(SQLite::Database& archive, const RestoreRequest& request,
                               const Versions& found) {
  std::set<std::string> ids;
  for (const FileVersion& each : found) ids.insert(each.id + "  " + each.path());
  const bool is_one = std::all_of(found.begin(), found.end(), [&](const FileVersion& each) {
    return each.id == found.front().id;
  });
  if (!is_one) return fail(ambiguous(request, ids));
  Versions places = found;
  if (auto chosen = of_one_root(archive, found, request)) places = std::move(*chosen);
  const auto last = std::max_element(places.begin(), places.end(),
                                     [](const FileVersion& left, const FileVersion& right) {
                                       return left.begin_ns() < right.begin_ns();
                                     });
  return Versions{*last};
}

Result<Versions> version_by_name(SQLite::Database& archive, const RestoreRequest& request,
                                 Versions found) {
  auto of_root = of_one_root(archive, std::move(found), request);
  if (!of_root) return of_root;
  std::set<std::string> files;
  for (const FileVersion& each : *of_root) files.insert(each.path());
  if (files.size() > 1) return fail(ambiguous(request, files));
  const std::int64_t at_ns = request.at_ns.value_or(last_moment(*of_root));
  Versions chosen = newest_of_each(standing_at(std::move(*of_root), at_ns), at_ns);
  if (chosen.empty()) return fail(nothing_stood(request));
  return chosen;
}

Versions of_project(SQLite::Database& archive, const RestoreRequest& request, Versions versions) {
  if (!request.project) return versions;
  std::set<std::int64_t> roots;
  SQLite::Statement select(archive, "SELECT root_id FROM runs_root WHERE project = ?");
  select.bind(1, *request.project);
  while (select.executeStep()) roots.insert(select.getColumn(0).getInt64());
  std::erase_if(versions, [&](const FileVersion& each) { return !roots.contains(each.root_id); });
  return versions;
}

Result<Versions> result_files(SQLite::Database& archive, const RestoreRequest& request) {
  Versions found = of_project(archive, request, versions_by_id(archive, request.what));
  const bool is_id = !found.empty();
  for (const std::string& form : test_name_forms(request.what)) {
    if (found.empty()) found = of_project(archive, request, versions_by_parts(archive, form));
  }
  if (found.empty()) {
    // The beginning of a token, if there is one.
    const auto session = find_session_reference(archive, request.what, request.root);
    return session ? session_files(archive, request, *session) : fail(unknown(archive, request));
  }
  auto chosen = is_id ? version_by_id(archive, request, found)
                      : version_by_name(archive, request, std::move(found));
  if (!chosen) return chosen;
  Versions dumps = dumps_of(archive, *chosen, is_id ? std::nullopt : request.at_ns);
  return assembled(std::move(*chosen), std::move(dumps), request.with_traces);
}

Result<Versions> find_by_kind(SQLite::Database& archive, const RestoreRequest& request) {
  const char first = request.what.empty() ? '\0' : request.what.front();
  if (first == '@' || first == '~') {
    const auto session = find_session_reference(archive, request.what, request.root);
    if (!session) return fail(session.error());
    return session_files(archive, request, *session);
  }
  if (is_token(archive, request)) {
    return session_files(archive, request, {request.what, false, {}, {}});
  }
  const auto directories = find_directories(archive, request);
  if (directories.empty()) return result_files(archive, request);
  std::set<std::int64_t> roots;
  for (const auto& [root, ids] : directories) roots.insert(root);
  const auto root = choose_root(archive, roots, request);
  if (!root) return fail(root.error());
  return directory_files(archive, request, directories.at(*root));
}

}  // namespace

std::vector<FileVersion> versions_of_session(SQLite::Database& archive,
                                             const RestoreRequest& request,
                                             const SessionReference& session) {
  Versions versions =
      session.is_inferred
          ? sidecar_versions(archive,
                             "s.session IS NULL AND s.time_ns BETWEEN ? AND ? AND (? = '' OR "
                             "(r.path = ? AND r.origin = ''))",
                             {session.first_ns.value_or(0), session.last_ns.value_or(0),
                              request.root, request.root})
          : sidecar_versions(archive, "s.session = ?", {session.session});
  return of_project(archive, request, std::move(versions));
}

Result<std::vector<FileVersion>> find_restorables(SQLite::Database& archive,
                                                  const RestoreRequest& request) {
  return guarded(archive.getFilename(), [&] { return find_by_kind(archive, request); });
}

}  // namespace ktstr
