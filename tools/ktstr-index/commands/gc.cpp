// SPDX-License-Identifier: MIT
#include "operations/gc.hpp"

#include <memory>
#include <vector>

#include "answer.hpp"
#include "archive/archive.hpp"
#include "base/time_text.hpp"
#include "base/visible_text.hpp"
#include "commands/commands.hpp"
#include "library/archive_access.hpp"
#include "query/sessions.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_ns_per_day = std::int64_t{24} * 3600 * 1'000'000'000;
constexpr std::int64_t k_most_days = 36'500;

struct GcFlags {
  std::optional<std::int64_t> keep_days;
  std::optional<std::int64_t> keep_last;
  std::optional<std::int64_t> max_bytes;
  bool rows = false;
  bool apply = false;
  bool pins = false;
  std::vector<ArchivePin> pin;
  std::vector<ArchivePin> unpin;
};

std::string size_text(std::int64_t bytes) {
  return human_number(static_cast<double>(bytes), Quantity::bytes);
}

int print_plan(const Context& context, const GcFlags& flags, const GcPlan& plan,
               const std::optional<SpaceReport>& space) {
  JsonObject document;
  document.add("applied", space.has_value())
      .add("results", plan.results)
      .add("dumps", plan.dumps)
      .add("bytes", plan.bytes)
      .add("rows", plan.rows)
      .add("oldest_day", utc_day(plan.oldest_ns))
      .add("newest_day", utc_day(plan.newest_ns))
      .add("kept_bytes", plan.kept_bytes)
      .add("pinned_bytes", plan.pinned_bytes)
      .add("freed_bytes", space ? JsonValue(space->freed_bytes) : JsonValue());
  std::vector<Fact> facts = {
      {space ? "dropped" : "would drop", "the bytes of " + std::to_string(plan.results) +
                                             " results and " + std::to_string(plan.dumps) +
                                             " dumps, " + size_text(plan.bytes)},
      {"rows", flags.rows ? std::to_string(plan.rows) + (space ? " removed" : " would go")
                          : "stay (--rows removes them)"},
      {"last seen", plan.oldest_ns ? *utc_day(plan.oldest_ns) + " to " + *utc_day(plan.newest_ns)
                                   : std::string()},
      {"kept", size_text(plan.kept_bytes) + ", " + size_text(plan.pinned_bytes) + " of it pinned"},
  };
  if (space) facts.push_back({"file", "smaller by " + size_text(space->freed_bytes)});
  return context.print_document(document, facts);
}

struct Collected {
  GcPlan plan;
  SpaceReport space;
};

/// Damage comes first: a result whose row is damaged is made again from its document.
Result<Collected> apply(Archive& archive, const GcPolicy& policy, StopRequest& stop) {
  if (auto sound = find_damage(archive, false); !sound) return fail(std::move(sound.error()));
  if (archive.has_losses()) {
    return fail(ErrorCode::io, "nothing is dropped: the archive was mended just now, with losses",
                archive.path(), "the same again drops what it then says");
  }
  auto plan = plan_gc(archive.database(), policy, system_clock());
  if (!plan) return fail(std::move(plan.error()));
  auto applied = apply_gc(archive, *plan, policy.with_rows, [&stop] { return stop.is_made(); });
  const bool is_interrupted = !applied && applied.error().code == ErrorCode::interrupted;
  if (!applied && !is_interrupted) return fail(std::move(applied.error()));
  auto space = return_space(archive);  // what was done counts, interrupted or not
  if (is_interrupted) return fail(std::move(applied.error()));
  if (!space) return fail(std::move(space.error()));
  return Collected{std::move(*plan), *space};
}

int run_apply(const Context& context, const GcFlags& flags, const GcPolicy& policy) {
  auto archive = open_chosen_archive_to_change(context.index_options());
  if (!archive) return context.failed(archive.error());
  StopRequest stop;
  const auto collected = with_mending(*archive, system_file_system(), system_clock(),
                                      [&] { return apply(*archive, policy, stop); });
  for (const Warning& warning : archive->warnings()) context.tell(warning);
  if (!collected) return failed_or_stopped(context, collected.error(), stop);
  if (!collected->space.is_log_empty) {
    context.note(
        "somebody is reading the archive: its file gets smaller when the next command "
        "that writes to it ends");
  }
  return print_plan(context, flags, collected->plan, collected->space);
}

int run_policy(const Context& context, const GcFlags& flags) {
  GcPolicy policy;
  if (flags.keep_days) policy.keep_ns = *flags.keep_days * k_ns_per_day;
  policy.keep_last = flags.keep_last;
  policy.max_bytes = flags.max_bytes;
  policy.with_rows = flags.rows;
  if (flags.apply) return run_apply(context, flags, policy);
  const auto archive = open_chosen_archive(context.index_options());
  if (!archive) return context.failed(archive.error());
  const auto plan = plan_gc(**archive, policy, system_clock());
  if (!plan) return context.failed(plan.error());
  const int status = print_plan(context, flags, *plan, std::nullopt);
  if (!plan->documents.empty()) context.note("nothing was changed: --apply does it");
  return status;
}

/// "@last" is another session tomorrow, so what is pinned is today's.
Result<ArchivePin> resolved(const Context& context, SQLite::Database& archive, ArchivePin pin) {
  if (pin.kind != "session" || pin.value.front() != '@') return pin;
  const auto session =
      find_session_reference(archive, pin.value, root_or_none(context.index_options()));
  if (!session) return fail(session.error());
  pin.value = session->session;
  return pin;
}

Result<void> change_pins(const Context& context, Archive& archive, const GcFlags& flags) {
  SQLite::Database& database = archive.database();
  for (const ArchivePin& each : flags.pin) {
    const auto pin = resolved(context, database, each);
    if (!pin) return fail(pin.error());
    if (auto put = put_pin(database, *pin, system_clock()); !put) return put;
    const auto results = pinned_by(database, *pin, system_clock());
    if (!results) return fail(results.error());
    context.note("pinned " + pin->kind + "=" + pin->value + ": " + std::to_string(*results) +
                 " results now");
  }
  for (const ArchivePin& each : flags.unpin) {
    const auto pin = resolved(context, database, each);
    if (!pin) return fail(pin.error());
    if (auto removed = remove_pin(database, *pin); !removed) return removed;
  }
  return guarded(archive.path(), [&] { archive.sync(); });
}

int print_pins(const Context& context) {
  const auto archive = open_chosen_archive(context.index_options());
  if (!archive) return context.failed(archive.error());
  const auto pins = archive_pins(**archive);
  if (!pins) return context.failed(pins.error());
  std::vector<std::vector<Value>> rows;
  for (const ArchivePin& pin : *pins) {
    const auto results = pinned_by(**archive, pin, system_clock());
    if (!results)
      context.note(pin.kind + "=" + pin.value + " doesn't work: " + results.error().text());
    rows.push_back({pin.kind, pin.value, results ? Value(*results) : Value()});
  }
  RowList list({{"kind"}, {"value"}, {"results", 1}}, std::move(rows));
  return context.print_rows(list);
}

int run_pins(const Context& context, const GcFlags& flags) {
  if (!flags.pin.empty() || !flags.unpin.empty()) {
    auto archive = open_chosen_archive_to_change(context.index_options());
    if (!archive) return context.failed(archive.error());
    for (const Warning& warning : archive->warnings()) context.tell(warning);
    const auto changed = change_pins(context, *archive, flags);
    if (!changed) return context.failed(changed.error());
  }
  return flags.pins ? print_pins(context) : k_done;
}

int run(const Context& context, const GcFlags& flags) {
  const bool is_about_pins = flags.pins || !flags.pin.empty() || !flags.unpin.empty();
  const bool has_criterion = flags.keep_days || flags.keep_last || flags.max_bytes;
  if (is_about_pins && (has_criterion || flags.rows || flags.apply)) {
    return context.failed({ErrorCode::usage, "pins are changed apart from collecting"});
  }
  if (is_about_pins) return run_pins(context, flags);
  if (!has_criterion) {
    return context.failed({ErrorCode::usage, "what may go has to be said", "",
                           "--keep-days N, --keep-last N or --max-size SIZE"});
  }
  return run_policy(context, flags);
}

ValueParser parse_count_into(std::optional<std::int64_t>& target, std::int64_t most) {
  return [&target, most](const std::string& text) -> Result<void> {
    const bool is_number = !text.empty() && text.size() <= 9 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoll(text) > most) {
      return fail(ErrorCode::usage,
                  "wants a number from 0 to " + std::to_string(most) + ", not '" + text + "'");
    }
    target = std::stoll(text);
    return {};
  };
}

ValueParser parse_size_into(std::optional<std::int64_t>& bytes) {
  return [&bytes](const std::string& text) -> Result<void> {
    bytes = parse_size(text);
    if (bytes) return {};
    return fail(ErrorCode::usage, "wants a size like 500M or 2G, not '" + text + "'");
  };
}

ValueParser parse_pin_into(std::vector<ArchivePin>& pins) {
  return [&pins](const std::string& text) -> Result<void> {
    auto pin = parse_pin(text);
    if (!pin) return fail(std::move(pin.error()));
    pins.push_back(std::move(*pin));
    return {};
  };
}

}  // namespace

Command make_gc_command(const Context& context) {
  auto flags = std::make_shared<GcFlags>();
  Command command;
  command.name = "gc";
  command.group = "Stores";
  command.summary = "Drop documents' bytes from the archive by a stated policy";
  command.description =
      "Says what would go; --apply does it, and makes the file smaller. The bytes of a record or "
      "dump go if no observation of it is pinned, and it was last seen more than --keep-days ago "
      "(if given), and it is not among the newest --keep-last of its project, test and variant (if "
      "given; a dump is what its result is). Then, with --max-size, the oldest of the rest that "
      "aren't pinned go until what is left fits. Rows stay for queries and history, unless --rows "
      "is said; what still stands on disk then comes back with the next refresh.\n\n"
      "Pins are a session, or whatever an expression over results holds for at the time. Without "
      "gc, the archive's documents are kept below 2 GiB, or KTSTR_INDEX_ARCHIVE_MAX_SIZE, the "
      "oldest unpinned first.";
  command.examples = {
      {"ktstr-index gc --keep-days 90 --keep-last 20", "what neither keeps"},
      {"ktstr-index gc --max-size 500M --apply", "down to that"},
      {"ktstr-index gc --pin session=@last --pin \"query=label.keep='1'\"", "leave these alone"}};
  command.options = {
      {"--keep-days", "N", "Keep what was seen within so many days",
       parse_count_into(flags->keep_days, k_most_days)},
      {"--keep-last", "N", "Keep the newest N of each project, test and variant",
       parse_count_into(flags->keep_last, 999'999'999)},
      {"--max-size", "SIZE", "Keep at most that much (500M, 2G), the newest",
       parse_size_into(flags->max_bytes)},
      {"--rows", "", "The rows, too, of those whose bytes go or went", &flags->rows},
      {"--apply", "", "Do it", &flags->apply},
      {"--pin", "WHICH", "session=TOKEN (or @last, …) or query=EXPR: never drop these",
       parse_pin_into(flags->pin)},
      {"--unpin", "WHICH", "Take such a pin away", parse_pin_into(flags->unpin)},
      {"--pins", "", "List the pins", &flags->pins},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
