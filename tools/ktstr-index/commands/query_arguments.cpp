// SPDX-License-Identifier: MIT
#include "commands/query_arguments.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "base/time_text.hpp"
#include "context.hpp"
#include "environment/named_queries.hpp"
#include "query/tokens.hpp"

namespace ktstr {
namespace {

ValueParser parse_over_into(std::optional<Over>& target) {
  return [&target](const std::string& text) -> Result<void> {
    target = text == "now" ? Over::now : text == "past" ? Over::past : Over::all;
    return {};
  };
}

}  // namespace

std::vector<Option> over_options(OverArguments& arguments) {
  return {
      {"--over",
       "WHICH",
       "now: what is there (the catalog); past: what was seen (the archive); all: both",
       parse_over_into(arguments.over),
       {"now", "past", "all"}},
      {"--all-projects", "", "Of the past, other projects' results and imports, too",
       &arguments.all_projects},
  };
}

Result<OpenIndex> open_over(const Context& context, const OverArguments& arguments,
                            CheckLevel fallback) {
  const Over over = arguments.over_or(Over::now);
  auto index = context.open_over(over, fallback);
  if (!index || over == Over::now) return index;
  if (auto looked = look_over(context, *index, over, arguments); !looked) {
    return fail(std::move(looked.error()));
  }
  return index;
}

Result<void> look_over(const Context& context, OpenIndex& index, Over over,
                       const OverArguments& arguments) {
  const auto missing = index.look_over({over, arguments.all_projects});
  if (!missing) return fail(missing.error());
  if (!missing->empty()) context.note(*missing);
  for (const Warning& warning : index.take_warnings()) context.tell(warning);
  return {};
}

namespace {

/// "a,b" and repeated options alike.
ValueParser parse_words_into(std::vector<std::string>& target) {
  return [&target](const std::string& text) -> Result<void> {
    for (const std::string_view value : split(text, ',')) target.emplace_back(value);
    return {};
  };
}

/// The same for foreign names. One may hold a comma itself, so the whole text is an alternative.
ValueParser parse_list_into(std::vector<std::string>& target) {
  return [&target, parse_words = parse_words_into(target)](const std::string& text) {
    auto parsed = parse_words(text);
    if (text.find(',') != std::string::npos) target.push_back(text);
    return parsed;
  };
}

/// The time of a session has to be looked up, so that its name is kept.
ValueParser parse_time_into(std::optional<std::int64_t>& target,
                            std::optional<std::string>& session) {
  return [&target, &session](const std::string& text) -> Result<void> {
    const bool is_session = !text.empty() && text.front() == '@';
    session = is_session ? std::optional(text) : std::nullopt;
    target = is_session ? std::nullopt : parse_time(text, system_clock().now_ns());
    if (target || is_session) return {};
    return fail(ErrorCode::usage, "'" + text + "' is no time (2026-07-04, 2d, today, @prev, …)");
  };
}

std::vector<Option> filter_options(QueryArguments& arguments) {
  Filters& filters = arguments.query.filters;
  return {
      {"--kernel", "VERSION", "Kernel version; 6.14 means the whole series",
       parse_list_into(filters.kernels)},
      {"--project-commit", "COMMIT", "Commit of the tested project",
       parse_list_into(filters.project_commits)},
      {"--kernel-commit", "COMMIT", "Commit of the kernel's source",
       parse_list_into(filters.kernel_commits)},
      {"--run-source", "SOURCE", "local or ci", parse_list_into(filters.run_sources)},
      {"--resolve-source", "SOURCE", "How the scheduler was found",
       parse_list_into(filters.resolve_sources)},
      {"--cpu-budget", "N", "Host CPUs that the guest may use",
       parse_list_into(filters.cpu_budgets)},
      {"--scheduler", "NAME", "Scheduler under test", parse_list_into(filters.schedulers)},
      {"--topology", "LABEL", "Guest topology, e.g. 1n2l4c1t", parse_list_into(filters.topologies)},
      {"--work-type", "NAME", "Workload, e.g. SpinWait", parse_list_into(filters.work_types)},
      {"--test", "NAME", "Test name, as here or as nextest prints it; * and ? match",
       parse_list_into(filters.tests)},
      {"--verdict", "VERDICT", "pass, fail, skip or inconclusive",
       parse_words_into(filters.verdicts)},
      {"--run-dir", "NAME", "Run directory", parse_list_into(filters.run_dirs)},
      {"--session", "SESSION",
       "A token or the beginning of one, @last, @prev, @3, ~TIME; over now and past unless --over",
       &arguments.sessions},
      {"--label", "KEY=VALUE", "Results with that label; repeated, with all of them",
       parse_label_into(filters.labels)},
      {"--since", "TIME", "From then on: 2026-07-04, 2d, today, epoch seconds, @prev",
       parse_time_into(filters.since_ns, arguments.since_session)},
      {"--until", "TIME", "Up to then", parse_time_into(filters.until_ns, arguments.until_session)},
      {"--strict", "", "Leave out records of another schema version", &filters.strict},
  };
}

std::vector<Option> shape_options(ResultQuery& query) {
  return {
      {"--metric", "NAME", "Add a metric as a column, usable in EXPR too", &query.metrics},
      {"--phase", "STEP", "Metrics of this phase: 0 is the baseline, 1 the first step",
       &query.phase},
      {"--cgroup", "NAME", "Metrics of this cgroup", &query.cgroup},
      {"--select", "COLUMNS", "Columns or expressions to show", &query.select},
      {"--order-by", "COLUMNS", "NAME, -NAME or \"NAME desc\"", &query.order_by},
      {"--group-by", "COLUMNS", "Count the results of each group", &query.group_by},
      {"--limit", "N", "At most so many rows", &query.limit},
      {"--count", "", "Only how many there are", &query.count_only},
  };
}

std::vector<Option> answer_options(QueryArguments& arguments) {
  return {
      {"--follow", "", "Show the answer again whenever it changes, until Ctrl-C",
       &arguments.follow},
      {"--paths", "", "Only the paths of the files", &arguments.paths},
      {"-0,--null", "", "The same with a NUL after each, for xargs -0", &arguments.nul},
      {"--columns", "", "The columns that EXPR may use, with meaning and example",
       &arguments.columns},
      {"--named", "", "The named queries that there are", &arguments.named},
      {"--show-sql", "", "The statement, and whether an index serves it", &arguments.show_sql},
      {"--timeout", "SECONDS", "Give up after so long; 0: never",
       parse_seconds_into(arguments.query.timeout_ns)},
  };
}

/// No expression begins with '@'.
std::vector<std::string>::iterator find_name(const std::vector<const Option*>& options,
                                             std::vector<std::string>& arguments) {
  bool is_value = false;
  return std::find_if(arguments.begin(), arguments.end(), [&](const std::string& text) {
    if (!is_value && text.size() > 1 && text.front() == '@') return true;
    const Option* option = is_value ? nullptr : find_option(options, text);
    is_value = option != nullptr && takes_value(*option);
    return false;
  });
}

/// "1) or (1" would reach over the parentheses that all_of puts around it.
bool is_closed(const std::string& expression) {
  const auto tokens = tokenize(expression);
  if (!tokens) return false;
  int depth = 0;
  for (const Token& token : *tokens) {
    depth += static_cast<int>(token.is_symbol('(')) - static_cast<int>(token.is_symbol(')'));
    if (depth < 0) return false;
  }
  return depth == 0;
}

bool has_shape(const ResultQuery& query) {
  return query.count_only || !query.select.empty() || !query.group_by.empty() ||
         !query.metrics.empty();
}

}  // namespace

std::vector<Option> query_options(QueryArguments& arguments) {
  std::vector<Option> options = filter_options(arguments);
  for (Option& option : over_options(arguments.over)) options.push_back(std::move(option));
  for (Option& option : shape_options(arguments.query)) options.push_back(std::move(option));
  for (Option& option : gate_options(arguments.gate)) options.push_back(std::move(option));
  for (Option& option : answer_options(arguments)) options.push_back(std::move(option));
  return options;
}

bool names_sessions(const QueryArguments& arguments) {
  return !arguments.sessions.empty() || arguments.since_session || arguments.until_session;
}

std::optional<std::string> all_of(const std::vector<std::string>& expressions) {
  if (expressions.empty()) return std::nullopt;
  if (expressions.size() == 1) return expressions.front();
  std::string all;
  for (const std::string& expression : expressions) {
    // A comment at the end of one must not swallow the next.
    all.append(all.empty() ? "(" : " AND (").append(expression).append("\n)");
  }
  return all;
}

Result<std::vector<std::string>> take_named_query(const std::vector<const Option*>& options,
                                                  std::vector<std::string>& arguments) {
  const auto at = find_name(options, arguments);
  if (at == arguments.end()) return std::vector<std::string>();
  const std::string name = at->substr(1);
  std::error_code ignored;
  const auto queries = named_queries(
      process_variables(), std::filesystem::current_path(ignored).string(), system_file_system());
  if (!queries) return fail(ErrorCode::usage, queries.error().text());
  std::vector<std::string> names;
  for (const NamedQuery& query : *queries) {
    names.push_back(query.name);
    if (query.name != name) continue;
    arguments.erase(at);
    if (find_name(options, arguments) == arguments.end()) return query.arguments;
    return fail(ErrorCode::usage, "only one @NAME can be given");
  }
  const auto near = closest(name, names);
  return fail(ErrorCode::usage, "there is no named query '" + name + "'" +
                                    (near ? "; did you mean @" + *near + "?" : "") +
                                    " (query --named shows those there are)");
}

Result<void> check_arguments(const QueryArguments& arguments, bool is_table) {
  const bool paths = arguments.paths || arguments.nul;
  const int instead = static_cast<int>(arguments.columns) + static_cast<int>(arguments.named) +
                      static_cast<int>(arguments.show_sql) + static_cast<int>(paths);
  if (instead > 1) {
    return fail(ErrorCode::usage, "--columns, --named, --show-sql and --paths exclude each other");
  }
  if ((arguments.columns || arguments.named) && !arguments.expressions.empty()) {
    return fail(ErrorCode::usage,
                arguments.columns ? "--columns lists the columns that there are, without EXPR"
                                  : "--named lists the named queries, without EXPR",
                {}, arguments.columns ? "--select COLUMNS chooses those of the answer" : "");
  }
  if (paths && has_shape(arguments.query)) {
    return fail(ErrorCode::usage,
                "--paths has no other columns: no --select, --metric, --group-by, --count");
  }
  if (paths && !is_table) {
    return fail(ErrorCode::usage, "--paths has no --format", {}, "--select path has one");
  }
  if (arguments.gate.allow_partial && !arguments.gate.is_gate()) {
    return fail(ErrorCode::usage, "--allow-partial goes with --expect");
  }
  if (arguments.gate.is_gate() && (arguments.columns || arguments.named || arguments.show_sql)) {
    return fail(ErrorCode::usage,
                "--columns, --named and --show-sql look for no results, so --expect has nothing to "
                "judge");
  }
  if (arguments.gate.is_gate() && arguments.query.limit == 0) {
    return fail(ErrorCode::usage, "--limit 0 leaves --expect nothing to find");
  }
  const bool is_past = arguments.over.over_or(Over::now) != Over::now;
  if (is_past && (paths || arguments.follow)) {
    return fail(ErrorCode::usage,
                "--paths and --follow are about what is there now, without --over", {},
                "restore brings files of the past back");
  }
  const auto& expressions = arguments.expressions;
  const auto open = std::find_if_not(expressions.begin(), expressions.end(), is_closed);
  // A single one is looked at by the query, which shows the place.
  if (expressions.size() > 1 && open != expressions.end()) {
    return fail(ErrorCode::usage, "'" + *open + "' is not a whole expression");
  }
  if (arguments.follow && (instead > 0 || arguments.gate.is_gate())) {
    return fail(ErrorCode::usage, "--follow shows answers only, without --expect");
  }
  return {};
}

}  // namespace ktstr
