// SPDX-License-Identifier: MIT
#include "support/fake_file_system.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fake_clock.hpp"

namespace ktstr::test {
namespace {

using Paths = std::vector<std::string>;

constexpr std::int64_t k_start = 1'000'000'000'123;

class FakeFiles : public testing::Test {
 protected:
  Stamp stamp(const std::string& path, FollowLinks follow = FollowLinks::yes) {
    const auto status = files_.status(path, follow);
    if (!status) throw std::runtime_error(status.error().text());
    return status->stamp;
  }
  std::string read(const std::string& path) {
    return files_.open_file(path).value()->read_all(1000).value();
  }
  Paths names(const std::string& path) {
    Paths all;
    const auto entries = files_.open_directory(path).value()->list();
    for (const auto& entry : *entries) all.push_back(entry.name);
    return all;
  }

  FakeClock clock_{k_start};
  FakeFileSystem files_{clock_};
};

TEST_F(FakeFiles, AreReadAsTheyWerePut) {
  files_.put_file("/a/b/f", "bytes");
  EXPECT_EQ(read("/a/b/f"), "bytes");
  EXPECT_EQ(names("/a"), (Paths{"b"}));
  EXPECT_EQ(stamp("/a/b/f").size_bytes, 5);
}

TEST_F(FakeFiles, HaveTheStampsOfTheClock) {
  files_.put_file("/f", "x");
  EXPECT_EQ(stamp("/f").mtime_ns, k_start);
  EXPECT_EQ(stamp("/f").ctime_ns, k_start);
}

TEST_F(FakeFiles, HaveStampsCutToTheGranularity) {
  files_.set_granularity_ns(2'000'000'000);
  clock_.set_now_ns(7'999'999'999);
  files_.put_file("/f", "x");
  EXPECT_EQ(stamp("/f").ctime_ns, 6'000'000'000);
  EXPECT_EQ(stamp("/f").mtime_ns, 6'000'000'000);
}

TEST_F(FakeFiles, KeepTheirInodeAndDirectoryStampWhenOverwrittenInPlace) {
  files_.put_file("/d/f", "old");
  const Stamp file = stamp("/d/f");
  const Stamp directory = stamp("/d");
  clock_.advance(5);
  files_.overwrite_in_place("/d/f", "new!");
  EXPECT_EQ(stamp("/d/f").inode, file.inode);
  EXPECT_EQ(stamp("/d/f").mtime_ns, k_start + 5);
  EXPECT_EQ(stamp("/d/f").ctime_ns, k_start + 5);
  EXPECT_EQ(stamp("/d"), directory);
}

TEST_F(FakeFiles, CanChangeUnderTheSameStampWhenItIsCoarse) {
  files_.set_granularity_ns(2'000'000'000);
  files_.put_file("/d/f", "old");
  const Stamp before = stamp("/d/f");
  clock_.advance(5);
  files_.overwrite_in_place("/d/f", "new");
  EXPECT_EQ(stamp("/d/f"), before);
}

TEST_F(FakeFiles, GetANewInodeWhenPutAgain) {
  files_.put_file("/d/f", "old");
  const Stamp before = stamp("/d/f");
  clock_.advance(5);
  files_.put_file("/d/f", "new");
  EXPECT_NE(stamp("/d/f").inode, before.inode);
  EXPECT_EQ(stamp("/d").mtime_ns, k_start + 5);
}

TEST_F(FakeFiles, TouchTheirDirectoryOnlyWhenANameComesOrGoes) {
  files_.put_file("/d/f", "x");
  clock_.advance(5);
  files_.put_file("/d/g", "x");
  EXPECT_EQ(stamp("/d").mtime_ns, k_start + 5);
  EXPECT_EQ(stamp("/d").ctime_ns, k_start + 5);
  clock_.advance(5);
  files_.remove("/d/g");
  EXPECT_EQ(stamp("/d").mtime_ns, k_start + 10);
  EXPECT_EQ(stamp("/").mtime_ns, k_start);
}

TEST_F(FakeFiles, TouchBothDirectoriesWhenRenamed) {
  files_.put_file("/a/f", "x");
  files_.put_file("/b/f", "old");
  const std::uint64_t inode = stamp("/a/f").inode;
  clock_.advance(5);
  ASSERT_TRUE(files_.rename("/a/f", "/b/f"));
  EXPECT_EQ(stamp("/b/f").inode, inode);
  EXPECT_EQ(stamp("/b/f").mtime_ns, k_start);
  EXPECT_EQ(stamp("/b/f").ctime_ns, k_start + 5);
  EXPECT_EQ(stamp("/a").mtime_ns, k_start + 5);
  EXPECT_EQ(stamp("/b").mtime_ns, k_start + 5);
  EXPECT_TRUE(names("/a").empty());
}

TEST_F(FakeFiles, TakeAnyMtimeButNoCtime) {
  files_.put_file("/f", "x");
  clock_.advance(5);
  files_.set_mtime_ns("/f", 42);
  EXPECT_EQ(stamp("/f").mtime_ns, 42);
  EXPECT_EQ(stamp("/f").ctime_ns, k_start + 5);
}

TEST_F(FakeFiles, MoveTheirCtimeAloneWhenTouchedSo) {
  files_.put_file("/f", "x");
  clock_.advance(5);
  files_.touch_ctime("/f");
  EXPECT_EQ(stamp("/f").mtime_ns, k_start);
  EXPECT_EQ(stamp("/f").ctime_ns, k_start + 5);
}

TEST_F(FakeFiles, FollowRelativeAndAbsoluteLinks) {
  files_.put_file("/d/f", "x");
  files_.make_symlink("/d/relative", "f");
  files_.make_symlink("/e/up", "../d");
  files_.make_symlink("/absolute", "/d/f");
  EXPECT_EQ(read("/d/relative"), "x");
  EXPECT_EQ(read("/e/up/f"), "x");
  EXPECT_EQ(read("/absolute"), "x");
  EXPECT_EQ(files_.status("/absolute", FollowLinks::no)->kind, FileKind::symlink);
  EXPECT_EQ(stamp("/absolute"), stamp("/d/f"));
}

TEST_F(FakeFiles, ReportLinksToNowhereAndInCircles) {
  files_.make_symlink("/dangling", "none");
  files_.make_symlink("/loop", "loop");
  EXPECT_EQ(files_.open_file("/dangling").error().message, os_error(ENOENT).message);
  EXPECT_EQ(files_.open_file("/loop").error().message, os_error(ELOOP).message);
}

TEST_F(FakeFiles, AreWrittenThroughALink) {
  files_.put_file("/d/f", "old");
  files_.make_symlink("/link", "d/f");
  files_.make_symlink("/dangling", "d/g");
  ASSERT_TRUE(files_.write_file("/link", "new"));
  ASSERT_TRUE(files_.write_file("/dangling", "made"));
  EXPECT_EQ(read("/d/f"), "new");
  EXPECT_EQ(read("/d/g"), "made");
}

TEST_F(FakeFiles, MakeAFileAndKeepItsInodeWhenWrittenAgain) {
  ASSERT_TRUE(files_.write_file("/f", "one"));
  const std::uint64_t inode = stamp("/f").inode;
  ASSERT_TRUE(files_.write_file("/f", "two"));
  EXPECT_EQ(stamp("/f").inode, inode);
  EXPECT_EQ(files_.write_file("/none/f", "x").error().code, ErrorCode::not_found);
}

TEST_F(FakeFiles, ListAFifoThatHasNoBytes) {
  files_.make_fifo("/d/fifo");
  const auto directory = files_.open_directory("/d").value();
  EXPECT_EQ(directory->list()->front().kind, FileKind::other);
  EXPECT_FALSE(directory->open_file("fifo").value()->read_all(10));
}

TEST_F(FakeFiles, RefuseMoreThanTheLimit) {
  files_.put_file("/f", "123456");
  EXPECT_EQ(files_.open_file("/f").value()->read_all(5).error().message,
            "larger than the limit of 5 bytes");
}

TEST_F(FakeFiles, TellFilesAndDirectoriesApart) {
  files_.put_file("/d/f", "x");
  EXPECT_EQ(files_.open_directory("/d/f").error().message, os_error(ENOTDIR).message);
  EXPECT_EQ(files_.open_file("/d/f/g").error().message, os_error(ENOTDIR).message);
  EXPECT_EQ(files_.open_file("/d").value()->read_all(9).error().message, os_error(EISDIR).message);
  EXPECT_EQ(files_.open_directory("/").value()->remove_file("d").error().message,
            os_error(EISDIR).message);
  EXPECT_EQ(files_.create_directories("/d/f").error().message, os_error(EEXIST).message);
  EXPECT_EQ(files_.create_directories("/d/f/g").error().message, os_error(ENOTDIR).message);
}

TEST_F(FakeFiles, RefuseTheRenamesThatPosixRefuses) {
  files_.put_file("/a/f", "x");
  files_.put_file("/b/g", "x");
  EXPECT_EQ(files_.rename("/a", "/b").error().message, os_error(ENOTEMPTY).message);
  EXPECT_EQ(files_.rename("/a", "/a/sub").error().message, os_error(EINVAL).message);
  EXPECT_EQ(files_.rename("/a/f", "/b").error().message, os_error(EISDIR).message);
  EXPECT_EQ(files_.rename("/a", "/b/g").error().message, os_error(ENOTDIR).message);
  EXPECT_EQ(files_.rename("/none", "/x").error().code, ErrorCode::not_found);
}

TEST_F(FakeFiles, StayOpenWhateverTheirNamePointsToByNow) {
  files_.put_file("/d/f", "old");
  const auto file = files_.open_file("/d/f").value();
  const auto directory = files_.open_directory("/d").value();
  files_.move("/d", "/kept");
  files_.put_file("/d/f", "another's");
  EXPECT_EQ(file->read_all(100), "old");
  EXPECT_EQ(directory->open_file("f").value()->read_all(100), "old");
}

TEST_F(FakeFiles, FailWhenToldUntilToldNotTo) {
  files_.put_file("/d/f", "x");
  files_.fail_open("/d/f", EACCES);
  EXPECT_EQ(files_.open_directory("/d").value()->open_file("f").error().code,
            ErrorCode::permission);
  EXPECT_EQ(files_.open_file("//d/f").error().text(), "//d/f: Permission denied (os error 13)");
  files_.fail_open("/d/f", 0);
  EXPECT_EQ(read("/d/f"), "x");
}

TEST_F(FakeFiles, FailToBeReadListedOrStatused) {
  files_.put_file("/d/f", "x");
  files_.fail_read("/d/f", EIO);
  files_.fail_list("/d", EIO);
  files_.fail_status("/d/f", ESTALE);
  EXPECT_FALSE(files_.open_file("/d/f").value()->read_all(10));
  EXPECT_FALSE(files_.open_directory("/d").value()->list());
  EXPECT_FALSE(files_.status("/d/f", FollowLinks::yes));
}

TEST_F(FakeFiles, VanishWhileTheyAreRead) {
  files_.put_file("/d/f", "x");
  files_.vanish_during_read("/d/f");
  const auto file = files_.open_file("/d/f").value();
  EXPECT_EQ(names("/d"), (Paths{"f"}));
  EXPECT_EQ(file->read_all(10), "x");
  EXPECT_TRUE(names("/d").empty());
}

TEST_F(FakeFiles, RunAHookOnceBeforeTheOperation) {
  files_.put_file("/d/f", "x");
  int calls = 0;
  files_.before_list("/d", [&] {
    ++calls;
    files_.put_file("/d/g", "y");
  });
  EXPECT_EQ(names("/d"), (Paths{"f", "g"}));
  EXPECT_EQ(names("/d"), (Paths{"f", "g"}));
  EXPECT_EQ(calls, 1);
}

TEST_F(FakeFiles, LetAHookMakeTheFileGoAway) {
  files_.put_file("/d/f", "x");
  const auto directory = files_.open_directory("/d").value();
  files_.before_open("/d/f", [&] { files_.remove("/d/f"); });
  EXPECT_EQ(directory->open_file("f").error().code, ErrorCode::not_found);
}

TEST_F(FakeFiles, LetAHookDoTheSameOperation) {
  files_.put_file("/f", "x");
  files_.before_read("/f", [&] { files_.overwrite_in_place("/f", read("/f") + "y"); });
  EXPECT_EQ(read("/f"), "xy");
}

TEST_F(FakeFiles, CountWhatWasAskedFor) {
  files_.put_file("/d/f", "x");
  const auto directory = files_.open_directory("/d").value();
  static_cast<void>(directory->list());
  static_cast<void>(directory->status_of("f", FollowLinks::yes));
  static_cast<void>(directory->open_file("f").value()->read_all(10));
  static_cast<void>(directory->open_file("none"));
  EXPECT_EQ(files_.opened(), (Paths{"/d", "/d/f", "/d/none"}));
  EXPECT_EQ(files_.listed(), (Paths{"/d"}));
  EXPECT_EQ(files_.statused(), (Paths{"/d/f"}));
  EXPECT_EQ(files_.read(), (Paths{"/d/f"}));
  files_.clear_counts();
  EXPECT_TRUE(files_.opened().empty());
  EXPECT_TRUE(files_.read().empty());
}

TEST_F(FakeFiles, SayWhenATestAsksForTheImpossible) {
  EXPECT_THROW(files_.remove("/none"), std::logic_error);
  EXPECT_THROW(files_.overwrite_in_place("/none", "x"), std::logic_error);
  files_.make_directory("/d");
  EXPECT_THROW(files_.put_file("/d", "x"), std::logic_error);
}

TEST(FakeFilesHandle, OutlivesItsFileSystem) {
  const FakeClock clock;
  std::unique_ptr<FileHandle> file;
  {
    FakeFileSystem files(clock);
    files.put_file("/f", "x");
    file = files.open_file("/f").value();
  }
  EXPECT_EQ(file->read_all(10), "x");
}

}  // namespace
}  // namespace ktstr::test
