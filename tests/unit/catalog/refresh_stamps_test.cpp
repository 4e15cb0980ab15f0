// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "support/fake_pool.hpp"

namespace ktstr::test {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;

class RefreshStamps : public testing::Test {
 protected:
  std::int64_t changes() { return pool_.database().getTotalChanges(); }

  FakePool pool_;
};

TEST_F(RefreshStamps, LookAgainAtAFreshFileUntilItIsSettled) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  pool_.clock().advance(k_second);
  pool_.files().clear_counts();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.read(), (Rows{"/runs/run/a.ktstr.json"}));
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  pool_.files().clear_counts();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.listed(), Rows{});
}

TEST_F(RefreshStamps, CatchAWriteWithinTheSameTickOfACoarseClock) {
  pool_.files().set_granularity_ns(2 * k_second);
  pool_.clock().set_now_ns(1'783'166'400 * k_second);
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  pool_.clock().advance(k_second);
  const auto before = pool_.files().status("/runs/run/a.ktstr.json", FollowLinks::yes)->stamp;
  pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("b"));
  ASSERT_EQ(pool_.files().status("/runs/run/a.ktstr.json", FollowLinks::yes)->stamp, before);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshStamps, CatchAFileAddedWithinTheSameTickOfItsDirectory) {
  pool_.files().set_granularity_ns(2 * k_second);
  pool_.clock().set_now_ns(1'783'166'400 * k_second);
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.refresh();
  const auto before = pool_.files().status("/runs/run", FollowLinks::yes)->stamp;
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  ASSERT_EQ(pool_.files().status("/runs/run", FollowLinks::yes)->stamp, before);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json"}));
}

TEST_F(RefreshStamps, SettleThoughTheClockWasSetBack) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.clock().advance(-3600 * k_second);
  pool_.refresh();
  pool_.files().clear_counts();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.listed(), Rows{});
  // A change now carries the clock's time, which is another one.
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshStamps, AreNoticedThoughTheClockJumpedForwardAndBack) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.clock().advance(3600 * k_second);
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.clock().advance(-7200 * k_second);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshStamps, OfACopyThatKeepsAnOldMtimeAreNoticed) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/a.ktstr.json", sidecar_of("b"));
  pool_.files().set_mtime_ns("/runs/run/a.ktstr.json", 1);
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
}

TEST_F(RefreshStamps, AreTakenBeforeTheListing) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.wait();
  pool_.files().before_list("/runs", [&] {
    pool_.put("run2/b.ktstr.json", sidecar_of("b"));
    pool_.wait();
  });
  pool_.refresh(CheckLevel::dirs);
  pool_.files().clear_counts();
  // What is stored is the stamp of before, though the one of after would have been settled by now.
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.listed(), (Rows{"/runs"}));
}

TEST_F(RefreshStamps, OfADirectoryThatChangesBehindTheListingBringItBack) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.put("run/b.ktstr.json", sidecar_of("b"));
  pool_.wait();
  pool_.files().before_open("/runs/run/b.ktstr.json",
                            [&] { pool_.put("run/c.ktstr.json", sidecar_of("c")); });
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json"}));
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.paths(), (Rows{"run/a.ktstr.json", "run/b.ktstr.json", "run/c.ktstr.json"}));
}

TEST_F(RefreshStamps, AreThoseOfTheDescriptorThatWasRead) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.wait();
  // Between the look at the name and the open another file takes the name.
  pool_.files().before_open("/runs/run/a.ktstr.json",
                            [&] { pool_.put("run/a.ktstr.json", sidecar_of("b")); });
  pool_.refresh();
  const auto stamp = pool_.files().status("/runs/run/a.ktstr.json", FollowLinks::yes)->stamp;
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|b"}));
  EXPECT_EQ(pool_.rows("SELECT inode FROM sidecar"), (Rows{std::to_string(stamp.inode)}));
}

TEST_F(RefreshStamps, OfAFileThatChangesWhileItIsReadBringItBack) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.wait();
  pool_.files().before_read("/runs/run/a.ktstr.json", [&] {
    pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("b"));
  });
  pool_.refresh();
  pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("c"));
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(pool_.tests(), (Rows{"run/a.ktstr.json|c"}));
}

TEST_F(RefreshStamps, OfFilesKeepADirectoryOpenUntilTheyAreSettled) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  pool_.files().overwrite_in_place("/runs/run/a.ktstr.json", sidecar_of("b"));
  pool_.refresh(CheckLevel::files);
  pool_.files().clear_counts();
  // The directory's own stamp is old, but the file's was too fresh to be trusted.
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.read(), (Rows{"/runs/run/a.ktstr.json"}));
  pool_.wait();
  pool_.refresh(CheckLevel::dirs);
  pool_.files().clear_counts();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.listed(), Rows{});
}

TEST_F(RefreshStamps, AreNotWrittenWhenNothingChanged) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.put("run/job/b.ktstr.json", k_corrupt);
  pool_.put("run/t.wprof.pb", "");
  pool_.put(".ktstr-index/x", "");
  pool_.files().make_fifo("/runs/run/c.ktstr.json");
  pool_.files().make_symlink("/runs/run/d.ktstr.json", "nowhere");
  pool_.settle();
  const std::int64_t before = changes();
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(changes(), before);
  pool_.refresh(CheckLevel::files);
  EXPECT_EQ(changes(), before);
  pool_.refresh(CheckLevel::bytes);
  EXPECT_EQ(changes(), before);
}

TEST_F(RefreshStamps, OfANewExtractionVersionHaveEveryFileReadAgain) {
  pool_.put("run/a.ktstr.json", sidecar_of("a"));
  pool_.settle();
  const Rows before = pool_.rows("SELECT * FROM results");
  CatalogTables(pool_.database()).forget_stamps();
  // Until then the rows stand.
  EXPECT_EQ(pool_.rows("SELECT * FROM results"), before);
  pool_.database().exec("UPDATE sidecar SET scheduler = 'as an older program read it'");
  pool_.refresh(CheckLevel::dirs);
  EXPECT_EQ(pool_.rows("SELECT * FROM results"), before);
}

}  // namespace
}  // namespace ktstr::test
