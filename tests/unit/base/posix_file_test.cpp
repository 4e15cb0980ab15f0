// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

std::vector<std::string> names(const std::vector<DirectoryEntry>& entries) {
  std::vector<std::string> all;
  for (const DirectoryEntry& entry : entries) all.push_back(entry.name);
  return all;
}

class SystemDirectory : public testing::Test {
 protected:
  std::unique_ptr<DirectoryHandle> open(const std::string& path) {
    auto opened = files_.open_directory(path);
    if (!opened) throw std::runtime_error(opened.error().text());
    return std::move(*opened);
  }

  test::TemporaryDirectory directory_;
  FileSystem& files_ = system_file_system();
};

TEST_F(SystemDirectory, ListsItsEntriesInByteOrder) {
  for (const char* name : {"b", "a", "B", "\xC3\xA9", "a-1", "\xFF", ".hidden"}) {
    directory_.write(name, "");
  }
  EXPECT_EQ(names(*open(directory_.path())->list()),
            (std::vector<std::string>{".hidden", "B", "a", "a-1", "b", "\xC3\xA9", "\xFF"}));
}

TEST_F(SystemDirectory, ListsTheKindOfTheEntryItself) {
  directory_.write("1-file", "");
  std::filesystem::create_directory(directory_.path("2-directory"));
  std::filesystem::create_directory_symlink("2-directory", directory_.path("3-link"));
  std::filesystem::create_symlink("none", directory_.path("4-dangling"));
  ASSERT_EQ(::mkfifo(directory_.path("5-fifo").c_str(), 0600), 0);
  const auto entries = open(directory_.path())->list();
  ASSERT_EQ(entries->size(), 5U);
  EXPECT_EQ((*entries)[0].kind, FileKind::regular);
  EXPECT_EQ((*entries)[1].kind, FileKind::directory);
  EXPECT_EQ((*entries)[2].kind, FileKind::symlink);
  EXPECT_EQ((*entries)[3].kind, FileKind::symlink);
  EXPECT_EQ((*entries)[4].kind, FileKind::other);
}

TEST_F(SystemDirectory, ListsAfreshEachTime) {
  const auto handle = open(directory_.path());
  EXPECT_TRUE(handle->list()->empty());
  directory_.write("a", "");
  EXPECT_EQ(names(*handle->list()), (std::vector<std::string>{"a"}));
  EXPECT_EQ(names(*handle->list()), (std::vector<std::string>{"a"}));
}

TEST_F(SystemDirectory, ListsMoreEntriesThanOneCallOfTheSystemGives) {
  for (int i = 0; i < 3000; ++i) {
    directory_.write("a-name-that-is-rather-long-" + std::to_string(i), "");
  }
  EXPECT_EQ(open(directory_.path())->list()->size(), 3000U);
}

TEST_F(SystemDirectory, ListsWithoutTheRightToSearch) {
  directory_.write("d/f", "");
  ASSERT_EQ(::chmod(directory_.path("d").c_str(), 0400), 0);
  const auto entries = open(directory_.path("d"))->list();
  ASSERT_EQ(::chmod(directory_.path("d").c_str(), 0700), 0);
  ASSERT_TRUE(entries);
  EXPECT_EQ(names(*entries), (std::vector<std::string>{"f"}));
}

TEST_F(SystemDirectory, LeavesNoDescriptorOpen) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  if (!std::filesystem::exists("/proc/self/fd")) GTEST_SKIP() << "no /proc here";
  directory_.write("d/f", "x");
  const auto before = open_descriptors();
  {
    const auto handle = open(directory_.path());
    static_cast<void>(handle->list());
    static_cast<void>(handle->open_directory("d").value()->open_file("f").value()->read_all(10));
    static_cast<void>(handle->open_file("none"));
    static_cast<void>(files_.write_file(directory_.path("g"), "x"));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SystemDirectory, ResolvesNamesAgainstTheOpenDirectoryAfterAParentWasRenamed) {
  directory_.write("old/run/f", "mine");
  const auto handle = open(directory_.path("old/run"));
  std::filesystem::rename(directory_.path("old"), directory_.path("kept"));
  directory_.write("old/run/f", "another's");
  EXPECT_EQ(handle->open_file("f").value()->read_all(100), "mine");
  EXPECT_EQ(handle->status_of("f", FollowLinks::yes)->stamp.size_bytes, 4);
}

TEST_F(SystemDirectory, FollowsALinkToADirectory) {
  directory_.write("d/f", "x");
  std::filesystem::create_directory_symlink("d", directory_.path("link"));
  const auto handle = open(directory_.path());
  EXPECT_EQ(names(*handle->open_directory("link").value()->list()),
            (std::vector<std::string>{"f"}));
  EXPECT_EQ(handle->status_of("link", FollowLinks::no)->kind, FileKind::symlink);
  EXPECT_EQ(handle->status_of("link", FollowLinks::yes)->kind, FileKind::directory);
}

TEST_F(SystemDirectory, HasTheStampThatItsPathHas) {
  const auto handle = open(directory_.path());
  EXPECT_EQ(handle->status()->stamp, files_.status(directory_.path(), FollowLinks::yes)->stamp);
  EXPECT_EQ(handle->status()->kind, FileKind::directory);
}

TEST_F(SystemDirectory, NamesTheWholePathInAnError) {
  const auto handle = open(directory_.path());
  EXPECT_EQ(handle->open_file("none").error().path, directory_.path("none"));
  EXPECT_EQ(handle->status_of("none", FollowLinks::no).error().path, directory_.path("none"));
}

TEST_F(SystemDirectory, IsNotOpenedFromAFile) {
  directory_.write("f", "x");
  EXPECT_EQ(files_.open_directory(directory_.path("f")).error().message,
            "Not a directory (os error 20)");
}

TEST_F(SystemDirectory, IsNotOpenedFromAFifoEither) {
  ASSERT_EQ(::mkfifo(directory_.path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(files_.open_directory(directory_.path("fifo")));
}

TEST_F(SystemDirectory, IsEmptyOnceItWasRemoved) {
  directory_.write("d/f", "x");
  const auto handle = open(directory_.path("d"));
  std::filesystem::remove_all(directory_.path("d"));
  const auto entries = handle->list();
  EXPECT_TRUE(!entries || entries->empty());
}

class NewFile : public ::testing::Test {
 protected:
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) const {
    const auto directory = system_file_system().open_to_change(directory_.path(), FollowLinks::no);
    return (*directory)->create_new_file(name);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    return (*system_file_system().open_file(directory_.path(name)))->read_all(1000).value();
  }

  test::TemporaryDirectory directory_;
};

TEST_F(NewFile, HoldsWhatIsWrittenPieceByPiece) {
  const auto file = create("a");
  ASSERT_TRUE(file && *file);
  ASSERT_TRUE((*file)->write_all("one "));
  ASSERT_TRUE((*file)->write_all("two"));
  EXPECT_EQ(content("a"), "one two");
}

TEST_F(NewFile, StaysOpenWhenFlushedAndSynced) {
  const auto file = create("a");
  ASSERT_TRUE((*file)->flush());
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE((*file)->write_all("x"));
  EXPECT_EQ((*file)->status()->stamp.size_bytes, 1);
}

TEST_F(NewFile, IsNullWhereTheNameIsTaken) {
  directory_.write("a", "old");
  const auto file = create("a");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, nullptr);
  EXPECT_EQ(content("a"), "old");
}

TEST_F(NewFile, IsNullWhereALinkToNowhereIs) {
  std::filesystem::create_symlink(directory_.path("nowhere"), directory_.path("a"));
  const auto file = create("a");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, nullptr);
  EXPECT_FALSE(std::filesystem::exists(directory_.path("nowhere")));
}

TEST_F(NewFile, IsAnErrorInAMissingDirectory) {
  const auto file = create("gone/a");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
}

TEST_F(NewFile, IsAnErrorUnderANameWithANul) {
  const auto file = create(std::string("a\0b", 3));
  ASSERT_FALSE(file);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(NewFile, KeepsItsStampUnderAnotherName) {
  const auto file = create("a");
  ASSERT_TRUE(system_file_system().rename(directory_.path("a"), directory_.path("b")));
  EXPECT_EQ((*file)->status()->stamp,
            system_file_system().status(directory_.path("b"), FollowLinks::no)->stamp);
}

TEST(DirectorySync, SucceedsForADirectoryAlone) {
  const test::TemporaryDirectory directory;
  EXPECT_TRUE(system_file_system().sync_directory(directory.path()));
  EXPECT_FALSE(system_file_system().sync_directory(directory.write("a", "x")));
  EXPECT_FALSE(system_file_system().sync_directory(directory.path("gone")));
}

}  // namespace
}  // namespace ktstr
