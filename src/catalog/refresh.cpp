// SPDX-License-Identifier: MIT
#include "catalog/refresh.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/pipeline.hpp"
#include "catalog/refresh_planner.hpp"
#include "catalog/refresh_store.hpp"
#include "database/connection.hpp"

namespace ktstr {
namespace {

LookReason stamp_look(const std::optional<KnownStamp>& known, const Stamp& current) {
  if (!known) return LookReason::added;
  // Equality only: an older stamp is a change too (a restored copy, a clock that went back).
  if (!(known->stamp == current)) return LookReason::stamp;
  return known->settled ? LookReason::unchanged : LookReason::unsettled;
}

}  // namespace

std::optional<CheckLevel> check_level(std::string_view name) {
  if (name == "none") return CheckLevel::none;
  if (name == "dirs") return CheckLevel::dirs;
  if (name == "files") return CheckLevel::files;
  if (name == "bytes") return CheckLevel::bytes;
  return std::nullopt;
}

std::string_view look_reason_name(LookReason reason) {
  constexpr std::string_view names[] = {"unchanged", "added", "stamp",
                                        "unsettled", "level", "links"};
  return names[static_cast<std::size_t>(reason)];
}

KnownStamp known_stamp(const Stamp& stamp, std::int64_t before_ns, std::int64_t after_ns) {
  const std::int64_t earlier_ns = std::min(before_ns, after_ns);
  const std::int64_t later_ns = std::max(before_ns, after_ns);
  const bool is_old = stamp.ctime_ns < earlier_ns && is_settled(stamp, earlier_ns);
  const bool is_ahead = stamp.ctime_ns > later_ns && is_settled(stamp, later_ns);
  return {stamp, is_old || is_ahead};
}

LookReason file_look(const std::optional<KnownStamp>& known, const Stamp& current,
                     CheckLevel level) {
  const LookReason reason = stamp_look(known, current);
  if (reason != LookReason::unchanged) return reason;
  return level == CheckLevel::bytes ? LookReason::level : LookReason::unchanged;
}

LookReason directory_look(const std::optional<KnownStamp>& known, const Stamp& current,
                          bool has_links, CheckLevel level) {
  const LookReason reason = stamp_look(known, current);
  if (reason != LookReason::unchanged) return reason;
  if (has_links) return LookReason::links;
  return level == CheckLevel::dirs ? LookReason::unchanged : LookReason::level;
}

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
//  5. Outcomes are stored a few hundred files at a time, in one immediate transaction: small
//     directories together, a huge one in parts. Of each directory first the new and changed files,
//     then the removals, the artifacts, and at the very end its own stamp. A kill in between leaves
//     the old stamp, so the next refresh looks again. Where nothing differs, nothing is written;
//     where only time has passed, and stamps can be settled, only if nobody else is writing.
//  6. A run directory ends after the jobs below it, and the root after everything, since their
//     stamps say which directories there are. Only then do the rows of directories go that a
//     completed listing didn't show.
// A row that another process changed since step 3 is left as that process put it, and the directory
// is looked at again by the next refresh.

namespace {

// Enough for a reader to go on while the writer commits; small files, so little memory.
constexpr std::size_t k_window_per_worker = 128;

RefreshOutcome read_file(RefreshTask&& task, const RefreshPlanner& planner,
                         const RefreshOptions& options, const Clock& clock) {
  RefreshOutcome outcome{std::move(task.directory), task.read, {}};
  if (outcome.read == nullptr) return outcome;
  const FilePlan::Read& read = *outcome.read;
  // A row without a stamp is of another program's making, were the bytes the same.
  const bool is_trusted = read.known && read.known->known;
  const SidecarToRead wanted{planner.open_to_read(*outcome.directory), read.entry.name,
                             read.entry.kind == FileKind::symlink,
                             is_trusted ? read.known->content_id : std::string()};
  outcome.result = read_sidecar(wanted, options.limits, options.observer != nullptr, clock);
  return outcome;
}

// Threads cost more than reading a few files, or than a whole refresh that finds nothing to read.
constexpr int k_files_without_threads = 4;

/// Steps 2 to 5, and what is told of them on the way.
class DirectoriesRefresh {
 public:
  DirectoriesRefresh(RefreshPlanner& planner, RefreshStore& store, const Clock& clock,
                     const RefreshOptions& options)
      : planner_(planner), store_(store), clock_(clock), options_(options) {}

  /// Threads cost more than a whole refresh that finds little to read, so there are none before
  /// some files.
  Result<void> run() {
    std::optional<RefreshTask> task = next();
    for (int files = 0; task; task = next()) {
      if (task->read != nullptr && ++files > k_files_without_threads) break;
      if (auto taken = take(read(std::move(*task))); !taken) return taken;
    }
    if (!task) return {};
    return run_ordered<RefreshTask, RefreshOutcome>(
        options_.workers, std::max<std::size_t>(1, options_.workers) * k_window_per_worker,
        [&] { return task ? std::exchange(task, std::nullopt) : next(); },
        [this](RefreshTask&& file) { return read(std::move(file)); },
        [this](RefreshOutcome&& outcome) { return take(std::move(outcome)); });
  }

  /// Tasks were left out because somebody wanted an end.
  [[nodiscard]] bool is_stopped() const { return is_stopped_; }

 private:
  std::optional<RefreshTask> next() {
    is_stopped_ = is_stopped_ || (options_.should_stop && options_.should_stop());
    return is_stopped_ ? std::nullopt : planner_.next();
  }
  RefreshOutcome read(RefreshTask&& task) const {
    return read_file(std::move(task), planner_, options_, clock_);
  }
  Result<void> take(RefreshOutcome&& outcome) {
    const bool is_file = outcome.read != nullptr;
    if (!is_file) outcome.directory->handle.reset();  // its files have come before its end
    auto taken = store_.take(std::move(outcome));
    if (is_file && options_.progress) {
      progress_.directories = static_cast<std::int64_t>(planner_.run_dir_count());
      progress_.directories_done =
          progress_.directories - static_cast<std::int64_t>(planner_.run_dirs_left());
      ++progress_.files_read;
      options_.progress(progress_);
    }
    return taken;
  }

  RefreshPlanner& planner_;
  RefreshStore& store_;
  const Clock& clock_;
  const RefreshOptions& options_;
  RefreshProgress progress_;
  bool is_stopped_ = false;
};

Error interruption(const RefreshPlanner& planner) {
  return {ErrorCode::interrupted, "stopped with " + std::to_string(planner.run_dirs_left()) +
                                      " of " + std::to_string(planner.run_dir_count()) +
                                      " run directories left; what was read is "
                                      "stored, and the next refresh goes on from there"};
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
  DirectoriesRefresh directories(planner, store, clock, options);
  auto finished = directories.run();
  // The root's stamp would say that all its directories are known.
  if (finished) {
    finished = store.finish_root(directories.is_stopped() ? nullptr : planner.looked_root());
  }
  if (!finished) return fail(std::move(finished.error()));
  if (directories.is_stopped()) return fail(interruption(planner));
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
