// SPDX-License-Identifier: MIT
#include "query/result_query.hpp"

#include "database/views.hpp"
#include "sample_catalog.hpp"
#include "support/fake_clock.hpp"
#include "support/ticking_clock.hpp"

namespace ktstr {
namespace {

class ResultQueryTest : public testing::Test {
 protected:
  test::Rows rows(const ResultQuery& query) {
    return test::all_rows(run(catalog_.database(), query, clock_));
  }
  std::string hint(const ResultQuery& query) {
    const auto source = run(catalog_.database(), query, clock_);
    return source ? "no error" : source.error().hint;
  }
  std::vector<std::string> column_names(const ResultQuery& query) {
    std::vector<std::string> names;
    const auto source = run(catalog_.database(), query, clock_);
    if (!source) return {source.error().message};
    for (const RowColumn& column : (*source)->columns()) names.push_back(column.name);
    return names;
  }
  void add(const char* scheduler, const char* verdict, int gap_ms = 0) {
    catalog_.add_result(catalog_.directory(), {{"scheduler", test::text(scheduler)},
                                               {"verdict", test::text(verdict)},
                                               {"worst_gap_ms", test::number(gap_ms)}});
  }
  /// What SQLite would do, a step a line.
  std::string plan(const ResultQuery& query) {
    const auto built = result_sql(catalog_.database(), query);
    if (!built) return built.error().message;
    SQLite::Statement statement(catalog_.database(), "EXPLAIN QUERY PLAN " + built->sql);
    int index = 0;
    for (const Value& value : built->parameters) bind_value(statement, ++index, value);
    std::string steps;
    while (statement.executeStep()) steps += statement.getColumn(3).getString() + "\n";
    return steps;
  }

  test::SampleCatalog catalog_;
  test::FakeClock clock_;
};

ResultQuery selecting(const std::string& columns) {
  ResultQuery query;
  query.select = {columns};
  return query;
}

TEST_F(ResultQueryTest, GivesItsDefaultColumns) {
  EXPECT_EQ(column_names({}),
            (test::Rows{"id", "verdict", "test_name", "scheduler", "topology", "kernel_version"}));
}

TEST_F(ResultQueryTest, TakesColumnPrioritiesFromTheTable) {
  const auto source = run(catalog_.database(), {}, clock_);
  ASSERT_TRUE(source);
  for (const RowColumn& column : (*source)->columns()) {
    EXPECT_EQ(column.priority, find_result_column(column.name)->priority) << column.name;
  }
}

TEST_F(ResultQueryTest, FindsWhatTheExpressionSays) {
  add("a", "fail", 5);
  add("b", "fail", 50);
  add("c", "pass", 50);
  ResultQuery query = selecting("scheduler");
  query.expression = "verdict = 'fail' AND worst_gap_ms > 10 -- long ones";
  EXPECT_EQ(rows(query), test::Rows{"b"});
}

TEST_F(ResultQueryTest, CombinesExpressionAndFilters) {
  add("a", "fail");
  add("b", "fail");
  ResultQuery query = selecting("scheduler");
  query.expression = "verdict = 'pass' OR 1";
  query.filters.schedulers = {"b"};
  EXPECT_EQ(rows(query), test::Rows{"b"});
}

TEST_F(ResultQueryTest, ShowsAWrongExpressionWithItsPlace) {
  ResultQuery query;
  query.expression = "verdit = 'fail'";
  EXPECT_EQ(rows(query), test::Rows{"error: no such column: verdit"});
  EXPECT_EQ(hint(query), "verdit = 'fail'\n^\ndid you mean verdict?");
}

TEST_F(ResultQueryTest, RefusesHostileExpressions) {
  add("a", "fail");
  for (const char* expression :
       {"1) UNION SELECT 1,2,3,4,5,6,7 FROM sqlite_master --", "1; DELETE FROM sidecar",
        "1) ORDER BY (1", "?1", "(SELECT 1 FROM sidecar)", "SELECT 1"}) {
    ResultQuery query;
    query.expression = expression;
    EXPECT_EQ(rows(query).front().substr(0, 6), "error:") << expression;
  }
  EXPECT_EQ(catalog_.count("sidecar"), 1);
}

TEST_F(ResultQueryTest, ShowsThePlaceOfAMisplacedAggregate) {
  ResultQuery query;
  query.expression = "1 AND count(*) > 1";
  EXPECT_EQ(rows(query), test::Rows{"error: misuse of aggregate function count()"});
  EXPECT_EQ(hint(query), "1 AND count(*) > 1\n      ^");
}

TEST_F(ResultQueryTest, SelectsColumnsAndExpressions) {
  add("a", "fail", 1500);
  EXPECT_EQ(rows(selecting("scheduler, worst_gap_ms / 1000.0,max(worst_gap_ms, 2000)")),
            test::Rows{"a|1.5|2000"});
  EXPECT_EQ(column_names(selecting("scheduler, worst_gap_ms / 1000.0")),
            (test::Rows{"scheduler", "worst_gap_ms / 1000.0"}));
}

TEST_F(ResultQueryTest, SelectsEveryColumnByAStar) {
  EXPECT_EQ(column_names(selecting("*")).size(), result_columns().size());
}

TEST_F(ResultQueryTest, RefusesAWrongColumnToSelect) {
  EXPECT_EQ(rows(selecting("verdict, verdit")), test::Rows{"error: no such column: verdit"});
  EXPECT_EQ(hint(selecting("verdict, verdit")), "verdit\n^\ndid you mean verdict?");
  EXPECT_EQ(rows(selecting("1) FROM sidecar --")),
            test::Rows{"error: a parenthesis that nothing opened"});
}

TEST_F(ResultQueryTest, OrdersByPlaceInBytesWithoutAWish) {
  const auto second = catalog_.add_directory("b");
  const auto first = catalog_.add_directory("B", "job");
  const auto before = catalog_.add_directory("B");
  catalog_.add_result(second, {{"file_name", test::text("a")}});
  catalog_.add_result(first, {{"file_name", test::text("b")}});
  catalog_.add_result(first, {{"file_name", test::text("B")}});
  catalog_.add_result(before, {{"file_name", test::text("z")}});
  EXPECT_EQ(rows(selecting("path")), (test::Rows{"B/z", "B/job/B", "B/job/b", "b/a"}));
}

TEST_F(ResultQueryTest, OrdersAsWished) {
  add("a", "fail", 1);
  add("b", "pass", 3);
  add("c", "fail", 2);
  ResultQuery query = selecting("scheduler");
  const std::pair<const char*, test::Rows> wishes[] = {
      {"worst_gap_ms", {"a", "c", "b"}},
      {"worst_gap_ms DESC", {"b", "c", "a"}},
      {"worst_gap_ms asc", {"a", "c", "b"}},
      {"-worst_gap_ms", {"b", "c", "a"}},
      {"verdict, worst_gap_ms desc", {"c", "a", "b"}},
      {"abs(worst_gap_ms - 2), scheduler", {"c", "a", "b"}},
      {"abs(worst_gap_ms - 2) desc , -scheduler", {"b", "a", "c"}}};
  for (const auto& wish : wishes) {
    query.order_by = {wish.first};
    EXPECT_EQ(rows(query), wish.second) << wish.first;
  }
}

TEST_F(ResultQueryTest, OrdersTiesByPlace) {
  add("b", "fail");
  add("a", "fail");
  ResultQuery query = selecting("scheduler");
  query.order_by = {"verdict"};
  EXPECT_EQ(rows(query), (test::Rows{"b", "a"}));
}

TEST_F(ResultQueryTest, RefusesAWrongOrder) {
  ResultQuery query;
  query.order_by = {"verdit desc"};
  EXPECT_EQ(hint(query), "verdit\n^\ndid you mean verdict?");
  query.order_by = {"verdict; DROP TABLE sidecar"};
  EXPECT_EQ(rows(query), test::Rows{"error: only one expression is allowed"});
}

TEST_F(ResultQueryTest, LimitsItsRows) {
  for (const char* scheduler : {"a", "b", "c"}) add(scheduler, "fail");
  ResultQuery query = selecting("scheduler");
  query.limit = 2;
  EXPECT_EQ(rows(query), (test::Rows{"a", "b"}));
  query.limit = 0;
  EXPECT_EQ(rows(query), test::Rows{});
  query.limit = -1;
  EXPECT_EQ(rows(query), test::Rows{"error: the limit is negative"});
}

TEST_F(ResultQueryTest, CountsWithoutRegardToTheLimit) {
  for (const char* scheduler : {"a", "b", "c"}) add(scheduler, "fail");
  ResultQuery query;
  query.count_only = true;
  query.limit = 1;
  query.expression = "scheduler <> 'a'";
  EXPECT_EQ(rows(query), test::Rows{"2"});
  EXPECT_EQ(column_names(query), test::Rows{"count"});
}

TEST_F(ResultQueryTest, GroupsLargestFirst) {
  add("b", "pass");
  add("a", "fail");
  add("a", "pass");
  add("b", "pass");
  ResultQuery query;
  query.group_by = {"scheduler,verdict"};
  EXPECT_EQ(rows(query), (test::Rows{"b|pass|2", "a|fail|1", "a|pass|1"}));
  EXPECT_EQ(column_names(query), (test::Rows{"scheduler", "verdict", "count"}));
}

TEST_F(ResultQueryTest, GroupsByExpressions) {
  add("scx_a", "pass");
  add("scx_b", "pass");
  add("eevdf", "pass");
  ResultQuery query;
  query.group_by = {"substr(scheduler, 1, 3)"};
  EXPECT_EQ(rows(query), (test::Rows{"scx|2", "eev|1"}));
}

TEST_F(ResultQueryTest, OrdersGroupsAsWished) {
  add("b", "pass", 1);
  add("b", "fail", 1);
  add("a", "fail", 9);
  ResultQuery query;
  query.group_by = {"scheduler"};
  query.order_by = {"scheduler"};
  EXPECT_EQ(rows(query), (test::Rows{"a|1", "b|2"}));
  query.order_by = {"count"};
  EXPECT_EQ(rows(query), (test::Rows{"a|1", "b|2"}));
  query.order_by = {"-count"};
  EXPECT_EQ(rows(query), (test::Rows{"b|2", "a|1"}));
  query.order_by = {"max(worst_gap_ms) desc"};
  EXPECT_EQ(rows(query), (test::Rows{"a|1", "b|2"}));
}

TEST_F(ResultQueryTest, RefusesAnOrderThatGroupsDoNotHave) {
  ResultQuery query;
  query.group_by = {"scheduler"};
  query.order_by = {"verdict"};
  EXPECT_EQ(rows(query), test::Rows{"error: groups have no order by verdict"});
}

TEST_F(ResultQueryTest, LimitsAndCountsGroups) {
  add("a", "pass");
  add("b", "pass");
  add("b", "pass");
  ResultQuery query;
  query.group_by = {"scheduler"};
  query.limit = 1;
  EXPECT_EQ(rows(query), test::Rows{"b|2"});
  query.count_only = true;
  EXPECT_EQ(rows(query), test::Rows{"2"});
}

TEST_F(ResultQueryTest, RefusesToSelectFromGroups) {
  ResultQuery query = selecting("verdict");
  query.group_by = {"scheduler"};
  EXPECT_EQ(rows(query), test::Rows{"error: --select and --group-by exclude each other"});
}

TEST_F(ResultQueryTest, MakesAMetricAColumn) {
  const auto fast = catalog_.add_with("scheduler", test::text("fast"));
  const auto slow = catalog_.add_with("scheduler", test::text("slow"));
  catalog_.add_with("scheduler", test::text("none"));
  catalog_.add_metric(fast, "own metric", 1.5);
  catalog_.add_metric(slow, "own metric", 9);
  ResultQuery query;
  query.metrics = {"own metric", "own metric"};
  EXPECT_EQ(column_names(query).back(), "own metric");
  EXPECT_EQ(column_names(query).size(), 7U);
  query.select = {"scheduler", "own metric"};
  EXPECT_EQ(rows(query), (test::Rows{"fast|1.5", "slow|9.0", "none|NULL"}));
  query.expression = "\"own metric\" > 2";
  EXPECT_EQ(rows(query), test::Rows{"slow|9.0"});
  query.expression.reset();
  query.order_by = {"-own metric"};
  EXPECT_EQ(rows(query), (test::Rows{"slow|9.0", "fast|1.5", "none|NULL"}));
}

TEST_F(ResultQueryTest, QuotesTheNameOfAMetric) {
  const std::string name = "a\"b) FROM sidecar --";
  catalog_.add_metric(catalog_.add_with("scheduler", test::text("x")), name, 3);
  ResultQuery query;
  query.metrics = {name};
  EXPECT_EQ(rows(query).front().substr(rows(query).front().rfind('|')), "|3.0");
}

TEST_F(ResultQueryTest, TakesAMetricFromTheWholeRunUnlessToldOtherwise) {
  const auto result = catalog_.add_with("scheduler", test::text("x"));
  catalog_.add_metric(result, "m", 1);
  catalog_.add_metric(result, "m", 2, test::number(1));
  catalog_.add_metric(result, "m", 3, Value(), test::text("cg"));
  catalog_.add_metric(result, "m", 4, test::number(1), test::text("cg"));
  ResultQuery query;
  query.metrics = {"m"};
  query.select = {"m"};
  EXPECT_EQ(rows(query), test::Rows{"1.0"});
  query.phase = 1;
  EXPECT_EQ(rows(query), test::Rows{"2.0"});
  query.cgroup = "cg";
  EXPECT_EQ(rows(query), test::Rows{"4.0"});
  query.phase.reset();
  EXPECT_EQ(rows(query), test::Rows{"3.0"});
  query.cgroup = "other";
  EXPECT_EQ(rows(query), test::Rows{"NULL"});
}

TEST_F(ResultQueryTest, RefusesPhaseAndCgroupWithoutAMetric) {
  ResultQuery query;
  query.phase = 1;
  EXPECT_EQ(rows(query),
            test::Rows{"error: --phase and --cgroup say where metrics are taken from"});
}

TEST_F(ResultQueryTest, AMetricThatIsAColumnTakesItsPlace) {
  const auto result = catalog_.add_with("worst_spread", 7.0);
  catalog_.add_metric(result, "worst_spread", 5, test::number(2));
  ResultQuery query;
  query.metrics = {"worst_spread"};
  query.phase = 2;
  query.select = {"worst_spread"};
  EXPECT_EQ(rows(query), test::Rows{"5.0"});
  query.select = {"*"};
  EXPECT_EQ(column_names(query).size(), result_columns().size());
}

TEST_F(ResultQueryTest, RefusesAForeignMetricThatIsCalledLikeAColumn) {
  catalog_.add_metric(catalog_.add_with("scheduler", test::text("x")), "Verdict", 3);
  ResultQuery query;
  query.metrics = {"Verdict"};
  EXPECT_EQ(rows(query), test::Rows{"error: the metric 'Verdict' has the name of a column"});
}

TEST_F(ResultQueryTest, RefusesAnUnknownMetric) {
  ResultQuery query;
  query.metrics = {"worst_p99_wake_latency_ms"};
  EXPECT_EQ(rows(query), test::Rows{"error: there is no metric 'worst_p99_wake_latency_ms'"});
  EXPECT_EQ(hint(query).find("did you mean worst_p99_wake_latency_us"), 0U) << hint(query);
}

TEST_F(ResultQueryTest, RefusesAKvmStatisticAsAMetric) {
  const auto shape = catalog_.insert("shape", {{"digest", test::text("kvm")}});
  catalog_.insert(
      "shape_metric",
      {{"shape_id", shape}, {"metric", test::text("halt_exits")}, {"position", test::number(0)}});
  ResultQuery query;
  query.metrics = {"halt_exits"};
  EXPECT_EQ(rows(query), test::Rows{"error: there is no metric 'halt_exits'"});
}

TEST_F(ResultQueryTest, NotesARegisteredMetricThatNoResultHas) {
  catalog_.add_metric(catalog_.add_with("scheduler", test::text("x")), "here", 3);
  ResultQuery query;
  query.metrics = {"worst_p99_wake_latency_us", "here"};
  query.select = {"worst_p99_wake_latency_us"};
  EXPECT_EQ(metric_notes(catalog_.database(), query),
            test::Rows{"no result has the metric worst_p99_wake_latency_us"});
  EXPECT_EQ(rows(query), test::Rows{"NULL"});
}

TEST_F(ResultQueryTest, StopsAtItsTimeout) {
  add("a", "fail");
  ResultQuery query;
  query.timeout_ns = 1'000'000'000;
  query.expression =
      "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n)";
  const test::TickingClock ticking;
  auto source = run(catalog_.database(), query, ticking);
  ASSERT_TRUE(source);
  std::vector<Value> row;
  const auto stepped = (*source)->next(row);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::timeout);
}

TEST_F(ResultQueryTest, LeavesTheConnectionFreeAfterwards) {
  add("a", "fail");
  EXPECT_EQ(rows({}).size(), 1U);
  ResultQuery wrong;
  wrong.expression = "verdit";
  EXPECT_EQ(rows(wrong).size(), 1U);
  add("b", "fail");
  EXPECT_EQ(rows({}).size(), 2U);
}

TEST_F(ResultQueryTest, UsesTheIndexOfTheVerdict) {
  ResultQuery query;
  query.expression = "verdict = 'fail' and scheduler = 'scx_lavd'";
  query.metrics = {"worst_p99_wake_latency_us"};
  EXPECT_NE(plan(query).find("sidecar_by_verdict (verdict=? AND scheduler=?)"), std::string::npos)
      << plan(query);
  query.expression.reset();
  query.filters.verdicts = {"fail"};
  query.filters.schedulers = {"scx_lavd"};
  EXPECT_NE(plan(query).find("sidecar_by_verdict (verdict=? AND scheduler=?)"), std::string::npos)
      << plan(query);
}

TEST_F(ResultQueryTest, UsesTheIndexesOfCommitTestAndId) {
  const std::pair<const char*, const char*> cases[] = {
      {"project_commit = 'abc1234'", "sidecar_by_commit (project_commit=?)"},
      {"test_name = 'basic'", "sidecar_by_test (test_name=?)"},
      {"test_name GLOB 'sched_*'", "sidecar_by_test (test_name>? AND test_name<?)"},
      {"id = 'x'", "sidecar_by_id (id=?)"}};
  for (const auto& one : cases) {
    ResultQuery query;
    query.expression = one.first;
    EXPECT_NE(plan(query).find(one.second), std::string::npos) << plan(query);
  }
}

TEST_F(ResultQueryTest, DoesNotSortARunDirectory) {
  ResultQuery query;
  query.filters.run_dirs = {"6.14.2-abc1234"};
  EXPECT_EQ(plan(query).find("TEMP B-TREE"), std::string::npos) << plan(query);
}

TEST_F(ResultQueryTest, FindsAMetricByItsSeries) {
  ResultQuery query;
  query.metrics = {"worst_p99_wake_latency_us"};
  EXPECT_NE(plan(query).find("SEARCH v USING PRIMARY KEY (sidecar_id=?)"), std::string::npos)
      << plan(query);
  EXPECT_NE(plan(query).find("SEARCH m USING PRIMARY KEY (shape_id=? AND metric=?)"),
            std::string::npos)
      << plan(query);
}

}  // namespace
}  // namespace ktstr
