// SPDX-License-Identifier: MIT
#include "environment/kernel.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "environment/places.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_git_prefix = "git+";
constexpr std::string_view k_candidate_mark = "-rc";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool starts_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

std::optional<KernelGit> parse_git(std::string_view text) {
  if (!starts_with(text, k_git_prefix)) return std::nullopt;
  text.remove_prefix(k_git_prefix.size());
  const std::size_t mark = text.rfind('#');  // a URL may hold one itself
  if (mark == std::string_view::npos || mark == 0 || mark + 1 == text.size()) return std::nullopt;
  return KernelGit{std::string(text.substr(0, mark)), std::string(text.substr(mark + 1))};
}

std::optional<KernelRange> parse_range(std::string_view text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, at);
  const std::string_view last = text.substr(at + separator.size());
  if (!is_kernel_version(first) || !is_kernel_version(last)) return std::nullopt;
  return KernelRange{std::string(first), std::string(last), separator == "..="};
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || starts_with(text, ".") ||
         starts_with(text, "~");
}

std::string expand_tilde(std::string_view text, const Variables& variables) {
  if (text != "~" && !starts_with(text, "~/")) return std::string(text);
  const auto home = non_empty_utf8(variables, "HOME");
  if (!home) return std::string(text);
  const std::size_t rest = text.find_first_not_of('/', 1);
  return rest == std::string_view::npos ? *home : join_path(*home, text.substr(rest));
}

std::string range_text(const std::string& first, const std::string& last, bool inclusive) {
  return first + (inclusive ? "..=" : "..") + last;
}

/// A version's numbers as digits without leading zeros, to be compared whatever their length.
struct VersionOrder {
  std::array<std::string_view, 3> numbers = {"", "", ""};  ///< "" is zero
  std::optional<std::string_view> candidate;
};

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

VersionOrder order_of(std::string_view version) {
  VersionOrder order;
  const std::size_t mark = version.find(k_candidate_mark);
  if (mark != std::string_view::npos) {
    order.candidate = without_zeros(version.substr(mark + k_candidate_mark.size()));
  }
  const auto parts = split(version.substr(0, mark), '.');
  for (std::size_t i = 0; i < parts.size() && i < order.numbers.size(); ++i) {
    order.numbers[i] = without_zeros(parts[i]);
  }
  return order;
}

bool is_less(std::string_view left, std::string_view right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

bool is_older(const VersionOrder& left, const VersionOrder& right) {
  for (std::size_t i = 0; i < left.numbers.size(); ++i) {
    if (left.numbers[i] != right.numbers[i]) return is_less(left.numbers[i], right.numbers[i]);
  }
  if (!left.candidate) return false;  // nothing comes after the release
  return !right.candidate || is_less(*left.candidate, *right.candidate);
}

struct TextOf {
  std::string operator()(const KernelPath& id) const { return id.path; }
  std::string operator()(const KernelVersion& id) const { return id.text; }
  std::string operator()(const KernelCacheKey& id) const { return id.text; }
  std::string operator()(const KernelRange& id) const {
    return range_text(id.first, id.last, id.spelled_inclusive);
  }
  std::string operator()(const KernelGit& id) const {
    return std::string(k_git_prefix) + id.url + "#" + id.reference;
  }
};

}  // namespace

bool is_kernel_version(std::string_view text) {
  const std::size_t mark = text.find(k_candidate_mark);
  if (mark != std::string_view::npos) {
    if (!is_digits(text.substr(mark + k_candidate_mark.size()))) return false;
    text = text.substr(0, mark);
  }
  const auto parts = split(text, '.');
  if (parts.size() != 2 && parts.size() != 3) return false;
  for (const std::string_view part : parts) {
    if (!is_digits(part)) return false;
  }
  return true;
}

KernelId parse_kernel_id(std::string_view text, const Variables& variables) {
  if (auto git = parse_git(text)) return *std::move(git);
  if (auto range = parse_range(text, "..=")) return *std::move(range);
  if (auto range = parse_range(text, "..")) return *std::move(range);
  if (looks_like_path(text)) return KernelPath{expand_tilde(text, variables)};
  if (is_kernel_version(text)) return KernelVersion{std::string(text)};
  return KernelCacheKey{std::string(text)};
}

std::vector<KernelId> parse_kernel_list(std::string_view text, const Variables& variables) {
  std::vector<KernelId> ids;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view trimmed = trim_unicode(part);
    if (!trimmed.empty()) ids.push_back(parse_kernel_id(trimmed, variables));
  }
  return ids;
}

std::string kernel_id_text(const KernelId& id) { return std::visit(TextOf{}, id); }

Result<void> validate_kernel_id(const KernelId& id) {
  const auto* range = std::get_if<KernelRange>(&id);
  if (range == nullptr || !is_older(order_of(range->last), order_of(range->first))) return {};
  return fail(ErrorCode::usage,
              "inverted kernel range `" + kernel_id_text(id) + "`; did you mean `" +
                  range_text(range->last, range->first, range->spelled_inclusive) + "`?");
}

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

std::optional<std::string> kernel_commit_of(const std::string& identifier,
                                            const Variables& variables,
                                            const KernelSourceOptions& options) {
  const auto directory = kernel_source_directory(identifier, variables, options);
  return directory ? detect_kernel_commit(*directory) : std::nullopt;
}

std::optional<std::string> kernel_commit_for_sidecar(
    const Variables& variables, const std::optional<std::string>& kconfig_suffix) {
  // Whoever started the tests has asked once for all of their processes.
  if (auto stated = stated_kernel_commit(variables)) return stated;
  const auto identifier = kernel_environment(variables);
  if (!identifier) return std::nullopt;
  KernelSourceOptions options;
  options.kconfig_suffix = kconfig_suffix;
  return kernel_commit_of(*identifier, variables, options);
}

namespace {

/// What a process would find in its own KTSTR_KERNEL and look for in the map.
bool can_be_key(const std::string& text) {
  return !text.empty() && is_valid_utf8(text) && text.find(';') == std::string::npos;
}

}  // namespace

std::string kernel_commit_map(const std::vector<std::string>& identifiers,
                              const Variables& variables, const KernelSourceOptions& options) {
  std::string map;
  std::set<std::string> seen;
  for (const std::string& identifier : identifiers) {
    const std::string key(trim_unicode(identifier));
    if (!can_be_key(key) || !seen.insert(key).second) continue;
    const auto commit = kernel_commit_of(key, variables, options);
    if (!commit) continue;
    map += (map.empty() ? "" : ";") + key + "=" + *commit;
  }
  return map;
}

}  // namespace ktstr
