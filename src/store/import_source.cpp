// SPDX-License-Identifier: MIT
#include "store/import_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "environment/places.hpp"
#include "ktstr/index.hpp"

namespace ktstr {

void LeftOut::add(std::string path, std::string reason) {
  ++count;
  if (first.size() < k_max_named) first.push_back({std::move(path), std::move(reason)});
}

Result<void> ImportDelivery::check_stop() const {
  if (options_.should_stop && options_.should_stop()) {
    return fail(ErrorCode::interrupted, "stopped");
  }
  return {};
}

Result<void> ImportDelivery::count_entry() {
  if (++entries_ > options_.max_entries) {
    return fail(ErrorCode::parse, fmt::format("holds more than {} names", options_.max_entries), {},
                "name a directory or archive that holds results only");
  }
  return check_stop();
}

bool ImportDelivery::is_within_depth(const DirectoryPlace& place, const std::string& path) {
  if (place.run_depth <= k_max_run_depth) return true;
  summary_.too_deep.add(
      path, fmt::format("its run directory is more than {} levels down", k_max_run_depth));
  return false;
}

void ImportDelivery::refuse(std::string path, std::string reason) {
  const std::string name = name_of(path);
  if (import_kind(name) == ImportKind::sidecar || is_archive_name(name)) {
    ++summary_.refused_results;
  }
  summary_.refused.add(std::move(path), std::move(reason));
}

std::uint64_t& ImportDelivery::counter(ImportKind kind) {
  switch (kind) {
    case ImportKind::failure_dump:
      return summary_.failure_dumps;
    case ImportKind::trace:
      return summary_.traces;
    case ImportKind::sidecar:
      break;
  }
  return summary_.sidecars;
}

Result<void> ImportDelivery::deliver(ImportedFile&& file) {
  const std::uint64_t bytes = file.bytes.size();
  if (summary_.bytes + bytes > options_.max_total_bytes) {
    return fail(ErrorCode::parse,
                fmt::format("holds more than {} bytes of results", options_.max_total_bytes), {},
                "import its run directories one by one");
  }
  std::uint64_t& count = counter(file.kind);
  if (auto taken = callback_(std::move(file)); !taken) return taken;
  ++count;
  summary_.bytes += bytes;
  show_progress(progress_.source_bytes_read, progress_.source_bytes_to_read);
  return {};
}

void ImportDelivery::show_progress(std::uint64_t source_bytes_read,
                                   std::uint64_t source_bytes_to_read) {
  progress_ = {summary_.files(), summary_.bytes, source_bytes_read, source_bytes_to_read};
  if (options_.progress) options_.progress(progress_);
}

ImportedFile placed_file(ImportKind kind, const DirectoryPlace& place, std::string path,
                         std::string file_name) {
  ImportedFile file;
  file.kind = kind;
  file.path = std::move(path);
  file.run_dir = place.run_dir;
  file.job = place.job;
  file.file_name = std::move(file_name);
  file.session = place.session;
  return file;
}

std::string too_large_reason(std::uint64_t max_file_bytes) {
  return fmt::format("larger than {} bytes", max_file_bytes);
}

Result<ImportSummary> read_import_source(FileSystem& files, const std::string& path,
                                         const ImportOptions& options,
                                         const ImportCallback& callback) {
  const auto status = files.status(path, FollowLinks::yes);
  if (!status) return fail(status.error());
  ImportDelivery delivery(options, callback);
  Result<void> done;
  if (status->kind == FileKind::directory) {
    done = import_directory(files, path, options, delivery);
  } else if (status->kind == FileKind::regular) {
    done = import_tar(path, options, delivery);
  } else {
    return fail(ErrorCode::parse, "is neither a directory nor a file", path);
  }
  if (!done) {
    Error error = std::move(done.error());
    if (error.path.empty() && error.code == ErrorCode::parse) error.path = path;
    return fail(std::move(error));
  }
  return std::move(delivery.summary());
}

Result<ImportSummary> read_import_source(const std::string& path, const ImportOptions& options,
                                         const ImportCallback& callback) {
  return read_import_source(system_file_system(), path, options, callback);
}

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

bool is_archive_name(std::string_view file_name) {
  return archive_stem(file_name).size() < file_name.size();
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
