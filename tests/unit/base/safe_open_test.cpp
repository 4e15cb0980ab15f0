// SPDX-License-Identifier: MIT
#include "base/safe_open.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace ktstr::posix {
namespace {

class SafeOpen : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }
  [[nodiscard]] Location at(const std::string& name) const { return at_path(path(name)); }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, path(name));
  }
  static std::string message_of(const Result<Descriptor>& opened) {
    return opened ? "opened" : opened.error().message;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(SafeOpen, AFileIsOpenedByItsNameAndByALinkThatMayBeFollowed) {
  directory_.write("file", "x");
  link("file", "link");
  EXPECT_TRUE(open_regular_at(at("file"), O_RDONLY));
  EXPECT_TRUE(open_regular_at(at("link"), O_RDONLY));
  EXPECT_TRUE(open_own_file_at(at("file"), O_RDONLY));
}

TEST_F(SafeOpen, AFileOfOursIsNoLinkWhereverThatLeads) {
  directory_.write("file", "x");
  link("file", "link");
  link("nowhere", "dangling");
  for (const char* name : {"link", "dangling"}) {
    EXPECT_EQ(message_of(open_own_file_at(at(name), O_RDWR | O_CREAT)),
              "a symbolic link, not a file of ours");
  }
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(SafeOpen, NobodyWaitsForAFifo) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT}) {
    EXPECT_EQ(message_of(open_regular_at(at("fifo"), flags)), "a FIFO, not a regular file");
    EXPECT_EQ(message_of(open_own_file_at(at("fifo"), flags)), "a FIFO, not a file of ours");
  }
}

TEST_F(SafeOpen, DirectoriesAreNoFiles) {
  std::filesystem::create_directory(path("directory"));
  EXPECT_EQ(message_of(open_regular_at(at("directory"), O_RDONLY)),
            "a directory, not a regular file");
  EXPECT_EQ(message_of(open_own_file_at(at("directory"), O_RDWR | O_CREAT)),
            "Is a directory (os error 21)");
}

TEST_F(SafeOpen, DevicesAreNoFiles) {
  EXPECT_EQ(message_of(open_regular_at(at_path("/dev/null"), O_RDWR)),
            "a device, not a regular file");
}

TEST_F(SafeOpen, WhatIsMissingIsNotFound) {
  EXPECT_EQ(open_regular_at(at("none"), O_RDONLY).error().code, ErrorCode::not_found);
  EXPECT_EQ(open_own_directory_at(at("none"), Missing::is_an_error).error().code,
            ErrorCode::not_found);
}

TEST_F(SafeOpen, ANameWithANulIsNone) {
  directory_.write("file", "x");
  EXPECT_FALSE(open_regular_at(at(std::string("file\0x", 6)), O_RDONLY));
}

TEST_F(SafeOpen, ADirectoryOfOursIsMadeOnceAndNeverThroughALink) {
  EXPECT_TRUE(open_own_directory_at(at("own"), Missing::is_made));
  EXPECT_TRUE(open_own_directory_at(at("own"), Missing::is_made));
  link("own", "link");
  link("nowhere", "dangling");
  directory_.write("file", "x");
  for (const char* name : {"link", "dangling"}) {
    EXPECT_EQ(message_of(open_own_directory_at(at(name), Missing::is_made)),
              "a symbolic link, not a directory of ours");
  }
  EXPECT_EQ(message_of(open_own_directory_at(at("file"), Missing::is_made)),
            "a regular file, not a directory of ours");
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(SafeOpen, LinksCountBelowTheTopOnly) {
  std::filesystem::create_directory(path("top"));
  std::filesystem::create_directory(path("outside"));
  link("top", "link");
  EXPECT_TRUE(open_own_directories(path("link"), {"a", "b"}, Missing::is_made));
  EXPECT_TRUE(std::filesystem::is_directory(path("top/a/b")));
  std::filesystem::remove(path("top/a/b"));
  std::filesystem::create_symlink(path("outside"), path("top/a/b"));
  const auto opened = open_own_directories(path("link"), {"a", "b", "c"}, Missing::is_made);
  EXPECT_EQ(message_of(opened), "a symbolic link, not a directory of ours");
  EXPECT_EQ(opened.error().path, path("link/a/b"));
  EXPECT_TRUE(std::filesystem::is_empty(path("outside")));
}

TEST_F(SafeOpen, TheTopIsNeverMade) {
  EXPECT_EQ(open_own_directories(path("none"), {"a"}, Missing::is_made).error().code,
            ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(SafeOpen, AFileIsWrittenInPlaceOnlyIfItIsOne) {
  directory_.write("precious", "precious");
  link("precious", "link");
  EXPECT_FALSE(system_file_system().write_file(path("link"), "ours"));
  EXPECT_EQ(std::filesystem::file_size(path("precious")), 8U);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(system_file_system().write_file(path("fifo"), "ours"));
  EXPECT_TRUE(system_file_system().write_file(path("precious"), "ours"));
  EXPECT_EQ(std::filesystem::file_size(path("precious")), 4U);
}

}  // namespace
}  // namespace ktstr::posix
