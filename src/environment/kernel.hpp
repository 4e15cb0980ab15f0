// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/kernel.hpp"

// The functions of ktstr/kernel.hpp that look at files, over any file system; tests pass a fake
// one.

namespace ktstr {

/// The metadata.json in `directory`, or the reason why there is none to be had, as a corrupt entry
/// says it.
[[nodiscard]] tl::expected<KernelMetadata, std::string> read_kernel_metadata(
    FileSystem& files, const std::string& directory);

/// `unstripped` lets each key's line about its vmlinux pass once.
[[nodiscard]] std::optional<KernelCacheEntry> lookup_kernel(FileSystem& files,
                                                            const std::string& root,
                                                            const std::string& key,
                                                            const MessageSink& sink,
                                                            OncePerKey& unstripped);
[[nodiscard]] Result<std::vector<ListedKernel>> list_kernels(FileSystem& files,
                                                             const std::string& root);

[[nodiscard]] std::optional<std::string> recover_local_source_tree(FileSystem& files,
                                                                   const std::string& directory);

/// The path of a local source, if it has one.
[[nodiscard]] std::optional<std::string> local_source_tree(const KernelMetadata& metadata);

/// The text of a file; none if it can't be read or is not UTF-8.
[[nodiscard]] std::optional<std::string> read_text_file(FileSystem& files, const std::string& path);

[[nodiscard]] std::optional<std::string> kernel_version(FileSystem& files,
                                                        const Variables& variables);
[[nodiscard]] std::optional<std::string> kernel_source_directory(
    FileSystem& files, const std::string& identifier, const Variables& variables,
    const KernelSourceOptions& options);

/// The commit of the source tree that a kernel identifier leads to; none where there is no tree or
/// no commit. Thread-safe as far as the variables are.
[[nodiscard]] std::optional<std::string> kernel_commit_of(const std::string& identifier,
                                                          const Variables& variables,
                                                          const KernelSourceOptions& options);

}  // namespace ktstr
