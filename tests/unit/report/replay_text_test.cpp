// SPDX-License-Identifier: MIT
#include "report/replay_text.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ktstr::test
