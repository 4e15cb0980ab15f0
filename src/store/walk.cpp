// SPDX-License-Identifier: MIT
#include "store/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "ktstr/index.hpp"

namespace ktstr {
namespace {

std::string shown(const std::string& path) { return escape_control(lossy_utf8(path)); }

}  // namespace

std::string stale_files_line(std::size_t count, const std::string& directory) {
  return fmt::format(
      "ktstr_test: skipped {} stale sidecar(s) under {} (older schema — re-run the affected tests "
      "to regenerate; `cargo ktstr stats explain-sidecar --run <run>` shows per-file detail)",
      count, shown(directory));
}

std::string unreadable_file_line(const std::string& path, const std::string& raw_error) {
  return fmt::format("ktstr_test: cannot read {}: {}", shown(path), raw_error);
}

std::optional<std::string> enriched_parse_error(const std::string& path,
                                                const std::string& raw_error) {
  const bool misses_host = raw_error.find("missing field") != std::string::npos &&
                           raw_error.find("`host`") != std::string::npos;
  if (!misses_host) return std::nullopt;
  return fmt::format(
      "ktstr_test: skipping {}: {} — the `host` field was added to SidecarResult; pre-1.0 policy "
      "is disposable-sidecar: re-run the test to regenerate this file under the current schema "
      "(no migration shim exists)",
      lossy_utf8(path), raw_error);
}

namespace {

std::string join(const std::string& directory, const std::string& name) {
  const bool has_slash = !directory.empty() && directory.back() == '/';
  return has_slash ? directory + name : directory + '/' + name;
}

void say(const WalkOptions& options, const std::string& line) {
  if (options.sink) options.sink(line);
}

template <typename Item>
void sort_by_path(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Item& left, const Item& right) { return left.path < right.path; });
}

/// Fills a Collection.
class Walker {
 public:
  explicit Walker(const WalkOptions& options) : options_(options) {}

  /// The sidecars in an open directory and one level below it.
  void walk_run_directory(DirectoryHandle& directory, const std::string& path);

  [[nodiscard]] Collection finish() {
    sort_by_path(found_.sidecars);
    sort_by_path(found_.parse_errors);
    sort_by_path(found_.io_errors);
    return std::move(found_);
  }

 private:
  void walk_job_directory(const DirectoryHandle& parent, const std::string& name,
                          const std::string& path);
  void load_if_sidecar(const DirectoryHandle& directory, const std::string& directory_path,
                       const std::string& name);
  void load(const DirectoryHandle& directory, const std::string& name, const std::string& path);
  void decode(const std::string& bytes, const std::string& path);
  void add_io_error(const std::string& path, std::string raw_error);
  void add_parse_error(const std::string& path, std::string raw_error);

  const WalkOptions& options_;
  Collection found_;
};

void Walker::walk_run_directory(DirectoryHandle& directory, const std::string& path) {
  const auto entries = directory.list();
  if (!entries) return;
  std::vector<std::string> jobs;
  for (const DirectoryEntry& entry : *entries) {
    // Asked before the name is looked at: a directory named as a sidecar is still a job directory.
    if (is_directory_entry(directory, entry)) {
      jobs.push_back(entry.name);
    } else {
      load_if_sidecar(directory, path, entry.name);
    }
  }
  for (const std::string& job : jobs) walk_job_directory(directory, job, join(path, job));
}

/// Whatever bears a sidecar's name here is read, a directory too: that fails, as it does for the
/// harness, and so it is reported instead of passed over.
void Walker::walk_job_directory(const DirectoryHandle& parent, const std::string& name,
                                const std::string& path) {
  const auto directory = parent.open_directory(name);
  if (!directory) return;
  const auto entries = (*directory)->list();
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) load_if_sidecar(**directory, path, entry.name);
}

void Walker::load_if_sidecar(const DirectoryHandle& directory, const std::string& directory_path,
                             const std::string& name) {
  if (is_sidecar_filename(name)) load(directory, name, join(directory_path, name));
}

void Walker::load(const DirectoryHandle& directory, const std::string& name,
                  const std::string& path) {
  const auto file = directory.open_file(name);
  if (!file) return add_io_error(path, file.error().message);
  const auto bytes = (*file)->read_all(options_.max_file_bytes);
  if (!bytes) return add_io_error(path, bytes.error().message);
  decode(*bytes, path);
}

void Walker::decode(const std::string& bytes, const std::string& path) {
  auto decoded = decode_record(bytes, options_.samples);
  if (!decoded && decoded.error().code == ErrorCode::busy) {
    return add_io_error(path, decoded.error().message);
  }
  if (!decoded) {
    // The harness reads into a string first, so for it this is a failed read.
    if (is_not_utf8(decoded.error())) return add_io_error(path, decoded.error().message);
    return add_parse_error(path, std::move(decoded.error().message));
  }
  if (decoded->contract == Contract::drift) {
    return add_parse_error(path, std::move(decoded->error));
  }
  found_.sidecars.push_back({path, std::move(decoded->record)});
}

void Walker::add_io_error(const std::string& path, std::string raw_error) {
  say(options_, unreadable_file_line(path, raw_error));
  found_.io_errors.push_back({path, std::move(raw_error)});
}

void Walker::add_parse_error(const std::string& path, std::string raw_error) {
  auto enriched = enriched_parse_error(path, raw_error);
  found_.parse_errors.push_back({path, std::move(raw_error), std::move(enriched)});
}

std::vector<LoadedSidecar> without_stale(Collection found, const std::string& directory,
                                         const WalkOptions& options) {
  if (!found.parse_errors.empty()) {
    say(options, stale_files_line(found.parse_errors.size(), directory));
  }
  return std::move(found.sidecars);
}

}  // namespace

bool is_directory_entry(const DirectoryHandle& parent, const DirectoryEntry& entry) {
  if (entry.kind != FileKind::symlink) return entry.kind == FileKind::directory;
  const auto status = parent.status_of(entry.name, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

Collection collect_with_errors(FileSystem& files, const std::string& directory,
                               const WalkOptions& options) {
  Walker walker(options);
  const auto opened = files.open_directory(directory);
  if (opened) walker.walk_run_directory(**opened, directory);
  return walker.finish();
}

std::vector<LoadedSidecar> collect(FileSystem& files, const std::string& directory,
                                   const WalkOptions& options) {
  return without_stale(collect_with_errors(files, directory, options), directory, options);
}

Collection pool_with_errors(FileSystem& files, const std::string& root,
                            const WalkOptions& options) {
  Walker walker(options);
  const auto opened = files.open_directory(root);
  if (!opened) return {};
  const auto entries = (*opened)->list();
  if (!entries) return {};
  for (const DirectoryEntry& entry : *entries) {
    if (!is_directory_entry(**opened, entry)) continue;
    const auto run = (*opened)->open_directory(entry.name);
    if (run) walker.walk_run_directory(**run, join(root, entry.name));
  }
  return walker.finish();
}

std::vector<LoadedSidecar> pool(FileSystem& files, const std::string& root,
                                const WalkOptions& options) {
  return without_stale(pool_with_errors(files, root, options), root, options);
}

std::optional<std::string> newest_run_directory(FileSystem& files, const std::string& root) {
  const auto opened = files.open_directory(root);
  if (!opened) return std::nullopt;
  const auto entries = (*opened)->list();
  if (!entries) return std::nullopt;
  std::optional<std::string> newest;
  std::optional<std::int64_t> newest_mtime_ns;  // none, of a failed look, is older than any
  for (const DirectoryEntry& entry : *entries) {
    if (!is_run_directory_name(entry.name) || !is_directory_entry(**opened, entry)) continue;
    std::optional<std::int64_t> mtime_ns;
    const auto status = (*opened)->status_of(entry.name, FollowLinks::no);
    if (status) mtime_ns = status->stamp.mtime_ns;
    if (newest && mtime_ns < newest_mtime_ns) continue;
    newest = join(root, entry.name);
    newest_mtime_ns = mtime_ns;
  }
  return newest;
}

MessageSink stderr_sink() {
  return [](std::string_view line) {
    // Foreign names may be in it. One call, so that lines of several processes don't mix.
    const std::string text = escape_control(line) + "\n";
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  };
}

Collection collect_with_errors(const std::string& directory, const WalkOptions& options) {
  return collect_with_errors(system_file_system(), directory, options);
}

std::vector<LoadedSidecar> collect(const std::string& directory, const WalkOptions& options) {
  return collect(system_file_system(), directory, options);
}

std::vector<LoadedSidecar> pool(const std::string& root, const WalkOptions& options) {
  return pool(system_file_system(), root, options);
}

Collection pool_with_errors(const std::string& root, const WalkOptions& options) {
  return pool_with_errors(system_file_system(), root, options);
}

std::optional<std::string> newest_run_directory(const std::string& root) {
  return newest_run_directory(system_file_system(), root);
}

}  // namespace ktstr
