// SPDX-License-Identifier: MIT
#include <memory>

#include "base/time_text.hpp"
#include "commands/commands.hpp"
#include "ktstr/index.hpp"
#include "query/failed_tests.hpp"
#include "report/documents.hpp"

namespace ktstr {
namespace {

using Summaries = std::vector<RunDirectorySummary>;

constexpr const char* k_time_hint =
    "a time is 2026-07-04T21:41, 2d, today, seconds or nanoseconds since the epoch, or @FILE for "
    "the time of a file";

/// "@FILE" is the moment at which FILE was last written.
Result<std::int64_t> parse_since(const std::string& text) {
  if (text.starts_with('@')) {
    const std::string file = text.substr(1);
    const auto status = system_file_system().status(file, FollowLinks::yes);
    if (status) return status->stamp.mtime_ns;
    return fail(ErrorCode::usage, "'" + file + "' has no time: " + status.error().message, {},
                k_time_hint);
  }
  if (const auto time_ns = parse_time(text, system_clock().now_ns())) return *time_ns;
  return fail(ErrorCode::usage, "'" + text + "' is no time", {}, k_time_hint);
}

Value value_of(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

/// A row for each failed test; several sidecars are a JSON list.
int print_tests(const Context& context, const Summaries& summaries) {
  std::vector<std::vector<Value>> rows;
  for (const RunDirectorySummary& directory : summaries) {
    for (const FailedTest& test : directory.failed) {
      std::string stats = json_document(JsonValue(json_array(test.stats)), JsonStyle::compact);
      stats.pop_back();
      rows.push_back({directory.path, test.test_name, value_of(test.scheduler),
                      value_of(test.topology), value_of(test.failure_dump),
                      value_of(test.repro_dump), std::move(stats), value_of(test.wprof),
                      value_of(test.repro_wprof), std::int64_t{test.replayable ? 1 : 0}});
    }
  }
  RowList list({{"path"},
                {"test"},
                {"scheduler"},
                {"topology"},
                {"failure_dump"},
                {"repro_dump"},
                {"stats"},
                {"wprof"},
                {"repro_wprof"},
                {"replayable"}},
               std::move(rows));
  return context.print_rows(list);
}

int print(const Context& context, const Summaries& summaries) {
  if (context.format() == Format::table) return context.print_text(footer_text(summaries));
  if (context.format() != Format::json) return print_tests(context, summaries);
  return context.print_text(json_document(JsonValue(footer_document(summaries))));
}

int run(const Context& context, const std::optional<std::string>& since) {
  FooterOptions options;
  if (since) {
    const auto time_ns = parse_since(*since);
    if (!time_ns) {
      Error error = time_ns.error();
      error.message = "--since: " + error.message;
      return context.failed(error);
    }
    options.since_ns = *time_ns;
  }
  auto session = context.open(CheckLevel::files);
  if (!session) {
    if (session.error().code != ErrorCode::not_found) return context.failed(session.error());
    context.note_no_root(session.error());
    return print(context, {});
  }
  const auto summaries = summarize_catalog(session->database(), session->paths().root.path,
                                           system_file_system(), options);
  if (!summaries) return context.failed(summaries.error());
  const int status = print(context, *summaries);
  for (const RunDirectorySummary& directory : *summaries) {
    for (const std::string& path : directory.unparsed_sidecars) {
      context.note(path + ": counted, but no verdict could be read from it");
    }
  }
  return status;
}

}  // namespace

Command make_footer_command(const Context& context) {
  auto since = std::make_shared<std::optional<std::string>>();
  Command command;
  command.name = "footer";
  command.group = "Questions";
  command.summary = "The failed tests of a run and where their files are";
  command.description =
      "What the harness prints after its tests: each run directory with fresh files, the tests "
      "that failed in it, and the dump, sidecar and trace of each. Prints nothing if there are no "
      "such files. Failures that left no file are not in it.";
  command.examples = {
      {"touch start; cargo ktstr test; ktstr-index footer --since @start", "of one run"},
      {"ktstr-index footer --since 2h --format json", "for a script"},
  };
  command.options = {{"--since", "TIME",
                      "Only files written then or later: 2026-07-04T21:41, 2d, today, seconds or "
                      "nanoseconds since the epoch, @FILE for a file's own time",
                      since.get()}};
  command.run = [&context, since] { return run(context, *since); };
  return command;
}

}  // namespace ktstr
