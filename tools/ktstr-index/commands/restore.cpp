// SPDX-License-Identifier: MIT
#include "operations/restore.hpp"

#include <algorithm>
#include <memory>

#include "answer.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "library/archive_access.hpp"

namespace ktstr {
namespace {

struct RestoreFlags {
  std::string what;
  std::optional<std::int64_t> at_ns;
  std::string to;
  bool force = false;
  bool traces = false;
};

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

int print_restored(const Context& context, const std::vector<RestoredFile>& files) {
  constexpr std::size_t k_short_id = 8;
  std::vector<std::vector<Value>> rows;
  rows.reserve(files.size());
  for (const RestoredFile& file : files) {
    const std::string id = context.is_for_people() ? file.id.substr(0, k_short_id) : file.id;
    rows.push_back({file.status, file.kind, file.size_bytes, text_or_null(id), file.path,
                    text_or_null(file.reason)});
  }
  RowList list({{"status"},
                {"kind", 1},
                {"size_bytes", 2, 0, Quantity::bytes},
                {"id", 3},
                {"path"},
                {"reason", 1}},
               std::move(rows));
  return context.print_rows(list);
}

int count_and_note(const Context& context, const RestoreFlags& flags,
                   const std::vector<RestoredFile>& files) {
  const auto with = [&](const char* status) {
    return std::count_if(files.begin(), files.end(),
                         [&](const RestoredFile& file) { return file.status == status; });
  };
  const auto missing = with("missing");
  std::string text = std::to_string(with("restored")) + " restored below " + flags.to;
  if (const auto present = with("present"); present > 0) {
    text += ", " + std::to_string(present) + " there already";
  }
  if (missing > 0) text += ", " + std::to_string(missing) + " missing";
  context.note(text);
  return missing > 0 ? k_failed : k_done;
}

int run(const Context& context, const RestoreFlags& flags) {
  if (context.is_in()) {
    return context.failed({ErrorCode::usage,
                           "restore works on this machine's stores, not on --in",
                           {},
                           "import it first, into an --archive of its own"});
  }
  const OpenIndexOptions session = context.index_options();
  const auto archive = open_chosen_archive(session);
  if (!archive) return context.failed(archive.error());
  RestoreOptions options;
  options.request = {flags.what, flags.at_ns, flags.traces, root_or_none(session)};
  options.to = flags.to;
  options.force = flags.force;
  StopRequest stop;
  options.should_stop = [&stop] { return stop.is_made(); };
  const auto files = restore(**archive, options);
  if (!files) return failed_or_stopped(context, files.error(), stop);
  const int printed = print_restored(context, *files);
  const int status = count_and_note(context, flags, *files);
  return printed != k_done ? printed : status;
}

ValueParser parse_time_into(std::optional<std::int64_t>& time_ns) {
  return [&time_ns](const std::string& text) -> Result<void> {
    time_ns = parse_time(text, system_clock().now_ns());
    if (time_ns) return {};
    return fail(ErrorCode::usage, "can't read the time '" + text + "'");
  };
}

}  // namespace

Command make_restore_command(const Context& context) {
  auto flags = std::make_shared<RestoreFlags>();
  Command command;
  command.name = "restore";
  command.group = "Stores";
  command.summary = "Files out of the archive, byte for byte";
  command.description =
      "WHAT is a result (4 or more digits of its id, or [RUN-DIR/][JOB/]TEST[-HASH]), a run "
      "directory (RUN-DIR[/JOB]: what stood in it), or a session (its token, @last, @prev, @3: the "
      "last version that it wrote of each file). Without --at it is the last that is known; an id "
      "names a version itself. Failure dumps come along.\n\n"
      "Writes DIR/RUN-DIR/[JOB/]FILE with the files' own times. If one of them is there already "
      "with other bytes, nothing is written, unless --force is said. A run directory that is new "
      "in DIR gets the session's token (.ktstr_run_epoch) if all its results are of one session, "
      "so that a listing of DIR shows the session.\n\n"
      "Exit status 3 if something of it is missing: a row says which file, and why.";
  command.examples = {{"ktstr-index restore @last --to back", "all that the last session wrote"},
                      {"ktstr-index restore my_test --at 2d --to back", "as it stood two days ago"},
                      {"ktstr-index restore 3fa9c1d2 --to back", "one result and its dumps"}};
  command.positionals = {{"WHAT", "A result, a run directory or a session", &flags->what, true}};
  command.options = {
      {"--to", "DIR", "Where to; made if it isn't there", &flags->to, {}, {}, true},
      {"--at", "TIME", "As it stood then: 2026-07-04, '2026-07-04 21:41', 2d, an epoch",
       parse_time_into(flags->at_ns)},
      {"--force", "", "Replace files that are there", &flags->force},
      {"--traces", "", "wprof traces, too, if they were kept", &flags->traces},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
