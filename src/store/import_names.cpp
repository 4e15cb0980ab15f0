// SPDX-License-Identifier: MIT
#include "store/import_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_max_name_bytes = 4096;
constexpr std::size_t k_max_component_bytes = 255;
constexpr std::size_t k_short_commit_digits = 7;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

bool is_kernel_slot(std::string_view text) {
  if (text == "unknown") return true;
  if (text.starts_with('v')) text.remove_prefix(1);
  return !text.empty() && is_digit(text.front());
}

bool is_commit_slot(std::string_view text) {
  return text == "unknown" || (text.size() == k_short_commit_digits &&
                               std::all_of(text.begin(), text.end(), is_lower_hex));
}

}  // namespace

bool looks_like_run_key(std::string_view name) {
  constexpr std::string_view k_noise = "perf-delta-noise-";
  constexpr std::string_view k_dirty = "-dirty";
  if (name.starts_with(k_noise)) return name.size() > k_noise.size();
  if (name.ends_with(k_dirty)) name.remove_suffix(k_dirty.size());
  const std::size_t dash = name.rfind('-');
  return dash != std::string_view::npos && is_kernel_slot(name.substr(0, dash)) &&
         is_commit_slot(name.substr(dash + 1));
}

std::optional<ImportKind> import_kind(std::string_view file_name) {
  if (is_sidecar_filename(file_name)) return ImportKind::sidecar;
  if (!is_valid_utf8(file_name)) return std::nullopt;
  if (file_name.ends_with(".failure-dump.json")) return ImportKind::failure_dump;
  if (file_name.ends_with(".wprof.pb")) return ImportKind::trace;
  return std::nullopt;
}

bool is_skipped_directory(std::string_view name) {
  return name == ".ktstr-index" || name == ".locks" || name == ".git";
}

tl::expected<std::vector<std::string_view>, std::string> split_entry_name(std::string_view name) {
  const auto refuse = [](const char* reason) { return tl::unexpected<std::string>(reason); };
  if (name.empty()) return refuse("has no name that can be read");
  if (name.size() > k_max_name_bytes) return refuse("name is too long");
  if (name.find('\0') != std::string_view::npos) return refuse("name holds a NUL");
  if (name.front() == '/') return refuse("absolute name");
  std::vector<std::string_view> components;
  for (const std::string_view component : split(name, '/')) {
    if (component == "..") return refuse("name leads outside with ..");
    if (component.size() > k_max_component_bytes) return refuse("name is too long");
    if (!component.empty() && component != ".") components.push_back(component);
  }
  return components;
}

std::string archive_stem(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::array<std::string_view, 11> k_ends = {".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2",
                                                       ".tar",    ".tgz",     ".tzst",   ".txz",
                                                       ".tbz2",   ".tbz",     ".zip"};
  for (const std::string_view end : k_ends) {
    if (name.size() > end.size() && name.ends_with(end)) {
      name.remove_suffix(end.size());
      break;
    }
  }
  return std::string(name);
}

void DirectoryFacts::add_sentinel(std::string token) {
  const bool is_first = !has_sentinel;
  has_sentinel = true;
  if (is_first && !token.empty()) {
    session = std::move(token);
  } else if (session != token) {
    session.reset();
  }
}

ImportedDirectoryRole role_of(std::string_view name, const DirectoryFacts& facts,
                              ImportedDirectoryRole parent) {
  if (facts.has_sentinel || looks_like_run_key(name)) return ImportedDirectoryRole::run;
  if (parent == ImportedDirectoryRole::run) return ImportedDirectoryRole::job;
  return facts.has_sidecars ? ImportedDirectoryRole::run : ImportedDirectoryRole::way;
}

DirectoryPlace place_of(std::string name, const DirectoryFacts& facts, std::size_t depth,
                        const DirectoryPlace* parent) {
  const ImportedDirectoryRole role =
      role_of(name, facts, parent == nullptr ? ImportedDirectoryRole::way : parent->role);
  if (role == ImportedDirectoryRole::job) {
    return {role, parent->run_dir, std::move(name), parent->run_depth};
  }
  return {role, std::move(name), "", depth, facts.session};
}

DirectoryPlace DirectoryTree::place(const std::vector<std::string_view>& directory) const {
  const auto facts_of = [&](const std::string& path) {
    const auto found = facts_.find(path);
    return found == facts_.end() ? DirectoryFacts() : found->second;
  };
  std::string path;
  DirectoryPlace place = place_of(own_name_, facts_of(path), 0, nullptr);
  for (std::size_t i = 0; i < directory.size(); ++i) {
    if (i > 0) path += '/';
    path += directory[i];
    const DirectoryPlace parent = std::move(place);
    place = place_of(std::string(directory[i]), facts_of(path), i + 1, &parent);
  }
  return place;
}

}  // namespace ktstr
