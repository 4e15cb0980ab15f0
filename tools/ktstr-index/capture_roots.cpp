// SPDX-License-Identifier: MIT
#include "capture_roots.hpp"

#include <algorithm>

#include "catalog/archive.hpp"
#include "catalog/connection.hpp"
#include "ktstr/run_directory.hpp"

namespace ktstr {
namespace {

void add_new(std::vector<std::string>& roots, std::string root) {
  if (std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(std::move(root));
}

bool is_directory(const std::string& path) {
  const auto status = system_file_system().status(path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

}  // namespace

std::vector<std::string> known_roots(const std::string& archive) {
  auto known = guarded(archive, [&]() -> Result<std::vector<std::string>> {
    const auto database = open_archive_to_read(archive);
    if (!database) return fail(database.error());
    SQLite::Statement select(
        **database, "SELECT path FROM runs_root WHERE origin = '' AND path <> '' ORDER BY path");
    std::vector<std::string> roots;
    while (select.executeStep()) roots.push_back(select.getColumn(0).getString());
    return roots;
  });
  std::vector<std::string> roots = known.value_or(std::vector<std::string>());
  std::erase_if(roots, [](const std::string& root) { return !is_directory(root); });
  return roots;
}

Result<std::vector<std::string>> roots_to_capture(const SessionOptions& options,
                                                  const std::vector<std::string>& named,
                                                  const std::string& archive) {
  std::vector<std::string> roots;
  for (const std::string& root : named) add_new(roots, canonical_path(root));
  if (options.root) add_new(roots, canonical_path(*options.root));
  if (roots.empty()) {
    if (const auto found = find_paths(options)) add_new(roots, found->root.path);
    for (std::string& root : known_roots(archive)) add_new(roots, std::move(root));
  }
  if (roots.empty()) roots.push_back(canonical_path(runs_root(options.variables).path));
  for (const std::string& root : roots) {
    auto checked = check_root(root, options);
    if (!checked && checked.error().code != ErrorCode::not_found) {
      return fail(std::move(checked.error()));
    }
  }
  return roots;
}

SessionOptions options_for_root(SessionOptions options, const std::string& root, bool is_only_one) {
  if (!is_only_one) {
    const auto found = find_paths(options);
    if (!found || found->root.path != root) options.catalog = default_catalog_path(root);
  }
  options.root = root;
  return options;
}

}  // namespace ktstr
