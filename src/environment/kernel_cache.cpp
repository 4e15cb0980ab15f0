// SPDX-License-Identifier: MIT
#include "environment/kernel_cache.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "environment/kernel.hpp"
#include "environment/kernel_metadata.hpp"
#include "environment/places.hpp"
#include "ktstr/kernel.hpp"

namespace ktstr {
namespace {

constexpr std::uint32_t k_polynomial = 0xEDB88320;  // lowest bit first

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ k_polynomial : value >> 1U;
    }
    table[byte] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> k_table = make_table();

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const char byte : bytes) {
    value = value >> 8U ^ k_table[(value ^ static_cast<unsigned char>(byte)) & 0xFFU];
  }
  return ~value;
}

namespace {

constexpr const char* k_way_out = "set KTSTR_CACHE_DIR to an absolute path, or HOME to yours";

/// The hint says the same again for those who print it; the harness's message has it inside.
tl::unexpected<Error> refuse_home(const std::string& why) {
  return fail(ErrorCode::usage,
              "no kernel cache directory: " + why + "; KTSTR_CACHE_DIR would name one", {},
              k_way_out);
}

Result<std::string> usable_home(const Variables& variables) {
  const auto home = variables("HOME");
  if (!home || !is_valid_utf8(*home)) return refuse_home("HOME is unset or not UTF-8");
  if (home->empty()) return refuse_home("HOME is set to the empty string");
  if (*home == "/") {
    return refuse_home("HOME is `/`, which would put the cache at /.cache/ktstr");
  }
  if (home->front() != '/') {
    return refuse_home("HOME is not an absolute path: \"" + escape_control(*home) + "\"");
  }
  return *home;
}

}  // namespace

Result<std::string> kernel_cache_root(const Variables& variables) {
  if (auto named = non_empty(variables, "KTSTR_CACHE_DIR")) {
    if (is_valid_utf8(*named)) return *std::move(named);
    // Falling back would quietly use another cache than the one that was asked for.
    return fail(ErrorCode::usage, "KTSTR_CACHE_DIR contains non-UTF-8 bytes (" +
                                      std::to_string(named->size()) +
                                      " bytes): " + lossy_utf8(*named));
  }
  if (const auto cache = non_empty_utf8(variables, "XDG_CACHE_HOME")) {
    return join_path(*cache, "ktstr/kernels");
  }
  const auto home = usable_home(variables);
  if (!home) return fail(home.error());
  return join_path(*home, ".cache/ktstr/kernels");
}

namespace {

// Far more than any writer makes; a file that claims to be larger is none of the harness's.
constexpr std::uint64_t k_max_metadata_bytes = 16ULL << 20;

constexpr std::string_view k_image_reason = "image file ";
constexpr std::string_view k_image_reason_end = " missing from entry directory";

std::string image_missing_reason(const std::string& image_name) {
  return std::string(k_image_reason) + image_name + std::string(k_image_reason_end);
}

bool is_image_missing_reason(std::string_view reason) {
  return reason.size() > k_image_reason.size() + k_image_reason_end.size() &&
         reason.substr(0, k_image_reason.size()) == k_image_reason &&
         reason.substr(reason.size() - k_image_reason_end.size()) == k_image_reason_end;
}

Result<std::string> read_file(FileSystem& files, const std::string& path) {
  auto file = files.open_file(path);
  if (!file) return fail(file.error());
  return (*file)->read_all(k_max_metadata_bytes);
}

const char* reason_prefix(JsonFault fault) {
  switch (fault) {
    case JsonFault::syntax:
      return "metadata.json malformed: ";
    case JsonFault::truncated:
      return "metadata.json truncated: ";
    case JsonFault::shape:
      return "metadata.json schema drift: ";
  }
  return "metadata.json parse error: ";
}

bool exists(FileSystem& files, const std::string& path) {
  return files.status(path, FollowLinks::yes).has_value();
}

bool is_directory(FileSystem& files, const std::string& path) {
  const auto status = files.status(path, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

ListedKernel examine(FileSystem& files, const std::string& key, const std::string& path) {
  auto metadata = read_kernel_metadata(files, path);
  if (!metadata) return CorruptKernelEntry{key, path, std::move(metadata.error())};
  if (!exists(files, join_path(path, metadata->image_name))) {
    return CorruptKernelEntry{key, path, image_missing_reason(metadata->image_name)};
  }
  return KernelCacheEntry{key, path, *std::move(metadata)};
}

bool sorts_before(const ListedKernel& left, const ListedKernel& right) {
  const auto* const left_entry = std::get_if<KernelCacheEntry>(&left);
  const auto* const right_entry = std::get_if<KernelCacheEntry>(&right);
  if (left_entry == nullptr || right_entry == nullptr) {
    return left_entry != nullptr && right_entry == nullptr;
  }
  return left_entry->metadata.built_at > right_entry->metadata.built_at;
}

OncePerKey& process_unstripped_gate() {
  static OncePerKey gate;
  return gate;
}

}  // namespace

const char* CorruptKernelEntry::error_kind() const {
  constexpr std::array<std::pair<std::string_view, const char*>, 5> k_kinds = {{
      {"metadata.json unreadable: ", "unreadable"},
      {"metadata.json schema drift: ", "schema_drift"},
      {"metadata.json malformed: ", "malformed"},
      {"metadata.json truncated: ", "truncated"},
      {"metadata.json parse error: ", "parse_error"},
  }};
  if (reason == "metadata.json missing") return "missing";
  for (const auto& [prefix, kind] : k_kinds) {
    if (reason.compare(0, prefix.size(), prefix) == 0) return kind;
  }
  return is_image_missing_reason(reason) ? "image_missing" : "unknown";
}

bool is_valid_kernel_key(std::string_view key) {
  constexpr std::string_view k_forbidden("/\\\0", 3);
  return !trim_unicode(key).empty() && key.front() != '.' &&
         key.find_first_of(k_forbidden) == std::string_view::npos &&
         key.find("..") == std::string_view::npos;
}

std::string tarball_kernel_key(std::string_view version, std::string_view arch,
                               std::string_view kconfig_suffix) {
  std::string key(version);
  key += "-tarball-";
  key += arch;
  key += "-kc";
  key += kconfig_suffix;
  return key;
}

std::string kconfig_suffix(std::string_view kconfig_bytes) {
  return hex16(crc32(kconfig_bytes)).substr(8);
}

std::optional<std::string> read_text_file(FileSystem& files, const std::string& path) {
  auto bytes = read_file(files, path);
  if (!bytes || !is_valid_utf8(*bytes)) return std::nullopt;
  return *std::move(bytes);
}

tl::expected<KernelMetadata, std::string> read_kernel_metadata(FileSystem& files,
                                                               const std::string& directory) {
  const auto bytes = read_file(files, join_path(directory, "metadata.json"));
  if (!bytes && bytes.error().code == ErrorCode::not_found) {
    return tl::unexpected<std::string>("metadata.json missing");
  }
  if (!bytes) return tl::unexpected("metadata.json unreadable: " + bytes.error().message);
  if (!is_valid_utf8(*bytes)) {
    return tl::unexpected<std::string>(
        "metadata.json unreadable: stream did not contain valid UTF-8");
  }
  auto metadata = parse_kernel_metadata(*bytes);
  if (metadata) return *std::move(metadata);
  return tl::unexpected(reason_prefix(metadata.error().fault) + metadata.error().why);
}

std::optional<KernelCacheEntry> lookup_kernel(FileSystem& files, const std::string& root,
                                              const std::string& key, const MessageSink& sink,
                                              OncePerKey& unstripped) {
  if (!is_valid_kernel_key(key)) {
    if (sink) sink("ktstr: not a kernel cache key: \"" + escape_control(key) + "\"");
    return std::nullopt;
  }
  const std::string path = join_path(root, key);
  if (!is_directory(files, path)) return std::nullopt;
  ListedKernel found = examine(files, key, path);
  auto* const entry = std::get_if<KernelCacheEntry>(&found);
  if (entry == nullptr) return std::nullopt;
  const KernelMetadata& metadata = entry->metadata;
  if (sink && metadata.has_vmlinux && !metadata.vmlinux_stripped && unstripped.enter(key)) {
    sink("ktstr: the vmlinux of kernel cache entry \"" + escape_control(key) +
         "\" was not stripped of its debugging data");
  }
  return std::move(*entry);
}

Result<std::vector<ListedKernel>> list_kernels(FileSystem& files, const std::string& root) {
  auto directory = files.open_directory(root);
  if (!directory) {
    // A file where the root should be is not_found too, but is no missing root.
    const auto status = files.status(root, FollowLinks::yes);
    if (!status && directory.error().code == ErrorCode::not_found)
      return std::vector<ListedKernel>{};
    return fail(directory.error());
  }
  const auto names = (*directory)->list();
  if (!names) return fail(names.error());
  std::vector<ListedKernel> kernels;
  for (const DirectoryEntry& entry : *names) {
    if (entry.name.front() == '.' || !is_valid_utf8(entry.name)) continue;
    const std::string path = join_path(root, entry.name);
    if (is_directory(files, path)) kernels.push_back(examine(files, entry.name, path));
  }
  std::stable_sort(kernels.begin(), kernels.end(), sorts_before);
  return kernels;
}

std::optional<std::string> local_source_tree(const KernelMetadata& metadata) {
  const auto* const local = std::get_if<LocalSource>(&metadata.source);
  return local == nullptr ? std::nullopt : local->source_tree_path;
}

std::optional<std::string> recover_local_source_tree(FileSystem& files,
                                                     const std::string& directory) {
  const auto metadata = read_kernel_metadata(files, directory);
  return metadata ? local_source_tree(*metadata) : std::nullopt;
}

Result<KernelCache> KernelCache::open(const Variables& variables) {
  auto root = kernel_cache_root(variables);
  if (!root) return fail(std::move(root.error()));
  return KernelCache(*std::move(root));
}

std::optional<KernelCacheEntry> KernelCache::lookup(const std::string& key,
                                                    const MessageSink& sink) const {
  return lookup_kernel(system_file_system(), root_, key, sink, process_unstripped_gate());
}

Result<std::vector<ListedKernel>> KernelCache::list() const {
  return list_kernels(system_file_system(), root_);
}

std::optional<std::string> recover_local_source_tree(const std::string& directory) {
  return recover_local_source_tree(system_file_system(), directory);
}

}  // namespace ktstr
