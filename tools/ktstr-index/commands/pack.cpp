// SPDX-License-Identifier: MIT
#include "library/pack.hpp"

#include <algorithm>
#include <memory>

#include "answer.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "library/archive_access.hpp"
#include "library/import.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

struct PackFlags {
  std::vector<std::string> what;
  std::string to;
  bool force = false;
  bool with_host = false;
  bool no_dumps = false;
  bool traces = false;
  bool all_projects = false;
};

/// What stands now goes into the archive first, if there is a root; what it can't say, the pack
/// lacks.
Result<void> keep_what_stands(const Context& context, StopRequest& stop) {
  auto index = context.open_as_is();
  if (!index) {
    return index.error().code == ErrorCode::not_found ? Result<void>() : fail(index.error());
  }
  RefreshOptions options;
  options.level = context.check_or(CheckLevel::files);
  options.limits = context.limits();
  options.should_stop = [&stop] { return stop.is_made(); };
  const auto done = index->refresh_and_keep(options, {});
  for (const Warning& warning : index->take_warnings()) context.tell(warning);
  return done ? Result<void>() : fail(done.error());
}

int print_report(const Context& context, const PackFlags& flags, const PackReport& report) {
  const auto number = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  const RedactionCounts& counts = report.redacted;
  JsonObject redacted;
  redacted.add("boot_parameters", number(counts.boot_parameters))
      .add("paths", number(counts.paths))
      .add("addresses", number(counts.addresses))
      .add("ids", number(counts.ids))
      .add("hosts", number(counts.hosts))
      .add("secrets", number(counts.secrets));
  JsonObject document;
  document.add("path", flags.to)
      .add("size_bytes", report.size_bytes)
      .add("results", report.results)
      .add("dumps", report.dumps)
      .add("dumps_without_bytes", report.dump_names)
      .add("left_out", number(report.left_out.count))
      .add("redacted", flags.with_host ? JsonValue() : JsonValue(std::move(redacted)));
  const std::string what =
      flags.with_host ? "nothing (--with-host)"
                      : std::to_string(counts.boot_parameters) + " boot parameters, " +
                            std::to_string(counts.paths) + " paths, " +
                            std::to_string(counts.addresses) + " addresses, " +
                            std::to_string(counts.ids) + " ids, " + std::to_string(counts.hosts) +
                            " host names, " + std::to_string(counts.secrets) + " secrets";
  return context.print_document(
      document, {{"path", flags.to},
                 {"size", human_number(static_cast<double>(report.size_bytes), Quantity::bytes)},
                 {"results", std::to_string(report.results)},
                 {"dumps", std::to_string(report.dumps) + " (and " +
                               std::to_string(report.dump_names) + " by name only)"},
                 {"left out", std::to_string(report.left_out.count)},
                 {"redacted", what}});
}

void note_left_out_of_pack(const Context& context, const LeftOut& left_out) {
  constexpr std::size_t k_named_at_most = 5;
  const std::size_t named = std::min(left_out.first.size(), k_named_at_most);
  for (std::size_t i = 0; i < named; ++i) {
    context.note("left out: " + left_out.first[i].path + ": " + left_out.first[i].reason);
  }
  if (left_out.count > named) {
    context.note("and " + std::to_string(left_out.count - named) + " more left out");
  }
}

/// Where the results are taken from.
struct PackSource {
  std::optional<GatheredArchive> gathered;
  std::unique_ptr<SQLite::Database> archive;
  PackRoot root;

  [[nodiscard]] SQLite::Database& database() { return gathered ? *gathered->database : *archive; }
};

/// Without an archive, as in CI, what stands is all there is.
Result<PackSource> gather_source(const Context& context, StopRequest& stop) {
  const OpenIndexOptions session = context.index_options();
  std::vector<std::string> paths = context.in_paths();
  if (!context.is_in()) {
    const auto found = find_paths(session);
    if (!found) return fail(found.error());
    paths = {found->root.path};
  }
  std::vector<std::string> notes;
  auto gathered = gather_archive(
      paths, session, [&stop] { return stop.is_made(); }, notes);
  for (const std::string& note : notes) context.note_lines(note);
  if (!gathered) return fail(std::move(gathered.error()));
  PackSource source;
  source.gathered.emplace(std::move(*gathered));
  return source;
}

Result<PackSource> open_source(const Context& context, bool all_projects, StopRequest& stop) {
  const OpenIndexOptions session = context.index_options();
  if (context.is_in() || !chosen_archive(session)) return gather_source(context, stop);
  if (auto kept = keep_what_stands(context, stop); !kept) return fail(std::move(kept.error()));
  auto archive = open_chosen_archive(session);
  if (!archive) return fail(std::move(archive.error()));
  auto project = project_unless_all(**archive, session, all_projects);
  if (!project) return fail(std::move(project.error()));
  PackSource source;
  source.archive = std::move(*archive);
  source.root = {root_or_none(session), std::move(*project)};
  return source;
}

int run(const Context& context, const PackFlags& flags) {
  StopRequest stop;
  const auto failed = [&](const Error& error) { return failed_or_stopped(context, error, stop); };
  auto source = open_source(context, flags.all_projects, stop);
  if (!source) return failed(source.error());
  PackOptions options;
  options.what = flags.what;
  options.to = flags.to;
  options.root = source->root;
  options.force = flags.force;
  options.with_host = flags.with_host;
  options.with_dumps = !flags.no_dumps;
  options.with_traces = flags.traces;
  if (!flags.with_host) options.key = substitute_key(context.index_options());
  options.should_stop = [&stop] { return stop.is_made(); };
  const auto report = write_pack(source->database(), options, system_clock());
  if (!report) return failed(report.error());
  note_left_out_of_pack(context, report->left_out);
  if (!flags.with_host) {
    context.note(
        "names of machines and people that nothing in it marks as such can't be known: "
        "look into it before you publish it");
  }
  return print_report(context, flags, *report);
}

}  // namespace

Command make_pack_command(const Context& context) {
  auto flags = std::make_shared<PackFlags>();
  Command command;
  command.name = "pack";
  command.group = "Stores";
  command.summary = "Results as one file to give away";
  command.description =
      "WHAT is a result (4 or more digits of its id, or [RUN-DIR/][JOB/]TEST[-HASH]), a run "
      "directory, a session (its token, @last, @prev, @3), or an expression over results as query "
      "takes it; several add up. They come from the archive, after a refresh, with their failure "
      "dumps: this project's, unless --all-projects is said. Where there is no archive, they come "
      "from what is there now, and with --in from that. FILE is what import and --in take.\n\n"
      "Redacted: of boot lines only scheduling parameters stay; paths, addresses, ids of disks and "
      "machines, passwords, tokens and keys, this machine's names and those that the results name "
      "give way to placeholders in every text, name and label. What results go by gets substitutes "
      "that are the same in all packs of one archive. Ids and sizes are those of the redacted "
      "bytes. What isn't JSON can't be redacted, so it is left out. --with-host leaves all as it "
      "is, paths of runs roots aside.";
  command.examples = {{"ktstr-index pack @last -o results.ktstr", "what the last session wrote"},
                      {"ktstr-index pack \"verdict='fail' and scheduler='scx_lavd'\" -o lavd.ktstr",
                       "failures for a bug report"},
                      {"ktstr-index query --in lavd.ktstr", "what its receiver does"}};
  command.positionals = {
      {"WHAT", "Results, run directories, sessions, expressions", &flags->what, true}};
  command.options = {
      {"-o,--output", "FILE", "Where to", &flags->to, {}, {}, true},
      {"--force", "", "Replace FILE", &flags->force},
      {"--with-host", "", "Redact nothing", &flags->with_host},
      {"--no-dumps", "", "Results alone", &flags->no_dumps},
      {"--traces", "", "wprof traces, too (with --with-host)", &flags->traces},
      {"--all-projects", "", "Not only this project's", &flags->all_projects},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
