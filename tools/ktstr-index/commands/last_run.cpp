// SPDX-License-Identifier: MIT
#include <memory>

#include "answer.hpp"
#include "base/visible_text.hpp"
#include "commands/commands.hpp"
#include "library/listings.hpp"
#include "report/documents.hpp"

namespace ktstr {
namespace {

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
  context.note_lines(reason);
  return print(context, {});
}

/// The explanation of a run that is read by its path would be that of another, below the root.
std::string missing_text(const FoundRun& found) {
  if (found.missing.empty()) return {};
  std::string text = "; not in this answer: " + found.missing;
  if (found.run_dir)
    text += " (ktstr-index explain-sidecar " + shell_option("--run", *found.run_dir) + ")";
  return text;
}

int print_found(const Context& context, const FoundRun& found) {
  if (!found.path) return print_nothing(context, found.missing);
  const std::string missing = missing_text(found);
  const std::size_t count = found.report.rows.size();
  if (count == 0) {
    context.note("last-run: no results in " + found.name() + missing +
                 " (--run-dir RUN names another)");
    return print(context, found);
  }
  const std::string& date = found.report.first_timestamp;
  context.note("last-run: " + found.name() + ", " + std::to_string(count) +
               (count == 1 ? " result" : " results") + (date.empty() ? "" : ", " + date));
  if (!missing.empty()) context.note(missing.substr(2));
  return print(context, found);
}

Result<FoundRun> find_stored(const Context& context, const RunSelection& selection,
                             const DirectoryReading& reading) {
  auto session = context.open(CheckLevel::dirs);
  return session ? load_run(*session, selection, reading)
                 : find_run_without_root(session.error(), selection, reading);
}

int run(const Context& context, const RunSelection& selection) {
  const auto directory = directory_by_path(
      selection, context.index_options().variables("KTSTR_SIDECAR_DIR"), system_file_system());
  if (!directory) return context.failed(directory.error());
  const DirectoryReading reading{system_file_system(), context.limits().max_file_bytes,
                                 [&](std::string_view line) { context.note(line); }};
  const auto found =
      *directory ? read_run(**directory, reading) : find_stored(context, selection, reading);
  return found ? print_found(context, *found) : context.failed(found.error());
}

}  // namespace

Command make_last_run_command(const Context& context) {
  auto arguments = std::make_shared<RunSelection>();
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
       "A run directory, or one job of it (RUN-DIR/JOB); else what has a slash in it is the path "
       "of any directory, which is read as it is",
       &arguments->run},
      {"--kernel", "LABEL", "The newest run whose name begins with LABEL and a dash",
       &arguments->kernel},
  };
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
