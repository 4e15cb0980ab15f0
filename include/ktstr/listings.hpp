// SPDX-License-Identifier: MIT
#pragma once

// The harness's listings, as a library call gives them: what the commands list-values,
// list-metrics, show-host, explain-sidecar, last-run and replay print. The answers are from the
// index of a runs root, which is brought up to date first (created, renamed and removed files), but
// for explain_sidecar, which reads the files. Texts and documents end with a newline, and control
// characters of foreign names are escaped. Nothing here is shared between calls: thread-safe, if
// `messages` is, and while no thread changes the environment.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktstr/messages.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The pool that is asked. Errors of every function that takes one, besides its own: permission,
/// io, newer_version, as Index::open has them.
struct ListingOptions {
  /// The runs root. None: found as IndexOptions::root says.
  std::optional<std::string> root = {};
  /// The catalog's file. None: as IndexOptions::catalog says; of an archive one below
  /// XDG_CACHE_HOME.
  std::optional<std::string> catalog = {};
  /// Another pool that is only looked at: nothing is written below its root, and every result's
  /// source is "archive" (the harness's rule for --dir).
  bool is_archive = false;
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< a larger sidecar is unreadable
  /// Gets a line for each thing that an answer leaves out, or that is odd about it. None: stderr.
  MessageSink messages = {};
};

enum class ListingForm {
  text,  ///< the harness's own text, for people
  json,  ///< one document, as schema/output/ describes it
};

/// The distinct values of the pool's results in the harness's nine dimensions (kernel, commit,
/// kernel_commit, source, resolve_source, cpu_budget, scheduler, topology, work_type), NULL first,
/// then ascending. A root that isn't there has none.
[[nodiscard]] Result<std::string> list_values(const ListingOptions& options = {},
                                              ListingForm form = ListingForm::text);

/// The harness's metrics in its own order. The text is a table as wide as it needs to be: name,
/// polarity, default_abs, default_rel and unit as the harness has them, then kind and meaning. The
/// document is the harness's array. Asks no pool; never fails.
[[nodiscard]] std::string list_metrics(ListingForm form = ListingForm::text);

/// The host of a run's first result that has one, by job and file name, with the result's own
/// heap_state. `run` is RUN-DIR or RUN-DIR/JOB. Errors: usage for a name that no run has, the hint
/// says which is near; not_found for no root, a run without results, or one without a host.
/// Compare two with host_diff.
[[nodiscard]] Result<HostContext> recorded_host(const std::string& run,
                                                const ListingOptions& options = {});

/// The same host as a text or a document; without a run that of this machine now, which asks no
/// pool. Errors are those of recorded_host.
[[nodiscard]] Result<std::string> show_host(const std::optional<std::string>& run,
                                            const ListingOptions& options = {},
                                            ListingForm form = ListingForm::text);

/// Which fields of a run's sidecars are null and what can be the cause, by the harness's catalogue
/// of fields; files that can't be read come last and are no error. `run` as for recorded_host.
/// Errors: usage for a name that no run has; not_found for no root, or no sidecar in the run.
[[nodiscard]] Result<std::string> explain_sidecar(const std::string& run,
                                                  const ListingOptions& options = {},
                                                  ListingForm form = ListingForm::text);

/// Which run last_run reports.
struct RunSelection {
  /// RUN-DIR or RUN-DIR/JOB; what begins with /, ./ or ../, or has a slash, is no run of the root
  /// but a directory that exists, is the path of any directory, which is read as it is. None: if
  /// neither `root` nor `kernel` is given the directory that KTSTR_SIDECAR_DIR names, else the run
  /// directory that was changed last, by the harness's rule.
  std::optional<std::string> run = {};
  /// For a run that isn't named: the newest one under this kernel, "6.14.2" or a series, "6.14".
  std::optional<std::string> kernel = {};
};

/// The harness's report of a run (run_report_text says of what). The text is empty, and the
/// document without data, if the run has no results, or if there is no run or no root; `messages`
/// gets the reason. Errors: usage for a run or a directory that isn't there, not_found for a named
/// run without a root, permission or io for a directory that can't be listed.
[[nodiscard]] Result<std::string> last_run(const RunSelection& selection = {},
                                           const ListingOptions& options = {},
                                           ListingForm form = ListingForm::text);

/// What a replay would run.
struct ReplaySelection {
  std::vector<std::string> tests = {};  ///< bare names, distinct, in byte order
  std::string filter = {};              ///< for cargo nextest run -E; matches nothing for no tests
};

/// Which failures a replay takes.
struct ReplayOptions {
  /// Of every run directory. False: of the last session, that is of all run directories with the
  /// session token of the one changed last, or of that one alone if it has none.
  bool in_whole_pool = false;
  std::optional<std::string> substring = {};  ///< only tests whose bare name contains it
};

/// The tests that failed. No failure is no error; not_found is no root, or one without results.
[[nodiscard]] Result<ReplaySelection> failed_tests(const ReplayOptions& replay = {},
                                                   const ListingOptions& options = {});

}  // namespace ktstr
#pragma GCC visibility pop
