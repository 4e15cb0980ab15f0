// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/index.hpp"

namespace ktstr {

/// The test that a failure dump or trace is about, and the variant hash if the name has one. A
/// retry's own dump ("….attempt-2.failure-dump.json", newer producers) is about the same.
struct DumpName {
  std::string test;
  std::optional<std::string> hash;  ///< 16 hex digits
};

/// Of a name that classify_artifact knows. Pure; thread-safe.
[[nodiscard]] DumpName dump_name(std::string_view file_name);

// The rules by which the files of one run directory become its summary. Who finds the files, by
// looking at the disk or into the catalog, is the caller's business.

/// What the footer wants to know of a sidecar that could be parsed.
struct FooterVerdict {
  bool is_fail = false;
  std::string scheduler = {};
  std::string topology = {};
};

/// Sums up one run directory. Pure.
class FooterRules {
 public:
  /// `directory` is the path that the summary's paths begin with.
  explicit FooterRules(std::string directory);

  /// A fresh, regular file that is no link. The files must come in byte order of their names: that
  /// is what makes "first" and "last" mean the same each time. `verdict` is none for a file that
  /// is no sidecar or one that can't be parsed. Names that are no artifact's are passed over.
  void add(const std::string& file_name, const std::optional<FooterVerdict>& verdict);

  /// None if no artifact came.
  [[nodiscard]] std::optional<RunDirectorySummary> finish();

 private:
  struct Test {
    FailedTest found;
    // Variant by variant, so that one that passed can't hide another that died early.
    std::set<std::uint64_t> parsed;
    std::set<std::uint64_t> dumped;
  };

  void add_sidecar(Test& test, std::uint64_t hash, const std::string& path,
                   const std::optional<FooterVerdict>& verdict);

  RunDirectorySummary summary_;
  std::map<std::string, Test> tests_;
};

/// Whether a file counts as written since then: a regular one, as lstat sees it, not older.
[[nodiscard]] inline bool is_fresh(const Result<FileStatus>& status, std::int64_t since_ns) {
  return status && status->kind == FileKind::regular && status->stamp.mtime_ns >= since_ns;
}

/// Whether a file of this name needs to be read for its verdict.
[[nodiscard]] bool is_footer_sidecar(const std::string& file_name);

// summarize_run_artifacts of ktstr/index.hpp over any file system; tests pass a fake one.

[[nodiscard]] std::vector<RunDirectorySummary> summarize_run_artifacts(
    FileSystem& files, const std::string& runs_root, const FooterOptions& options);

}  // namespace ktstr
