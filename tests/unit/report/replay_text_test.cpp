// SPDX-License-Identifier: MIT
#include "report/replay_text.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <regex>

namespace ktstr::test {
namespace {

FailedTests failed_of(ResultScope scope, std::int64_t results = 0,
                      std::vector<std::string> names = {}, std::int64_t left_in_jobs = 0) {
  return {std::move(scope), 100, results, std::move(names), left_in_jobs};
}

TEST(ReplayScopeText, NamesTheSessionAndCountsItsDirectories) {
  EXPECT_EQ(scope_text(failed_of({"1763781234567890123", {"a", "b"}})),
            "last session 1763781234567890123, 2 run directories");
  EXPECT_EQ(scope_text(failed_of({"t\033", {"a"}})), "last session t\\x1b, 1 run directory");
}

TEST(ReplayScopeText, NamesTheOneDirectoryThatHasNoToken) {
  EXPECT_EQ(scope_text(failed_of({std::nullopt, {"6.14.2-abc1234"}})),
            "run directory 6.14.2-abc1234, which has no session token");
}

TEST(ReplayScopeText, SaysThatItIsTheWholePool) {
  EXPECT_EQ(scope_text(failed_of({std::nullopt, {"a", "b"}, true})),
            "the whole pool, 2 run directories");
}

TEST(ReplayScopeText, SaysWhatASessionLeavesInJobs) {
  EXPECT_EQ(scope_text(failed_of({"t", {"a"}}, 0, {}, 1)),
            "last session t, 1 run directory; 1 failed test in job directories, which belong to no "
            "session, is left out; --all takes it");
  EXPECT_EQ(scope_text(failed_of({"t", {"a"}}, 0, {}, 2)),
            "last session t, 1 run directory; 2 failed tests in job directories, which belong to "
            "no session, are left out; --all takes them");
}

TEST(ToReplayText, CountsTheTests) {
  EXPECT_EQ(to_replay_text(1),
            "1 failed test; --exec runs it, and so does the filter in: ktstr-index run -- cargo "
            "nextest run -E FILTER");
  EXPECT_EQ(to_replay_text(2),
            "2 failed tests; --exec runs them, and so does the filter in: ktstr-index run -- cargo "
            "nextest run -E FILTER");
}

TEST(NothingToReplayText, HasAnotherSentenceForOneTest) {
  EXPECT_EQ(nothing_to_replay_text(failed_of({"t", {"a"}}, 7, {"one"}), "x"),
            "the one failed test has a name without 'x'; the filter matches nothing");
}

TEST(NothingToReplayText, TellsNoFailuresFromNoResults) {
  EXPECT_EQ(nothing_to_replay_text(failed_of({"t", {"a"}}, 7, {}), std::nullopt),
            "no failures among 7 results, so the filter matches nothing; --all looks at every run "
            "directory");
  EXPECT_EQ(nothing_to_replay_text(failed_of({"t", {"a"}}, 0, {}), "x"),
            "there are no results there, so the filter matches nothing; --all looks at every run "
            "directory");
  EXPECT_EQ(nothing_to_replay_text(failed_of({std::nullopt, {"a"}, true}, 1, {}), std::nullopt),
            "no failures among 1 result, so the filter matches nothing");
}

TEST(NothingToReplayText, SaysThatTheSubstringIsToBlame) {
  EXPECT_EQ(nothing_to_replay_text(failed_of({"t", {"a"}}, 7, {"one", "two"}), "x\n"),
            "none of the 2 failed tests has a name that contains 'x\\n'; the filter matches "
            "nothing");
}

TEST(ReplacedText, NamesTheSessionThatWillBeGone) {
  EXPECT_EQ(replaced_text({"17", 3}, "run"), "results of session 17 in run will be replaced");
  EXPECT_EQ(replaced_text({std::nullopt, 3}, "run"),
            "results without a session in run will be replaced");
}

TEST(OutcomeText, CountsAllAndExplainsWhatIsNotFixed) {
  const std::vector<ReplayedTest> tests = {
      {"dropped", ReplayOutcome::dropped, {}},
      {"fixed", ReplayOutcome::fixed, {1, 0, 0, 0}},
      {"mixed", ReplayOutcome::mixed, {1, 2, 0, 0}},
      {"mixed_skip", ReplayOutcome::mixed, {1, 0, 3, 0}},
      {"persistent", ReplayOutcome::persistent, {0, 1, 0, 0}},
      {"skipped", ReplayOutcome::persistent, {0, 0, 1, 0}},
      {"unjudged\n", ReplayOutcome::inconclusive, {0, 0, 0, 1}},
  };
  EXPECT_EQ(outcome_text(tests),
            "1 FIXED, 2 PERSISTENT, 1 INCONCLUSIVE, 2 MIXED, 1 DROPPED\n"
            "  DROPPED dropped (not run: removed, filtered out, or nextest stopped before it)\n"
            "  MIXED mixed (1 variant(s) fixed, 2 still failing, 0 inconclusive)\n"
            "  MIXED mixed_skip (1 variant(s) fixed, 0 still failing, 0 inconclusive, 3 skipped)\n"
            "  PERSISTENT persistent (still failing)\n"
            "  PERSISTENT skipped (skipped this time)\n"
            "  INCONCLUSIVE unjudged\\n (nothing could be measured, so neither fixed nor failing)");
}

TEST(DriftText, HasThreeForms) {
  EXPECT_EQ(drift_text({}), "(no host context captured)");
  EXPECT_EQ(drift_text({true, {}}), "(host context unchanged since capture)");
  EXPECT_EQ(drift_text({true, {{"arch", "x86_64", "aarch64"}, {"thp_enabled", "a", "(unknown)"}}}),
            "host context drift since capture:\n"
            "  arch: x86_64 \u2192 aarch64\n"
            "  thp_enabled: a \u2192 (unknown)");
}

TEST(ReplayDocument, HasFilterTestsScopeAndHost) {
  const auto text = json_document(
      JsonValue(replay_document({"17", {"run"}}, {"a"}, {true, {{"arch", "x", "y"}}})),
      JsonStyle::compact);
  EXPECT_EQ(text,
            R"_({"filter":"test(/^(.*(::| ))?((ktstr|gauntlet)\\/)?a(\\/.*)?$/)","tests":["a"],)_"
            R"_("scope":{"session":"17","run_dirs":["run"]},)_"
            R"_("host":{"state":"changed","differences":[{"field":"arch","a":"x","b":"y"}]}})_"
            "\n");
}

TEST(ReplayDocument, HasNullForNoSessionAndAnEmptyListForNoDifference) {
  const auto text = json_document(JsonValue(replay_document({std::nullopt, {"run"}}, {}, {})),
                                  JsonStyle::compact);
  EXPECT_NE(text.find(R"("tests":[],"scope":{"session":null,"run_dirs":["run"]},)"
                      R"("host":{"state":"none","differences":[]})"),
            std::string::npos)
      << text;
}

/// What nextest's parser takes out of test(/…/): a slash for each \/, the rest as it stands.
std::string expression_of(const std::string& term) {
  const std::string before = "test(/";
  const std::string after = "/)";
  EXPECT_EQ(term.substr(0, before.size()), before);
  EXPECT_EQ(term.substr(term.size() - after.size()), after);
  const std::string text = term.substr(before.size(), term.size() - before.size() - after.size());
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(text[i], '/') << "a slash would end the expression: " << term;
    if (text[i] == '\\' && text.substr(i + 1, 1) == "/") ++i;
    out += text[i];
  }
  return out;
}

/// \x{…} as ECMAScript has it; enough for ASCII.
std::string for_ecmascript(const std::string& expression) {
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression.compare(i, 3, "\\x{") == 0) {
      unsigned number = 0;
      std::from_chars(&expression[i + 3], &expression.back(), number, 16);
      out += "\\x";
      out += "0123456789abcdef"[number / 16];
      out += "0123456789abcdef"[number % 16];
      i = expression.find('}', i);
    } else if (expression[i] == '\\') {
      out += expression[i];
      out += expression[++i];
    } else {
      out += expression[i];
    }
  }
  return out;
}

bool matches(const std::string& name, const std::string& listed) {
  const std::regex expression(for_ecmascript(expression_of(nextest_term(name))),
                              std::regex::ECMAScript);
  return std::regex_search(listed, expression);
}

TEST(NextestTerm, IsTheDocumentedOne) {
  EXPECT_EQ(nextest_term("wakes_up"),
            R"(test(/^(.*(::| ))?((ktstr|gauntlet)\/)?wakes_up(\/.*)?$/))");
}

TEST(NextestTerm, MatchesEveryWayInWhichTheTestIsListed) {
  for (const char* listed :
       {"wakes_up", "ktstr/wakes_up", "ktstr/wakes_up/6.14.2", "gauntlet/wakes_up/tiny-1llc",
        "gauntlet/wakes_up/tiny-1llc/6.14.2", "tests::wakes_up", "a::b::wakes_up",
        "scx_lavd::stress ktstr/wakes_up", "scx_lavd::stress gauntlet/wakes_up/tiny",
        "scx_lavd wakes_up", "tests::ktstr/wakes_up"}) {
    EXPECT_TRUE(matches("wakes_up", listed)) << listed;
  }
}

TEST(NextestTerm, DoesNotMatchTestsWithSimilarNames) {
  for (const char* listed :
       {"ktstr/wakes_up_again", "ktstr/it_wakes_up", "wakes_up2", "xwakes_up", "tests::it_wakes_up",
        "gauntlet/other/wakes_up", "ktstr/other/wakes_up", "ktstr/wakes", "other/wakes_up",
        "ktstr/wakes-up", "ktstr/WAKES_UP", "ktstr/wakes_up::more", "ktstr/wakes_up more"}) {
    EXPECT_FALSE(matches("wakes_up", listed)) << listed;
  }
}

TEST(NextestTerm, MatchesANameOfMetacharactersOnlyAsItStands) {
  const std::string hostile = R"(a.b*c+d?(e)[f]{2}^g$h|i\j/k\/l\\m')";
  EXPECT_TRUE(matches(hostile, hostile));
  EXPECT_TRUE(matches(hostile, "ktstr/" + hostile + "/6.14"));
  EXPECT_FALSE(matches("a.b", "axb"));
  EXPECT_FALSE(matches("a|b", "a"));
  EXPECT_FALSE(matches("a*", "aa"));
  EXPECT_TRUE(matches("ends\\", "ktstr/ends\\"));
}

/// The term whose name, as a regular expression, is `name`.
std::string term_around(const std::string& name) {
  return R"(test(/^(.*(::| ))?((ktstr|gauntlet)\/)?)" + name + R"_((\/.*)?$/))_";
}

TEST(NextestTerm, ShowsWhatCannotBeSeenByItsNumber) {
  EXPECT_EQ(nextest_term("a\nb\x1b\x7f"), term_around(R"(a\x{a}b\x{1b}\x{7f})"));
  EXPECT_EQ(nextest_term("\xc2\x85"), term_around(R"(\x{85})"));
  EXPECT_EQ(nextest_term("\xe2\x80\xae"), term_around(R"(\x{202e})"));
  EXPECT_EQ(nextest_term("\xf3\xa0\x80\x81"), term_around(R"(\x{e0001})"));
  EXPECT_EQ(nextest_term(std::string("\0", 1)), term_around(R"(\x{0})"));
  EXPECT_EQ(nextest_term("gr\xc3\xb6\xc3\x9f"), term_around("gr\xc3\xb6\xc3\x9f"));
}

TEST(NextestTerm, CanStandBetweenSingleQuotes) {
  EXPECT_EQ(nextest_term("don't; rm '-rf'").find('\''), std::string::npos);
  EXPECT_TRUE(matches("don't", "ktstr/don't"));
}

TEST(NextestTerm, StaysTextWhereTheNameIsNot) {
  const std::string term = nextest_term("a\xff\xc3");
  EXPECT_NE(term.find(R"(a\x{fffd}\x{fffd}()"), std::string::npos) << term;
}

TEST(NextestFilter, IsTheUnionOfItsTerms) {
  EXPECT_EQ(nextest_filter({"a", "b"}), nextest_term("a") + " | " + nextest_term("b"));
}

TEST(NextestFilter, MatchesNothingForNoTests) {
  EXPECT_EQ(nextest_filter({}), "test(/^__ktstr_no_failures_to_replay__$/)");
  EXPECT_EQ(nextest_filters({}).size(), 1U);
}

TEST(NextestFilters, SplitBetweenTermsWhereOneArgumentWouldBeTooLong) {
  const std::size_t two = 2 * nextest_term("a").size() + 3;
  const std::vector<std::string> names = {"a", "b", "c"};
  EXPECT_EQ(nextest_filters(names, two),
            (std::vector<std::string>{nextest_filter({"a", "b"}), nextest_term("c")}));
  EXPECT_EQ(nextest_filters(names, two - 1),
            (std::vector<std::string>{nextest_term("a"), nextest_term("b"), nextest_term("c")}));
  EXPECT_EQ(nextest_filters(names, 1).size(), 3U);
}

TEST(NextestFilters, StayBelowTheLimitOfAnArgument) {
  const std::vector<std::string> names(5000, "a_test_name_of_an_ordinary_length");
  for (const std::string& filter : nextest_filters(names)) EXPECT_LE(filter.size(), 64U * 1024);
}

}  // namespace
}  // namespace ktstr::test
