// SPDX-License-Identifier: MIT
#include "store/staged_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/child_process.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

constexpr const char* k_target = "/d/a.json";
constexpr const char* k_staging = "/d/a.json.tmp.1";

class StagedFile : public ::testing::Test {
 protected:
  StagedFile() {
    files_.make_directory("/d");
    directory_ = std::move(*files_.open_directory("/d"));
  }

  Result<Stamp> write(const std::string& bytes = "new") {
    what_.directory = "/d";
    what_.target = "a.json";
    what_.staging = "a.json.tmp.1";
    what_.bytes = bytes;
    what_.label = "sidecar";
    return write_staged_file(*directory_, what_);
  }
  /// What it says, and the error's code beside it.
  std::string failure() {
    const auto written = write();
    return written ? "written" : written.error().text();
  }
  Names names() {
    Names names;
    const auto directory = files_.open_directory("/d");
    const auto entries = (*directory)->list();
    for (const auto& entry : *entries) names.push_back(entry.name);
    return names;
  }
  std::string content(const std::string& path = k_target) {
    const auto file = files_.open_file(path);
    return file ? *(*file)->read_all(1000) : "none";
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  std::unique_ptr<DirectoryHandle> directory_;
  StagedWrite what_;
};

TEST_F(StagedFile, StandsUnderItsNameAlone) {
  ASSERT_TRUE(write());
  EXPECT_EQ(content(), "new");
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(StagedFile, ReplacesAnEarlierOneWithANewFile) {
  files_.put_file(k_target, "old");
  const auto before = files_.status(k_target, FollowLinks::no)->stamp.inode;
  ASSERT_TRUE(write());
  EXPECT_EQ(content(), "new");
  EXPECT_NE(files_.status(k_target, FollowLinks::no)->stamp.inode, before);
}

TEST_F(StagedFile, HasTheOldBytesUntilTheRename) {
  files_.put_file(k_target, "old");
  what_.at_step = [this](WriteStep step) {
    EXPECT_EQ(content(), step == WriteStep::renamed ? "new" : "old");
  };
  ASSERT_TRUE(write());
}

TEST_F(StagedFile, GivesTheStampAsItIsAfterTheRename) {
  what_.at_step = [this](WriteStep) { clock_.advance(1'000); };
  const auto stamp = write();
  ASSERT_TRUE(stamp);
  EXPECT_EQ(*stamp, files_.status(k_target, FollowLinks::no)->stamp);
  EXPECT_GT(stamp->ctime_ns, stamp->mtime_ns);
}

TEST_F(StagedFile, GivesItsOwnStampWhenAnotherWriterHasReplacedIt) {
  what_.at_step = [this](WriteStep step) {
    if (step == WriteStep::renamed) files_.put_file(k_target, "another's");
  };
  const auto stamp = write();
  ASSERT_TRUE(stamp);
  EXPECT_NE(stamp->inode, files_.status(k_target, FollowLinks::no)->stamp.inode);
}

TEST_F(StagedFile, LeavesATakenStagingNameAlone) {
  files_.put_file(k_staging, "another's");
  ASSERT_TRUE(write());
  EXPECT_EQ(content(), "new");
  EXPECT_EQ(content(k_staging), "another's");
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(StagedFile, IsNotWrittenThroughALink) {
  files_.make_symlink(k_staging, "/d/victim");
  ASSERT_TRUE(write());
  EXPECT_EQ(content("/d/victim"), "none");
}

TEST_F(StagedFile, LeavesTheOldFileAndNoStagingOnAFullDisk) {
  for (const int error_number : {ENOSPC, EDQUOT, EIO}) {
    files_.put_file(k_target, "old");
    files_.fail_write(k_staging, error_number, 2);
    EXPECT_EQ(failure(), std::string("write sidecar staging ") + k_staging + ": " +
                             os_error(error_number).message);
    EXPECT_EQ(content(), "old");
    EXPECT_THAT(names(), ElementsAre("a.json"));
  }
}

TEST_F(StagedFile, LeavesTheOldFileAndNoStagingWhenTheRenameFails) {
  files_.put_file(k_target, "old");
  files_.fail_rename(k_staging, EIO);
  EXPECT_EQ(failure(), std::string("rename sidecar staging ") + k_staging + " -> " + k_target +
                           ": Input/output error (os error 5)");
  EXPECT_EQ(content(), "old");
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(StagedFile, SaysTheRenamesErrorWhenTheStagingCantBeRemovedEither) {
  files_.fail_rename(k_staging, EIO);
  files_.fail_remove(k_staging, EACCES);
  EXPECT_THAT(failure(), HasSubstr("os error 5"));
}

TEST_F(StagedFile, IsNotMadeInADirectoryThatMayNotBeWritten) {
  files_.fail_open(k_staging, EACCES);
  const auto written = write();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::permission);
  EXPECT_EQ(written.error().text(), std::string("write sidecar staging ") + k_staging +
                                        ": Permission denied (os error 13)");
}

TEST_F(StagedFile, IsNotMadeInADirectoryThatVanished) {
  files_.remove("/d");
  const auto written = write();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
}

TEST_F(StagedFile, SaysThatTheDirectoryVanishedBeforeTheRename) {
  files_.before_rename(k_staging, [this] { files_.remove("/d"); });
  EXPECT_THAT(failure(), HasSubstr("rename sidecar staging"));
  EXPECT_EQ(files_.status("/d", FollowLinks::no).error().code, ErrorCode::not_found);
}

TEST_F(StagedFile, IsNotRenamedOverADirectory) {
  files_.put_file("/d/a.json/inside", "x");
  EXPECT_THAT(failure(), HasSubstr("Is a directory"));
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(StagedFile, AsksForNothingToBeSyncedUnlessTold) {
  ASSERT_TRUE(write());
  EXPECT_THAT(files_.synced(), IsEmpty());
}

TEST_F(StagedFile, IsSyncedBeforeTheRenameAndItsDirectoryBehindIt) {
  what_.sync = true;
  what_.at_step = [this](WriteStep step) {
    const bool is_file_synced = step >= WriteStep::staging_written;
    EXPECT_EQ(files_.synced(), is_file_synced ? Names{k_staging} : Names{});
  };
  ASSERT_TRUE(write());
  EXPECT_THAT(files_.synced(), ElementsAre(k_staging, "/d"));
}

TEST_F(StagedFile, LeavesTheOldFileWhenItCantBeSynced) {
  files_.put_file(k_target, "old");
  what_.sync = true;
  files_.fail_sync(k_staging, EIO);
  EXPECT_THAT(failure(), HasSubstr(std::string("sync sidecar staging ") + k_staging));
  EXPECT_EQ(content(), "old");
  EXPECT_THAT(names(), ElementsAre("a.json"));
}

TEST_F(StagedFile, SaysThatItsNameMayNotSurviveACrash) {
  what_.sync = true;
  files_.fail_sync("/d", EIO);
  EXPECT_EQ(failure(), "sync sidecar directory /d: Input/output error (os error 5)");
  EXPECT_EQ(content(), "new");
}

TEST_F(StagedFile, AnnouncesOnlyAFileThatIsThere) {
  int announced = 0;
  what_.about_to_replace = [&] {
    ++announced;
    EXPECT_EQ(content(), "new");
  };
  ASSERT_TRUE(write());
  EXPECT_EQ(announced, 0);
  ASSERT_TRUE(write("newer"));
  EXPECT_EQ(announced, 1);
}

Result<Stamp> write_really(const test::TemporaryDirectory& directory, StagedWrite what) {
  what.directory = directory.path();
  const auto opened = system_file_system().open_to_change(directory.path(), FollowLinks::no);
  return write_staged_file(**opened, what);
}

// As somebody does who may write in the runs root: the directory moves away, a link takes its
// place.
TEST(StagedRealFile, GoesWhereItsDirectoryWentAndNotThroughALinkInItsPlace) {
  for (const WriteStep moment : {WriteStep::staging_created, WriteStep::staging_written}) {
    const test::TemporaryDirectory root;
    std::filesystem::create_directories(root.path("run"));
    root.write("outside/a.json", "precious");
    const auto opened = system_file_system().open_to_change(root.path("run"), FollowLinks::no);
    StagedWrite what;
    what.directory = root.path("run");
    what.target = "a.json";
    what.staging = "a.json.tmp.1";
    what.bytes = "ours";
    what.sync = true;
    what.at_step = [&](WriteStep step) {
      if (step != moment) return;
      std::filesystem::rename(root.path("run"), root.path("away"));
      std::filesystem::create_directory_symlink("outside", root.path("run"));
    };
    ASSERT_TRUE(write_staged_file(**opened, what));
    EXPECT_EQ(std::filesystem::file_size(root.path("away/a.json")), 4U);
    EXPECT_EQ(std::filesystem::file_size(root.path("outside/a.json")), 8U);
    const auto outside = (*system_file_system().open_directory(root.path("outside")))->list();
    EXPECT_EQ(outside->size(), 1U);
  }
}

TEST(StagedRealFile, IsWrittenWhereNothingMayBeListed) {
  const test::TemporaryDirectory root;
  std::filesystem::create_directories(root.path("run"));
  std::filesystem::permissions(root.path("run"), std::filesystem::perms(0300));
  const auto opened = system_file_system().open_to_change(root.path("run"), FollowLinks::no);
  ASSERT_TRUE(opened);
  EXPECT_FALSE((*opened)->list());
  StagedWrite what;
  what.target = "a.json";
  what.staging = "a.json.tmp.1";
  EXPECT_TRUE(write_staged_file(**opened, what));
  std::filesystem::permissions(root.path("run"), std::filesystem::perms(0700));
}

TEST(StagedRealFile, RefusesANameThatIsTooLong) {
  const test::TemporaryDirectory directory;
  StagedWrite what;
  what.target = std::string(250, 'a');
  what.staging = what.target + ".tmp.1";
  const auto written = write_really(directory, what);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("File name too long (os error 36)"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(StagedRealFile, IsWholeAndSyncedInThisDirectory) {
  const test::TemporaryDirectory directory;
  const std::string bytes(3'000'000, 'x');
  StagedWrite what;
  what.target = "a.json";
  what.staging = "a.json.tmp.1";
  what.bytes = bytes;
  what.sync = true;
  const auto stamp = write_really(directory, what);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(std::filesystem::file_size(directory.path("a.json")), bytes.size());
  EXPECT_EQ(*stamp, system_file_system().status(directory.path("a.json"), FollowLinks::no)->stamp);
}

// The kernel writes what fits under the limit, a short count, and fails the next call.
TEST(StagedRealFile, LeavesNoHalfFileWhenAShortWriteIsFollowedByAnError) {
  const test::TemporaryDirectory directory;
  directory.write("a.json", "old");
  test::ChildProcess child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string bytes(1500, 'x');
    StagedWrite what;
    what.target = "a.json";
    what.staging = "a.json.tmp.1";
    what.bytes = bytes;
    const auto written = write_really(directory, what);
    return !written && written.error().message.find("File too large") != std::string::npos;
  });
  EXPECT_TRUE(child.succeeds());
  EXPECT_EQ(std::filesystem::file_size(directory.path("a.json")), 3U);
  EXPECT_FALSE(std::filesystem::exists(directory.path("a.json.tmp.1")));
}

TEST(ConcurrentStagedFile, IsWholeWhoeverWritesTheSameNameLast) {
  const test::TemporaryDirectory directory;
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    threads.emplace_back([&, letter] {
      const std::string bytes(100'000, letter);
      StagedWrite what;
      what.target = "a.json";
      what.staging = "a.json.tmp.1";  // the same for all
      what.bytes = bytes;
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(write_really(directory, what));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ifstream file(directory.path("a.json"));
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(bytes, std::string(100'000, bytes.at(0)));
  std::filesystem::remove(directory.path("a.json"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace ktstr
