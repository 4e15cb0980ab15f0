// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ktstr/protocol.hpp"
#include "ktstr/result.hpp"

// What a kernel identifier (the value of KTSTR_KERNEL) means, going by its text alone. Nothing here
// looks at a disk or a network. All functions are thread-safe as far as their variables are.

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

struct KernelPath {
  std::string path;  ///< "~" and "~/..." expanded
  friend bool operator==(const KernelPath&, const KernelPath&) = default;
};
struct KernelVersion {
  std::string text;  ///< "6.14", "6.14.2", "6.15-rc3"
  friend bool operator==(const KernelVersion&, const KernelVersion&) = default;
};
struct KernelCacheKey {
  std::string text;
  friend bool operator==(const KernelCacheKey&, const KernelCacheKey&) = default;
};
/// Both ends belong to the range, however it was spelled.
struct KernelRange {
  std::string first;
  std::string last;
  bool spelled_inclusive = false;  ///< "..=" and not ".."
  friend bool operator==(const KernelRange&, const KernelRange&) = default;
};
struct KernelGit {
  std::string url;
  std::string reference;
  friend bool operator==(const KernelGit&, const KernelGit&) = default;
};
using KernelId = std::variant<KernelPath, KernelVersion, KernelCacheKey, KernelRange, KernelGit>;

/// MAJOR.MINOR[.PATCH][-rcN], each a run of ASCII digits.
[[nodiscard]] bool is_kernel_version(std::string_view text);

/// Every text means something; what nothing else fits is a cache key. White space counts. Only
/// HOME is asked for, and only for a path.
[[nodiscard]] KernelId parse_kernel_id(std::string_view text, const Variables& variables);
/// The parts between commas, trimmed, without the empty ones.
[[nodiscard]] std::vector<KernelId> parse_kernel_list(std::string_view text,
                                                      const Variables& variables);
/// The text that means it.
[[nodiscard]] std::string kernel_id_text(const KernelId& id);

/// Error (usage): a range whose first end is newer than its last. A release is newer than its
/// release candidates.
[[nodiscard]] Result<void> validate_kernel_id(const KernelId& id);

// The harness's cache of built kernels, for reading: a directory per key with metadata.json and the
// image in it. The harness may store and remove entries at any time; each call looks afresh.

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

// The kernel that this process's tests run on, by KTSTR_KERNEL. Nothing is remembered between
// calls. Thread-safe as far as the variables are.

/// KTSTR_KERNEL without white space (Unicode's) at both ends; none if nothing is left or it isn't
/// UTF-8.
[[nodiscard]] std::optional<std::string> kernel_environment(const Variables& variables);

/// The version that KTSTR_KERNEL stands for: its own text, or what the metadata or the
/// kernel.release file at the path says, or the cache's entry. None for a range, a git spec, and
/// wherever no version is to be had. A path is taken as typed, "~" too. May be empty: that is what
/// the metadata said.
[[nodiscard]] std::optional<std::string> kernel_version(const Variables& variables);

/// What the search for a source tree by version needs to know beside the version.
struct KernelSourceOptions {
  /// See kconfig_suffix(). Without it the cache's tarball key can't be made, and only the list of
  /// entries is searched; the answer is the same unless someone stored a local build by that key.
  std::optional<std::string> kconfig_suffix = {};
  /// As the harness's keys have it: "x86_64", "aarch64".
  std::string arch = host_architecture();

  /// This machine's.
  [[nodiscard]] static std::string host_architecture();
};

/// The source tree whose commit is the kernel's, for any identifier (as kernel_environment gives
/// it). Of a path: the tree that its metadata names, else the path itself, as typed. Of a version
/// or a cache key: the tree of a local build in the cache. None for a range and a git spec.
[[nodiscard]] std::optional<std::string> kernel_source_directory(
    const std::string& identifier, const Variables& variables,
    const KernelSourceOptions& options = {});

/// The commit of `directory` in a "dir=commit;dir=commit" map; the first that isn't empty.
[[nodiscard]] std::optional<std::string> find_kernel_commit(std::string_view map,
                                                            std::string_view directory);
/// The same with KTSTR_KERNEL_COMMIT and kernel_environment. None: probe the source tree.
[[nodiscard]] std::optional<std::string> stated_kernel_commit(const Variables& variables);

/// What a record's kernel_commit is: the stated one, else that of the source tree, if it has one.
/// `kconfig_suffix` as in KernelSourceOptions.
[[nodiscard]] std::optional<std::string> kernel_commit_for_sidecar(
    const Variables& variables, const std::optional<std::string>& kconfig_suffix = {});

/// The value of KTSTR_KERNEL_COMMIT for test processes that will have one of `identifiers` in
/// KTSTR_KERNEL: "identifier=commit;identifier=commit", made once so that none of them has to look
/// at a kernel's tree itself. The identifiers are as typed, without white space at their ends, as
/// the processes compare them; relative paths mean those of this process. Left out, so that the
/// process looks itself: an identifier without a source tree or whose tree has no commit, and one
/// that is not UTF-8 or holds a ";". One that comes twice is there once. May be empty.
/// Looks at each tree with git, which takes a while; commits are remembered for the rest of the
/// process. Thread-safe as far as the variables are.
[[nodiscard]] std::string kernel_commit_map(const std::vector<std::string>& identifiers,
                                            const Variables& variables,
                                            const KernelSourceOptions& options = {});

}  // namespace ktstr
#pragma GCC visibility pop
