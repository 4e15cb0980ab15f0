// SPDX-License-Identifier: MIT
#include "ktstr/listings.hpp"

#include <utility>

#include "base/visible_text.hpp"
#include "ktstr/host.hpp"
#include "ktstr/walk.hpp"
#include "library/found_run.hpp"
#include "library/left_out_text.hpp"
#include "library/metric_rows.hpp"
#include "library/replay_choice.hpp"
#include "library/run_host.hpp"
#include "library/session.hpp"
#include "library/walked_run.hpp"
#include "query/pool_values.hpp"
#include "record/metric_registry.hpp"
#include "report/explanation.hpp"
#include "report/metrics_document.hpp"
#include "report/nextest_filter.hpp"
#include "report/pool_values.hpp"
#include "report/row_renderer.hpp"
#include "report/run_report_document.hpp"

namespace ktstr {
namespace {

/// Foreign names may be in a line.
MessageSink note_of(const ListingOptions& options) {
  return [sink = options.messages ? options.messages : stderr_sink()](std::string_view line) {
    sink(escape_control(line));
  };
}

SessionOptions session_options(const ListingOptions& options) {
  SessionOptions session;
  session.root = options.root;
  session.catalog = options.catalog;
  session.is_foreign = options.is_archive;
  session.limits.max_file_bytes = options.max_file_bytes;
  return session;
}

Result<Session> open_fresh(const ListingOptions& options, const MessageSink& note) {
  auto session = Session::open(session_options(options));
  if (!session) return session;
  const auto fresh = session->make_fresh(CheckLevel::dirs);
  for (const std::string& warning : session->take_warnings()) note(warning);
  if (!fresh) return fail(fresh.error());
  return session;
}

void note_left_out(Session& session, const MessageSink& note) {
  const std::string text = left_out_note(session.database(), true);
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
  auto session = open_fresh(options, note);
  return session ? load_run(*session, selection, reading)
                 : find_run_without_root(session.error(), selection, reading);
}

}  // namespace

Result<std::string> list_values(const ListingOptions& options, ListingForm form) {
  const MessageSink note = note_of(options);
  auto session = open_fresh(options, note);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return fail(std::move(session.error()));
    note(session.error().text());
    return values_listing(no_pool_values(), form);
  }
  const auto values = pool_values(session->database(), options.is_archive);
  if (!values) return fail(values.error());
  note_left_out(*session, note);
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
  auto session = open_fresh(options, note);
  if (!session) return fail(std::move(session.error()));
  return run_host(session->database(), run, note);
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
  const auto paths = find_paths(session_options(options));
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
  auto session = open_fresh(options, note);
  if (!session) return fail(std::move(session.error()));
  note_left_out(*session, note);
  auto choice = choose_replay(*session, replay);
  if (!choice) return fail(std::move(choice.error()));
  if (choice->failed.pool_results == 0) {
    return fail(ErrorCode::not_found, no_results_text(*session));
  }
  std::string filter = nextest_filter(choice->names);
  return ReplaySelection{std::move(choice->names), std::move(filter)};
}

}  // namespace ktstr
