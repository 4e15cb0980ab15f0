// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "answer.hpp"
#include "commands/commands.hpp"
#include "environment/join_path.hpp"
#include "ktstr/run_report.hpp"
#include "ktstr/walk.hpp"
#include "query/newest_run.hpp"
#include "query/run_report_rows.hpp"
#include "report/run_report_document.hpp"

namespace ktstr {
namespace {

struct LastRunArguments {
  std::optional<std::string> run;     ///< a name as listed, or a path
  std::optional<std::string> kernel;  ///< label that the newest run's name begins with
};

/// One run's report and where it is from.
struct FoundRun {
  RunReport report;
  std::optional<std::string> run_dir = {};  ///< none: read by its path
  std::optional<std::string> path = {};     ///< none: there is no run
};

bool is_path(const std::string& text) {
  return text == "." || text == ".." || text.starts_with('/') || text.starts_with("./") ||
         text.starts_with("../");
}

/// For stderr: "3 corrupt, 1 unreadable"; empty for none.
std::string counted_text(const std::vector<std::pair<std::int64_t, const char*>>& counts) {
  std::string text;
  for (const auto& [count, kind] : counts) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  return text;
}

int print(const Context& context, const FoundRun& found) {
  const Format format = context.format();
  if (format == Format::table) return context.print_text(run_report_text(found.report));
  if (format == Format::json || format == Format::jsonl) {
    const JsonObject document = run_report_document(found.report, found.run_dir, found.path);
    return context.print_document(document, {});
  }
  RowList rows(gauntlet_columns(), gauntlet_rows(found.report));
  return context.print_rows(rows);
}

/// A valid answer without data; `reason` is all that stderr says.
int print_nothing(const Context& context, const std::string& reason) {
  context.note(reason);
  return print(context, {});
}

int print_found(const Context& context, const FoundRun& found, const std::string& left_out) {
  const std::string name = found.run_dir.value_or(*found.path);
  const std::string missing = left_out.empty() ? "" : "; not in this answer: " + left_out;
  const std::size_t count = found.report.rows.size();
  if (count == 0) {
    context.note("last-run: no results in " + name + missing + " (--run-dir RUN names another)");
    return print(context, found);
  }
  const std::string& date = found.report.first_timestamp;
  context.note("last-run: " + name + ", " + std::to_string(count) +
               (count == 1 ? " result" : " results") + (date.empty() ? "" : ", " + date));
  if (!missing.empty()) context.note(missing.substr(2));
  return print(context, found);
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

/// Any directory, whatever root it is in: every file is read, nothing is kept.
int report_path(const Context& context, const std::string& directory) {
  WalkOptions options;
  options.sink = [](std::string_view) {};
  options.samples = SampleHandling::reduce;
  options.max_file_bytes = context.limits().max_file_bytes;
  Collection collection = collect_with_errors(directory, options);
  // In the catalog's order. That of whole paths has "job-1/x" before "job/x".
  std::sort(collection.sidecars.begin(), collection.sidecars.end(),
            [&](const LoadedSidecar& left, const LoadedSidecar& right) {
              return place_of(left, directory.size()) < place_of(right, directory.size());
            });
  FoundRun found;
  found.path = directory;
  for (const LoadedSidecar& sidecar : collection.sidecars) {
    add_result(found.report, sidecar.record);
  }
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  return print_found(context, found,
                     counted_text({{count(collection.parse_errors.size()), "unparsable"},
                                   {count(collection.io_errors.size()), "unreadable"}}));
}

int report_named(const Context& context, Session& session, const NamedRun& run) {
  auto report = load_run_report(session.database(), run);
  if (!report) return context.failed(report.error());
  FoundRun found{std::move(*report)};
  found.run_dir = run.job ? run.run_dir + "/" + *run.job : run.run_dir;
  found.path = join_path(session.paths().root.path, *found.run_dir);
  std::string left_out;
  if (const auto counts = count_left_out(session.database(), run)) {
    left_out = counted_text({{counts->corrupt, "corrupt"},
                             {counts->unreadable, "unreadable"},
                             {counts->drift, "of another schema"}});
    if (!left_out.empty()) {
      left_out += " (ktstr-index explain-sidecar --run " + *found.run_dir + ")";
    }
  }
  return print_found(context, found, left_out);
}

int report_newest(const Context& context, Session& session,
                  const std::optional<std::string>& kernel) {
  const auto runs = runs_newest_first(session.database());
  if (!runs) return context.failed(runs.error());
  if (runs->empty()) {
    return print_nothing(context, "no run directories in " + session.paths().root.path);
  }
  const auto newest = std::find_if(runs->begin(), runs->end(), [&](const std::string& run) {
    return !kernel || has_kernel_label(run, *kernel);
  });
  if (newest != runs->end()) return report_named(context, session, {*newest});
  constexpr std::size_t k_labels = 3;
  std::string labels;
  for (const std::string& label : nearest_kernel_labels(*kernel, *runs, k_labels)) {
    labels += (labels.empty() ? "" : ", ") + label;
  }
  return print_nothing(context, "no run directory of kernel '" + *kernel + "' in " +
                                    session.paths().root.path + "; there are " + labels);
}

int report_stored(const Context& context, const LastRunArguments& arguments) {
  auto session = context.open(CheckLevel::dirs);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return context.failed(session.error());
    // No runs yet is nothing to fail over; the document is empty and valid.
    return print_nothing(context, session.error().text());
  }
  if (!arguments.run) return report_newest(context, *session, arguments.kernel);
  const auto run = find_run(session->database(), *arguments.run);
  if (!run) return context.failed(run.error());
  return report_named(context, *session, *run);
}

int run(const Context& context, const LastRunArguments& arguments) {
  if (arguments.run && is_path(*arguments.run)) {
    const auto status = system_file_system().status(*arguments.run, FollowLinks::yes);
    if (!status || status->kind != FileKind::directory) {
      return context.failed(
          {ErrorCode::usage, "there is no such directory", *arguments.run,
           "a run below the root goes by its name, as `ktstr-index list` shows it"});
    }
    return report_path(context, *arguments.run);
  }
  if (!arguments.run) {
    const auto directory = context.session_options().variables("KTSTR_SIDECAR_DIR");
    if (directory && !directory->empty()) return report_path(context, *directory);
  }
  return report_stored(context, arguments);
}

}  // namespace

Command make_last_run_command(const Context& context) {
  auto arguments = std::make_shared<LastRunArguments>();
  Command command;
  command.name = "last-run";
  command.group = "Listings";
  command.summary = "One run: what stands out, how tests did, verifier, callbacks, KVM";
  command.description =
      "The harness's own report of a run. The run is the one that is named, else the directory in "
      "KTSTR_SIDECAR_DIR, else the newest run directory, of one kernel if --kernel says so.\n\n"
      "--format json is one document with all of it; csv and markdown are one table of the lines "
      "by scenario, topology and work type, told apart by the column `dimension`.";
  command.examples = {
      {"ktstr-index last-run", "the newest run"},
      {"ktstr-index last-run --kernel 6.14.2", "the newest run under that kernel"},
      {"ktstr-index last-run --run-dir ./artifacts/6.14.2-abc1234", "any directory with sidecars"},
  };
  command.options = {
      {"--run-dir,--dir", "RUN",
       "A run directory, or one job of it (RUN-DIR/JOB); what begins with /, ./ or ../ is the path "
       "of any directory, which is read as it is",
       &arguments->run},
      {"--kernel", "LABEL", "The newest run whose name begins with LABEL and a dash",
       &arguments->kernel},
  };
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
