// SPDX-License-Identifier: MIT
#include "store/sidecar_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "ktstr/record.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/recording_observer.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using test::small_record;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Names = std::vector<std::string>;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Names names_in(const std::string& directory) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string name_of(const Record& record) {
  return record.test_name + "-" + variant_hash_text(variant_hash(record)) + ".ktstr.json";
}

/// Writes into a real "runs/run". The memo stands for a process.
class SidecarFile : public ::testing::Test {
 protected:
  SidecarFile() {
    how_.directory = run();
    how_.is_default_directory = true;
    how_.session_token = "session";
    how_.observer = &observer_;
    how_.pre_clear_memo = &memo_;
    static_cast<void>(take_last_sidecar_path());
  }

  [[nodiscard]] std::string run() const { return directory_.path("runs/run"); }
  Result<WrittenSidecar> write(const Record& record) { return write_sidecar_file(record, how_); }
  std::string failure(const Record& record) {
    const auto written = write(record);
    return written ? "written" : written.error().text();
  }
  [[nodiscard]] bool is_locked() const {
    std::ifstream locks(directory_.path("runs/.locks/run.lock"));
    if (!locks) return false;
    const auto lock = RunDirectoryLock::acquire(run(), std::chrono::nanoseconds(0),
                                                system_file_system(), system_clock());
    return !lock;
  }

  test::TemporaryDirectory directory_;
  test::RecordingObserver observer_;
  PreClearMemo memo_;
  SidecarWrite how_;
};

TEST_F(SidecarFile, IsNamedByTestAndVariantAndHoldsTheRecord) {
  const Record record = small_record("a");
  const auto written = write(record);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->path, run() + "/" + name_of(record));
  EXPECT_EQ(written->variant_hash, variant_hash_text(variant_hash(record)));
  EXPECT_EQ(read(written->path), encode_record(record));
}

TEST_F(SidecarFile, MakesItsDirectoryWithItsParents) {
  how_.directory = directory_.path("x/y/z");
  EXPECT_TRUE(write(small_record("a")));
}

TEST_F(SidecarFile, StandsBesideTheOtherVariants) {
  Record other = small_record("a");
  other.topology = "1n1l4c1t";
  ASSERT_TRUE(write(small_record("a")));
  ASSERT_TRUE(write(other));
  EXPECT_EQ(names_in(run()).size(), 3U);  // and the sentinel
}

TEST_F(SidecarFile, ReplacesAnEarlierResultOfItsVariant) {
  Record retry = small_record("a");
  retry.passed = false;
  ASSERT_TRUE(write(small_record("a")));
  const auto written = write(retry);
  ASSERT_TRUE(written);
  EXPECT_EQ(read(written->path), encode_record(retry));
  EXPECT_EQ(names_in(run()).size(), 2U);
}

TEST_F(SidecarFile, IsStagedUnderProcessAndRunId) {
  Record record = small_record("a");
  record.run_id = "20260704T120000Z-7";
  Names staged;
  how_.at_step = [&](WriteStep step) {
    if (step == WriteStep::staging_written) staged = names_in(run());
  };
  ASSERT_TRUE(write(record));
  EXPECT_THAT(staged, ::testing::Contains(name_of(record) + ".tmp." + std::to_string(::getpid()) +
                                          ".20260704T120000Z-7"));
}

TEST_F(SidecarFile, GoesThroughItsStepsInOrder) {
  std::vector<WriteStep> steps;
  how_.at_step = [&](WriteStep step) { steps.push_back(step); };
  ASSERT_TRUE(write(small_record("a")));
  EXPECT_THAT(steps,
              ElementsAre(WriteStep::directory_created, WriteStep::locked, WriteStep::cleared,
                          WriteStep::staging_created, WriteStep::staging_written,
                          WriteStep::announced, WriteStep::renamed, WriteStep::unlocked));
}

TEST_F(SidecarFile, IsClearedForAndWrittenUnderOneLock) {
  how_.at_step = [&](WriteStep step) {
    const bool expected = step >= WriteStep::locked && step <= WriteStep::renamed;
    EXPECT_EQ(is_locked(), expected) << static_cast<int>(step);
  };
  ASSERT_TRUE(write(small_record("a")));
}

TEST_F(SidecarFile, LetsTheLockGoWhenItFails) {
  directory_.write("runs/run/" + name_of(small_record("a")) + "/inside", "x");
  EXPECT_THAT(failure(small_record("a")), StartsWith("rename sidecar staging "));
  EXPECT_FALSE(is_locked());
}

TEST_F(SidecarFile, ReplacesWhatAnEarlierSessionLeft) {
  directory_.write("runs/run/old.ktstr.json", "x");
  ASSERT_TRUE(write(small_record("a")));
  EXPECT_THAT(names_in(run()), ElementsAre(".ktstr_run_epoch", name_of(small_record("a"))));
}

TEST_F(SidecarFile, LeavesAChosenDirectoryUnlockedAndUncleared) {
  directory_.write("runs/run/old.ktstr.json", "x");
  how_.is_default_directory = false;
  ASSERT_TRUE(write(small_record("a")));
  EXPECT_THAT(names_in(run()), ElementsAre(name_of(small_record("a")), "old.ktstr.json"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path("runs/.locks")));
}

TEST_F(SidecarFile, IsWrittenToAChosenDirectoryWhoseLockIsHeld) {
  std::filesystem::create_directories(run());
  const auto held = RunDirectoryLock::acquire(run(), std::chrono::nanoseconds(0),
                                              system_file_system(), system_clock());
  how_.is_default_directory = false;
  EXPECT_TRUE(write(small_record("a")));
}

TEST_F(SidecarFile, WaitsNoLongerThanTold) {
  std::filesystem::create_directories(run());
  directory_.write("runs/run/old.ktstr.json", "x");
  const auto held = RunDirectoryLock::acquire(run(), std::chrono::nanoseconds(0),
                                              system_file_system(), system_clock());
  how_.lock_timeout = std::chrono::milliseconds(5);
  const auto written = write(small_record("a"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::busy);
  EXPECT_THAT(written.error().message, HasSubstr("timed out after 5ms"));
  EXPECT_THAT(names_in(run()), ElementsAre("old.ktstr.json"));
}

TEST_F(SidecarFile, IsRefusedWithoutATestName) {
  const auto written = write(small_record(""));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::usage);
  EXPECT_FALSE(std::filesystem::exists(run()));
}

TEST_F(SidecarFile, IsRefusedWithANameThatLeadsElsewhere) {
  for (const std::string& name :
       {std::string("a/b"), std::string("../a"), std::string("a\0b", 3)}) {
    const auto written = write(small_record(name));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::usage);
  }
  EXPECT_FALSE(std::filesystem::exists(run()));
}

TEST_F(SidecarFile, IsRefusedWithARunIdThatLeadsElsewhere) {
  for (const std::string& run_id : {std::string("x/../../y"), std::string("a\0b", 3)}) {
    Record record = small_record("a");
    record.run_id = run_id;
    const auto written = write(record);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::usage);
  }
}

// No reader would take the file for a sidecar.
TEST_F(SidecarFile, IsRefusedWithANameThatIsNotUtf8) {
  const auto written = write(small_record("a\xff"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::usage);
}

TEST_F(SidecarFile, IsReadableAndWellNamedWithOtherTextThatIsNotUtf8) {
  Record record = small_record("a");
  record.scheduler = "\xff";
  const auto written = write(record);
  ASSERT_TRUE(written);
  const auto decoded = decode_record(read(written->path), SampleHandling::keep);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(written->variant_hash, variant_hash_text(variant_hash(decoded->record)));
}

TEST_F(SidecarFile, SaysThatItsDirectoryCantBeMade) {
  directory_.write("runs", "a file");
  const auto written = write(small_record("a"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
  EXPECT_EQ(written.error().text(),
            "create sidecar dir " + run() + ": Not a directory (os error 20)");
}

TEST_F(SidecarFile, NamesItsKindInErrors) {
  how_.label = "skip sidecar";
  how_.is_default_directory = false;
  directory_.write("runs/run/" + name_of(small_record("a")) + "/inside", "x");
  EXPECT_THAT(failure(small_record("a")), StartsWith("rename skip sidecar staging " + run()));
}

TEST_F(SidecarFile, IsRefusedWithANameThatIsTooLongBeforeAnythingIsCleared) {
  directory_.write("runs/run/old.ktstr.json", "x");
  EXPECT_EQ(failure(small_record(std::string(228, 'a'))),
            "the test name makes a file name of 256 bytes; 255 are allowed");
  EXPECT_TRUE(std::filesystem::exists(run() + "/old.ktstr.json"));
}

TEST_F(SidecarFile, IsStagedAlsoWhereItsNameIsAsLongAsCanBe) {
  Record record = small_record(std::string(227, 'a'));
  record.run_id = std::string(200, 'r');
  EXPECT_TRUE(write(record));
  EXPECT_EQ(name_of(record).size(), 255U);
}

TEST_F(SidecarFile, LeavesTheOldResultOnAFullDisk) {
  test::FakeClock clock;
  test::FakeFileSystem files(clock);
  how_.file_system = &files;
  how_.is_default_directory = false;
  how_.directory = "/chosen";
  const Record record = small_record("a");
  const std::string path = "/chosen/" + name_of(record);
  files.put_file(path, "old");
  const std::string staging = path + ".tmp." + std::to_string(::getpid()) + ".";
  files.fail_write(staging, ENOSPC, 10);
  EXPECT_EQ(failure(record),
            "write sidecar staging " + staging + ": No space left on device (os error 28)");
  EXPECT_EQ(*(*files.open_file(path))->read_all(100), "old");
  EXPECT_FALSE(files.status(staging, FollowLinks::no));
}

TEST_F(SidecarFile, AnnouncesTheFirstResultOnceTheLockIsFree) {
  observer_.during = [this](const std::string& line) {
    EXPECT_EQ(is_locked(), line.starts_with("about_to_remove")) << line;
  };
  const auto written = write(small_record("a"));
  ASSERT_TRUE(written);
  EXPECT_THAT(observer_.lines(), ElementsAre("written " + name_of(small_record("a"))));
  EXPECT_EQ(observer_.last_path(), written->path);
  EXPECT_EQ(observer_.last_bytes(), read(written->path));
  EXPECT_EQ(observer_.last_stamp(),
            system_file_system().status(written->path, FollowLinks::no)->stamp);
}

TEST_F(SidecarFile, AnnouncesWhatItReplacesWhileTheLockIsHeld) {
  ASSERT_TRUE(write(small_record("a")));
  observer_.during = [this](const std::string& line) {
    EXPECT_EQ(is_locked(), line.starts_with("about_to_remove")) << line;
  };
  ASSERT_TRUE(write(small_record("a")));
  const std::string name = name_of(small_record("a"));
  EXPECT_THAT(observer_.lines(),
              ElementsAre("written " + name, "about_to_remove " + name, "written " + name));
}

TEST_F(SidecarFile, AnnouncesTheClearingBeforeItsOwnResult) {
  directory_.write("runs/run/old.ktstr.json", "x");
  observer_.during = [this](const std::string& line) {
    EXPECT_EQ(is_locked(), line.starts_with("about_to_remove")) << line;
  };
  ASSERT_TRUE(write(small_record("a")));
  EXPECT_THAT(observer_.lines(),
              ElementsAre("about_to_remove old.ktstr.json", "removed old.ktstr.json",
                          "written " + name_of(small_record("a"))));
}

TEST_F(SidecarFile, AnnouncesTheClearingAlsoWhenTheWriteFails) {
  directory_.write("runs/run/old.ktstr.json", "x");
  const Record record = small_record("a");
  std::filesystem::create_directories(run() + "/" + name_of(record));  // no file can go there
  EXPECT_NE(failure(record), "written");
  EXPECT_THAT(observer_.lines(), Contains("removed old.ktstr.json"));
}

TEST_F(SidecarFile, IsRememberedByItsThreadOnce) {
  const auto written = write(small_record("a"));
  ASSERT_TRUE(written);
  EXPECT_EQ(take_last_sidecar_path(), written->path);
  EXPECT_EQ(take_last_sidecar_path(), std::nullopt);
}

TEST_F(SidecarFile, IsRememberedInPlaceOfAnEarlierOne) {
  ASSERT_TRUE(write(small_record("a")));
  const auto written = write(small_record("b"));
  EXPECT_EQ(take_last_sidecar_path(), written->path);
}

TEST_F(SidecarFile, IsNotRememberedWhenItFailed) {
  EXPECT_FALSE(write(small_record("")));
  EXPECT_EQ(take_last_sidecar_path(), std::nullopt);
}

TEST_F(SidecarFile, HasAnAbsolutePathInARelativeDirectory) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  how_.directory = "runs/run";
  const auto written = write(small_record("a"));
  std::filesystem::current_path(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->path.front(), '/');
  EXPECT_TRUE(std::filesystem::exists(written->path));
}

TEST_F(SidecarFile, IsWrittenWithoutAnObserver) {
  how_.observer = nullptr;
  directory_.write("runs/run/old.ktstr.json", "x");
  ASSERT_TRUE(write(small_record("a")));
  EXPECT_TRUE(write(small_record("a")));
}

}  // namespace
}  // namespace ktstr
