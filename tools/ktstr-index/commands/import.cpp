// SPDX-License-Identifier: MIT
#include "library/import.hpp"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "archive/archive.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "statement_bounds.hpp"

namespace ktstr {
namespace {

struct ImportFlags {
  std::vector<std::string> paths;
  std::vector<std::pair<std::string, std::string>> labels;
  bool traces = false;
};

/// "12345 files" on a terminal's line, drawn over ten times a second; gone when it dies.
class CountLine {
 public:
  explicit CountLine(bool is_shown) : is_shown_(is_shown) {}
  CountLine(const CountLine&) = delete;
  CountLine& operator=(const CountLine&) = delete;
  ~CountLine() {
    if (is_drawn_) std::fputs("\r\033[K", stderr);
  }

  void update(std::int64_t done) {
    constexpr std::int64_t k_redraw_ns = 100'000'000;
    const std::int64_t now_ns = system_clock().steady_ns();
    if (!is_shown_ || now_ns < next_ns_) return;
    next_ns_ = now_ns + k_redraw_ns;
    is_drawn_ = true;
    std::fprintf(stderr, "\r\033[K%lld read", static_cast<long long>(done));
  }

 private:
  bool is_shown_;
  bool is_drawn_ = false;
  std::int64_t next_ns_ = 0;
};

std::vector<RowColumn> import_columns() {
  return {{"path", 0, 20}, {"kind", 2},        {"added"},        {"known"},
          {"dumps"},       {"known_dumps", 2}, {"ignored", 3},   {"refused", 1},
          {"too_deep", 3}, {"unreadable", 1},  {"synthetic", 2}, {"damaged", 1, 12}};
}

std::vector<Value> row_of(const ImportReport& report) {
  const auto number = [](std::uint64_t count) { return Value(static_cast<std::int64_t>(count)); };
  const ImportSummary& summary = report.summary;
  Value damaged;
  if (report.failure) {
    damaged = report.failure->message;
  } else if (summary.damaged) {
    damaged = *summary.damaged;
  }
  return {report.path,
          std::string(report.is_archive ? "archive" : "files"),
          report.added,
          report.known,
          report.dumps,
          report.known_dumps,
          number(summary.ignored),
          number(summary.refused.count),
          number(summary.too_deep.count),
          number(summary.unreadable.count),
          report.synthetic,
          std::move(damaged)};
}

Result<Archive> open_archive(const Context& context, const OpenIndexOptions& session) {
  const ArchiveChoice choice = archive_choice(session.archive, session.variables);
  if (!choice.path) {
    return fail(ErrorCode::usage, "there is no archive to import into: it is off (" + choice.from +
                                      "); name one with --archive FILE");
  }
  ArchiveOptions options;
  options.path = *choice.path;
  options.is_named = choice.is_named;
  auto archive = Archive::open(options, *session.file_system, *session.clock);
  if (!archive) return archive;
  if (archive->is_new()) context.note(archive_announcement(archive->path()));
  for (const Warning& warning : archive->warnings()) context.tell(warning);
  return archive;
}

/// Rows of what was done, and the exit status: that of the first error, or 3 where something could
/// not be read.
int print_reports(const Context& context, const std::vector<ImportReport>& reports) {
  std::vector<std::vector<Value>> rows;
  int status = k_done;
  for (const ImportReport& report : reports) {
    rows.push_back(row_of(report));
    for (const std::string& note : notes_of(report)) context.note_lines(note);
    if (report.failure) {
      const int failed = context.failed(*report.failure);
      if (status == k_done) status = failed;
    } else if (report.lacks_results()) {
      status = k_failed;
    }
  }
  RowList list(import_columns(), std::move(rows));
  const int printed = context.print_rows(list);
  return printed != k_done ? printed : status;
}

/// Damage to the archive that it comes in to: mended, and once more.
ImportReport import_mending(Archive& archive, const ImportRequest& request,
                            const OpenIndexOptions& session) {
  ImportReport report;
  const auto done =
      with_mending(archive, *session.file_system, *session.clock, [&]() -> Result<void> {
        report = import_path(archive, request, *session.clock);
        return report.failure ? Result<void>(fail(*report.failure)) : Result<void>();
      });
  if (!done) report.failure = done.error();
  return report;
}

int run(const Context& context, const ImportFlags& flags) {
  const OpenIndexOptions session = context.index_options();
  auto archive = open_archive(context, session);
  if (!archive) return context.failed(archive.error());
  const auto project = project_of_import(*archive, session);
  if (!project) return context.failed(project.error());
  const std::size_t known_warnings = archive->warnings().size();
  StopRequest stop;
  std::vector<ImportReport> reports;
  auto line = std::make_unique<CountLine>(!context.is_quiet() && ::isatty(STDERR_FILENO) == 1);
  for (const std::string& path : flags.paths) {
    ImportRequest request;
    request.path = path;
    request.project = *project;
    request.labels = flags.labels;
    request.with_traces = flags.traces;
    request.max_file_bytes = context.limits().max_file_bytes;
    request.progress = [&line](std::int64_t done) { line->update(done); };
    request.should_stop = [&stop] { return stop.is_made(); };
    reports.push_back(import_mending(*archive, request, session));
    if (stop.is_made()) break;
  }
  line.reset();
  const auto synced = guarded(archive->path(), [&] { archive->sync(); });
  const auto& said = archive->warnings();
  for (std::size_t i = known_warnings; i < said.size(); ++i) context.tell(said[i]);
  const int status = print_reports(context, reports);
  if (!synced) return context.failed(synced.error());
  return stop.is_made() ? k_signalled + stop.signal() : status;
}

}  // namespace

Command make_import_command(const Context& context) {
  auto flags = std::make_shared<ImportFlags>();
  Command command;
  command.name = "import";
  command.group = "Stores";
  command.summary = "Results from elsewhere into the archive";
  command.description =
      "PATH is a run directory, a runs root, a tree that holds such up to three levels down (as "
      "downloads of artifacts nest them), a tar (also .gz, .zst, .xz) or zip of any of these, or "
      "another archive or a pack. Results and failure dumps are kept as observations of the past "
      "of this project, with PATH as their origin; what the archive has under the same name isn't "
      "doubled, so that an import can be repeated. --in PATH looks at the same things without "
      "keeping anything.\n\n"
      "Of a tar or zip without results the tars and zips in it are looked into, and of a tar, hard "
      "links to its own files are taken. All other links, absolute names and names that lead "
      "outside are refused. Exit status 3 if a PATH could not be read to its end, or a sidecar was "
      "refused; what could be read is imported.";
  command.examples = {
      {"ktstr-index import ~/Downloads/results.zip --label pr=123", "a CI job's artifacts"},
      {"ktstr-index query \"label.pr = '123'\" --over past", "and what they say"},
      {"ktstr-index import results.ktstr", "what somebody has packed"}};
  command.positionals = {{"PATH", "What to import", &flags->paths, true}};
  command.options = {
      {"--label", "KEY=VALUE", "Say this of all results of these PATHs (repeatable)",
       parse_label_into(flags->labels)},
      {"--traces", "", "wprof traces, too", &flags->traces},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
