// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "query/shown_sql.hpp"
#include "sample_catalog.hpp"

namespace ktstr::test {
namespace {

class QueryPlans : public ::testing::Test {
 protected:
  QueryPlan plan(const ResultQuery& query) {
    const auto found = query_plan(catalog_.database(), query);
    EXPECT_TRUE(found) << (found ? "" : found.error().text());
    return found.value_or(QueryPlan{});
  }

  SampleCatalog catalog_;
};

TEST_F(QueryPlans, NameTheIndexThatServesAFilter) {
  ResultQuery query;
  query.filters.verdicts = {"fail"};
  EXPECT_EQ(plan(query).index, "sidecar_by_verdict");
}

TEST_F(QueryPlans, SayThatEveryResultIsLookedAt) {
  ResultQuery query;
  query.expression = "worst_gap_ms > 5";
  const QueryPlan found = plan(query);
  EXPECT_EQ(found.index, "");
  EXPECT_FALSE(found.steps.empty());
}

TEST_F(QueryPlans, HaveAStatementThatGivesTheSameRows) {
  catalog_.add_with("scheduler", text("it's ?1 \"here\""));
  catalog_.add_with("scheduler", text("eevdf"));
  ResultQuery query;
  query.filters.schedulers = {"it's ?1 \"here\""};
  query.filters.since_ns = -5;
  query.metrics = {"worst_p99_wake_latency_us"};
  query.limit = 7;
  const std::string sql = plan(query).statement;
  SQLite::Statement statement(catalog_.database(), sql);
  ASSERT_TRUE(statement.executeStep());
  EXPECT_FALSE(statement.executeStep());
  EXPECT_EQ(sql.find("?2"), std::string::npos) << sql;
}

TEST(WithValues, LeaveStringsAndUnknownNumbersAlone) {
  EXPECT_EQ(with_values("SELECT '?1', ?1, ?2, ?9 -- ?1", {Value(), Value(0.5)}),
            "SELECT '?1', NULL, 0.5, ?9 -- ?1");
}

}  // namespace
}  // namespace ktstr::test
