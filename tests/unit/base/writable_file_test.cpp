// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file_system.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

class NewFile : public ::testing::Test {
 protected:
  Result<std::unique_ptr<WritableFile>> create(const std::string& name) const {
    return system_file_system().create_new_file(directory_.path(name));
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
