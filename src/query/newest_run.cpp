// SPDX-License-Identifier: MIT
#include "query/newest_run.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "catalog/connection.hpp"
#include "query/filters.hpp"

namespace ktstr {
namespace {

// The view run_dirs would count every result of every run first.
constexpr const char* k_runs =
    "SELECT run_dir FROM directory\n"
    "WHERE job = '' AND run_dir <> '' AND substr(run_dir, 1, 1) <> '.'\n"
    "ORDER BY entry_mtime_ns DESC, run_dir DESC";

/// A kernel's name may hold dashes; a commit doesn't, but for the mark of a dirty tree.
std::string kernel_label(std::string_view run_dir) {
  constexpr std::string_view k_dirty = "-dirty";
  if (run_dir.ends_with(k_dirty)) run_dir.remove_suffix(k_dirty.size());
  return std::string(run_dir.substr(0, run_dir.rfind('-')));
}

}  // namespace

Result<std::vector<std::string>> runs_newest_first(SQLite::Database& database) {
  return guarded(database.getFilename(), [&] {
    std::vector<std::string> names;
    SQLite::Statement statement(database, k_runs);
    while (statement.executeStep()) names.push_back(column_bytes(statement, 0));
    return names;
  });
}

bool has_kernel_label(std::string_view run_dir, std::string_view label) {
  if (run_dir.size() <= label.size() || !run_dir.starts_with(label)) return false;
  const char next = run_dir[label.size()];
  return next == '-' || (next == '.' && is_kernel_series(label));
}

std::vector<std::string> nearest_kernel_labels(std::string_view wanted,
                                               const std::vector<std::string>& run_dirs,
                                               std::size_t count) {
  std::set<std::pair<std::size_t, std::string>> by_distance;
  for (const std::string& run_dir : run_dirs) {
    std::string label = kernel_label(run_dir);
    const std::size_t distance = edit_distance(wanted, label);
    by_distance.emplace(distance, std::move(label));
  }
  std::vector<std::string> labels;
  for (const auto& [distance, label] : by_distance) {
    if (labels.size() == count) break;
    labels.push_back(label);
  }
  return labels;
}

}  // namespace ktstr
