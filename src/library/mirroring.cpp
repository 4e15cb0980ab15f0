// SPDX-License-Identifier: MIT
#include "library/mirroring.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "environment/locations.hpp"
#include "ktstr/walk.hpp"
#include "store/paths.hpp"

namespace ktstr {
namespace {

/// A process's mirrors, by root and catalog.
struct ProcessMirrors {
  const pid_t process = ::getpid();
  std::mutex mutex;  ///< guards the maps
  std::map<std::string, SharedMirror> mirrors;
  std::map<std::string, SharedArchive> archives;
  OnceGate warned;
  ProcessMirrors* parents = nullptr;
};

/// A child after a fork gets new ones, and leaves its parent's as they are: SQLite's locks are the
/// parent's, even closing its connections in the child would let go of files that they belong to,
/// and a mutex may have been copied while it was locked. So they are never destroyed, which also
/// keeps the end of a process free of waits and of threads that write while statics die.
ProcessMirrors& process_mirrors() {
  static std::atomic<ProcessMirrors*> current = nullptr;
  ProcessMirrors* mirrors = current.load();
  if (mirrors != nullptr && mirrors->process == ::getpid()) return *mirrors;
  auto* const made = new ProcessMirrors();
  made->parents = mirrors;
  if (current.compare_exchange_strong(mirrors, made)) return *made;
  delete made;  // another thread was faster
  return *mirrors;
}

SharedMirror& mirror_for(ProcessMirrors& process, const Variables& variables) {
  MirrorOptions options;
  options.root = canonical_path(runs_root(variables).path);
  options.location.path = absolute_path(catalog_path(std::nullopt, variables, options.root).path);
  options.location.is_in_root = options.location.path == default_catalog_path(options.root);
  options.location.is_named = !is_indexers_place(variables, options.root, options.location.path);
  std::string key = options.root + '\0' + options.location.path;
  const std::lock_guard lock(process.mutex);
  return process.mirrors.try_emplace(std::move(key), std::move(options)).first->second;
}

/// nullptr: it is off.
SharedArchive* archive_for(ProcessMirrors& process, const Variables& variables) {
  const ArchiveChoice choice = archive_choice(std::nullopt, variables);
  if (!choice.path) return nullptr;
  ArchiveMirrorOptions options;
  options.root = canonical_path(runs_root(variables).path);
  options.archive.path = *choice.path;
  options.archive.is_named = choice.is_named;
  // The run directory's lock is held meanwhile; but what isn't kept now is lost.
  options.archive.busy_timeout_ms = 2'000;
  std::string key = options.root + '\0' + options.archive.path;
  const std::lock_guard lock(process.mutex);
  return &process.archives.try_emplace(std::move(key), std::move(options)).first->second;
}

}  // namespace

Mirroring::Mirroring(const WriterOptions& options) {
  if (!options.mirror) return;
  ProcessMirrors& process = process_mirrors();
  const MessageSink sink = options.messages ? options.messages : stderr_sink();
  mirror_.emplace(mirror_for(process, options.variables), process.warned, sink);
  if (auto* const archive = archive_for(process, options.variables))
    archive_.emplace(*archive, sink);
}

void Mirroring::about_to_remove(std::span<const FileChange> files) noexcept {
  if (archive_) archive_->about_to_remove(files);
  mirror_->about_to_remove(files);
}

void Mirroring::removed(std::span<const FileChange> files) noexcept { mirror_->removed(files); }
void Mirroring::written(const FileChange& file) noexcept { mirror_->written(file); }
void Mirroring::rewritten(const FileChange& file) noexcept { mirror_->rewritten(file); }

}  // namespace ktstr
