// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

// Somebody wants an end: what was begun is finished and stored, and the next refresh goes on.
class RefreshStop : public testing::Test {
 protected:
  RefreshStop() {
    pool_.options().workers = 0;
    for (const std::string run : {"one", "two", "three"}) {
      for (const std::string test : {"a", "b", "c", "d"}) {
        pool_.put(run + "/" + test + ".ktstr.json", sidecar_of(test));
      }
    }
  }

  /// Refreshes until something was asked `times` times whether to stop.
  Error stopped_after(int times) {
    pool_.options().should_stop = [this, times] { return ++asked_ > times; };
    const auto report =
        refresh(pool_.database(), "/runs", pool_.files(), pool_.clock(), pool_.options());
    pool_.options().should_stop = {};
    asked_ = 0;
    return report ? Error{ErrorCode::io, "not stopped"} : report.error();
  }

  FakePool pool_;
  int asked_ = 0;
};

TEST_F(RefreshStop, SaysHowMuchIsLeft) {
  const Error error = stopped_after(2);
  EXPECT_EQ(error.code, ErrorCode::interrupted);
  EXPECT_EQ(error.message.substr(0, error.message.find(';')),
            "stopped with 2 of 3 run directories left");
}

TEST_F(RefreshStop, StoresWhatWasReadAndNothingOfTheRest) {
  (void)stopped_after(2);
  EXPECT_EQ(pool_.paths(), (Rows{"one/a.ktstr.json", "one/b.ktstr.json"}));
}

TEST_F(RefreshStop, LeavesNothingThatTheNextRefreshWouldMiss) {
  for (int times = 0; times < 20; ++times) {
    (void)stopped_after(times);
  }
  pool_.refresh();
  EXPECT_EQ(pool_.paths().size(), 12U);
}

TEST_F(RefreshStop, ReadsNoFileTwice) {
  pool_.wait();
  (void)stopped_after(3);
  const RefreshReport report = pool_.refresh();
  EXPECT_EQ(report.files_added, 9);
  EXPECT_EQ(report.files_unchanged, 3);
}

TEST_F(RefreshStop, RemovesNothingThatItHasNotLookedFor) {
  pool_.settle();
  pool_.files().remove(FakePool::path("three/d.ktstr.json"));
  pool_.put("one/e.ktstr.json", sidecar_of("e"));
  (void)stopped_after(1);
  EXPECT_EQ(pool_.paths().size(), 13U);
}

TEST_F(RefreshStop, TellsHowFarItIs) {
  std::vector<RefreshProgress> told;
  pool_.options().progress = [&](const RefreshProgress& now) { told.push_back(now); };
  pool_.refresh();
  ASSERT_EQ(told.size(), 12U);
  EXPECT_EQ(told.front().directories, 3);
  EXPECT_EQ(told.front().directories_done, 1);
  EXPECT_EQ(told.back().files_read, 12);
  EXPECT_EQ(told.back().directories_done, 3);
}

}  // namespace
}  // namespace ktstr::test
