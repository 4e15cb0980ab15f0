// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/result.hpp"

// What `import PATH` and `--in PATH` take: a run directory, a runs root, a tree that holds such, or
// a tar or zip of any of these. Nothing of a source is trusted, and nothing of it is written to
// disk here.
//
// Which directory is a run directory? Names in a source look like [A/[B/[C/]]]RUN/[JOB/]FILE. From
// the top down, PATH itself included, a directory is
//   1. a run directory, if it holds a session sentinel (.ktstr_run_epoch), or if its name looks
//      like a run key: KERNEL-COMMIT, COMMIT being 7 hex digits with or without "-dirty", or
//      "unknown", and KERNEL beginning with a digit (after a "v", too) or being "unknown"; or
//      perf-delta-noise-...;
//   2. else a job directory, if the directory above it is a run directory;
//   3. else a run directory, if it holds sidecars;
//   4. else just a way to others. Should it hold failure dumps or traces, they are delivered with
//      its name as their run directory.
// So of two run keys, one in the other (an artifact named after its run), the inner one counts.
// PATH's own name is its last component (the real one's, if that is "." or ".."), or the file's
// name without .tar.gz and the like. A run directory deeper than 3 below PATH isn't taken, and
// the summary says so.

namespace ktstr {

enum class ImportKind { sidecar, failure_dump, trace };

/// One file of a source, names as bytes.
struct ImportedFile {
  ImportKind kind = ImportKind::sidecar;
  std::string path;  ///< inside the source, "/" between components; tells two artifacts' runs apart
  std::string run_dir;
  std::string job;  ///< "" if none
  std::string file_name;
  std::string bytes;
  std::int64_t mtime_ns = 0;  ///< 0 if the source doesn't say
  /// The token in the run directory's sentinel, for a file directly in that. None if there is no
  /// sentinel, it is empty, or the source has several that differ.
  std::optional<std::string> session = std::nullopt;
};

struct ImportProgress {
  std::uint64_t files = 0;  ///< delivered so far
  std::uint64_t bytes = 0;  ///< of these
  /// Of a tar or zip, which is read twice; both 0 for a directory.
  std::uint64_t source_bytes_read = 0;
  std::uint64_t source_bytes_to_read = 0;
};

struct ImportOptions {
  bool traces = false;                             ///< deliver *.wprof.pb, too
  std::uint64_t max_file_bytes = 256ULL << 20;     ///< a larger file is refused
  std::uint64_t max_total_bytes = 4ULL << 30;      ///< delivered, unpacked; more is an error
  std::uint64_t max_entries = 5'000'000;           ///< names of any kind; more is an error
  std::uint64_t max_expansion = 200;               ///< unpacked : packed size; more is an error …
  std::uint64_t min_expanded_bytes = 64ULL << 20;  ///< … beyond that many unpacked bytes
  std::function<void(const ImportProgress&)> progress = {};
  std::function<bool()> should_stop = {};  ///< asked often; true ends with an error (interrupted)
};

/// Things left out, with a reason each.
struct LeftOut {
  struct Item {
    std::string path;  ///< inside the source; foreign bytes, to be escaped
    std::string reason;
  };
  static constexpr std::size_t k_max_named = 100;

  std::uint64_t count = 0;
  std::vector<Item> first;  ///< the first k_max_named of them

  void add(std::string path, std::string reason);
};

struct ImportSummary {
  std::uint64_t sidecars = 0;
  std::uint64_t failure_dumps = 0;
  std::uint64_t traces = 0;
  std::uint64_t bytes = 0;    ///< of all these
  std::uint64_t ignored = 0;  ///< files that are neither of what was asked for
  /// Links, devices, encrypted entries, names that lead outside, files beyond max_file_bytes. Only
  /// those that bear the name of a wanted file, and links and bad names of any kind.
  LeftOut refused;
  /// Of these, the ones that are named as sidecars, or as tars and zips, which may hold some.
  std::uint64_t refused_results = 0;
  LeftOut unreadable;  ///< files and directories that failed with an I/O error
  LeftOut too_deep;    ///< wanted files whose run directory is deeper than 3
  /// Of a tar or zip that is truncated or damaged: where and how. All before that was delivered.
  std::optional<std::string> damaged = std::nullopt;

  [[nodiscard]] std::uint64_t files() const { return sidecars + failure_dumps + traces; }
};

/// An error ends the reading and is handed on.
using ImportCallback = std::function<Result<void>(ImportedFile&&)>;

/// Reads all that `path` holds and hands it over file by file. Directories come in byte order, each
/// one's files before its subdirectories; a tar or zip in its own order, a name that it holds
/// twice twice. Links in a source are never followed (`path` itself may be one), but a tar's hard
/// link has the bytes of the entry before that it names; .ktstr-index, .locks and .git aren't
/// entered. Tars and zips within a tar or zip that has no wanted files are looked into, and those
/// within these are not. A source without wanted files is no error.
/// Errors: `path` can't be opened, or is neither a directory nor a tar or zip (parse); a limit of
/// the options was hit (parse, with a hint); libarchive is missing; the callback's. What was
/// delivered before an error stays delivered. Thread-safe for sources, not for one callback.
[[nodiscard]] Result<ImportSummary> read_import_source(const std::string& path,
                                                       const ImportOptions& options,
                                                       const ImportCallback& callback);
/// The same with another file system for directories; a tar or zip is always the machine's.
[[nodiscard]] Result<ImportSummary> read_import_source(FileSystem& files, const std::string& path,
                                                       const ImportOptions& options,
                                                       const ImportCallback& callback);

// What the names in an import source mean; the rule stands at the top. Pure functions;
// thread-safe.

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

/// What a tar or zip is called that may hold another's whole tree: CI services pack what they are
/// given into a zip, a tar too.
[[nodiscard]] bool is_archive_name(std::string_view file_name);

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

/// Hands the files of a source over, within the limits, and counts. Not thread-safe.
class ImportDelivery {
 public:
  ImportDelivery(const ImportOptions& options, const ImportCallback& callback)
      : options_(options), callback_(callback) {}

  /// Another name of any kind was met. Error: too many, or asked to stop.
  [[nodiscard]] Result<void> count_entry();
  [[nodiscard]] Result<void> check_stop() const;
  [[nodiscard]] bool wants(ImportKind kind) const {
    return kind != ImportKind::trace || options_.traces;
  }
  /// False, and noted, for a file whose run directory is too deep.
  [[nodiscard]] bool is_within_depth(const DirectoryPlace& place, const std::string& path);
  [[nodiscard]] Result<void> deliver(ImportedFile&& file);
  void refuse(std::string path, std::string reason);
  void show_progress(std::uint64_t source_bytes_read, std::uint64_t source_bytes_to_read);
  [[nodiscard]] std::uint64_t count() const { return entries_; }
  /// The next pass over the same names begins, before which there were so many.
  void restart_count(std::uint64_t before) { entries_ = before; }

  [[nodiscard]] ImportSummary& summary() { return summary_; }

 private:
  [[nodiscard]] std::uint64_t& counter(ImportKind kind);

  const ImportOptions& options_;
  const ImportCallback& callback_;
  ImportSummary summary_;
  ImportProgress progress_;
  std::uint64_t entries_ = 0;
};

/// A file directly in the directory of this place.
[[nodiscard]] ImportedFile placed_file(ImportKind kind, const DirectoryPlace& place,
                                       std::string path, std::string file_name);
[[nodiscard]] std::string too_large_reason(std::uint64_t max_file_bytes);

/// The two kinds of source, behind read_import_source().
[[nodiscard]] Result<void> import_directory(FileSystem& files, const std::string& path,
                                            const ImportOptions& options, ImportDelivery& delivery);
[[nodiscard]] Result<void> import_tar(const std::string& path, const ImportOptions& options,
                                      ImportDelivery& delivery);

}  // namespace ktstr
