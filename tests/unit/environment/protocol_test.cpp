// SPDX-License-Identifier: MIT
#include "environment/protocol.hpp"

#include <gtest/gtest.h>

#include <array>

#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::variables_of;

TEST(KconfigSetting, IsTheFlagThenTheVariable) {
  const Variables variables = variables_of({{"KTSTR_KCONFIG_SUFFIX", "c0bd848c"}});
  const auto flagged = stated_kconfig_suffix("00000001", variables);
  ASSERT_TRUE(flagged && *flagged);
  EXPECT_EQ((*flagged)->suffix, "00000001");
  EXPECT_EQ((*flagged)->from, "--kconfig-suffix");
  const auto stated = stated_kconfig_suffix(std::nullopt, variables);
  ASSERT_TRUE(stated && *stated);
  EXPECT_EQ((*stated)->suffix, "c0bd848c");
  EXPECT_EQ((*stated)->from, "KTSTR_KCONFIG_SUFFIX");
}

TEST(KconfigSetting, IsNoneWhereTheVariableIsUnsetOrEmpty) {
  for (const Variables& variables :
       {variables_of({}), variables_of({{"KTSTR_KCONFIG_SUFFIX", ""}})}) {
    const auto stated = stated_kconfig_suffix(std::nullopt, variables);
    ASSERT_TRUE(stated);
    EXPECT_FALSE(*stated);
  }
}

TEST(KconfigSetting, MustBeEightLowerCaseHexDigits) {
  for (const char* text : {"", "c0bd848", "c0bd848c0", "C0BD848C", "c0bd848g", "kc000000"}) {
    const auto flagged = stated_kconfig_suffix(text, variables_of({}));
    ASSERT_FALSE(flagged) << text;
    EXPECT_EQ(flagged.error().code, ErrorCode::usage);
  }
  const auto stated =
      stated_kconfig_suffix(std::nullopt, variables_of({{"KTSTR_KCONFIG_SUFFIX", "x"}}));
  ASSERT_FALSE(stated);
  EXPECT_NE(stated.error().message.find("KTSTR_KCONFIG_SUFFIX"), std::string::npos);
}

using Texts = std::vector<std::string>;

TEST(SchedulerFingerprint, HasTheDeclaredNameAndNoCommit) {
  SchedulerDeclaration declaration;
  declaration.name = "scx-ktstr";
  EXPECT_EQ(scheduler_fingerprint(declaration).scheduler, "scx-ktstr");
  EXPECT_EQ(scheduler_fingerprint(declaration).scheduler_commit, std::nullopt);
}

TEST(SchedulerFingerprint, IsEevdfForATestWithoutAScheduler) {
  EXPECT_EQ(scheduler_fingerprint({}), (SchedulerFingerprint{"eevdf", std::nullopt, {}, {}}));
}

TEST(SchedulerFingerprint, WritesSysctlsAsDeclaredInOrder) {
  SchedulerDeclaration declaration;
  declaration.sysctls = {{"kernel.b", "2"}, {"kernel.a", "x=y z"}, {"kernel.b", "2"}};
  EXPECT_EQ(scheduler_fingerprint(declaration).sysctls,
            (Texts{"sysctl.kernel.b=2", "sysctl.kernel.a=x=y z", "sysctl.kernel.b=2"}));
}

TEST(SchedulerFingerprint, KeepsKernelArgumentsAsTheyAre) {
  SchedulerDeclaration declaration;
  declaration.kargs = {"nosmt", "a=b c", "nosmt"};
  EXPECT_EQ(scheduler_fingerprint(declaration).kargs, declaration.kargs);
}

TEST(VariantHashOfParts, IsThatOfTheHarness) {
  struct Row {
    Topology topology;
    SchedulerDeclaration scheduler;
    std::optional<std::string> payload;
    std::string work_type;
    const char* hash;
  };
  const std::vector<Row> rows = {
      {{1, 1, 1, 1}, {}, std::nullopt, "", "36ceceea5c2beda7"},
      {{1, 2, 4, 1},
       {"scx-ktstr", {{"kernel.sched_cfs_bandwidth_slice_us", "1000"}}, {"nosmt"}},
       std::nullopt,
       "SpinWait",
       "5a5b5775a01a425f"},
      {{1, 1, 2, 1}, {"my_sched"}, std::nullopt, "SpinWait", "2ecd2624f3df7276"},
      {{1, 1, 1, 1}, {}, std::nullopt, "SpinWait", "16b754f538ba41fd"},
      {{1, 1, 2, 1},
       {"eevdf", {{"b", "2"}, {"a", "1"}}, {"b", "a"}},
       "fio",
       "SpinWait",
       "e7b12431b451230f"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(variant_hash_text(variant_hash_of(row.topology, scheduler_fingerprint(row.scheduler),
                                                row.payload, row.work_type)),
              row.hash);
  }
}

TEST(WorkTypeOption, IsSpinWaitUnlessTold) {
  EXPECT_EQ(work_type_of_arguments({}), "SpinWait");
  EXPECT_EQ(work_type_of_arguments({"test", "--exact", "--ktstr-work-type", "Mixed",
                                    "x--ktstr-work-type=Mixed", "--ktstr-work-types=Mixed"}),
            "SpinWait");
}

TEST(WorkTypeOption, IsTheNameBehindTheEqualsSign) {
  EXPECT_EQ(work_type_of_arguments({"test", "--ktstr-work-type=Mixed"}), "Mixed");
  EXPECT_EQ(work_type_of_arguments({"--ktstr-work-type=a=b"}), "a=b");
}

TEST(WorkTypeOption, IsTheFirstOfSeveral) {
  EXPECT_EQ(work_type_of_arguments({"--ktstr-work-type=A", "--ktstr-work-type=B"}), "A");
}

TEST(TopologyLabel, HasTheFourNumbers) {
  EXPECT_EQ((Topology{1, 2, 4, 2}.label()), "1n2l4c2t");
  EXPECT_EQ((Topology{2, 4, 8, 2}.label()), "2n4l8c2t");
  EXPECT_EQ(Topology{}.label(), "1n1l2c1t");
}

TEST(TopologyLabel, IsReadBack) {
  EXPECT_EQ(parse_topology("1n2l4c2t"), (Topology{1, 2, 4, 2}));
  EXPECT_EQ(parse_topology("2n4l8c2t"), (Topology{2, 4, 8, 2}));
  EXPECT_EQ(parse_topology("1n1l1c12t"), (Topology{1, 1, 1, 12}));
  EXPECT_EQ(parse_topology("4n16l8c2t"), (Topology{4, 16, 8, 2}));
  EXPECT_EQ(parse_topology("4294967295n1l1c1t"), (Topology{4294967295, 1, 1, 1}));
}

TEST(TopologyLabel, MayHaveLeadingZerosAndAPlus) {
  EXPECT_EQ(parse_topology("01n2l4c2t"), (Topology{1, 2, 4, 2}));
  EXPECT_EQ(parse_topology("+1n+02l4c2t"), (Topology{1, 2, 4, 2}));
}

TEST(TopologyLabel, MayBeOfAMachineThatCannotBe) {
  EXPECT_EQ(parse_topology("2n3l1c1t"), (Topology{2, 3, 1, 1}));
}

TEST(TopologyLabel, IsNothingElse) {
  for (const char* label : {"",           "hello",      "1n2l4c2",
                            "1n2l4c2tb",  "2l1n4c2t",   "0n2l4c2t",
                            "1n0l4c2t",   "1n2l0c2t",   "1n2l4c0t",
                            "2s4c2t",     "1s2l4c2t",   "nlct",
                            "1n2l4ct",    "-1n2l4c2t",  "1n 2l4c2t",
                            " 1n2l4c2t",  "1_0n2l4c2t", "4294967296n2l4c2t",
                            "++1n2l4c2t", "+n2l4c2t",   "1n2l4c2t1n2l4c2t",
                            "1n2n2l4c2t", "1N2L4C2T",   "1n2l4c2t "}) {
    EXPECT_EQ(parse_topology(label), std::nullopt) << label;
  }
}

TEST(TopologyTotal, IsLlcsTimesCoresTimesThreads) {
  EXPECT_EQ((Topology{2, 4, 8, 2}.total_cpus()), 64U);
  EXPECT_EQ(Topology{}.total_cpus(), 2U);
}

TEST(TopologyTotal, DoesNotOverflow) {
  constexpr std::uint32_t k_most = 4294967295;
  EXPECT_EQ((Topology{1, k_most, k_most, 1}.total_cpus()), 18446744065119617025ULL);
  EXPECT_EQ((Topology{1, k_most, k_most, 2}.total_cpus()), 18446744073709551615ULL);
  EXPECT_EQ((Topology{1, k_most, k_most, 0}.total_cpus()), 0U);
}

TEST(TopologyValidity, NeedsFourPositiveNumbers) {
  EXPECT_TRUE(validate_topology({1, 1, 1, 1}));
  EXPECT_FALSE(validate_topology({0, 1, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 0, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 1, 0, 1}));
  EXPECT_FALSE(validate_topology({1, 1, 1, 0}));
}

TEST(TopologyValidity, NeedsLlcsThatDivideAmongTheNodes) {
  EXPECT_TRUE(validate_topology({2, 4, 1, 1}));
  const auto result = validate_topology({2, 3, 1, 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
}

TEST(TopologyValidity, NeedsNodesThatAddUpIfTheyAreGiven) {
  EXPECT_TRUE(validate_topology({2, 3, 1, 1}, {1, 2}));
  EXPECT_FALSE(validate_topology({2, 4, 1, 1}, {1, 2}));
  EXPECT_FALSE(validate_topology({2, 1, 1, 1}, {4294967295, 2}));
}

TEST(TopologyValidity, NeedsCpusThat32BitsCanCount) {
  EXPECT_TRUE(validate_topology({1, 4294967295, 1, 1}));
  EXPECT_FALSE(validate_topology({1, 65536, 65536, 1}));
  EXPECT_FALSE(validate_topology({1, 4294967295, 4294967295, 4294967295}));
}

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
