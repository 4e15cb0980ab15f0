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

}  // namespace
}  // namespace ktstr
