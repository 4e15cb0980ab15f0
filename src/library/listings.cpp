// SPDX-License-Identifier: MIT
#include "library/listings.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/visible_text.hpp"
#include "environment/places.hpp"
#include "ktstr/host.hpp"
#include "ktstr/index.hpp"
#include "library/index.hpp"
#include "library/open_index.hpp"
#include "query/evidence.hpp"
#include "query/pool_values.hpp"
#include "query/run_report_rows.hpp"
#include "query/sessions.hpp"
#include "record/metric_registry.hpp"
#include "report/documents.hpp"
#include "report/replay_text.hpp"
#include "report/row_renderer.hpp"
#include "report/texts.hpp"
#include "store/walk.hpp"

namespace ktstr {

Result<ReplayChoice> choose_replay(OpenIndex& index, const ReplayOptions& options) {
  auto failed = find_failed_tests(index.database(), options.in_whole_pool);
  if (!failed) return fail(std::move(failed.error()));
  ReplayChoice choice{std::move(*failed), {}};
  for (const std::string& name : choice.failed.names) {
    if (!options.substring || name.find(*options.substring) != std::string::npos) {
      choice.names.push_back(name);
    }
  }
  return choice;
}

std::string no_results_text(const OpenIndex& index) {
  return "no sidecars found under " + index.paths().root.path +
         " - run the suite first or pass --dir";
}

namespace {

bool is_path(const std::string& text) {
  return text == "." || text == ".." || text.starts_with('/') || text.starts_with("./") ||
         text.starts_with("../");
}

/// Of a relative path that doesn't begin as one, which a run's name goes before.
bool is_directory_with_slash(const std::string& text, FileSystem& files) {
  if (text.find('/') == std::string::npos) return false;
  const auto status = files.status(text, FollowLinks::yes);
  return status && status->kind == FileKind::directory;
}

/// A sidecar's job ("" if none) and file name, of its path below `directory`.
std::pair<std::string_view, std::string_view> place_of(const LoadedSidecar& sidecar,
                                                       std::size_t directory_length) {
  std::string_view rest = std::string_view(sidecar.path).substr(directory_length);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {{}, rest};
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

std::string broken_text(const Collection& collection) {
  std::string text;
  const auto add = [&](std::size_t count, const char* kind) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  add(collection.parse_errors.size(), "unparsable");
  add(collection.io_errors.size(), "unreadable");
  return text;
}

/// Of one that is there: no directory is an empty answer.
Result<void> check_directory(const std::string& directory, FileSystem& files) {
  const auto listed = check_listing(files.open_directory(directory));
  if (listed || listed.error().code == ErrorCode::not_found) return {};
  Error error = listed.error();
  error.path = directory;
  return fail(std::move(error));
}

Result<FoundRun> load_named(OpenIndex& index, const NamedRun& run) {
  auto report = load_run_report(index.database(), run);
  if (!report) return fail(std::move(report.error()));
  FoundRun found{std::move(*report)};
  found.run_dir = run.job ? run.run_dir + "/" + *run.job : run.run_dir;
  found.path = join_path(index.paths().root.path, *found.run_dir);
  if (const auto left_out = count_left_out(index.database(), run)) {
    found.missing = left_out_text(*left_out);
  }
  return found;
}

FoundRun no_run(std::string reason) {
  FoundRun none;
  none.missing = std::move(reason);
  return none;
}

FoundRun no_run_of_kernel(const std::string& kernel, const std::vector<std::string>& runs,
                          const std::string& root) {
  constexpr std::size_t k_labels = 3;
  std::string labels;
  for (const std::string& label : nearest_kernel_labels(kernel, runs, k_labels)) {
    labels += (labels.empty() ? "" : ", ") + escape_control(label);
  }
  return no_run("no run directory of kernel '" + escape_control(kernel) + "' in " +
                escape_control(root) + "; there are " + labels);
}

Result<FoundRun> load_newest(OpenIndex& index, const std::optional<std::string>& kernel) {
  const auto runs = runs_newest_first(index.database());
  if (!runs) return fail(runs.error());
  const std::string& root = index.paths().root.path;
  if (runs->empty()) return no_run("no run directories in " + escape_control(root));
  const auto newest = std::find_if(runs->begin(), runs->end(), [&](const std::string& run) {
    return !kernel || has_kernel_label(run, *kernel);
  });
  if (newest == runs->end()) return no_run_of_kernel(*kernel, *runs, root);
  return load_named(index, {*newest});
}

}  // namespace

Result<std::optional<std::string>> directory_by_path(const RunSelection& selection,
                                                     const std::optional<std::string>& sidecar_dir,
                                                     FileSystem& files) {
  if (!selection.run) {
    const bool is_named = sidecar_dir && !sidecar_dir->empty();
    return is_named ? sidecar_dir : std::nullopt;
  }
  if (!is_path(*selection.run)) return std::nullopt;
  const auto status = files.status(*selection.run, FollowLinks::yes);
  if (status && status->kind == FileKind::directory) return selection.run;
  return fail(ErrorCode::usage, "there is no such directory", *selection.run,
              "a run below the root goes by its name, as `ktstr-index list` shows it");
}

Result<FoundRun> read_run(const std::string& directory, const DirectoryReading& reading) {
  if (auto listed = check_directory(directory, reading.files); !listed) {
    return fail(std::move(listed.error()));
  }
  WalkOptions options;
  options.sink = [](std::string_view) {};
  options.samples = SampleHandling::reduce;
  options.max_file_bytes = reading.max_file_bytes;
  Collection collection = collect_with_errors(reading.files, directory, options);
  note_unlisted_jobs(reading.files, directory, reading.note);
  // In the catalog's order. That of whole paths has "job-1/x" before "job/x".
  std::sort(collection.sidecars.begin(), collection.sidecars.end(),
            [&](const LoadedSidecar& left, const LoadedSidecar& right) {
              return place_of(left, directory.size()) < place_of(right, directory.size());
            });
  FoundRun found;
  found.path = directory;
  found.missing = broken_text(collection);
  for (const LoadedSidecar& sidecar : collection.sidecars) {
    add_result(found.report, sidecar.record);
  }
  return found;
}

Result<FoundRun> load_run(OpenIndex& index, const RunSelection& selection,
                          const DirectoryReading& reading) {
  if (!selection.run) return load_newest(index, selection.kernel);
  const auto run = find_run(index.database(), *selection.run);
  if (run) return load_named(index, *run);
  const bool is_unknown = run.error().code == ErrorCode::usage;
  if (is_unknown && is_directory_with_slash(*selection.run, reading.files)) {
    return read_run(*selection.run, reading);
  }
  return fail(run.error());
}

Result<FoundRun> find_run_without_root(const Error& reason, const RunSelection& selection,
                                       const DirectoryReading& reading) {
  if (reason.code != ErrorCode::not_found) return fail(reason);
  if (!selection.run) return no_run(reason.text_with_hint());
  if (is_directory_with_slash(*selection.run, reading.files)) {
    return read_run(*selection.run, reading);
  }
  return fail(reason);
}

namespace {

/// Foreign names may be in a line.
MessageSink note_of(const ListingOptions& options) {
  return [sink = options.messages ? options.messages : stderr_sink()](std::string_view line) {
    sink(escape_control(line));
  };
}

OpenIndexOptions index_options(const ListingOptions& options) {
  OpenIndexOptions session;
  session.root = options.root;
  session.catalog = options.catalog;
  session.is_foreign = options.is_archive;
  session.limits.max_file_bytes = options.max_file_bytes;
  return session;
}

Result<OpenIndex> open_fresh(const ListingOptions& options, const MessageSink& note) {
  auto index = OpenIndex::open(index_options(options));
  if (!index) return index;
  const auto fresh = index->make_fresh(CheckLevel::dirs);
  for (const Warning& warning : index->take_warnings()) note(warning.text);
  if (!fresh) return fail(fresh.error());
  return index;
}

void note_left_out(OpenIndex& index, const MessageSink& note) {
  const std::string text = left_out_note(index.database(), whole_pool_filters());
  if (!text.empty()) note(text);
}

std::string values_listing(const PoolValues& values, ListingForm form) {
  return form == ListingForm::text ? pool_values_text(values)
                                   : json_document(JsonValue(pool_values_document(values)));
}

std::string report_listing(const FoundRun& found, ListingForm form) {
  if (form == ListingForm::text) return run_report_text(found.report);
  return json_document(JsonValue(run_report_document(found.report, found.run_dir, found.path)));
}

/// The directory that counts without a run: the environment's is weaker than any wish.
std::optional<std::string> sidecar_directory(const RunSelection& selection,
                                             const ListingOptions& options) {
  if (options.root || selection.kernel) return std::nullopt;
  return process_variables()("KTSTR_SIDECAR_DIR");
}

Result<FoundRun> find_stored_run(const RunSelection& selection, const ListingOptions& options,
                                 const MessageSink& note) {
  const DirectoryReading reading{system_file_system(), options.max_file_bytes, note};
  auto index = open_fresh(options, note);
  return index ? load_run(*index, selection, reading)
               : find_run_without_root(index.error(), selection, reading);
}

}  // namespace

Result<std::string> list_values(const ListingOptions& options, ListingForm form) {
  const MessageSink note = note_of(options);
  auto index = open_fresh(options, note);
  if (!index) {
    if (index.error().code != ErrorCode::not_found) return fail(std::move(index.error()));
    note(index.error().text());
    return values_listing(no_pool_values(), form);
  }
  const auto values = pool_values(index->database(), options.is_archive);
  if (!values) return fail(values.error());
  note_left_out(*index, note);
  return values_listing(*values, form);
}

std::string list_metrics(ListingForm form) {
  if (form == ListingForm::json) {
    return json_document(JsonValue(metrics_document(metric_registry())));
  }
  MetricRows rows;
  StringOutput output;
  // Neither the registry nor a string can fail.
  static_cast<void>(render_rows(rows, output, {}));
  return output.text();
}

Result<HostContext> recorded_host(const std::string& run, const ListingOptions& options) {
  const MessageSink note = note_of(options);
  auto index = open_fresh(options, note);
  if (!index) return fail(std::move(index.error()));
  return run_host(index->database(), run, note);
}

Result<std::string> show_host(const std::optional<std::string>& run, const ListingOptions& options,
                              ListingForm form) {
  const auto host =
      run ? recorded_host(*run, options) : Result<HostContext>(collect_host_context());
  if (!host) return fail(host.error());
  if (form == ListingForm::text) return host_text(*host);
  return json_document(JsonValue(show_host_document(run, *host)));
}

Result<std::string> explain_sidecar(const std::string& run, const ListingOptions& options,
                                    ListingForm form) {
  const auto paths = find_paths(index_options(options));
  if (!paths) return fail(paths.error());
  const auto found = walk_run(system_file_system(),
                              {paths->root.path, run, options.max_file_bytes, note_of(options)});
  if (!found) return fail(found.error());
  const SidecarExplanation explanation = explain(*found);
  if (form == ListingForm::text) return explanation_text(*found, explanation);
  return json_document(JsonValue(explanation_document(*found, explanation)));
}

Result<std::string> last_run(const RunSelection& selection, const ListingOptions& options,
                             ListingForm form) {
  const MessageSink note = note_of(options);
  const auto directory =
      directory_by_path(selection, sidecar_directory(selection, options), system_file_system());
  if (!directory) return fail(directory.error());
  const Result<FoundRun> found =
      *directory ? read_run(**directory, {system_file_system(), options.max_file_bytes, note})
                 : find_stored_run(selection, options, note);
  if (!found) return fail(found.error());
  if (!found->path) {
    note(found->missing);
    return report_listing(*found, form);
  }
  if (found->report.rows.empty()) note("no results in " + found->name());
  if (!found->missing.empty()) note("not in this answer: " + found->missing);
  return report_listing(*found, form);
}

Result<ReplaySelection> failed_tests(const ReplayOptions& replay, const ListingOptions& options) {
  const MessageSink note = note_of(options);
  auto index = open_fresh(options, note);
  if (!index) return fail(std::move(index.error()));
  note_left_out(*index, note);
  auto choice = choose_replay(*index, replay);
  if (!choice) return fail(std::move(choice.error()));
  if (choice->failed.pool_results == 0) {
    return fail(ErrorCode::not_found, no_results_text(*index));
  }
  std::string filter = nextest_filter(choice->names);
  return ReplaySelection{std::move(choice->names), std::move(filter)};
}

}  // namespace ktstr
