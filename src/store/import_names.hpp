// SPDX-License-Identifier: MIT
#pragma once

// What the names in an import source mean; the rule stands in import_source.hpp. Pure functions;
// thread-safe.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"
#include "store/import_source.hpp"

namespace ktstr {

/// The deepest level of a run directory, PATH being 0.
inline constexpr std::size_t k_max_run_depth = 3;
/// A larger sentinel is no sentinel.
inline constexpr std::uint64_t k_max_sentinel_bytes = 4096;

[[nodiscard]] bool looks_like_run_key(std::string_view name);
/// None for a file that nobody imports.
[[nodiscard]] std::optional<ImportKind> import_kind(std::string_view file_name);
/// Directories of ours, of the harness and of git, which hold no results.
[[nodiscard]] bool is_skipped_directory(std::string_view name);

/// The components of an entry's name, "." and empty ones left out. The error is the reason to
/// refuse it: absolute, "..", a NUL, too long.
[[nodiscard]] tl::expected<std::vector<std::string_view>, std::string> split_entry_name(
    std::string_view name);

/// "runs" of "/a/runs.tar.gz".
[[nodiscard]] std::string archive_stem(std::string_view path);

/// What is known of a directory before its role is told.
struct DirectoryFacts {
  bool has_sentinel = false;
  bool has_sidecars = false;
  /// None if there are several that differ, or an empty one.
  std::optional<std::string> session = std::nullopt;

  void add_sentinel(std::string token);
};

enum class ImportedDirectoryRole { way, run, job };
[[nodiscard]] ImportedDirectoryRole role_of(std::string_view name, const DirectoryFacts& facts,
                                            ImportedDirectoryRole parent);

/// Where the files directly in a directory belong.
struct DirectoryPlace {
  ImportedDirectoryRole role = ImportedDirectoryRole::way;
  std::string run_dir;
  std::string job;
  std::size_t run_depth = 0;
  std::optional<std::string> session = std::nullopt;
};
/// Of a directory `depth` levels below PATH; `parent` is null for PATH itself.
[[nodiscard]] DirectoryPlace place_of(std::string name, const DirectoryFacts& facts,
                                      std::size_t depth, const DirectoryPlace* parent);

/// The directories that hold something, by the components of their names, joined by slashes ("" is
/// PATH itself): what the first pass over a tar finds.
class DirectoryTree {
 public:
  explicit DirectoryTree(std::string own_name) : own_name_(std::move(own_name)) {}

  DirectoryFacts& facts(const std::string& directory) { return facts_[directory]; }
  [[nodiscard]] std::size_t size() const { return facts_.size(); }
  [[nodiscard]] DirectoryPlace place(const std::vector<std::string_view>& directory) const;

 private:
  std::string own_name_;
  std::map<std::string, DirectoryFacts> facts_;
};

}  // namespace ktstr
