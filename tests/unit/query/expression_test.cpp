// SPDX-License-Identifier: MIT
#include "query/filters.hpp"
#include "sample_catalog.hpp"

namespace ktstr {
namespace {

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
