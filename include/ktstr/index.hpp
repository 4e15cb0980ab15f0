// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

// Finding and loading sidecars without a catalog, by the harness's own rules (its sidecar module).
// It reads every file each time; the catalog's `pool` must always equal what this loads.

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The last extension is "json" and the name holds ".ktstr.". Looks at the name alone; a name that
/// is not UTF-8 is never a sidecar.
[[nodiscard]] bool is_sidecar_filename(std::string_view name);
/// The name holds ".ktstr.json.tmp.": a writer's staging file, or what a killed one left.
[[nodiscard]] bool is_sidecar_staging_filename(std::string_view name);
/// A run directory's name does not begin with a dot (".locks", ".ktstr-index").
[[nodiscard]] bool is_run_directory_name(std::string_view name);

enum class ArtifactKind { sidecar, failure_dump, repro_failure_dump, wprof, repro_wprof, staging };
/// "sidecar", "failure-dump", "repro-failure-dump", "wprof", "repro-wprof", "staging".
[[nodiscard]] const char* artifact_kind_name(ArtifactKind kind);

/// What a file name in a run directory says.
struct ArtifactName {
  ArtifactKind kind = ArtifactKind::sidecar;
  std::string test;
  std::uint64_t hash = 0;  ///< 0 for a dump or trace whose name carries none
  bool has_hash = false;
};
/// None for a name that is no artifact, a ".ktstr.json" without a hash included (the walk reads
/// such a file all the same).
[[nodiscard]] std::optional<ArtifactName> classify_artifact(std::string_view name);

struct LoadedSidecar {
  std::string path;
  Record record;
};
struct SidecarParseError {
  std::string path;
  std::string raw_error;
  std::optional<std::string> enriched_message;  ///< advice, for a missing `host` only
};
struct SidecarIoError {
  std::string path;
  std::string raw_error;
};
/// Every file that is named as a sidecar is in exactly one of the three lists, in byte order of
/// the paths (the harness leaves them in directory order).
struct Collection {
  std::vector<LoadedSidecar> sidecars;
  std::vector<SidecarParseError> parse_errors;
  std::vector<SidecarIoError> io_errors;
};

/// Where the one-line messages of a walk go by default.
[[nodiscard]] MessageSink stderr_sink();

struct WalkOptions {
  MessageSink sink = stderr_sink();
  SampleHandling samples = SampleHandling::keep;
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< larger files are unreadable
};

/// The sidecars directly in a directory and in each directory below it, one level deep. Links are
/// followed. A directory that can't be listed gives nothing. Prints a line per unreadable file,
/// none for stale ones. Not thread-safe for one sink; else thread-safe.
[[nodiscard]] Collection collect_with_errors(const std::string& directory,
                                             const WalkOptions& options = {});
/// The same, and one line if stale (unparsable) files were left out.
[[nodiscard]] std::vector<LoadedSidecar> collect(const std::string& directory,
                                                 const WalkOptions& options = {});
/// Every sidecar below every directory directly in `root`, dot directories included; one stale
/// line for the whole walk. A missing or unreadable root is an empty pool.
[[nodiscard]] std::vector<LoadedSidecar> pool(const std::string& root,
                                              const WalkOptions& options = {});
/// The whole walk with its three lists, for those who need the errors of a pool.
[[nodiscard]] Collection pool_with_errors(const std::string& root, const WalkOptions& options = {});

/// The run directory (not a dot directory) with the latest mtime of its own entry (a link's own
/// mtime, as the harness has it); the last name in byte order on a tie. None without one.
[[nodiscard]] std::optional<std::string> newest_run_directory(const std::string& root);

// What a test run left behind, as the harness sums it up after its tests: which tests failed and
// where the files about each are. Looks only at files directly in the run directories (job
// directories don't count), and of those only at the ones written since the run began.

/// A test that failed in one run directory. Each path is that of a fresh file; where several
/// variants left a file of one kind, the last name in byte order is given.
struct FailedTest {
  std::string test_name;
  /// Of the failing variant whose file comes first in byte order; none if no sidecar says fail.
  std::optional<std::string> scheduler = {};
  std::optional<std::string> topology = {};
  std::optional<std::string> failure_dump = {};
  std::optional<std::string> repro_dump = {};
  std::vector<std::string> stats = {};  ///< every variant's sidecar, in byte order
  std::optional<std::string> wprof = {};
  std::optional<std::string> repro_wprof = {};
  bool replayable = false;  ///< some sidecar of this name says fail, which is what a replay takes

  friend bool operator==(const FailedTest&, const FailedTest&) = default;
};

struct RunDirectorySummary {
  std::string path;
  std::vector<FailedTest> failed = {};  ///< by test name, in byte order
  std::uint64_t stats_sidecars = 0;     ///< those that could not be parsed included
  std::uint64_t wprof_traces = 0;       ///< without those of automatic reproductions
  /// Sidecars that count, but have no verdict that could be read; in byte order.
  std::vector<std::string> unparsed_sidecars = {};

  friend bool operator==(const RunDirectorySummary&, const RunDirectorySummary&) = default;
};

/// Every moment is after this one.
inline constexpr std::int64_t k_since_ever = std::numeric_limits<std::int64_t>::min();

struct FooterOptions {
  /// Files written at this time or later count. Nanoseconds since the epoch, compared with mtimes.
  std::int64_t since_ns = k_since_ever;
  std::uint64_t max_file_bytes = 256ULL << 20;  ///< a larger sidecar counts as unparsed
};

/// Reads the run directories (not dot directories; links to directories are fine) directly in
/// `runs_root`, those with fresh files, in byte order of their names. Files that are links are
/// passed over. A test failed if a sidecar of its says fail, or if it left a failure dump of a
/// variant that has no sidecar that can be parsed. What can't be listed or has gone is left out; a
/// missing root has nothing. Thread-safe.
[[nodiscard]] std::vector<RunDirectorySummary> summarize_run_artifacts(
    const std::string& runs_root, const FooterOptions& options = {});

/// The harness's own text, which begins with an empty line; empty for no directories. Control
/// characters in foreign names are shown as \n or \xNN. Pure; thread-safe.
[[nodiscard]] std::string footer_text(const std::vector<RunDirectorySummary>& directories);

// The harness's listings, as a library call gives them: what the commands list-values,
// list-metrics, show-host, explain-sidecar, last-run and replay print. The answers are from the
// index of a runs root, which is brought up to date first (created, renamed and removed files), but
// for explain_sidecar, which reads the files. Texts and documents end with a newline, and control
// characters of foreign names are escaped. Nothing here is shared between calls: thread-safe, if
// `messages` is, and while no thread changes the environment.

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

// What the harness says about one run: which scenarios stand out, how each scenario, topology and
// work type did, what the BPF verifier, the scheduler's callbacks and KVM reported. The texts are
// the harness's own (its sidecar module and its analysis of a gauntlet). Everything here is pure
// and thread-safe.

/// The numbers in which a scenario can stand out, in the order in which the harness looks at them.
enum class GauntletMetric {
  spread,
  gap_ms,
  migrations,
  migration_ratio,
  imbalance,
  dsq_depth,
  stuck,
  fallback,
  keep_last,
  worst_p99_wake_latency_us,
  worst_wake_latency_cv,
  worst_mean_run_delay_us,
  worst_run_delay_us,
};
inline constexpr std::size_t k_gauntlet_metrics = 13;
/// "spread", "gap_ms", … as the report prints it.
[[nodiscard]] std::string_view gauntlet_metric_name(GauntletMetric metric);

/// One result as the analysis sees it. A number that was not measured is 0 here, as in the harness.
struct GauntletRow {
  std::string scenario;  ///< the test's name
  std::string topology;
  std::string work_type;
  bool passed = false;
  bool skipped = false;
  bool inconclusive = false;
  std::array<double, k_gauntlet_metrics> metrics{};  ///< by GauntletMetric

  [[nodiscard]] bool is_pass() const { return passed && !skipped && !inconclusive; }
  [[nodiscard]] double metric(GauntletMetric which) const {
    return metrics[static_cast<std::size_t>(which)];
  }
};

struct VerifierProgram {
  std::string program;
  std::uint32_t verified_insns = 0;
};

struct CallbackProgram {
  std::string program;
  std::uint64_t cnt = 0;
  std::uint64_t nsecs = 0;
  double nsecs_per_call = 0;
};
struct TestCallbacks {
  std::string test_name;
  std::string topology;
  std::vector<CallbackProgram> programs;
};

/// The counters of one VM that the report speaks of, each summed over its virtual CPUs.
struct KvmTotals {
  std::uint64_t vcpus = 0;
  std::uint64_t exits = 0;
  std::uint64_t halt_exits = 0;
  std::uint64_t halt_wait_ns = 0;
  std::uint64_t halt_successful_poll = 0;
  std::uint64_t halt_attempted_poll = 0;
  std::uint64_t preemption_reported = 0;
  std::uint64_t signal_exits = 0;
  std::uint64_t hypercalls = 0;
};

/// Everything that the report of a run is made of, results in the order of job and file name.
struct RunReport {
  std::vector<GauntletRow> rows;
  std::vector<VerifierProgram> verifier;  ///< of every result, programs repeat
  std::vector<TestCallbacks> callbacks;   ///< of the results that have any
  std::vector<KvmTotals> kvm;             ///< of the results that have them, if only an empty list
  std::string first_timestamp;            ///< the least of the results' own; "" if none has one
};

[[nodiscard]] RunReport run_report(const std::vector<Record>& records);
/// Adds one more result at the end, for records that are not all held at once.
void add_result(RunReport& report, const Record& record);

/// The four blocks, each beginning with an empty line and ending with a line feed; "" where there
/// is nothing to say. Control characters in names are shown escaped; names are padded by Unicode
/// scalar values, never cut.
[[nodiscard]] std::string gauntlet_text(const RunReport& report);
[[nodiscard]] std::string verifier_text(const RunReport& report);
[[nodiscard]] std::string callback_text(const RunReport& report);
[[nodiscard]] std::string kvm_text(const RunReport& report);
/// All four in this order.
[[nodiscard]] std::string run_report_text(const RunReport& report);

// The index as a library: open the catalog of a runs root, bring it up to date, ask it.

struct IndexOptions {
  /// The runs root. None: KTSTR_RUNS_ROOT, CARGO_TARGET_DIR + "/ktstr", or the nearest target/ktstr
  /// upward of the working directory.
  std::optional<std::string> root;
  /// The catalog's file. None: KTSTR_INDEX_CATALOG, or .ktstr-index/catalog.sqlite3 in the root.
  std::optional<std::string> catalog;
};

/// What a refresh did, and how many files of each status there are now.
struct IndexRefresh {
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t removed = 0;
  std::int64_t moved = 0;
  std::int64_t ok = 0;
  std::int64_t drift = 0;
  std::int64_t corrupt = 0;
  std::int64_t unreadable = 0;
};

/// One row of an answer: NULL, integer, real or text, a value per column.
using IndexValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using IndexRow = std::vector<IndexValue>;

/// An open index. Not thread-safe; any number of processes and objects may share one root.
class Index {
 public:
  /// Errors: not_found (no root), permission, io, newer_version. A damaged catalog is put aside and
  /// made anew. The catalog is empty until the first refresh.
  [[nodiscard]] static Result<Index> open(const IndexOptions& options = {});
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// Looks at the stamp of every file, and reads those that are new or different.
  [[nodiscard]] Result<IndexRefresh> refresh();

  /// Looks for files that were created, renamed or removed, then gives the rows of one statement
  /// that reads the views (results, pool, run_dirs, metrics, …) to `each`, which says whether it
  /// wants more. Errors: usage for a bad or refused statement, its message and hint name the place.
  [[nodiscard]] Result<void> select(const std::string& statement,
                                    const std::function<bool(const IndexRow&)>& each);

  /// The paths of the results that an SQL expression over the columns of `results` picks, relative
  /// to the root, in byte order of run directory, job and file.
  [[nodiscard]] Result<std::vector<std::string>> paths(const std::string& expression);

 private:
  struct Impl;
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktstr
#pragma GCC visibility pop
