// SPDX-License-Identifier: MIT
#include "environment/locations.hpp"

#include <filesystem>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "environment/join_path.hpp"

namespace ktstr {
namespace {

bool is_directory(FileSystem& file_system, const std::string& path) {
  const auto status = file_system.status(path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

std::optional<FoundPath> named_runs_root(const Variables& variables) {
  if (auto root = non_empty(variables, "KTSTR_RUNS_ROOT"))
    return FoundPath{*root, "KTSTR_RUNS_ROOT"};
  if (auto target = non_empty_utf8(variables, "CARGO_TARGET_DIR")) {
    return FoundPath{join_path(*target, "ktstr"), "CARGO_TARGET_DIR"};
  }
  return std::nullopt;
}

/// The indexer's own.
std::optional<std::string> cache_directory(const Variables& variables) {
  std::optional<std::string> cache = non_empty(variables, "XDG_CACHE_HOME");
  if (!cache) {
    const auto home = non_empty(variables, "HOME");
    if (!home) return std::nullopt;
    cache = *home + "/.cache";
  }
  return *cache + "/ktstr-index";
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FoundPath runs_root(const Variables& variables) {
  if (auto named = named_runs_root(variables)) return *named;
  return {"target/ktstr", "the working directory"};
}

Result<FoundPath> find_runs_root(const std::optional<std::string>& flag, const Variables& variables,
                                 const std::string& working_directory, FileSystem& file_system) {
  if (flag) return FoundPath{*flag, "--root"};
  if (auto named = named_runs_root(variables)) return *named;
  std::string tried;
  for (std::string directory = working_directory; !directory.empty();
       directory = parent_of(directory)) {
    const std::string candidate = (directory == "/" ? "" : directory) + "/target/ktstr";
    if (is_directory(file_system, candidate)) return FoundPath{candidate, "nearest target/ktstr"};
    tried += "\n  " + candidate;
    if (directory == "/") break;
  }
  return fail(ErrorCode::not_found, "no runs root found; tried" + tried, {},
              "name it with --root DIR or KTSTR_RUNS_ROOT, or CARGO_TARGET_DIR for its parent");
}

std::string canonical_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
  if (error) return path;
  std::string text = canonical.string();
  if (text.empty() || text.front() != '/') {
    // weakly_canonical leaves a relative path relative when its first part doesn't exist
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    if (!error) text = absolute.lexically_normal().string();
  }
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string default_catalog_path(const std::string& root) {
  return root + "/" + k_index_directory_name + "/catalog.sqlite3";
}

FoundPath catalog_path(const std::optional<std::string>& flag, const Variables& variables,
                       const std::string& root) {
  if (flag) return {*flag, "--catalog"};
  if (auto named = non_empty(variables, "KTSTR_INDEX_CATALOG")) {
    return {*named, "KTSTR_INDEX_CATALOG"};
  }
  return {default_catalog_path(root), "the runs root"};
}

ArchiveChoice archive_choice(const std::optional<std::string>& flag, const Variables& variables) {
  const auto variable = non_empty(variables, "KTSTR_INDEX_ARCHIVE");
  if (flag || variable) {
    const std::string& named = flag ? *flag : *variable;
    const std::string from = flag ? "--archive" : "KTSTR_INDEX_ARCHIVE";
    if (named == "off") return {std::nullopt, from + " is off", false};
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(named, error);
    return {error ? named : absolute.lexically_normal().string(), from, true};
  }
  for (const char* name : {"CI", "KTSTR_CI"}) {
    if (non_empty(variables, name)) {
      return {std::nullopt, std::string(name) + " is set and no archive is named", false};
    }
  }
  auto data = non_empty(variables, "XDG_DATA_HOME");
  const auto home = non_empty(variables, "HOME");
  // A relative one is no place: the XDG rules say so.
  if (data && data->front() != '/') data.reset();
  if (!data && home) data = *home + "/.local/share";
  if (!data) return {std::nullopt, "neither XDG_DATA_HOME nor HOME is set", false};
  return {*data + "/ktstr-index/archive.sqlite3", "the user's data directory", false};
}

bool is_indexers_place(const Variables& variables, const std::string& root,
                       const std::string& path) {
  const std::string whole = canonical_path(path);
  const auto is_below = [&](const std::string& directory) {
    return whole.starts_with(canonical_path(directory) + "/");
  };
  const auto cache = cache_directory(variables);
  return is_below(root + "/.ktstr-index") || (cache && is_below(*cache));
}

std::optional<std::string> cached_catalog_path(const Variables& variables,
                                               const std::string& root) {
  const auto cache = cache_directory(variables);
  if (!cache) return std::nullopt;
  return *cache + "/" + hex16(xxh3_64(root)) + "/catalog.sqlite3";
}

}  // namespace ktstr
