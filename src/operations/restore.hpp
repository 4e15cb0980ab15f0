// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/safe_open.hpp"
#include "database/connection.hpp"
#include "ktstr/result.hpp"
#include "operations/restorables.hpp"

// A directory that files are written into under names that nobody vouches for. Every step below it
// is one component, opened in the directory before it and never through a link: a name or a link
// that leads elsewhere, even one that is put there meanwhile, gets nothing written to.

namespace ktstr {

/// Whether it can name one entry of a directory: not empty, ".", or "..", no slash, no NUL.
[[nodiscard]] bool is_plain_component(std::string_view name);

struct TreePath {
  std::vector<std::string> directories;  ///< below the tree's, in order
  std::string file_name;

  [[nodiscard]] std::string text() const;
};

enum class Standing {
  absent,
  same,       ///< a file with those bytes
  different,  ///< a file with others, a link, a directory
};

/// Not thread-safe.
class RestoreTree {
 public:
  explicit RestoreTree(std::string path) : path_(std::move(path)) {}

  /// Makes nothing. Error: a link or a file where a directory should be; permission; io.
  [[nodiscard]] Result<Standing> look(const TreePath& path, std::string_view bytes) const;
  /// The content of a file of at most `most_bytes`; none if there is no such file.
  [[nodiscard]] Result<std::optional<std::string>> read(const TreePath& path,
                                                        std::uint64_t most_bytes) const;
  /// Whether that directory is there.
  [[nodiscard]] bool has_directory(const std::vector<std::string>& directories) const;

  /// Writes a temporary file beside it and renames that. Mode 0644 and directories 0755, less the
  /// umask. Error: it is there and not to be replaced; those of look(); a full disk, after which
  /// nothing is left of it.
  [[nodiscard]] Result<void> put(const TreePath& path, std::string_view bytes,
                                 std::optional<std::int64_t> mtime_ns, bool replace);

 private:
  [[nodiscard]] Result<Descriptor> open_top(bool make) const;
  /// -1 (is_open() false) where it isn't there and isn't to be made.
  [[nodiscard]] Result<Descriptor> open_directory(const std::vector<std::string>& directories,
                                                  bool make) const;
  [[nodiscard]] Error error_at(int error_number, const TreePath& path) const;
  [[nodiscard]] Result<void> write_staged(const Descriptor& directory, const std::string& staging,
                                          std::string_view bytes,
                                          std::optional<std::int64_t> mtime_ns) const;

  std::string path_;
  std::int64_t staged_ = 0;
};

// Files out of an archive, as they were.

struct RestoreOptions {
  RestoreRequest request;
  std::string to;      ///< a directory, made if it isn't there
  bool force = false;  ///< over what is there
  std::function<bool()> should_stop;
};

struct RestoredFile {
  std::string path;  ///< below `to`
  std::string kind;  ///< sidecar, failure-dump, …, session (the file that names it)
  std::string id;    ///< "" if its bytes were never kept
  std::int64_t size_bytes = 0;
  std::string status;  ///< restored, present (there already, with the same bytes), missing
  std::string reason;  ///< of one that is missing
};

/// Writes {run directory}/[{job}/]{file name} below `to`, with the files' own times and whatever
/// bytes were seen, each checked by its id. A run directory that isn't there yet gets the session's
/// token, too, if all its files are of one session. Errors: those of find_restorables; io: a file
/// is there with other bytes and `force` isn't said, and then nothing is written at all.
[[nodiscard]] Result<std::vector<RestoredFile>> restore(SQLite::Database& archive,
                                                        const RestoreOptions& options);

}  // namespace ktstr
