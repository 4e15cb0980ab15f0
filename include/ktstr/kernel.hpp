// SPDX-License-Identifier: MIT
#pragma once

// The kernel that this process's tests run on, by KTSTR_KERNEL. Nothing is remembered between
// calls. Thread-safe as far as the variables are.

#include <optional>
#include <string>
#include <string_view>

#include "ktstr/kernel_cache.hpp"
#include "ktstr/kernel_id.hpp"
#include "ktstr/variables.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

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

}  // namespace ktstr
#pragma GCC visibility pop
