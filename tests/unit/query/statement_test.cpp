// SPDX-License-Identifier: MIT
#include "query/statement.hpp"

#include "sample_catalog.hpp"
#include "support/fake_clock.hpp"
#include "support/ticking_clock.hpp"

namespace ktstr {
namespace {

class Statement : public testing::Test {
 protected:
  Result<std::unique_ptr<RowSource>> run(const std::string& sql) {
    return run_statement(catalog_.database(), sql, 0, clock_);
  }
  test::Rows rows(const std::string& sql) { return test::all_rows(run(sql)); }
  std::string hint(const std::string& sql) {
    const auto source = run(sql);
    return source ? "" : source.error().hint;
  }

  test::SampleCatalog catalog_;
  test::FakeClock clock_;
};

TEST_F(Statement, GivesItsRows) {
  catalog_.add_with("verdict", test::text("fail"));
  catalog_.add_with("verdict", test::text("pass"));
  EXPECT_EQ(rows("SELECT verdict, count(*) FROM results GROUP BY 1"),
            (test::Rows{"fail|1", "pass|1"}));
}

TEST_F(Statement, GivesEveryKindOfValue) {
  EXPECT_EQ(rows("SELECT 1, 2.5, 'a', NULL, x'4142', ''"), test::Rows{"1|2.5|a|NULL|AB|"});
}

TEST_F(Statement, KeepsRepeatedColumnNames) {
  auto source = run("SELECT 1 AS a, 2 AS a");
  ASSERT_TRUE(source);
  ASSERT_EQ((*source)->columns().size(), 2U);
  EXPECT_EQ((*source)->columns()[1].name, "a");
}

TEST_F(Statement, MayEndWithSemicolonsAndComments) {
  EXPECT_EQ(rows("SELECT 1;; -- done"), test::Rows{"1"});
}

TEST_F(Statement, IsOneStatement) {
  EXPECT_EQ(rows("SELECT 1; SELECT 2"), test::Rows{"error: only one statement is allowed"});
  EXPECT_EQ(hint("SELECT 1; SELECT 2"), "SELECT 1; SELECT 2\n          ^");
  EXPECT_EQ(rows("SELECT 1; DELETE FROM sidecar"),
            test::Rows{"error: only one statement is allowed"});
  EXPECT_EQ(rows(""), test::Rows{"error: there is no statement"});
  EXPECT_EQ(rows(" ; -- x"), test::Rows{"error: there is no statement"});
}

TEST_F(Statement, MayNotWrite) {
  EXPECT_EQ(rows("DELETE FROM sidecar"), test::Rows{"error: only reading the views is allowed"});
  EXPECT_EQ(rows("PRAGMA user_version"), test::Rows{"error: PRAGMA is refused"});
  EXPECT_EQ(rows("ATTACH 'x' AS y"), test::Rows{"error: ATTACH and DETACH are refused"});
}

TEST_F(Statement, ErrorsAreUsageErrors) {
  EXPECT_EQ(run("DELETE FROM sidecar").error().code, ErrorCode::usage);
  EXPECT_EQ(run("SELECT").error().code, ErrorCode::usage);
}

TEST_F(Statement, ErrorShowsThePlaceAndTheNearestName) {
  EXPECT_EQ(hint("SELECT verdit FROM results"),
            "SELECT verdit FROM results\n       ^\ndid you mean verdict?");
  EXPECT_EQ(hint("SELECT drift_ FROM run_dirs"),
            "SELECT drift_ FROM run_dirs\n       ^\ndid you mean drift?");
  EXPECT_EQ(hint("SELECT 1 FROM result"), "did you mean results?");
}

TEST_F(Statement, ErrorListsTheViewsForATable) {
  const std::string text = hint("SELECT 1 FROM sidecar");
  EXPECT_EQ(text.find("SELECT 1 FROM sidecar\n              ^\nthe views are results pool "), 0U)
      << text;
}

TEST_F(Statement, HasNoParameters) {
  EXPECT_EQ(rows("SELECT ?"), test::Rows{"error: parameters have no values here"});
}

TEST_F(Statement, MistakesInARowAreUsageErrors) {
  auto source = run("SELECT json('{')");
  ASSERT_TRUE(source);
  std::vector<Value> row;
  const auto stepped = (*source)->next(row);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::usage);
}

TEST_F(Statement, StopsAtTheDeadline) {
  const test::TickingClock ticking;
  auto source = run_statement(
      catalog_.database(),
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
      5'000'000'000, ticking);
  ASSERT_TRUE(source);
  std::vector<Value> row;
  const auto stepped = (*source)->next(row);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().code, ErrorCode::timeout);
}

}  // namespace
}  // namespace ktstr
