// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "help_text.hpp"
#include "program.hpp"
#include "report/table.hpp"

namespace ktstr {
namespace {

/// A small program with one of each kind of option.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    program.version = "1.2.3";
    program.root.name = "prog";
    program.root.summary = "answers questions";
    program.common = {
        {"--root", "DIR", "the runs root", &root, {}, "PROG_TEST_ROOT"},
        {"--format", "FORMAT", "how rows are shown", &format, {"table", "json", "jsonl"}},
        {"-q,--quiet", "", "no notes", &quiet},
        {"-v,--verbose", "", "more notes, twice for even more", &verbose}};
    program.root.subcommands = {query(), refresh(), harness(), run()};
  }

  Command query() {
    Command command{"query", "rows that match"};
    command.description = "Shows the results for which an SQL expression is true. " +
                          std::string("Columns are those of the view results, which --columns ") +
                          "lists.\n\nWithout an expression all results are shown.";
    command.examples = {{"prog query \"verdict = 'fail'\"", "what failed"}};
    command.options = {
        {"--metric", "NAME", "adds a metric as a column; may be repeated", &metrics},
        {"--limit", "N", "at most so many rows", &limit},
        {"--share", "PCT", "a fraction", &share},
        {"--an-option-with-a-very-long-name", "VALUE",
         "whose help is long enough that it has to be wrapped to a second line", &unused},
        {"--since", "TIME", "not before", ValueParser([this](const std::string& value) {
           if (value == "never") return Result<void>(fail(ErrorCode::usage, "no such time"));
           since = value;
           return Result<void>();
         })}};
    command.positionals = {{"EXPR", "an SQL expression", &expression}};
    command.run = [] { return 0; };
    return command;
  }
  Command refresh() {
    Command command{"refresh", "looks at the files"};
    command.aliases = {"index"};
    command.options = {{"--check", "LEVEL", "how hard", &unused, {}, {}, true}};
    command.run = [] { return 7; };
    return command;
  }
  Command harness() {
    Command classify{"classify", "names to kinds"};
    classify.positionals = {{"NAME", "file names", &names, true}};
    classify.run = [] { return 0; };
    Command command{"harness", "the protocol"};
    command.subcommands = {classify};
    return command;
  }
  Command run() {
    Command command{"run", "a command"};
    command.positionals = {{"COMMAND", "with its arguments", &names}};
    command.run = [] { return 0; };
    return command;
  }

  CommandLine parse(const std::vector<std::string>& arguments) const {
    return parse_command_line(program, arguments);
  }
  /// The name of the command that would run, or the message.
  std::string outcome(const std::vector<std::string>& arguments) const {
    const CommandLine line = parse(arguments);
    EXPECT_EQ(line.status, line.message.empty() ? 0 : k_usage_status);
    return line.command != nullptr ? line.command->name : line.message;
  }

  Program program;
  std::optional<std::string> root;
  std::string format = "table";
  bool quiet = false;
  std::int64_t verbose = 0;
  std::vector<std::string> metrics;
  std::optional<std::int64_t> limit;
  double share = 0.0;
  std::string unused;
  std::string since;
  std::optional<std::string> expression;
  std::vector<std::string> names;
};

TEST_F(CommandLineTest, TakesCommonOptionsBeforeTheCommand) {
  EXPECT_EQ(outcome({"--root", "query", "-qv", "--format=json", "query", "x"}), "query");
  EXPECT_EQ(root, "query");
  EXPECT_EQ(format, "json");
  EXPECT_TRUE(quiet);
  EXPECT_EQ(verbose, 1);
  EXPECT_EQ(expression, "x");
}

TEST_F(CommandLineTest, TakesCommonOptionsAfterTheCommand) {
  EXPECT_EQ(outcome({"query", "x", "--root", "r", "-vv", "--format", "jsonl"}), "query");
  EXPECT_EQ(root, "r");
  EXPECT_EQ(verbose, 2);
  EXPECT_EQ(format, "jsonl");
  EXPECT_EQ(expression, "x");
}

TEST_F(CommandLineTest, LetsTheLastOfTwoValuesWin) {
  EXPECT_EQ(outcome({"--format", "json", "query", "--format", "table"}), "query");
  EXPECT_EQ(format, "table");
}

TEST_F(CommandLineTest, CollectsRepeatedValuesWithoutTakingTheExpression) {
  EXPECT_EQ(outcome({"query", "--metric", "a", "--metric=b", "x"}), "query");
  EXPECT_EQ(metrics, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(expression, "x");
}

TEST_F(CommandLineTest, FindsACommandByItsAlias) {
  EXPECT_EQ(outcome({"index", "--check", "files"}), "refresh");
}

TEST_F(CommandLineTest, FindsNestedCommands) {
  EXPECT_EQ(outcome({"-q", "harness", "classify", "a", "b"}), "classify");
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

TEST_F(CommandLineTest, DoesNotTakeAPositionalForACommand) {
  EXPECT_EQ(outcome({"query", "refresh"}), "query");
  EXPECT_EQ(expression, "refresh");
}

TEST_F(CommandLineTest, TakesEverythingAfterTwoDashesAsItIs) {
  EXPECT_EQ(outcome({"query", "-q", "--", "-vcpus < 1"}), "query");
  EXPECT_EQ(expression, "-vcpus < 1");
  EXPECT_EQ(outcome({"run", "--", "cargo", "--help", "--", "-q", "", "[a,b]"}), "run");
  EXPECT_EQ(names, (std::vector<std::string>{"cargo", "--help", "--", "-q", "", "[a,b]"}));
}

TEST_F(CommandLineTest, TakesAnExpressionThatBeginsWithANegativeNumber) {
  EXPECT_EQ(outcome({"query", "-1 < vcpus"}), "query");
  EXPECT_EQ(expression, "-1 < vcpus");
}

TEST_F(CommandLineTest, TakesEmptyValues) {
  EXPECT_EQ(outcome({"query", "--root=", ""}), "query");
  EXPECT_EQ(root, "");
  EXPECT_EQ(expression, "");
  EXPECT_EQ(outcome({"query", "--root", "", "--metric=", "--metric", "", "x"}), "query");
  EXPECT_EQ(metrics, (std::vector<std::string>{"", ""}));
  EXPECT_EQ(expression, "x");
}

TEST_F(CommandLineTest, LeavesBracketsInValuesAlone) {
  EXPECT_EQ(outcome({"query", "--metric", "[a,b]", "[verdict]"}), "query");
  EXPECT_EQ(metrics, (std::vector<std::string>{"[a,b]"}));
  EXPECT_EQ(expression, "[verdict]");
}

TEST_F(CommandLineTest, TakesAValueThatLooksLikeAnEmptyOption) {
  EXPECT_EQ(outcome({"query", "--metric", "--root=", "x"}), "query");
  EXPECT_EQ(metrics, (std::vector<std::string>{"--root="}));
}

TEST_F(CommandLineTest, SuggestsTheClosestCommand) {
  EXPECT_EQ(outcome({"qurey"}), "prog: unknown command 'qurey'; did you mean 'query'?");
  EXPECT_EQ(outcome({"harness", "clasify"}),
            "prog harness: unknown command 'clasify'; did you mean 'classify'?");
}

TEST_F(CommandLineTest, SuggestsTheClosestOption) {
  EXPECT_EQ(outcome({"query", "--metrc", "x"}),
            "prog query: unknown option '--metrc'; did you mean '--metric'?");
  EXPECT_EQ(outcome({"--formt=json", "query"}),
            "prog: unknown option '--formt'; did you mean '--format'?");
}

TEST_F(CommandLineTest, SuggestsTheClosestChoice) {
  EXPECT_EQ(outcome({"query", "--format", "jsno"}),
            "prog query: --format: 'jsno' is not one of table, json, jsonl; "
            "did you mean 'json'?");
}

TEST_F(CommandLineTest, ExplainsAnExpressionThatLooksLikeAnOption) {
  EXPECT_EQ(outcome({"query", "-xcpus < 1"}),
            "prog query: unknown option '-xcpus < 1' (write -- before a value that begins with -)");
}

TEST_F(CommandLineTest, RefusesWhatIsTooMuchOrTooLittle) {
  EXPECT_EQ(outcome({"query", "a", "b"}), "prog query: unexpected argument 'b'");
  EXPECT_EQ(outcome({"query", "--metric"}), "prog query: '--metric' needs a value");
  EXPECT_EQ(outcome({"harness", "classify"}), "prog harness classify: NAME is missing");
  EXPECT_EQ(outcome({"refresh"}), "prog refresh: --check is required");
  EXPECT_EQ(outcome({"harness"}), "prog harness: a command is missing: one of classify");
}

TEST_F(CommandLineTest, RefusesWhatIsNoNumber) {
  for (const char* value : {"", "1x", " 1", "1.5"}) {
    EXPECT_EQ(outcome({"query", "--limit", value}),
              "prog query: --limit: '" + std::string(value) + "' is not a number");
  }
  EXPECT_EQ(outcome({"query", "--limit", "99999999999999999999"}),
            "prog query: --limit: '99999999999999999999' is not a number in range");
}

TEST_F(CommandLineTest, TakesNumbers) {
  EXPECT_EQ(outcome({"query", "--limit", "-5", "--share=2.5"}), "query");
  EXPECT_EQ(limit, -5);
  EXPECT_EQ(share, 2.5);
}

TEST(ParseSeconds, TakesFractionsAsNanoseconds) {
  std::int64_t time_ns = 60;
  const ValueParser parse = parse_seconds_into(time_ns);
  EXPECT_TRUE(parse("2.5"));
  EXPECT_EQ(time_ns, 2'500'000'000);
  EXPECT_TRUE(parse("1e9"));
  EXPECT_EQ(time_ns, 1'000'000'000'000'000'000);
  EXPECT_TRUE(parse("0"));
  EXPECT_EQ(time_ns, 0);
}

TEST(ParseSeconds, NeverMakesNothingOfTheSmallestTime) {
  std::int64_t time_ns = 0;
  EXPECT_TRUE(parse_seconds_into(time_ns)("1e-12"));
  EXPECT_EQ(time_ns, 1);
}

TEST(ParseSeconds, RefusesWhatNoClockCanWaitFor) {
  std::int64_t time_ns = 60;
  for (const char* text : {"nan", "-nan", "inf", "-1", "1e300", "1000000001", "1e999", "", "1s"}) {
    const auto parsed = parse_seconds_into(time_ns)(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage) << text;
  }
  EXPECT_EQ(time_ns, 60);
}

TEST_F(CommandLineTest, NeverSuggestsTheWordItself) {
  program.root.subcommands.front().expand =
      [](const std::vector<const Option*>&,
         std::vector<std::string>&) -> Result<std::vector<std::string>> { return {{"--help"}}; };
  EXPECT_EQ(outcome({"query"}), "prog query: kept arguments: unknown option '--help'");
}

TEST_F(CommandLineTest, HandsOnTheErrorOfAValueParser) {
  EXPECT_EQ(outcome({"query", "--since", "never"}), "prog query: --since: no such time");
  EXPECT_EQ(outcome({"query", "--since", "today"}), "query");
  EXPECT_EQ(since, "today");
}

TEST_F(CommandLineTest, TakesAValueFromTheEnvironmentOnlyWhenNoneIsGiven) {
  setenv("PROG_TEST_ROOT", "from the environment", 1);
  EXPECT_EQ(outcome({"query"}), "query");
  EXPECT_EQ(root, "from the environment");
  EXPECT_EQ(outcome({"query", "--root", "given"}), "query");
  unsetenv("PROG_TEST_ROOT");
  EXPECT_EQ(root, "given");
}

TEST_F(CommandLineTest, ShowsTheVersion) {
  EXPECT_EQ(parse({"--version"}).output, "prog 1.2.3\n");
  EXPECT_EQ(parse({"--version"}).status, 0);
}

TEST_F(CommandLineTest, ShowsTheSameHelpHoweverItIsAskedFor) {
  const std::string help = parse({"harness", "classify", "--help"}).output;
  EXPECT_EQ(help.substr(0, help.find('\n')), "Usage: prog harness classify [OPTIONS] NAME...");
  EXPECT_EQ(parse({"help", "harness", "classify"}).output, help);
  EXPECT_EQ(parse({"harness", "classify", "-h", "a"}).output, help);
  EXPECT_EQ(parse({"-q", "help", "-v", "harness", "classify"}).output, help);
}

TEST_F(CommandLineTest, RefusesHelpOnAnUnknownCommand) {
  EXPECT_EQ(outcome({"help", "qury"}), "prog: unknown command 'qury'; did you mean 'query'?");
}

TEST_F(CommandLineTest, RunsTheCommandAndGivesItsStatus) {
  const char* const good[] = {"prog", "refresh", "--check", "x"};
  EXPECT_EQ(run_command_line(program, 4, good), 7);
  const char* const bad[] = {"prog", "refrsh"};
  EXPECT_EQ(run_command_line(program, 2, bad), 2);
}

TEST_F(CommandLineTest, PrefersACommandsOwnOptionToACommonOne) {
  std::string own;
  Command command{"own", "has a root of its own"};
  command.options = {{"--root", "DIR", "another", &own}};
  command.run = [] { return 0; };
  program.root.subcommands.push_back(command);
  EXPECT_EQ(outcome({"own", "--root", "x", "-q"}), "own");
  EXPECT_EQ(own, "x");
  EXPECT_EQ(root, std::nullopt);
}

TEST_F(CommandLineTest, HelpFitsEightyColumns) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {"query"}, {"refresh"}, {"harness"}, {"run"}}) {
    std::vector<std::string> arguments = {"help"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    std::string help = parse(arguments).output;
    ASSERT_FALSE(help.empty());
    while (!help.empty()) {
      const std::size_t end = help.find('\n');
      EXPECT_LE(display_width(help.substr(0, end)), 80) << help.substr(0, end);
      EXPECT_FALSE(end > 0 && help[end - 1] == ' ') << help.substr(0, end);
      help.erase(0, end + 1);
    }
  }
}

TEST_F(CommandLineTest, HelpOfACommandIsReadable) {
  EXPECT_EQ(parse({"help", "query"}).output, R"(Usage: prog query [OPTIONS] [EXPR]

Shows the results for which an SQL expression is true. Columns are those of the
view results, which --columns lists.

Without an expression all results are shown.

Arguments:
  EXPR  an SQL expression

Options:
      --metric NAME  adds a metric as a column; may be repeated
      --limit N      at most so many rows
      --share PCT    a fraction
      --an-option-with-a-very-long-name VALUE
                     whose help is long enough that it has to be wrapped to a
                     second line
      --since TIME   not before

Common options:
      --root DIR       the runs root [env: PROG_TEST_ROOT]
      --format FORMAT  how rows are shown (table, json, jsonl)
  -q, --quiet          no notes
  -v, --verbose        more notes, twice for even more
  -h, --help           show this help

Examples:
  prog query "verdict = 'fail'"
      what failed
)");
}

TEST_F(CommandLineTest, HelpOfTheProgramListsItsCommands) {
  const std::string help = parse({"--help"}).output;
  EXPECT_NE(help.find("Commands:\n  query           rows that match\n  refresh, index  looks"),
            std::string::npos)
      << help;
}

}  // namespace
}  // namespace ktstr
