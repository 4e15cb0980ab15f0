// SPDX-License-Identifier: MIT
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "analysis/run_report.hpp"
#include "answer.hpp"
#include "commands/commands.hpp"
#include "ktstr/host.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run.hpp"
#include "library/listings.hpp"
#include "query/evidence.hpp"
#include "query/failed_tests.hpp"
#include "query/pool_values.hpp"
#include "report/replay_text.hpp"
#include "session_run.hpp"

namespace ktstr {
namespace {

struct ReplayArguments {
  std::optional<std::string> dir;
  ReplayOptions choice;
  bool exec = false;
  std::optional<std::string> profile;
  std::optional<std::string> nextest_profile;
  std::vector<std::string> nextest_arguments;
};

/// What to run again, and the machine on which it failed.
struct Choice : ReplayChoice {
  std::optional<HostContext> host;
  std::string no_results;   ///< what to say if the pool has none, else empty
  bool is_partial = false;  ///< there is what could not be looked at, or read
};

Result<void> check(const ReplayArguments& arguments, Format format) {
  const auto usage = [](const char* message) { return fail(ErrorCode::usage, message); };
  if (arguments.exec) {
    if (format == Format::table) return {};
    return usage("--format is for the filter; with --exec stdout is nextest's");
  }
  if (arguments.profile) return usage("--profile needs --exec");
  if (arguments.nextest_profile) return usage("--nextest-profile needs --exec");
  if (!arguments.nextest_arguments.empty()) return usage("arguments for nextest need --exec");
  return {};
}

/// Of the scope's first result that has one.
Result<std::optional<HostContext>> captured_host(OpenIndex& index, const ResultScope& scope) {
  for (const std::string& run_dir : scope.run_dirs) {
    auto found = first_host(index.database(), NamedRun{run_dir});
    if (!found) return fail(std::move(found.error()));
    if (*found) return std::move((*found)->host);
  }
  return std::nullopt;
}

Result<Choice> choose(const Context& context, const ReplayArguments& arguments) {
  auto index = context.open_pool(arguments.dir, CheckLevel::dirs);
  if (!index) return fail(std::move(index.error()));
  note_left_out(context, *index, whole_pool_filters());
  auto chosen = choose_replay(*index, arguments.choice);
  if (!chosen) return fail(std::move(chosen.error()));
  auto host = captured_host(*index, chosen->failed.scope);
  if (!host) return fail(std::move(host.error()));
  std::string no_results;
  if (chosen->failed.pool_results == 0) {
    no_results = no_results_text(*index);
    chosen->failed.scope = {};
  }
  Filters scope = whole_pool_filters();
  if (!arguments.choice.in_whole_pool) scope.run_dirs = chosen->failed.scope.run_dirs;
  const auto left_out = count_left_out(index->database(), scope);
  const bool is_partial = index->is_partial() || !left_out || left_out->has_unknown();
  return Choice{std::move(*chosen), std::move(*host), std::move(no_results), is_partial};
}

HostDrift drift_of(const Choice& choice) {
  if (!choice.host) return {};
  return {true, host_differences(*choice.host, collect_host_context())};
}

int print_filter(const Context& context, const Choice& choice, const HostDrift& drift) {
  if (context.format() == Format::table) {
    return context.print_text(nextest_filter(choice.names) + "\n");
  }
  if (context.format() == Format::json) {
    return context.print_text(
        json_document(JsonValue(replay_document(choice.failed.scope, choice.names, drift))));
  }
  std::vector<std::vector<Value>> rows;
  for (const std::string& name : choice.names) rows.push_back({name});
  RowList list({{"test_name"}}, std::move(rows));
  return context.print_rows(list);
}

int dry_run(const Context& context, const ReplayArguments& arguments, const Choice& choice) {
  const HostDrift drift = drift_of(choice);
  const int status = print_filter(context, choice, drift);
  if (status != k_done) return status;
  if (!choice.no_results.empty()) {
    context.note(choice.no_results);
    return k_done;
  }
  if (choice.names.empty()) {
    context.note(nothing_to_replay_text(choice.failed, arguments.choice.substring));
    return k_done;
  }
  context.note(to_replay_text(choice.names.size()));
  context.note_lines(drift_text(drift));
  return k_done;
}

/// The harness's first write of a session to a run directory removes what is there from another.
void announce_replacement(const Context& context, const SessionRun& plan, OpenIndex& index) {
  const Variables variables = context.index_options().variables;
  const std::string run_dir =
      run_directory_name(kernel_version(variables), detect_project_commit(variables));
  const auto older = find_older_results(index.database(), run_dir, plan.session);
  if (!older) return (void)context.failed(older.error());
  if (*older) context.note(replaced_text(**older, run_dir));
}

using Files = std::set<WrittenFile>;
using Verdicts = std::map<std::string, VerdictCounts>;

/// Asks the fresh index of the root; what can't be known is said, and none then. A root that isn't
/// there has nothing.
template <typename Known>
std::optional<Known> ask_index(const Context& context, const SessionRun& plan,
                               const std::function<Result<Known>(OpenIndex&)>& ask) {
  auto index = open_fresh(context, plan.root);
  if (!index) {
    const OpenIndexOptions options = context.index_options();
    if (options.file_system->status(plan.root, FollowLinks::yes)) return std::nullopt;
    return Known();
  }
  auto known = ask(*index);
  if (known) return std::move(*known);
  (void)context.failed(known.error());
  return std::nullopt;
}

/// What the session has before the run: its token can be that of an earlier step.
std::optional<Files> prepare(const Context& context, const SessionRun& plan) {
  if (plan.is_elsewhere) return std::nullopt;
  return ask_index<Files>(context, plan, [&](OpenIndex& index) {
    announce_replacement(context, plan, index);
    return session_files(index.database(), plan.session);
  });
}

std::vector<std::string> nextest_command(const ReplayArguments& arguments, const Choice& choice) {
  std::vector<std::string> command = {"cargo", "nextest", "run"};
  for (std::string& filter : nextest_filters(choice.names)) {
    command.emplace_back("-E");
    command.push_back(std::move(filter));
  }
  if (arguments.nextest_profile) {
    command.emplace_back("--profile");
    command.push_back(*arguments.nextest_profile);
  }
  command.insert(command.end(), arguments.nextest_arguments.begin(),
                 arguments.nextest_arguments.end());
  return command;
}

/// The verdicts that the replay has left.
std::optional<Verdicts> verdicts_after(const Context& context, const SessionRun& plan,
                                       const Files& before) {
  return ask_index<Verdicts>(context, plan, [&](OpenIndex& index) {
    auto verdicts = session_verdicts(index.database(), plan.session, before);
    note_left_out(context, index, whole_pool_filters());
    return verdicts;
  });
}

void say_outcome(const Context& context, const SessionRun& plan, const Choice& choice,
                 const std::optional<Files>& before) {
  if (!before) {
    context.note(plan.is_elsewhere
                     ? "the outcome is not known: KTSTR_SIDECAR_DIR took the results elsewhere"
                     : "the outcome is not known: what was there before could not be read");
    return;
  }
  if (const auto verdicts = verdicts_after(context, plan, *before)) {
    context.note_lines(outcome_text(replay_outcomes(choice.names, *verdicts)));
  }
}

int execute(const Context& context, const ReplayArguments& arguments, const Choice& choice) {
  const std::vector<std::string> command = nextest_command(arguments, choice);
  if (auto checked = check_length(command); !checked) {
    Error error = checked.error();
    error.hint = "take fewer of the " + failed_tests_text(choice.names.size()) + " with --filter";
    return context.failed(error);
  }
  const SessionRun plan = plan_session_run(context);
  const auto before = prepare(context, plan);
  EnvironmentChanges more;
  if (arguments.profile) more.emplace_back("KTSTR_SCHEDULER_PROFILE", *arguments.profile);
  context.note("replaying " + failed_tests_text(choice.names.size()) + " as session " +
               plan.session);
  const auto end = run_in_session(context, plan, command, more);
  if (!end) return not_started(context, end.error());
  if (!context.is_quiet()) std::fputc('\n', stderr);
  say_outcome(context, plan, choice, before);
  context.note_lines(drift_text(drift_of(choice)));
  return end_as(*end);
}

int run(const Context& context, const ReplayArguments& arguments) {
  if (auto checked = check(arguments, context.format()); !checked) {
    return context.failed(checked.error());
  }
  const auto choice = choose(context, arguments);
  if (!choice) return context.failed(choice.error());
  if (choice->no_results.empty()) context.note(scope_text(choice->failed));
  if (arguments.exec && !choice->names.empty()) return execute(context, arguments, *choice);
  if (arguments.exec && choice->is_partial) {
    return context.failed(
        {ErrorCode::busy, "nothing that failed was found, but not everything could be read"});
  }
  return dry_run(context, arguments, *choice);
}

std::vector<Option> options_for(ReplayArguments& arguments) {
  return {
      {"--dir", "ROOT", "Failures of another pool; --exec still runs in this project",
       &arguments.dir},
      {"-E,--filter", "TEXT", "Only tests whose bare name contains this",
       &arguments.choice.substring},
      {"--all", "", "Failures of every run directory, not only of the last session",
       &arguments.choice.in_whole_pool},
      {"--exec", "", "Run them with cargo nextest", &arguments.exec},
      {"--profile", "NAME", "Cargo profile of the scheduler's build, with --exec",
       &arguments.profile},
      {"--nextest-profile", "NAME", "nextest's own --profile, with --exec",
       &arguments.nextest_profile},
  };
}

}  // namespace

Command make_replay_command(const Context& context) {
  auto arguments = std::make_shared<ReplayArguments>();
  Command command;
  command.name = "replay";
  command.group = "Listings";
  command.summary = "The failed tests as a nextest filter, or run again";
  command.description =
      "Takes the tests that failed in the last session: all run directories with the session token "
      "of the one changed last, empty ones aside; job directories in them belong to no session. "
      "Without a token that run directory counts alone, with its jobs. Prints a filter for cargo "
      "nextest run -E, which matches a test whichever way nextest lists it; one that matches "
      "nothing if nothing failed.\n\n"
      "With --exec runs them as a session of their own (as `run` does), then says which are FIXED "
      "(every variant passed), PERSISTENT (none did), INCONCLUSIVE, MIXED or DROPPED (no result), "
      "and what has changed about the machine. The exit status is nextest's.\n\n"
      "The first result that a replay writes into a run directory replaces all that an earlier "
      "session left there, passed tests too: that is how the harness keeps a directory to one "
      "session. It is said before the run where this will happen.";
  command.examples = {
      {"ktstr-index replay", "the filter"},
      {"ktstr-index replay -E wake --exec", "run those again whose name contains \"wake\""},
      {"ktstr-index replay --exec -- --no-fail-fast", "with options for nextest"},
  };
  command.options = options_for(*arguments);
  command.positionals = {
      {"NEXTEST-ARGS", "More arguments for nextest, after --", &arguments->nextest_arguments}};
  command.run = [&context, arguments] { return run(context, *arguments); };
  return command;
}

}  // namespace ktstr
