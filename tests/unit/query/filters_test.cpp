// SPDX-License-Identifier: MIT
#include "query/filters.hpp"

#include "query/result_query.hpp"
#include "sample_catalog.hpp"
#include "support/fake_clock.hpp"

namespace ktstr {
namespace {

class FiltersTest : public testing::Test {
 protected:
  /// The values of `column` that get through.
  test::Rows values(const Filters& filters, const std::string& column) {
    ResultQuery query;
    query.filters = filters;
    query.select = {column};
    query.order_by = {column};
    return test::all_rows(run(catalog_.database(), query, clock_));
  }
  test::Rows kernels(const std::string& filter) {
    Filters filters;
    filters.kernels = {filter};
    return values(filters, "kernel_version");
  }
  test::Rows tests(const std::string& filter) {
    Filters filters;
    filters.tests = {filter};
    return values(filters, "test_name");
  }
  void add(const std::string& column, const std::vector<const char*>& values) {
    for (const char* value : values) catalog_.add_with(column, test::text(value));
  }

  test::SampleCatalog catalog_;
  test::FakeClock clock_;
};

TEST_F(FiltersTest, EmptyOnesLetEverythingThrough) {
  add("scheduler", {"a", "b"});
  EXPECT_EQ(values({}, "scheduler"), (test::Rows{"a", "b"}));
}

TEST_F(FiltersTest, AKernelSeriesIsAPrefixUpToADotOrDash) {
  add("kernel_version", {"6.12", "6.12.0", "6.12.5", "6.13.0", "6.10.0", "6.14-rc3", "6.14.0-rc3",
                         "6.14.0-rc3+", "6.15-rc3", "6.1", "6.1200"});
  EXPECT_EQ(kernels("6.12"), (test::Rows{"6.12", "6.12.0", "6.12.5"}));
  EXPECT_EQ(kernels("6.1"), test::Rows{"6.1"});
  EXPECT_EQ(kernels("6.14"), (test::Rows{"6.14-rc3", "6.14.0-rc3", "6.14.0-rc3+"}));
}

TEST_F(FiltersTest, AnyOtherKernelIsItself) {
  add("kernel_version", {"6.14.2", "6.14.20", "6.15-rc3", "6.15-rc30", "6.", "7", "7.1"});
  EXPECT_EQ(kernels("6.14.2"), test::Rows{"6.14.2"});
  EXPECT_EQ(kernels("6.15-rc3"), test::Rows{"6.15-rc3"});
  EXPECT_EQ(kernels("6."), test::Rows{"6."});
  EXPECT_EQ(kernels("7"), test::Rows{"7"});
  EXPECT_EQ(kernels("6.*"), test::Rows{});
}

TEST_F(FiltersTest, TextIsComparedExactlyAndWithCase) {
  add("scheduler", {"scx_rusty", "scx_rusty_alt", "SCX_RUSTY"});
  Filters filters;
  filters.schedulers = {"scx_rusty"};
  EXPECT_EQ(values(filters, "scheduler"), test::Rows{"scx_rusty"});
}

TEST_F(FiltersTest, EachFieldLooksAtItsColumn) {
  const std::vector<std::pair<std::vector<std::string> Filters::*, std::string>> fields = {
      {&Filters::project_commits, "project_commit"},
      {&Filters::kernel_commits, "kernel_commit"},
      {&Filters::run_sources, "run_source"},
      {&Filters::resolve_sources, "resolve_source"},
      {&Filters::topologies, "topology"},
      {&Filters::work_types, "work_type"}};
  for (const auto& field : fields) add(field.second, {"wanted", "wanted-dirty"});
  for (const auto& field : fields) {
    Filters filters;
    filters.*field.first = {"wanted"};
    EXPECT_EQ(values(filters, field.second), test::Rows{"wanted"}) << field.second;
  }
}

TEST_F(FiltersTest, CpuBudgetsAreComparedAsText) {
  catalog_.add_with("cpu_budget", test::number(32));
  catalog_.add_with("cpu_budget", Value());
  Filters filters;
  filters.cpu_budgets = {"32"};
  EXPECT_EQ(values(filters, "cpu_budget"), test::Rows{"32"});
  for (const char* other : {"032", "32.0", "", "0", " 32"}) {
    filters.cpu_budgets = {other};
    EXPECT_EQ(values(filters, "cpu_budget"), test::Rows{}) << other;
  }
}

TEST_F(FiltersTest, AMissingValueNeverMatches) {
  catalog_.add_with("kernel_commit", Value());
  Filters filters;
  for (const char* value : {"", "NULL"}) {
    filters.kernel_commits = {value};
    EXPECT_EQ(values(filters, "kernel_commit"), test::Rows{}) << value;
  }
}

TEST_F(FiltersTest, ValuesOfAFieldAreAlternativesAndFieldsAddUp) {
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("a")}, {"verdict", test::text("fail")}});
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("b")}, {"verdict", test::text("fail")}});
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("b")}, {"verdict", test::text("pass")}});
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("c")}, {"verdict", test::text("fail")}});
  Filters filters;
  filters.schedulers = {"a", "b"};
  EXPECT_EQ(values(filters, "scheduler"), (test::Rows{"a", "b", "b"}));
  filters.verdicts = {"fail"};
  EXPECT_EQ(values(filters, "scheduler"), (test::Rows{"a", "b"}));
}

TEST_F(FiltersTest, ValuesAreNeverSql) {
  add("scheduler", {"a", "x' OR '1'='1"});
  Filters filters;
  filters.schedulers = {"x' OR '1'='1"};
  EXPECT_EQ(values(filters, "scheduler"), test::Rows{"x' OR '1'='1"});
  filters.schedulers = {"' OR 1 --"};
  EXPECT_EQ(values(filters, "scheduler"), test::Rows{});
}

TEST_F(FiltersTest, ATestIsNamedAsNextestPrintsIt) {
  add("test_name", {"basic", "basic_two"});
  for (const char* name :
       {"basic", "ktstr/basic", "ktstr/basic/more", "gauntlet/basic/tiny", "gauntlet/basic/tiny/x",
        "scx::main ktstr/basic", "main::ktstr/basic", "scx::main gauntlet/basic/tiny",
        "scx::main$ktstr/basic", " basic ", "scx::main basic", "tests::basic"}) {
    EXPECT_EQ(tests(name), test::Rows{"basic"}) << name;
  }
  for (const char* name : {"asic", "BASIC", "xktstr/basic", "ktstr/", "gauntlet/", "", " "}) {
    EXPECT_EQ(tests(name), test::Rows{}) << name;
  }
}

TEST_F(FiltersTest, ATestMayBeAGlob) {
  add("test_name", {"basic", "basic_two", "Basic_three", "other", "br[ck]t"});
  EXPECT_EQ(tests("basic*"), (test::Rows{"basic", "basic_two"}));
  EXPECT_EQ(tests("ktstr/basic_*"), test::Rows{"basic_two"});
  EXPECT_EQ(tests("?ther"), test::Rows{"other"});
  EXPECT_EQ(tests("br[ck]*"), test::Rows{"br[ck]t"});
}

TEST_F(FiltersTest, AVerdictHasToExist) {
  Filters filters;
  filters.verdicts = {"failed"};
  Parameters parameters;
  const auto condition = filter_condition(filters, parameters);
  ASSERT_FALSE(condition);
  EXPECT_EQ(condition.error().code, ErrorCode::usage);
  EXPECT_EQ(condition.error().message, "there is no verdict 'failed'");
  EXPECT_EQ(condition.error().hint,
            "did you mean fail? There are pass, fail, skip and inconclusive");
}

TEST_F(FiltersTest, ARunDirectoryMayEndWithASlash) {
  catalog_.add_with("verdict", test::text("pass"));
  Filters filters;
  filters.run_dirs = {"6.14.2-abc1234/"};
  EXPECT_EQ(values(filters, "run_dir"), test::Rows{"6.14.2-abc1234"});
  filters.run_dirs = {"6.14.2"};
  EXPECT_EQ(values(filters, "run_dir"), test::Rows{});
}

TEST_F(FiltersTest, ASessionIsFoundByItsToken) {
  const auto directory = catalog_.insert(
      "directory",
      {{"run_dir", test::text("r")}, {"job", test::text("")}, {"session", test::text("17")}});
  catalog_.add_result(directory);
  catalog_.add_with("verdict", test::text("pass"));
  Filters filters;
  filters.sessions = {"17"};
  EXPECT_EQ(values(filters, "run_dir"), test::Rows{"r"});
}

TEST_F(FiltersTest, TimesIncludeTheirEnds) {
  for (const int time_ns : {10, 20, 30}) catalog_.add_with("time_ns", test::number(time_ns));
  Filters filters;
  filters.since_ns = 20;
  EXPECT_EQ(values(filters, "time_ns"), (test::Rows{"20", "30"}));
  filters.until_ns = 20;
  EXPECT_EQ(values(filters, "time_ns"), test::Rows{"20"});
}

TEST_F(FiltersTest, TheFilesTimeStandsInForAMissingOne) {
  catalog_.add_with("mtime_ns", test::number(50));
  catalog_.add_result(catalog_.directory(),
                      {{"time_ns", test::number(10)}, {"mtime_ns", test::number(50)}});
  Filters filters;
  filters.since_ns = 40;
  EXPECT_EQ(values(filters, "time_ns"), test::Rows{"NULL"});
}

TEST_F(FiltersTest, StrictLeavesDriftOut) {
  add("status", {"ok", "drift"});
  Filters filters;
  EXPECT_EQ(values(filters, "contract"), (test::Rows{"drift", "ok"}));
  filters.strict = true;
  EXPECT_EQ(values(filters, "contract"), test::Rows{"ok"});
}

class Suggestions : public FiltersTest {
 protected:
  test::Rows suggested(const Filters& filters) { return suggestions(catalog_.database(), filters); }
};

TEST_F(Suggestions, NameTheNearestValue) {
  add("scheduler", {"scx_lavd", "eevdf"});
  Filters filters;
  filters.schedulers = {"scx_lavdd", "eevdf"};
  EXPECT_EQ(suggested(filters),
            test::Rows{"no result has scheduler 'scx_lavdd'; the nearest is 'scx_lavd'"});
}

TEST_F(Suggestions, ListWhatThereIsWhenNothingIsNear) {
  add("work_type", {"a1", "a2", "a3", "a4", "a5", "a6"});
  Filters filters;
  filters.work_types = {"SpinWaiting"};
  EXPECT_EQ(suggested(filters),
            test::Rows{"no result has work type 'SpinWaiting'; there are 'a1', 'a2', 'a3', 'a4', "
                       "'a5' and 1 more"});
}

TEST_F(Suggestions, SayThatNoResultHasAnyValue) {
  add("scheduler", {"a"});
  Filters filters;
  filters.kernel_commits = {"abc"};
  EXPECT_EQ(suggested(filters), test::Rows{"no result has a kernel commit"});
}

TEST_F(Suggestions, LookAtEachValueByItself) {
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("a")}, {"verdict", test::text("fail")}});
  catalog_.add_result(catalog_.directory(),
                      {{"scheduler", test::text("b")}, {"verdict", test::text("pass")}});
  Filters filters;
  filters.schedulers = {"a"};
  filters.verdicts = {"pass"};
  EXPECT_EQ(suggested(filters), test::Rows{});
}

TEST_F(Suggestions, UseTheBareNameOfATest) {
  add("test_name", {"sched_basic"});
  Filters filters;
  filters.tests = {"ktstr/sched_basik"};
  EXPECT_EQ(suggested(filters),
            test::Rows{"no result has test 'ktstr/sched_basik'; the nearest is 'sched_basic'"});
}

TEST_F(Suggestions, AnswerAPartOfATestsNameWithAPattern) {
  add("test_name", {"wake_storm", "late_wake"});
  Filters filters;
  filters.tests = {"ktstr/wake"};
  EXPECT_EQ(suggested(filters),
            test::Rows{"no result has test 'ktstr/wake'; --test '*wake*' has 2 names"});
}

TEST_F(Suggestions, AreSilentWithoutResults) {
  Filters filters;
  filters.schedulers = {"a"};
  EXPECT_EQ(suggested(filters), test::Rows{});
}

TEST_F(Suggestions, ComeWhileRowsAreStillOpen) {
  add("scheduler", {"scx_lavd", "eevdf"});
  auto source = run(catalog_.database(), {}, clock_);
  ASSERT_TRUE(source);
  Filters filters;
  filters.schedulers = {"scx_lavdd"};
  EXPECT_EQ(suggested(filters).size(), 1U);
}

TEST(FiltersOfExpression, AreTheComparisonsWithTexts) {
  const Filters filters = filters_of_expression(
      "verdict='fial' AND (\"scheduler\" == 'it''s' OR topology = upper('x')) -- run_dir='x'");
  EXPECT_EQ(filters.verdicts, std::vector<std::string>{"fial"});
  EXPECT_EQ(filters.schedulers, std::vector<std::string>{"it's"});
  EXPECT_TRUE(filters.topologies.empty());
  EXPECT_TRUE(filters.run_dirs.empty());
}

TEST(FiltersOfExpression, AreNoneForWhatIsNoSql) {
  EXPECT_TRUE(filters_of_expression("verdict = 'fail").verdicts.empty());
  EXPECT_TRUE(filters_of_expression("verdict =").verdicts.empty());
  EXPECT_TRUE(filters_of_expression("").verdicts.empty());
}

class Expression : public testing::Test {
 protected:
  Result<void> check(std::string_view expression) {
    return check_expression(catalog_.database(), expression, "FROM results");
  }
  /// "" if it is fine.
  std::string message(std::string_view expression) {
    const auto checked = check(expression);
    return checked ? "" : checked.error().message;
  }
  std::string hint(std::string_view expression) {
    const auto checked = check(expression);
    return checked ? "" : checked.error().hint;
  }

  test::SampleCatalog catalog_;
};

TEST_F(Expression, MayBeAnythingOverTheColumns) {
  for (const char* expression :
       {"1", "verdict = 'fail'", "verdict='fail' AND scheduler LIKE 'scx_%'",
        "worst_gap_ms / 1000.0", "(verdict, scheduler) = ('fail', 'eevdf')",
        "test_name GLOB 'a[bc]*'", "results.verdict", "CASE verdict WHEN 'fail' THEN 1 END",
        "'a;b)--'", "\"verdict\" = 'x'", "[verdict]", "verdict COLLATE NOCASE = 'FAIL'",
        "verdict = 'fail' -- the bad ones", "/* ) */ 1", "scheduler IN ('host', 'directory')",
        "verdict IS DISTINCT FROM 'pass'", "max(worst_gap_ms, 3)", "1\n+\n2"}) {
    EXPECT_EQ(message(expression), "") << expression;
  }
}

TEST_F(Expression, MayHoldAQueryInParentheses) {
  EXPECT_EQ(message("(SELECT 1)"), "");
  EXPECT_EQ(message("id IN (SELECT id FROM pool)"), "");
  EXPECT_EQ(message("EXISTS(SELECT 1 FROM metrics m WHERE m.sidecar_id = results.sidecar_id)"), "");
  EXPECT_EQ(message("(WITH x AS (SELECT 1 AS a) SELECT a FROM x)"), "");
}

TEST_F(Expression, IsNotAStatement) {
  for (const char* expression : {"SELECT 1", "select verdict from results", "VALUES(1)",
                                 "WITH x AS (SELECT 1) SELECT * FROM x", "-- x\nselect 1"}) {
    EXPECT_EQ(message(expression), "a statement where an expression should be") << expression;
  }
}

TEST_F(Expression, IsRefusedWhenItIsEmpty) {
  EXPECT_EQ(message(""), "the expression is empty");
  EXPECT_EQ(message(" \n"), "the expression is empty");
  EXPECT_EQ(message("-- nothing"), "the expression is empty");
}

TEST_F(Expression, CannotLeaveItsParentheses) {
  for (const char* expression :
       {"1) UNION SELECT file_name FROM sidecar --", "1) union select 1 from results where (1",
        "1), (2", "1) FROM sidecar --", ")(", "1))", "'a') OR ('b'", "1 -- (\n)"}) {
    EXPECT_EQ(message(expression), "a parenthesis that nothing opened") << expression;
  }
  EXPECT_EQ(message("(1"), "a parenthesis that nothing closes");
  EXPECT_EQ(message("1 -- )\n + (2"), "a parenthesis that nothing closes");
}

TEST_F(Expression, IsOneExpressionOnly) {
  EXPECT_EQ(message("1; DROP TABLE sidecar"), "only one expression is allowed");
  EXPECT_EQ(message("1;"), "only one expression is allowed");
  for (const char* expression : {"1, 2", "1 UNION SELECT 2", "1 ORDER BY 1", "1 LIMIT 1", "1 AS a",
                                 "*", "results.*", "DISTINCT 1", "1 FROM results", "ALL 1"}) {
    EXPECT_NE(message(expression), "") << expression;
  }
}

TEST_F(Expression, IsRefusedWhenSomethingHasNoEnd) {
  EXPECT_EQ(message("verdict = 'fail"), "a string without an end");
  EXPECT_EQ(message("\"verdict"), "a quoted name without an end");
  EXPECT_EQ(message("1 /* x"), "a comment without an end");
  EXPECT_EQ(message(std::string_view("1\0)", 3)), "a NUL byte");
}

TEST_F(Expression, HasNoParameters) {
  for (const char* expression : {"?", "?1", ":a", "@a", "$a", "verdict = ?2"}) {
    EXPECT_EQ(message(expression), "parameters have no values here") << expression;
  }
}

TEST_F(Expression, CannotReachTablesOrPragmas) {
  for (const char* expression :
       {"(SELECT count(*) FROM sidecar)", "1 IN sidecar", "1 IN (SELECT settled FROM main.sidecar)",
        "EXISTS(SELECT 1 FROM results NATURAL JOIN sidecar)",
        "(WITH results AS (SELECT settled FROM sidecar) SELECT settled FROM results)"}) {
    EXPECT_EQ(message(expression), "sidecar can't be read: only the views can") << expression;
  }
  EXPECT_NE(message("(SELECT name FROM pragma_table_info('sidecar'))"), "");
  EXPECT_NE(message("load_extension('x')"), "");
}

TEST_F(Expression, ChangesNothingWhenItIsChecked) {
  catalog_.add_with("verdict", test::text("fail"));
  static_cast<void>(check("1); DELETE FROM sidecar; --"));
  static_cast<void>(check("1; DELETE FROM sidecar"));
  EXPECT_EQ(catalog_.count("sidecar"), 1);
}

TEST_F(Expression, ErrorsAreUsageErrors) {
  const auto checked = check("verdit");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::usage);
}

TEST_F(Expression, ErrorShowsThePlaceAndTheNearestColumn) {
  EXPECT_EQ(message("verdit = 'fail'"), "no such column: verdit");
  EXPECT_EQ(hint("verdit = 'fail'"), "verdit = 'fail'\n^\ndid you mean verdict?");
  EXPECT_EQ(hint("1 AND results.verdit"), "1 AND results.verdit\n      ^\ndid you mean verdict?");
}

TEST_F(Expression, ErrorNamesSeveralNearColumns) {
  EXPECT_EQ(hint("kernel = '6.14'"),
            "kernel = '6.14'\n^\ndid you mean kernel_version, kernel_series or kernel_commit?");
}

TEST_F(Expression, ErrorSaysThatANameIsAMetric) {
  EXPECT_EQ(hint("worst_p99_wake_latency_us > 5"),
            "worst_p99_wake_latency_us > 5\n^\nworst_p99_wake_latency_us is a metric: "
            "--metric worst_p99_wake_latency_us makes it a column");
}

TEST_F(Expression, ErrorProposesAMetricOfTheCatalog) {
  catalog_.add_metric(catalog_.add_with("verdict", test::text("pass")), "my_own_counter", 1);
  EXPECT_EQ(hint("my_own_conter > 5"),
            "my_own_conter > 5\n^\ndid you mean the metric my_own_counter? "
            "--metric makes it a column");
}

TEST_F(Expression, ErrorProposesSingleQuotesForAWord) {
  EXPECT_EQ(hint("verdict = fail"),
            "verdict = fail\n          ^\nif it is text, it stands in single quotes: 'fail'");
  EXPECT_EQ(hint("verdict = \"fail\""),
            "verdict = \"fail\"\n          ^\nif it is text, it stands in single quotes: 'fail'");
}

TEST_F(Expression, ErrorFindsColumnsByTheirLastWord) {
  EXPECT_EQ(hint("spread > 1"), "spread > 1\n^\ndid you mean worst_spread?");
}

TEST_F(Expression, ErrorShowsTheLineThatItIsIn) {
  EXPECT_EQ(hint("verdict = 'fail'\n  AND verdit = 1\n  AND 1"),
            "  AND verdit = 1\n      ^\ndid you mean verdict?");
}

TEST_F(Expression, ErrorCountsCharactersNotBytes) {
  EXPECT_EQ(hint("'gr\xC3\xBC\xC3\x9F' = verdit"),
            "'gr\xC3\xBC\xC3\x9F' = verdit\n         ^\ndid you mean verdict?");
}

TEST_F(Expression, ErrorShowsControlBytesEscaped) {
  EXPECT_EQ(hint("'\x1B' = verdit"), "'\\x1b' = verdit\n         ^\ndid you mean verdict?");
}

TEST_F(Expression, ErrorPointsBehindAnExpressionThatEndsTooEarly) {
  EXPECT_EQ(message("verdict ="), "the expression ends too early");
  EXPECT_EQ(hint("verdict ="), "verdict =\n         ^");
}

TEST_F(Expression, ErrorPointsAtASyntaxError) {
  EXPECT_EQ(message("verdict == = 1"), "near \"=\": syntax error");
  EXPECT_EQ(hint("verdict == = 1"), "verdict == = 1\n           ^");
}

TEST_F(Expression, ErrorPointsAtTheParenthesis) {
  EXPECT_EQ(hint("(1 + (2)"), "(1 + (2)\n^");
  EXPECT_EQ(hint("1), (2"), "1), (2\n ^");
}

}  // namespace
}  // namespace ktstr
