// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>

#include "ktstr/protocol.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

constexpr Verdict k_pass = Verdict::pass;
constexpr Verdict k_skip = Verdict::skip;
constexpr Verdict k_inconclusive = Verdict::inconclusive;
constexpr Verdict k_fail = Verdict::fail;
constexpr std::array<Verdict, 4> k_all = {k_pass, k_skip, k_inconclusive, k_fail};

Outcome outcome(Verdict verdict, const std::string& message = "") {
  return {verdict, {"kind", message, "phase"}};
}

TEST(OutcomeMerge, FollowsTheTable) {
  constexpr Verdict k_table[4][4] = {
      {k_pass, k_pass, k_inconclusive, k_fail},
      {k_pass, k_skip, k_inconclusive, k_fail},
      {k_inconclusive, k_inconclusive, k_inconclusive, k_fail},
      {k_fail, k_fail, k_fail, k_fail},
  };
  for (std::size_t left = 0; left < 4; ++left) {
    for (std::size_t right = 0; right < 4; ++right) {
      EXPECT_EQ(merge(outcome(k_all[left]), outcome(k_all[right])).verdict, k_table[left][right])
          << verdict_name(k_all[left]) << " " << verdict_name(k_all[right]);
    }
  }
}

TEST(OutcomeMerge, KeepsTheLeftDetailOfEquals) {
  for (const Verdict verdict : k_all) {
    EXPECT_EQ(merge(outcome(verdict, "left"), outcome(verdict, "right")), outcome(verdict, "left"));
  }
}

TEST(OutcomeMerge, KeepsTheDetailOfTheStronger) {
  EXPECT_EQ(merge(outcome(k_skip, "left"), outcome(k_fail, "right")), outcome(k_fail, "right"));
  EXPECT_EQ(merge(outcome(k_inconclusive, "left"), outcome(k_pass, "right")),
            outcome(k_inconclusive, "left"));
}

Verdict verdict_of_list(const std::vector<Verdict>& verdicts) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(verdicts.size());
  for (const Verdict verdict : verdicts) outcomes.push_back(outcome(verdict));
  return terminal_outcome(outcomes).verdict;
}

TEST(TerminalOutcome, FollowsTheTable) {
  EXPECT_EQ(verdict_of_list({}), k_pass);
  EXPECT_EQ(verdict_of_list({k_skip}), k_skip);
  EXPECT_EQ(verdict_of_list({k_skip, k_skip}), k_skip);
  EXPECT_EQ(verdict_of_list({k_skip, k_pass}), k_pass);
  EXPECT_EQ(verdict_of_list({k_pass, k_skip}), k_pass);
  EXPECT_EQ(verdict_of_list({k_pass}), k_pass);
  EXPECT_EQ(verdict_of_list({k_pass, k_inconclusive}), k_inconclusive);
  EXPECT_EQ(verdict_of_list({k_skip, k_inconclusive, k_fail}), k_fail);
}

TEST(TerminalOutcome, HasTheDetailOfTheFirstOfItsKind) {
  EXPECT_EQ(
      terminal_outcome({outcome(k_inconclusive, "a"), outcome(k_fail, "b"), outcome(k_fail, "c")}),
      outcome(k_fail, "b"));
  EXPECT_EQ(terminal_outcome(
                {outcome(k_pass), outcome(k_inconclusive, "a"), outcome(k_inconclusive, "b")}),
            outcome(k_inconclusive, "a"));
  EXPECT_EQ(terminal_outcome({outcome(k_skip, "a"), outcome(k_skip, "b")}), outcome(k_skip, "a"));
}

TEST(VerdictBits, HoldOneOfThree) {
  EXPECT_EQ(verdict_bits(k_pass), (VerdictBits{true, false, false, false}));
  EXPECT_EQ(verdict_bits(k_skip), (VerdictBits{false, true, false, false}));
  EXPECT_EQ(verdict_bits(k_inconclusive), (VerdictBits{false, false, true, false}));
  EXPECT_EQ(verdict_bits(k_fail), (VerdictBits{}));
}

TEST(VerdictBits, AreReadFromARecord) {
  Record record;
  record.inconclusive = true;
  record.expected_failure = true;
  EXPECT_EQ(verdict_bits(record), (VerdictBits{false, false, true, true}));
}

TEST(VerdictExitCode, FollowsTheTable) {
  EXPECT_EQ(verdict_exit_code(k_pass), 0);
  EXPECT_EQ(verdict_exit_code(k_skip), 0);
  EXPECT_EQ(verdict_exit_code(k_inconclusive), 2);
  EXPECT_EQ(verdict_exit_code(k_fail), 1);
}

TEST(NoSkipMode, IsOnEvenIfEmpty) {
  EXPECT_TRUE(no_skip_mode(test::variables_of({{"KTSTR_NO_SKIP_MODE", ""}})));
  EXPECT_TRUE(no_skip_mode(test::variables_of({{"KTSTR_NO_SKIP_MODE", "0"}})));
  EXPECT_FALSE(no_skip_mode(test::variables_of({})));
}

TEST(FinalVerdictOfAResult, FollowsTheTable) {
  struct Row {
    Verdict raw;
    bool expect_error;
    bool allow_inconclusive;
    Verdict expected;
  };
  const std::vector<Row> rows = {
      {k_skip, false, false, k_skip},
      {k_skip, true, true, k_skip},
      {k_pass, true, false, k_fail},
      {k_inconclusive, true, true, k_fail},
      {k_inconclusive, false, false, k_inconclusive},
      {k_inconclusive, false, true, k_pass},
      {k_pass, false, false, k_pass},
      {k_pass, false, true, k_pass},
      {k_fail, false, false, k_pass},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(final_verdict(row.raw, {row.expect_error, row.allow_inconclusive}), row.expected)
        << verdict_name(row.raw) << row.expect_error << row.allow_inconclusive;
  }
}

class FinalVerdictOfAnError : public ::testing::Test {
 protected:
  [[nodiscard]] Verdict verdict(bool expect_error) const {
    return final_verdict(failure_, {expect_error, true});
  }
  RunFailure failure_;
};

TEST_F(FinalVerdictOfAnError, IsAFailUnlessAnErrorWasExpected) {
  EXPECT_EQ(verdict(false), k_fail);
  EXPECT_EQ(verdict(true), k_pass);
}

TEST_F(FinalVerdictOfAnError, IsAFailIfItWasNotTheExpectedOne) {
  failure_.error_mismatch = true;
  EXPECT_EQ(verdict(true), k_fail);
}

TEST_F(FinalVerdictOfAnError, IsWhatTheClassOfAnInsufficientHostSaysBeforeAllElse) {
  failure_.host_check_failed = true;
  failure_.auto_repro_satisfied = true;
  failure_.host = HostInsufficiency::skip;
  EXPECT_EQ(verdict(true), k_skip);
  failure_.host_check_failed = false;
  failure_.host = HostInsufficiency::fail;
  EXPECT_EQ(verdict(true), k_fail);
}

TEST_F(FinalVerdictOfAnError, IsAFailForErrorsThatNobodyCanExpect) {
  for (bool RunFailure::*cause :
       {&RunFailure::host_check_failed, &RunFailure::scheduler_build_refused,
        &RunFailure::storm_not_survived}) {
    failure_ = {};
    failure_.*cause = true;
    failure_.auto_repro_satisfied = true;
    EXPECT_EQ(verdict(true), k_fail);
  }
}

TEST_F(FinalVerdictOfAnError, IsAPassIfTheReproductionWasGot) {
  failure_.auto_repro_satisfied = true;
  failure_.error_mismatch = true;
  EXPECT_EQ(verdict(false), k_pass);
  EXPECT_EQ(verdict(true), k_pass);
}

TEST(FinalizedBits, FollowTheTable) {
  struct Row {
    Verdict raw;
    Verdict final_one;
    VerdictBits expected;
    bool rewrite;
  };
  const std::vector<Row> rows = {
      {k_pass, k_pass, {true, false, false, false}, false},
      {k_fail, k_pass, {true, false, false, true}, true},
      {k_fail, k_skip, {false, true, false, true}, true},
      {k_inconclusive, k_pass, {true, false, false, true}, true},
      {k_pass, k_fail, {false, false, false, false}, true},
      {k_pass, k_skip, {false, true, false, false}, true},
      {k_inconclusive, k_fail, {false, false, false, false}, true},
      {k_inconclusive, k_inconclusive, {false, false, true, false}, false},
      {k_fail, k_fail, {false, false, false, false}, false},
      {k_skip, k_skip, {false, true, false, false}, false},
  };
  for (const Row& row : rows) {
    const VerdictBits raw = verdict_bits(row.raw);
    const VerdictBits written = finalized_bits(raw, row.final_one);
    EXPECT_EQ(written, row.expected) << verdict_name(row.raw) << verdict_name(row.final_one);
    EXPECT_EQ(written != raw, row.rewrite) << verdict_name(row.raw) << verdict_name(row.final_one);
  }
}

TEST(FinalizedBits, LoseTheExpectedFailureTheSecondTime) {
  const VerdictBits once = finalized_bits(verdict_bits(k_fail), k_pass);
  EXPECT_TRUE(once.expected_failure);
  EXPECT_FALSE(finalized_bits(once, k_pass).expected_failure);
}

TEST(FinalizedBits, TakeAnInconsistentRecordThatIsInconclusiveForFailed) {
  EXPECT_TRUE(finalized_bits({true, false, true, false}, k_pass).expected_failure);
  EXPECT_TRUE(finalized_bits({false, true, true, false}, k_skip).expected_failure);
  EXPECT_FALSE(finalized_bits({true, true, false, false}, k_pass).expected_failure);
}

}  // namespace
}  // namespace ktstr
