// SPDX-License-Identifier: MIT
#include "query/sql_guard.hpp"

#include <gtest/gtest.h>

#include "query/statement.hpp"
#include "sample_catalog.hpp"
#include "support/fake_clock.hpp"
#include "support/ticking_clock.hpp"

namespace ktstr {
namespace {

class ReadOnly : public testing::Test {
 protected:
  /// "" if it is let through, else why not.
  std::string refusal(std::string_view sql) {
    ReadOnlyGuard guard(catalog_.database(), 0, clock_);
    const auto statement = ReadStatement::prepare(guard, sql);
    return statement ? "" : statement.error().message;
  }

  test::SampleCatalog catalog_;
  test::FakeClock clock_;
};

TEST_F(ReadOnly, LetsEveryViewBeReadInEveryWay) {
  for (const std::string& view : view_names()) {
    EXPECT_EQ(refusal("SELECT * FROM " + view), "") << view;
    EXPECT_EQ(refusal("SELECT count(*) FROM " + view), "") << view;
    EXPECT_EQ(refusal("SELECT 1 FROM main." + view + " AS x"), "") << view;
    EXPECT_EQ(refusal("SELECT EXISTS(SELECT * FROM " + view + ")"), "") << view;
    EXPECT_EQ(refusal("WITH x AS (SELECT * FROM " + view + ") SELECT count(*) FROM x"), "") << view;
    EXPECT_EQ(refusal("SELECT a.* FROM " + view + " a, " + view + " b"), "") << view;
  }
}

TEST_F(ReadOnly, LetsCtesSubqueriesAndWindowsThrough) {
  EXPECT_EQ(refusal("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5) "
                    "SELECT i FROM n"),
            "");
  EXPECT_EQ(refusal("SELECT row_number() OVER (PARTITION BY scheduler ORDER BY time_ns) "
                    "FROM results"),
            "");
  EXPECT_EQ(refusal("SELECT verdict FROM results WHERE id IN (SELECT id FROM pool)"), "");
  EXPECT_EQ(refusal("VALUES(1), (2)"), "");
  EXPECT_EQ(refusal("EXPLAIN QUERY PLAN SELECT * FROM results"), "");
}

TEST_F(ReadOnly, LetsTheSchemaAndJsonBeRead) {
  EXPECT_EQ(refusal("SELECT name, sql FROM sqlite_master"), "");
  EXPECT_EQ(refusal("SELECT count(*) FROM sqlite_schema"), "");
  EXPECT_EQ(refusal("SELECT h.host_key, j.value FROM hosts h, json_each(h.sched_tunables) j"), "");
  EXPECT_EQ(refusal("SELECT count(*) FROM json_tree('[]')"), "");
}

TEST_F(ReadOnly, RefusesTablesInEveryPlace) {
  for (const char* sql : {
           "SELECT * FROM sidecar",
           "SELECT count(*) FROM sidecar",
           "SELECT 1 FROM main.sidecar",
           "SELECT rowid FROM sidecar",
           "SELECT 1 FROM 'sidecar'",
           "SELECT 1 FROM [SideCar]",
           "SELECT 1 FROM results, sidecar",
           "SELECT 1 FROM results NATURAL JOIN sidecar",
           "SELECT 1 FROM results JOIN sidecar USING(sidecar_id)",
           "SELECT 1 FROM (results JOIN (sidecar))",
           "SELECT EXISTS(SELECT 1 FROM sidecar)",
           "SELECT x FROM (SELECT 1 AS x FROM sidecar)",
           "SELECT 1 IN sidecar",
           "SELECT 1 FROM results UNION SELECT 1 FROM sidecar",
           "WITH x AS (SELECT 1 FROM sidecar) SELECT * FROM x",
           "SELECT * FROM (SELECT file_name FROM sidecar) AS results",
       }) {
    EXPECT_EQ(refusal(sql), "sidecar can't be read: only the views can") << sql;
  }
}

TEST_F(ReadOnly, IsNotFooledByACteThatIsCalledLikeAView) {
  EXPECT_EQ(refusal("WITH results AS (SELECT settled FROM sidecar) SELECT settled FROM results"),
            "sidecar can't be read: only the views can");
}

TEST_F(ReadOnly, LetsACteBeCalledLikeATable) {
  EXPECT_EQ(refusal("WITH sidecar AS (SELECT 1 AS a) SELECT a FROM sidecar"), "");
  EXPECT_EQ(refusal("WITH sidecar AS (SELECT 1 AS a) SELECT count(*) FROM sidecar"), "");
}

TEST_F(ReadOnly, RefusesATableBesideACteOfItsName) {
  EXPECT_EQ(refusal("WITH sidecar AS (SELECT 1 AS a) SELECT count(*) FROM main.sidecar"),
            "sidecar can't be read: only the views can");
  EXPECT_EQ(refusal("SELECT (WITH sidecar AS (SELECT 1) SELECT 1 FROM sidecar), count(*) "
                    "FROM sidecar"),
            "sidecar can't be read: only the views can");
}

TEST_F(ReadOnly, LeavesAViewAsItIsBesideACteOfATablesName) {
  catalog_.add_with("verdict", test::text("fail"));
  ReadOnlyGuard guard(catalog_.database(), 0, clock_);
  auto statement = ReadStatement::prepare(
      guard, "WITH sidecar AS (SELECT 'forged' AS verdict) SELECT verdict FROM results");
  ASSERT_TRUE(statement) << statement.error().message;
  std::vector<Value> row;
  ASSERT_TRUE(statement->next(row).value());
  EXPECT_EQ(test::shown(row.front()), "fail");
}

TEST_F(ReadOnly, RefusesWrites) {
  for (const char* sql :
       {"DELETE FROM sidecar", "INSERT INTO setting VALUES(1, 2)", "UPDATE sidecar SET id = 1",
        "DELETE FROM sidecar RETURNING id", "CREATE TABLE x(a)", "CREATE TEMP TABLE x(a)",
        "CREATE TEMP VIEW x AS SELECT 1", "DROP VIEW results", "ALTER TABLE sidecar ADD x",
        "REINDEX", "ANALYZE", "VACUUM", "VACUUM INTO 'x'", "EXPLAIN DELETE FROM sidecar",
        "WITH x AS (SELECT 1) DELETE FROM sidecar", "CREATE VIRTUAL TABLE x USING fts5(a)",
        "UPDATE sqlite_master SET sql = ''"}) {
    EXPECT_NE(refusal(sql), "") << sql;
  }
  EXPECT_EQ(refusal("DELETE FROM sidecar"), "only reading the views is allowed");
  EXPECT_EQ(refusal("VACUUM"), "only reading the views is allowed");
}

TEST_F(ReadOnly, RefusesPragmasInBothForms) {
  EXPECT_EQ(refusal("PRAGMA user_version"), "PRAGMA is refused");
  EXPECT_EQ(refusal("PRAGMA query_only = 0"), "PRAGMA is refused");
  EXPECT_NE(refusal("SELECT * FROM pragma_table_info('sidecar')"), "");
  EXPECT_NE(refusal("SELECT count(*) FROM pragma_table_info('sidecar')"), "");
}

TEST_F(ReadOnly, RefusesAPragmaFunctionThatTheConnectionHasUsedBefore) {
  catalog_.database().execAndGet("SELECT count(*) FROM pragma_table_info('sidecar')");
  EXPECT_NE(refusal("SELECT * FROM pragma_table_info('sidecar')"), "");
  ReadOnlyGuard guard(catalog_.database(), 0, clock_);
  auto counted = ReadStatement::prepare(guard, "SELECT count(*) FROM pragma_table_info('sidecar')");
  std::vector<Value> row;
  ASSERT_TRUE(counted);
  EXPECT_FALSE(counted->next(row));
}

TEST_F(ReadOnly, RefusesAttachAndTransactions) {
  EXPECT_EQ(refusal("ATTACH ':memory:' AS x"), "ATTACH and DETACH are refused");
  EXPECT_EQ(refusal("DETACH main"), "ATTACH and DETACH are refused");
  EXPECT_EQ(refusal("BEGIN"), "transactions are refused");
  EXPECT_EQ(refusal("COMMIT"), "transactions are refused");
  EXPECT_EQ(refusal("SAVEPOINT x"), "transactions are refused");
}

TEST_F(ReadOnly, RefusesFunctionsThatLoadCode) {
  EXPECT_EQ(refusal("SELECT load_extension('x')"), "the function load_extension is refused");
  EXPECT_EQ(refusal("SELECT LOAD_EXTENSION('x')"), "the function load_extension is refused");
}

TEST_F(ReadOnly, TakesDoubleQuotesForNamesOnly) {
  EXPECT_EQ(refusal("SELECT 1 FROM results WHERE verdict = \"fail\""), "no such column: fail");
}

TEST_F(ReadOnly, RefusesValuesThatWouldFillTheMemory) {
  ReadOnlyGuard guard(catalog_.database(), 0, clock_);
  auto statement = ReadStatement::prepare(guard, "SELECT length(zeroblob(500000000))");
  ASSERT_TRUE(statement);
  std::vector<Value> row;
  const Result<bool> stepped = statement->next(row);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::usage);
}

TEST_F(ReadOnly, GivesTheConnectionBackAsItWas) {
  { ReadOnlyGuard guard(catalog_.database(), 1, clock_); }
  clock_.advance(10);
  catalog_.add_with("verdict", test::text("fail"));
  EXPECT_EQ(catalog_.count("sidecar"), 1);
  EXPECT_EQ(catalog_.database().execAndGet("SELECT \"text\"").getString(), "text");
}

constexpr const char* k_endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n";

TEST_F(ReadOnly, DoesNotCountTheTimeBetweenRows) {
  ReadOnlyGuard guard(catalog_.database(), 1'000'000'000, clock_);
  auto statement = ReadStatement::prepare(guard, "VALUES (1), (2)");
  ASSERT_TRUE(statement);
  std::vector<Value> row;
  ASSERT_TRUE(statement->next(row).value());
  clock_.advance(5'000'000'000);  // somebody reads a page
  EXPECT_TRUE(statement->next(row).value());
  EXPECT_FALSE(guard.timed_out());
}

TEST_F(ReadOnly, StopsAtTheDeadline) {
  const test::TickingClock ticking;
  ReadOnlyGuard guard(catalog_.database(), 1'500'000'000, ticking);
  auto endless = ReadStatement::prepare(guard, k_endless);
  ASSERT_TRUE(endless);
  std::vector<Value> row;
  const Result<bool> stepped = endless->next(row);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::timeout);
  EXPECT_EQ(stepped.error().message, "the query took longer than 1.5 s");
  EXPECT_FALSE(endless->next(row).value());
}

TEST_F(ReadOnly, DoesNotStopBeforeTheDeadline) {
  ReadOnlyGuard guard(catalog_.database(), 1'000'000'000, clock_);
  auto statement = ReadStatement::prepare(
      guard,
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 100000) "
      "SELECT count(*) FROM n");
  ASSERT_TRUE(statement);
  clock_.advance(999'999'999);
  std::vector<Value> row;
  EXPECT_TRUE(statement->next(row).value());
}

TEST_F(ReadOnly, HasNoDeadlineWithoutATimeout) {
  ReadOnlyGuard guard(catalog_.database(), 0, clock_);
  auto statement = ReadStatement::prepare(
      guard,
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 100000) "
      "SELECT count(*) FROM n");
  ASSERT_TRUE(statement);
  clock_.advance(1'000'000'000'000);
  std::vector<Value> row;
  EXPECT_TRUE(statement->next(row).value());
}

/// The tables named, CTEs in angle brackets.
std::string tables(std::string_view sql) {
  std::string out;
  const auto tokens = tokenize(sql);
  if (!tokens) return "problem";
  for (const TableReference& reference : table_references(*tokens)) {
    if (!out.empty()) out += " ";
    out += reference.is_cte ? "<" + reference.name + ">" : reference.name;
  }
  return out;
}

TEST(TableReferences, AreFoundBehindFromJoinAndCommas) {
  EXPECT_EQ(tables("SELECT a, b FROM t1, t2 x JOIN t3 ON a = b, t4 NATURAL JOIN t5 WHERE c IN (1)"),
            "t1 t2 t3 t4 t5");
}

TEST(TableReferences, AreFoundInEveryQuoting) {
  EXPECT_EQ(tables("SELECT 1 FROM \"T1\", [t2], `t3`, 't4'"), "t1 t2 t3 t4");
}

TEST(TableReferences, AreFoundBehindASchema) {
  EXPECT_EQ(tables("SELECT 1 FROM main.t1 JOIN 'main'.\"t2\""), "t1 t2");
}

TEST(TableReferences, AreFoundInNestedParentheses) {
  EXPECT_EQ(tables("SELECT 1 FROM ((t1, (t2)) JOIN (SELECT 1 FROM t3) x)"), "t1 t2 t3");
}

TEST(TableReferences, AreFoundBehindIn) {
  EXPECT_EQ(tables("a IN t1 AND b NOT IN main.t2 AND c IN 't3'"), "t1 t2 t3");
}

TEST(TableReferences, AreNotStringsInAListOrArguments) {
  EXPECT_EQ(tables("SELECT f('x', 'y') FROM t1 WHERE a IN ('host', 'ci') ORDER BY b, c"), "t1");
  EXPECT_EQ(tables("SELECT 1 FROM json_each('host', 'x')"), "json_each");
}

TEST(TableReferences, AreNotMadeByDistinctFrom) {
  EXPECT_EQ(tables("a IS NOT DISTINCT FROM b"), "");
}

TEST(TableReferences, SeeThroughComments) {
  EXPECT_EQ(tables("SELECT 1 FROM/*x*/t1,--\nt2"), "t1 t2");
}

TEST(TableReferences, KnowCommonTableExpressions) {
  EXPECT_EQ(tables("WITH a AS (SELECT 1), b(x, y) AS MATERIALIZED (SELECT * FROM a) "
                   "SELECT 1 FROM b, a, c"),
            "<a> <b> <a> c");
}

TEST(TableReferences, AreNoCteOutsideOfItsParentheses) {
  EXPECT_EQ(tables("SELECT (WITH t AS (SELECT 1) SELECT 1 FROM t) FROM t"), "<t> t");
}

TEST(TableReferences, AreNoCteBehindASchema) {
  EXPECT_EQ(tables("WITH t AS (SELECT 1) SELECT 1 FROM main.t"), "t");
}

TEST(TableReferences, KnowRecursiveCtes) {
  EXPECT_EQ(tables("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n) "
                   "SELECT i FROM n"),
            "<n> <n>");
}

TEST(TableReferences, SurviveUnbalancedParentheses) { EXPECT_EQ(tables(")) FROM (t1"), "t1"); }

}  // namespace
}  // namespace ktstr
