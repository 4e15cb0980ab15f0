// SPDX-License-Identifier: MIT
#include "library/archive_access.hpp"

#include "base/size_text.hpp"
#include "base/time_text.hpp"
#include "catalog/connection.hpp"
#include "report/human_units.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_day_length = 10;  // of 2026-07-04T…

Error not_there(const std::string& path) {
  return {ErrorCode::not_found, "there is no archive yet", path,
          "ktstr-index refresh makes one; --archive names another"};
}

}  // namespace

Result<std::string> chosen_archive(const SessionOptions& options) {
  const ArchiveChoice choice = archive_choice(options.archive, options.variables);
  if (choice.path) return *choice.path;
  return fail(ErrorCode::not_found, "the archive is off (" + choice.from + ")", "",
              "name one with --archive");
}

Result<std::unique_ptr<SQLite::Database>> open_chosen_archive(const SessionOptions& options) {
  const auto path = chosen_archive(options);
  if (!path) return fail(path.error());
  auto opened = open_archive_to_read(*path);
  if (!opened && opened.error().code == ErrorCode::not_found) return fail(not_there(*path));
  return opened;
}

Result<Archive> open_chosen_archive_to_change(const SessionOptions& options) {
  const auto path = chosen_archive(options);
  if (!path) return fail(path.error());
  if (!options.file_system->status(*path, FollowLinks::yes)) return fail(not_there(*path));
  ArchiveOptions archive;
  archive.path = *path;
  archive.is_named = archive_choice(options.archive, options.variables).is_named;
  return Archive::open(archive, *options.file_system, *options.clock);
}

SubstituteKey substitute_key(const SessionOptions& options) {
  constexpr const char* k_setting = "substitute_key";
  SubstituteKey key = random_substitute_key();
  auto archive = open_chosen_archive_to_change(options);
  if (!archive) return key;
  const auto kept = guarded(archive->path(), [&] {
    ImmediateTransaction transaction(archive->database());
    const auto found = archive->tables().settings().find(k_setting);
    const auto known = found ? parse_key(*found) : std::nullopt;
    if (known) return *known;
    archive->tables().settings().put(k_setting, key_text(key));
    transaction.commit();
    return key;
  });
  return kept.value_or(key);
}

std::string root_or_none(const SessionOptions& options) {
  const auto paths = find_paths(options);
  return paths ? paths->root.path : "";
}

Result<std::string> project_of_root(SQLite::Database& archive, const SessionOptions& options) {
  const auto paths = find_paths(options);
  if (!paths) return fail(paths.error());
  const std::string& root = paths->root.path;
  return guarded(archive.getFilename(), [&] { return ArchiveTables(archive).project_for(root); });
}

Result<std::optional<std::string>> project_unless_all(SQLite::Database& archive,
                                                      const SessionOptions& options,
                                                      bool all_projects) {
  if (all_projects) return std::optional<std::string>();
  auto project = project_of_root(archive, options);
  if (project) return std::optional(std::move(*project));
  Error error = project.error();
  error.hint += (error.hint.empty() ? "" : "\n") + std::string("--all-projects needs no root");
  return fail(std::move(error));
}

Result<std::int64_t> archive_cap_bytes(const Variables& variables) {
  const auto text = variables(k_archive_cap_variable);
  if (!text || text->empty()) return k_default_archive_cap_bytes;
  if (const auto bytes = parse_size(*text)) return *bytes;
  return fail(ErrorCode::usage,
              std::string(k_archive_cap_variable) + " wants a size like 500M, not '" + *text + "'");
}

std::string cap_sentence(const CapReport& report, std::int64_t cap_bytes) {
  if (report.results + report.dumps == 0) return {};
  return "the archive's documents were over " +
         human_number(static_cast<double>(cap_bytes), Quantity::bytes) + ": dropped the bytes of " +
         std::to_string(report.results) + " results and " + std::to_string(report.dumps) +
         " dumps last seen up to " + iso8601_utc(report.before_ns).substr(0, k_day_length) +
         "; their rows stay (ktstr-index gc says more)";
}

}  // namespace ktstr
