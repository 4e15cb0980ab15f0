// SPDX-License-Identifier: MIT
#pragma once

// The harness's cache of built kernels, for reading: a directory per key with metadata.json and the
// image in it. The harness may store and remove entries at any time; each call looks afresh.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ktstr/messages.hpp"
#include "ktstr/result.hpp"
#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// KTSTR_CACHE_DIR as it is, else `$XDG_CACHE_HOME/ktstr/kernels`, else
/// `$HOME/.cache/ktstr/kernels`. Doesn't look at the disk. Errors (usage): KTSTR_CACHE_DIR is not
/// UTF-8; HOME is needed, but unset, empty, "/" or relative.
[[nodiscard]] Result<std::string> kernel_cache_root(const Variables& variables);

struct TarballSource {
  friend bool operator==(const TarballSource&, const TarballSource&) = default;
};
struct GitSource {
  std::optional<std::string> git_hash = {};
  std::optional<std::string> reference = {};
  friend bool operator==(const GitSource&, const GitSource&) = default;
};
struct LocalSource {
  std::optional<std::string> source_tree_path = {};
  std::optional<std::string> git_hash = {};
  friend bool operator==(const LocalSource&, const LocalSource&) = default;
};
using KernelSource = std::variant<TarballSource, GitSource, LocalSource>;

/// metadata.json of an entry, with its keys' names.
struct KernelMetadata {
  std::optional<std::string> version = {};  ///< may be none for a local build
  KernelSource source = {};
  std::string arch = {};
  std::string image_name = {};
  std::optional<std::string> config_hash = {};
  std::string built_at = {};  ///< text to sort by; never read as a time
  std::optional<std::string> ktstr_kconfig_hash = {};
  std::optional<std::string> extra_kconfig_hash = {};
  bool has_vmlinux = false;
  bool vmlinux_stripped = false;
  std::optional<std::uint64_t> source_vmlinux_size = {};       ///< bytes
  std::optional<std::int64_t> source_vmlinux_mtime_secs = {};  ///< seconds since the epoch
  friend bool operator==(const KernelMetadata&, const KernelMetadata&) = default;
};

struct KernelCacheEntry {
  std::string key;
  std::string path;  ///< the entry's directory
  KernelMetadata metadata;
};
struct CorruptKernelEntry {
  std::string key;
  std::string path;
  std::string reason;  ///< "metadata.json missing", "image file bzImage missing from ...", ...
  /// "missing", "unreadable", "schema_drift", "malformed", "truncated", "parse_error",
  /// "image_missing" or "unknown".
  [[nodiscard]] const char* error_kind() const;
};
using ListedKernel = std::variant<KernelCacheEntry, CorruptKernelEntry>;

/// Not blank, without "/", "\", "..", NUL, and no dot in front.
[[nodiscard]] bool is_valid_kernel_key(std::string_view key);

/// "{version}-tarball-{arch}-kc{suffix}".
[[nodiscard]] std::string tarball_kernel_key(std::string_view version, std::string_view arch,
                                             std::string_view kconfig_suffix);
/// The suffix that the harness derives from the exact bytes of its kconfig fragment: their CRC-32
/// (zlib's) as 8 lower-case hex digits.
[[nodiscard]] std::string kconfig_suffix(std::string_view kconfig_bytes);

/// A cache at a root that need not exist. Thread-safe.
class KernelCache {
 public:
  explicit KernelCache(std::string root) : root_(std::move(root)) {}
  /// At kernel_cache_root; the same errors.
  [[nodiscard]] static Result<KernelCache> open(const Variables& variables);

  [[nodiscard]] const std::string& root() const { return root_; }

  /// The entry, if its metadata can be read and its image exists. Whatever is wrong, the answer is
  /// none. `sink` gets a line for a key that can't be one, and one a process for an entry whose
  /// vmlinux was not stripped.
  [[nodiscard]] std::optional<KernelCacheEntry> lookup(const std::string& key,
                                                       const MessageSink& sink = {}) const;

  /// Every entry: the newest by the text of built_at first, corrupt ones last. None for a missing
  /// root. Errors (io, permission, not_found): the root can't be listed.
  [[nodiscard]] Result<std::vector<ListedKernel>> list() const;

 private:
  std::string root_;
};

/// The source tree that the metadata.json in `directory` names, whether or not it exists; none if
/// there is no readable metadata or its source is not a local one with a path.
[[nodiscard]] std::optional<std::string> recover_local_source_tree(const std::string& directory);

}  // namespace ktstr
#pragma GCC visibility pop
