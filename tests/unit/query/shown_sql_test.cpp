// SPDX-License-Identifier: MIT
#include "query/shown_sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "sample_catalog.hpp"

namespace ktstr {
namespace {

std::string value_of(const std::string& expression) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  SQLite::Statement select(database, "SELECT " + expression);
  select.executeStep();
  const SQLite::Column column = select.getColumn(0);
  return {static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

TEST(SqlLiteral, IsAStringWhereAllOfItCanBeSeen) {
  EXPECT_EQ(sql_literal("it's"), "'it''s'");
  EXPECT_EQ(sql_literal(""), "''");
}

TEST(SqlLiteral, NamesTheCharactersThatCantBeSeen) {
  EXPECT_EQ(sql_literal("a\r\nb"), "('a' || char(13, 10) || 'b')");
  EXPECT_EQ(sql_literal("\xE2\x80\xAE"), "char(8238)");
  EXPECT_EQ(sql_literal("\xff"), "CAST(x'ff' AS TEXT)");
}

TEST(SqlLiteral, MeansTheText) {
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "a\n";
  for (const std::string& text : {std::string("a'\n\x1b\xE2\x80\xAE' \xff\xfe|"), many,
                                  std::string("a\0b", 3), std::string("\xF3\xA0\x81\x81")}) {
    EXPECT_EQ(value_of(sql_literal(text)), text);
  }
}

TEST(ShownSql, KeepsAStatementThatHidesNothing) {
  const std::string sql = "SELECT \"a\", 'b''c' -- d\nFROM t /* e */ WHERE x < 1.5e3";
  EXPECT_EQ(shown_sql(sql), sql);
}

TEST(ShownSql, EscapesStringsNamesAndCommentsEachInItsWay) {
  EXPECT_EQ(shown_sql("SELECT\t'\n' AS '\x1b', \"a\x1b\" --\xE2\x80\xAE\n, b\xE2\x80\xAE"),
            "SELECT char(10) AS '\\x1b', \"a\\x1b\" --\\u202e\n, \"b\\u202e\"");
}

}  // namespace
}  // namespace ktstr

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
