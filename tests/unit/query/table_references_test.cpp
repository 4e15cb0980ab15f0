// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "query/sql_guard.hpp"

namespace ktstr {
namespace {

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
