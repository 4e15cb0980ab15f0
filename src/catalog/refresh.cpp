// SPDX-License-Identifier: MIT

// The refresh, step by step:
//  1. Open and stat the root. If its stamp says that no directory came or went, the run directories
//     are the stored ones; else list it.
//  2. For each run directory in byte order, and for each job directory below it: stat it. An equal,
//     settled stamp means, at level `dirs`, that nothing was created, renamed or removed in it; it
//     is passed over.
//  3. Else open it, stat the open directory, and only then list it (a change during the listing
//     shows as another stamp next time); the stored rows are read before that, too. Compare the
//     listing with the stored rows by the files' stamps: what is new or different is to be read,
//     what is missing is gone. A directory that can't be listed keeps its rows and is reported.
//  4. Worker threads read, hash and decode; outcomes come back in order, a bounded number at once.
//  5. One immediate transaction per directory, or per 256 files of a large one: new and changed
//     files, then in the directory's last one the removals, the artifacts, and at the very end the
//     directory's own stamp. A kill in between leaves the old stamp, so the next refresh looks
//     again. Where nothing differs, nothing is written; where only time has passed, and stamps can
//     be settled, only if nobody else is writing.
//  6. A run directory ends after the jobs below it, and the root after everything, since their
//     stamps say which directories there are. Only then do the rows of directories go that a
//     completed listing didn't show.
// A row that another process changed since step 3 is left as that process put it, and the directory
// is looked at again by the next refresh.

#include "catalog/refresh.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/pipeline.hpp"
#include "catalog/connection.hpp"
#include "catalog/refresh_planner.hpp"
#include "catalog/refresh_store.hpp"

namespace ktstr {
namespace {

// Enough for a reader to go on while the writer commits; small files, so little memory.
constexpr std::size_t k_window_per_worker = 16;

RefreshOutcome read_file(RefreshTask&& task, const RefreshOptions& options, const Clock& clock) {
  RefreshOutcome outcome{std::move(task.directory), task.read, {}};
  if (outcome.read == nullptr) return outcome;
  const FilePlan::Read& read = *outcome.read;
  // A row without a stamp is of another program's making, were the bytes the same.
  const bool is_trusted = read.known && read.known->known;
  const SidecarToRead wanted{outcome.directory->handle, read.entry.name,
                             read.entry.kind == FileKind::symlink,
                             is_trusted ? read.known->content_id : std::string()};
  outcome.result = read_sidecar(wanted, options.limits, options.observer != nullptr, clock);
  return outcome;
}

/// Steps 2 to 5. Threads cost more than a whole refresh that finds nothing to read, so there are
/// none before the first file.
Result<void> refresh_directories(RefreshPlanner& planner, RefreshStore& store, const Clock& clock,
                                 const RefreshOptions& options) {
  const auto read = [&](RefreshTask&& task) { return read_file(std::move(task), options, clock); };
  std::optional<RefreshTask> task = planner.next();
  for (; task && task->read == nullptr; task = planner.next()) {
    if (auto stored = store.take(read(std::move(*task))); !stored) return stored;
  }
  if (!task) return {};
  return run_ordered<RefreshTask, RefreshOutcome>(
      options.workers, std::max<std::size_t>(1, options.workers) * k_window_per_worker,
      [&] { return task ? std::exchange(task, std::nullopt) : planner.next(); }, read,
      [&](RefreshOutcome&& outcome) { return store.take(std::move(outcome)); });
}

Result<RefreshReport> run(SQLite::Database& database, const std::string& root,
                          FileSystem& file_system, const Clock& clock,
                          const RefreshOptions& options) {
  const std::int64_t started_ns = clock.steady_ns();
  CatalogTables tables(database);
  RefreshPlanner planner(tables, file_system, clock, options);
  RefreshStore store(database, tables, clock, options);
  if (options.level == CheckLevel::none) return store.finish();
  if (auto opened = planner.open_root(root); !opened) return fail(std::move(opened.error()));
  auto finished = refresh_directories(planner, store, clock, options);
  if (finished && planner.looked_root()) finished = store.finish_root(*planner.looked_root());
  if (!finished) return fail(std::move(finished.error()));
  RefreshReport report = store.finish();
  report.directories_listed = planner.directories_listed();
  report.directories_unchanged = planner.directories_unchanged();
  report.elapsed_ns = clock.steady_ns() - started_ns;
  return report;
}

}  // namespace

Result<RefreshReport> refresh(SQLite::Database& database, const std::string& root,
                              FileSystem& file_system, const Clock& clock,
                              const RefreshOptions& options) {
  return guarded(database.getFilename(),
                 [&] { return run(database, root, file_system, clock, options); });
}

}  // namespace ktstr
