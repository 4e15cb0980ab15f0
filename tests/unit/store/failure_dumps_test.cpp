// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "store/sidecar_writer.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/recording_observer.hpp"

namespace ktstr {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Dumps of one variant and of others, in memory.
class SuppressedDumps : public ::testing::Test {
 protected:
  static constexpr std::uint64_t k_hash = 0xabc;

  SuppressedDumps() {
    for (const char* name :
         {"a-0000000000000abc.failure-dump.json", "a-0000000000000abc.repro.failure-dump.json",
          "a-0000000000000abd.failure-dump.json", "a-0000000000000abc.wprof.pb",
          "ab-0000000000000abc.failure-dump.json", "a.failure-dump.json"}) {
      files_.put_file(std::string("/runs/run/") + name, "x");
    }
  }
  Result<void> suppress(const std::string& test_name) {
    return suppress_failure_dumps(files_, "/runs/run", test_name, k_hash, &observer_);
  }
  [[nodiscard]] bool has(const std::string& name) {
    return files_.status("/runs/run/" + name, FollowLinks::no).has_value();
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  test::RecordingObserver observer_;
};

TEST_F(SuppressedDumps, AreTheTwoOfThisVariantAlone) {
  ASSERT_TRUE(suppress("a"));
  EXPECT_FALSE(has("a-0000000000000abc.failure-dump.json"));
  EXPECT_FALSE(has("a-0000000000000abc.repro.failure-dump.json"));
  EXPECT_TRUE(has("a-0000000000000abd.failure-dump.json"));
  EXPECT_TRUE(has("a-0000000000000abc.wprof.pb"));
  EXPECT_TRUE(has("ab-0000000000000abc.failure-dump.json"));
  EXPECT_TRUE(has("a.failure-dump.json"));
}

TEST_F(SuppressedDumps, MayBeMissing) {
  EXPECT_TRUE(suppress("other"));
  EXPECT_THAT(observer_.lines(), IsEmpty());
}

TEST_F(SuppressedDumps, AreAnnounced) {
  ASSERT_TRUE(suppress("a"));
  EXPECT_THAT(observer_.lines(),
              ElementsAre("about_to_remove a-0000000000000abc.failure-dump.json",
                          "removed a-0000000000000abc.failure-dump.json",
                          "about_to_remove a-0000000000000abc.repro.failure-dump.json",
                          "removed a-0000000000000abc.repro.failure-dump.json"));
}

TEST_F(SuppressedDumps, AreBothTriedWhenOneStays) {
  files_.fail_remove("/runs/run/a-0000000000000abc.failure-dump.json", EACCES);
  const auto suppressed = suppress("a");
  ASSERT_FALSE(suppressed);
  EXPECT_EQ(suppressed.error().text(),
            "remove failure dump /runs/run/a-0000000000000abc.failure-dump.json: Permission denied "
            "(os error 13)");
  EXPECT_FALSE(has("a-0000000000000abc.repro.failure-dump.json"));
}

TEST_F(SuppressedDumps, AreNotLookedForElsewhere) {
  for (const std::string& name : {std::string(), std::string("../a"), std::string("a\0", 2)}) {
    const auto suppressed = suppress(name);
    ASSERT_FALSE(suppressed);
    EXPECT_EQ(suppressed.error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace ktstr
