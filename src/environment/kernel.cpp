// SPDX-License-Identifier: MIT
#include "ktstr/kernel.hpp"

#include <sys/utsname.h>

#include "base/text.hpp"
#include "environment/join_path.hpp"
#include "environment/kernel_internal.hpp"
#include "environment/unicode_space.hpp"
#include "environment/variables.hpp"

namespace ktstr {
namespace {

/// The messages of a lookup are for those who manage the cache, not for each test process.
std::optional<KernelCacheEntry> quiet_lookup(FileSystem& files, const std::string& root,
                                             const std::string& key) {
  OncePerKey unused;
  return lookup_kernel(files, root, key, {}, unused);
}

std::optional<std::string> version_at_path(FileSystem& files, const std::string& path) {
  // Metadata that can be read has the last word, also when it names no version.
  if (const auto metadata = read_kernel_metadata(files, path)) return metadata->version;
  const auto release = read_text_file(files, join_path(path, "include/config/kernel.release"));
  if (!release) return std::nullopt;
  const std::string_view trimmed = trim_unicode(*release);
  return trimmed.empty() ? std::nullopt : std::optional<std::string>(trimmed);
}

std::optional<std::string> version_in_cache(FileSystem& files, const Variables& variables,
                                            const std::string& key) {
  const auto root = kernel_cache_root(variables);
  if (!root) return std::nullopt;
  const auto entry = quiet_lookup(files, *root, key);
  return entry ? entry->metadata.version : std::nullopt;
}

std::optional<std::string> tree_in_entry(FileSystem& files, const std::string& root,
                                         const std::string& key) {
  const auto entry = quiet_lookup(files, root, key);
  return entry ? local_source_tree(entry->metadata) : std::nullopt;
}

/// First by the key that a tarball of this version would have, then whatever local build of it is
/// the newest.
std::optional<std::string> tree_of_version(FileSystem& files, const std::string& root,
                                           const std::string& version,
                                           const KernelSourceOptions& options) {
  if (options.kconfig_suffix) {
    const auto key = tarball_kernel_key(version, options.arch, *options.kconfig_suffix);
    if (auto tree = tree_in_entry(files, root, key)) return tree;
  }
  const auto kernels = list_kernels(files, root);
  if (!kernels) return std::nullopt;
  for (const ListedKernel& kernel : *kernels) {
    const auto* const entry = std::get_if<KernelCacheEntry>(&kernel);
    if (entry == nullptr || entry->metadata.version != version) continue;
    if (auto tree = local_source_tree(entry->metadata)) return tree;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> kernel_environment(const Variables& variables) {
  const auto value = non_empty_utf8(variables, "KTSTR_KERNEL");
  if (!value) return std::nullopt;
  const std::string_view trimmed = trim_unicode(*value);
  return trimmed.empty() ? std::nullopt : std::optional<std::string>(trimmed);
}

std::optional<std::string> kernel_version(FileSystem& files, const Variables& variables) {
  const auto identifier = kernel_environment(variables);
  if (!identifier) return std::nullopt;
  const KernelId id = parse_kernel_id(*identifier, variables);
  // The path as typed: the harness doesn't use the expanded one here.
  if (std::holds_alternative<KernelPath>(id)) return version_at_path(files, *identifier);
  if (const auto* const version = std::get_if<KernelVersion>(&id)) return version->text;
  if (const auto* const key = std::get_if<KernelCacheKey>(&id)) {
    return version_in_cache(files, variables, key->text);
  }
  return std::nullopt;
}

std::optional<std::string> kernel_version(const Variables& variables) {
  return kernel_version(system_file_system(), variables);
}

std::string KernelSourceOptions::host_architecture() {
  utsname names = {};
  return ::uname(&names) == 0 ? names.machine : "";
}

std::optional<std::string> kernel_source_directory(FileSystem& files, const std::string& identifier,
                                                   const Variables& variables,
                                                   const KernelSourceOptions& options) {
  const KernelId id = parse_kernel_id(identifier, variables);
  if (std::holds_alternative<KernelPath>(id)) {
    auto tree = recover_local_source_tree(files, identifier);
    return tree ? std::move(tree) : identifier;
  }
  const auto* const version = std::get_if<KernelVersion>(&id);
  const auto* const key = std::get_if<KernelCacheKey>(&id);
  if (version == nullptr && key == nullptr) return std::nullopt;
  const auto root = kernel_cache_root(variables);
  if (!root) return std::nullopt;
  return key != nullptr ? tree_in_entry(files, *root, key->text)
                        : tree_of_version(files, *root, version->text, options);
}

std::optional<std::string> kernel_source_directory(const std::string& identifier,
                                                   const Variables& variables,
                                                   const KernelSourceOptions& options) {
  return kernel_source_directory(system_file_system(), identifier, variables, options);
}

std::optional<std::string> find_kernel_commit(std::string_view map, std::string_view directory) {
  for (const std::string_view segment : split(map, ';')) {
    const std::size_t mark = segment.rfind('=');  // a directory's name may hold one
    if (mark == std::string_view::npos || segment.substr(0, mark) != directory) continue;
    if (mark + 1 < segment.size()) return std::string(segment.substr(mark + 1));
  }
  return std::nullopt;
}

std::optional<std::string> stated_kernel_commit(const Variables& variables) {
  const auto directory = kernel_environment(variables);
  const auto map = non_empty_utf8(variables, "KTSTR_KERNEL_COMMIT");
  return directory && map ? find_kernel_commit(*map, *directory) : std::nullopt;
}

}  // namespace ktstr
