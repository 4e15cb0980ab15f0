// SPDX-License-Identifier: MIT
#include "environment/places.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/file_system.hpp"
#include "base/hashing.hpp"
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "environment/git.hpp"
#include "environment/git_library.hpp"
#include "ktstr/run.hpp"

namespace ktstr {

Variables process_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::optional<std::string> non_empty(const Variables& variables, const std::string& name) {
  auto value = variables(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::optional<std::string> non_empty_utf8(const Variables& variables, const std::string& name) {
  auto value = non_empty(variables, name);
  return value && is_valid_utf8(*value) ? value : std::nullopt;
}

Result<TemporaryDirectory> TemporaryDirectory::make(const Variables& variables) {
  std::string parent = variables("TMPDIR").value_or("");
  if (parent.empty()) parent = "/tmp";
  std::string path = parent + "/ktstr-index.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail(os_error(errno, parent));
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

bool can_stand_in_file_name(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    if (!sequence.valid || sequence.code_point == U'/' || is_control(sequence.code_point)) {
      return false;
    }
    text.remove_prefix(sequence.length);
  }
  return true;
}

bool can_stand_in_run_directory_name(std::string_view text) {
  // Two of them, a dash and the ending of the lock's name have to fit into 255 bytes.
  constexpr std::size_t k_most_bytes = 120;
  return text.size() <= k_most_bytes && text.find("..") == std::string_view::npos &&
         can_stand_in_file_name(text);
}

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

namespace {

std::string text_of(const char* path) {
  constexpr std::uint64_t k_most_bytes = 1 << 20;
  const auto file = system_file_system().open_file(path);
  return file ? (*file)->read_all(k_most_bytes).value_or(std::string()) : std::string();
}

}  // namespace

std::vector<std::string> host_aliases(std::string_view hosts_text,
                                      const std::vector<std::string>& known) {
  std::vector<std::string> aliases;
  for (const std::string_view line : split(hosts_text, '\n')) {
    std::istringstream words(std::string(line.substr(0, line.find('#'))));
    std::string address;
    std::vector<std::string> names;
    words >> address;
    for (std::string name; words >> name;) names.push_back(std::move(name));
    const bool is_ours = address == "127.0.1.1" ||
                         std::any_of(names.begin(), names.end(), [&](const std::string& name) {
                           return std::find(known.begin(), known.end(), name) != known.end();
                         });
    if (is_ours) aliases.insert(aliases.end(), names.begin(), names.end());
  }
  return aliases;
}

std::vector<std::string> own_host_names() {
  constexpr std::size_t k_longest_name = 256;
  std::vector<std::string> names;
  std::array<char, k_longest_name> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) == 0) names.emplace_back(buffer.data());
  const std::string stored(trim(text_of("/etc/hostname")));
  if (!stored.empty() && stored.find('\n') == std::string::npos) names.push_back(stored);
  const std::vector<std::string> aliases = host_aliases(text_of("/etc/hosts"), names);
  names.insert(names.end(), aliases.begin(), aliases.end());
  return names;
}

namespace {

/// Empty if there is none, as for a path that could not be one.
std::string nearest_directory(const std::string& path) {
  if (path.find('\0') != std::string::npos) return {};
  std::error_code ignored;
  std::filesystem::path directory(path);
  while (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    const std::filesystem::path parent = directory.parent_path();
    directory = parent == directory ? std::filesystem::path() : parent;
  }
  return directory.string();
}

}  // namespace

Result<std::string> project_key(const std::string& root) {
  const auto commit = root_commit(nearest_directory(root), git_deadline_ns());
  if (commit) return *commit ? "git:" + **commit : path_key(root);
  return fail(ErrorCode::timeout, "git gives no answer, so its project isn't known", root,
              "try again: what git has looked at once it answers faster");
}

}  // namespace ktstr
