// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"

namespace ktstr {
namespace {

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

}  // namespace
}  // namespace ktstr
