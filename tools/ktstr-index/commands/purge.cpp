// SPDX-License-Identifier: MIT
#include "operations/purge.hpp"

#include <memory>
#include <vector>

#include "answer.hpp"
#include "archive/archive.hpp"
#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "library/archive_access.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

struct PurgeFlags {
  std::string where;
  bool bytes_only = false;
  bool all_projects = false;
  bool apply = false;
};

int print_purge(const Context& context, const PurgeFlags& flags, const PurgePlan& plan,
                const std::optional<PurgedSpace>& space) {
  JsonObject document;
  document.add("applied", space.has_value())
      .add("results", plan.sidecar_ids.size())
      .add("dumps", plan.artifact_ids.size())
      .add("pins", plan.pins.size())
      .add("documents", plan.documents)
      .add("bytes", plan.bytes)
      .add("bytes_only", flags.bytes_only)
      .add("oldest_day", utc_day(plan.oldest_ns))
      .add("newest_day", utc_day(plan.newest_ns))
      .add("freed_bytes", space ? JsonValue(space->space.freed_bytes) : JsonValue())
      .add("log_empty", space ? JsonValue(space->space.is_log_empty) : JsonValue());
  const std::string what = std::to_string(plan.sidecar_ids.size()) + " results and " +
                           std::to_string(plan.artifact_ids.size()) + " dumps";
  const std::vector<Fact> facts = {
      {space ? "purged" : "would purge", flags.bytes_only ? "the bytes of " + what : what},
      {"documents", std::to_string(plan.documents) + " that nothing else needs, " +
                        human_number(static_cast<double>(plan.bytes), Quantity::bytes)},
      {"from", utc_day(plan.oldest_ns).value_or("")},
      {"to", utc_day(plan.newest_ns).value_or("")},
  };
  return context.print_document(document, facts);
}

/// What is still somewhere else is said, not hidden.
int judge(const Context& context, const Archive& archive, const PurgedSpace& space) {
  for (const std::string& copy : copies_beside(archive.path())) {
    context.note("not touched, and may hold the same: " + copy);
  }
  if (!space.is_rewritten) {
    context.note(
        "there was no room, or no turn, to write the file anew: unused parts of its pages "
        "were zeroed only");
  }
  if (space.space.is_log_empty) return k_done;
  const std::string who = other_users_text(archive.path());
  return context.failed({ErrorCode::busy,
                         "the log still holds what was removed, since the archive is being read" +
                             (who.empty() ? "" : " by " + who),
                         archive.path() + "-wal", "the same purge again, later, empties it"});
}

struct Purged {
  PurgePlan plan;
  PurgedSpace space;
};

/// Damage comes first: what it hides, mending brings back.
Result<Purged> apply(Archive& archive, const PurgeRequest& request, StopRequest& stop) {
  if (auto sound = find_damage(archive, true); !sound) return fail(std::move(sound.error()));
  auto plan = plan_purge(archive.database(), request, system_clock());
  if (!plan) return fail(std::move(plan.error()));
  auto applied =
      apply_purge(archive, *plan, request.bytes_only, [&stop] { return stop.is_made(); });
  if (!applied) return fail(std::move(applied.error()));
  const auto space = clean_after_purge(archive);
  if (!space) return fail(space.error());
  return Purged{std::move(*plan), *space};
}

int run_apply(const Context& context, const PurgeFlags& flags, const PurgeRequest& request) {
  auto archive = open_chosen_archive_to_change(context.index_options());
  if (!archive) return context.failed(archive.error());
  StopRequest stop;
  const auto purged = with_mending(*archive, system_file_system(), system_clock(),
                                   [&] { return apply(*archive, request, stop); });
  for (const Warning& warning : archive->warnings()) context.tell(warning);
  if (!purged) return failed_or_stopped(context, purged.error(), stop);
  const int printed = print_purge(context, flags, purged->plan, purged->space);
  const int judged = judge(context, *archive, purged->space);
  return printed != k_done ? printed : judged;
}

int run(const Context& context, const PurgeFlags& flags) {
  const OpenIndexOptions session = context.index_options();
  const auto archive = open_chosen_archive(session);
  if (!archive) return context.failed(archive.error());
  const auto project = project_unless_all(**archive, session, flags.all_projects);
  if (!project) return context.failed(project.error());
  const PurgeRequest request{flags.where, *project, flags.bytes_only};
  if (flags.apply) return run_apply(context, flags, request);
  const auto plan = plan_purge(**archive, request, system_clock());
  if (!plan) return context.failed(plan.error());
  const int status = print_purge(context, flags, *plan, std::nullopt);
  if (!plan->sidecar_ids.empty()) context.note("nothing was changed: --apply does it");
  return status;
}

}  // namespace

Command make_purge_command(const Context& context) {
  auto flags = std::make_shared<PurgeFlags>();
  Command command;
  command.name = "purge";
  command.group = "Stores";
  command.summary = "Remove results from the archive so that nothing of them is left";
  command.description =
      "Says what would go; --apply does it: the rows of the results that EXPR holds for, their "
      "dumps and labels, and the bytes that no other observation needs. What was there is written "
      "over, the file is written anew, and its log is emptied; exit status 3 if a reader is in the "
      "way of that. Of this project's results, unless --all-projects is said; pins don't "
      "matter, and those that stand for nothing else go, too.\n\n"
      "Files on disk, catalogs, snapshots and packs stay as they are: a refresh of a root that has "
      "the files still, or again, brings their results back.";
  command.examples = {{"ktstr-index purge --where \"label.pr='412'\"", "what would go"},
                      {"ktstr-index purge --where \"session='8d1f'\" --apply", "really"}};
  command.options = {
      {"--where", "EXPR", "Which results", &flags->where, {}, {}, true},
      {"--bytes-only", "", "Only documents' bytes; rows and labels stay", &flags->bytes_only},
      {"--all-projects", "", "Not only this project's", &flags->all_projects},
      {"--apply", "", "Do it", &flags->apply},
  };
  command.run = [&context, flags] { return run(context, *flags); };
  return command;
}

}  // namespace ktstr
