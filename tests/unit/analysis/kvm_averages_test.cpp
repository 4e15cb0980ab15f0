// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "analysis/gauntlet.hpp"

namespace ktstr::test {
namespace {

KvmTotals vm(std::uint64_t vcpus, std::uint64_t exits) {
  KvmTotals totals;
  totals.vcpus = vcpus;
  totals.exits = exits;
  return totals;
}

TEST(KvmAverages, DropTheRemainderPerVmAndAgainOverVms) {
  // 3 + 4 over 2; then 3 + 3 + 4 over 3, which is 3.8 of unrounded parts.
  EXPECT_EQ(kvm_averages({vm(10, 39), vm(1, 4)})->exits, 3U);
  EXPECT_EQ(kvm_averages({vm(2, 7), vm(2, 7), vm(2, 9)})->exits, 3U);
}

TEST(KvmAverages, CountAVmWithoutVirtualCpus) {
  const auto averages = kvm_averages({vm(1, 10), vm(0, 0)});
  EXPECT_EQ(averages->vms, 2U);
  EXPECT_EQ(averages->exits, 5U);
}

TEST(KvmAverages, AreNoneWithoutVmsOrExits) {
  EXPECT_FALSE(kvm_averages({}));
  EXPECT_FALSE(kvm_averages({vm(4, 3)}));
  EXPECT_TRUE(kvm_averages({vm(4, 4)}));
}

TEST(KvmAverages, TakeThePollsOfAllVmsTogether) {
  KvmTotals first = vm(1, 1);
  first.halt_attempted_poll = 10;
  first.halt_successful_poll = 10;
  KvmTotals second = vm(1, 1);
  second.halt_attempted_poll = 30;
  EXPECT_DOUBLE_EQ(kvm_averages({first, second})->poll_ok_pct, 25);
  EXPECT_DOUBLE_EQ(kvm_averages({vm(1, 1)})->poll_ok_pct, 0);
}

TEST(KvmAverages, SumPreemptionsThatTheyAverageToo) {
  KvmTotals first = vm(2, 2);
  first.preemption_reported = 5;
  const auto averages = kvm_averages({first, vm(2, 2)});
  EXPECT_EQ(averages->preempted, 1U);
  EXPECT_EQ(averages->preemptions, 5U);
}

TEST(KvmAverages, HaveTheHaltWaitInMilliseconds) {
  KvmTotals totals = vm(2, 2);
  totals.halt_wait_ns = 5'600'001;
  EXPECT_DOUBLE_EQ(kvm_averages({totals})->halt_wait_ms, 2.8);
}

}  // namespace
}  // namespace ktstr::test
