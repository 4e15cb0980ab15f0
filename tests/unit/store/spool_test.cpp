// SPDX-License-Identifier: MIT
#include "store/spool.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ktstr/walk.hpp"
#include "support/child_process.hpp"
#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

SpoolEntry entry_of(const std::string& file_name) {
  SpoolEntry entry;
  entry.run_dir = "run";
  entry.file_name = file_name;
  return entry;
}

class Spooling : public ::testing::Test {
 protected:
  Spool make() {
    auto spool = Spool::create(root_.path(), clock_);
    EXPECT_TRUE(spool) << spool.error().text();
    return std::move(*spool);
  }
  /// Writes a file in the run directory and links it into the spool.
  void keep(Spool& spool, const std::string& name, const std::string& bytes) {
    const auto stored = spool.link(root_.write("run/" + name, bytes));
    ASSERT_TRUE(stored);
    ASSERT_TRUE(spool.record(*stored, entry_of(name)));
  }

  TemporaryDirectory root_;
  FakeClock clock_;
};

TEST_F(Spooling, KeepsTheBytesOfAFileThatIsReplacedAndRemoved) {
  Spool spool = make();
  keep(spool, "a.ktstr.json", "first");
  std::filesystem::rename(root_.write("run/staged", "second"), root_.path("run/a.ktstr.json"));
  std::filesystem::remove_all(root_.path("run"));
  const auto files = read_spool(spool.path());
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(bytes_of(files->front().path), "first");
  EXPECT_EQ(files->front().entry.file_name, "a.ktstr.json");
  EXPECT_EQ(files->front().entry.captured_ns, clock_.now_ns());
  EXPECT_EQ(files->front().entry.size_bytes, 5);
  EXPECT_FALSE(files->front().is_changed);
}

TEST_F(Spooling, TellsThatALinkedFileWasWrittenToSince) {
  Spool spool = make();
  keep(spool, "a.ktstr.json", "first");
  root_.write("run/a.ktstr.json", "a longer text");
  const auto files = read_spool(spool.path());
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_TRUE(files->front().is_changed);
}

TEST_F(Spooling, HoldsNothingThatIsNamedAsASidecar) {
  Spool spool = make();
  keep(spool, "a.ktstr.json", "{}");
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root_.path(".ktstr-index"))) {
    const std::string name = entry.path().filename();
    EXPECT_FALSE(is_sidecar_filename(name) || classify_artifact(name)) << name;
  }
}

TEST_F(Spooling, IsLiveWhileItsOwnerLives) {
  {
    const Spool spool = make();
    const auto found = list_spools(root_.path());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].path, spool.path());
    EXPECT_TRUE(found[0].is_live);
    EXPECT_FALSE(SpoolClaim::take(spool.path())->has_value());
  }
  ASSERT_EQ(list_spools(root_.path()).size(), 1U);
  EXPECT_FALSE(list_spools(root_.path())[0].is_live);
}

TEST_F(Spooling, LeavesADeadProcessesSpoolToTheOneWhoClaimsIt) {
  ChildProcess process([&] {
    Spool spool = make();
    keep(spool, "a.ktstr.json", "kept");
    return ::raise(SIGKILL) == 0;
  });
  ASSERT_TRUE(process.is_killed());
  const auto found = list_spools(root_.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_live);
  const auto claim = SpoolClaim::take(found[0].path);
  ASSERT_TRUE(claim && *claim);
  EXPECT_FALSE(SpoolClaim::take(found[0].path)->has_value());
  const auto files = read_spool(found[0].path);
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(bytes_of(files->front().path), "kept");
  ASSERT_TRUE(remove_spool(found[0].path));
  EXPECT_TRUE(list_spools(root_.path()).empty());
  EXPECT_TRUE(std::filesystem::is_empty(root_.path(".ktstr-index/spool")));
}

TEST_F(Spooling, IsReadWithoutWhatIsNotThereOrNotWrittenDown) {
  Spool spool = make();
  keep(spool, "a.ktstr.json", "a");
  keep(spool, "b.ktstr.json", "b");
  ASSERT_TRUE(spool.link(root_.write("run/c.ktstr.json", "killed before it was written down")));
  std::filesystem::remove(spool.path() + "/1");
  const auto files = read_spool(spool.path());
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(files->front().entry.file_name, "b.ktstr.json");
}

TEST_F(Spooling, IsReadUpToATornLine) {
  Spool spool = make();
  keep(spool, "a.ktstr.json", "a");
  keep(spool, "b.ktstr.json", "b");
  const std::string journal = spool.path() + "/journal";
  std::filesystem::resize_file(journal, std::filesystem::file_size(journal) - 1);
  const auto files = read_spool(spool.path());
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(files->front().entry.file_name, "a.ktstr.json");
}

TEST_F(Spooling, CopiesNoMoreThanItMay) {
  Spool spool = make();
  const std::string path = root_.write("run/a.ktstr.json", "12345");
  EXPECT_EQ(spool.copy(path, 4).error(), EFBIG);
  const auto copied = spool.copy(path, 5);
  ASSERT_TRUE(copied);
  EXPECT_TRUE(copied->is_copy);
  ASSERT_TRUE(spool.record(*copied, entry_of("a.ktstr.json")));
  root_.write("run/a.ktstr.json", "in place");
  const auto files = read_spool(spool.path());
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(bytes_of(files->front().path), "12345");
  EXPECT_FALSE(files->front().is_changed);
}

TEST_F(Spooling, TakesRegularFilesOnly) {
  Spool spool = make();
  ASSERT_EQ(::mkfifo(root_.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(spool.link(root_.path("fifo")).error(), EINVAL);
  EXPECT_EQ(spool.copy(root_.path("fifo"), 10).error(), EINVAL);
  EXPECT_EQ(spool.link(root_.path("none")).error(), ENOENT);
}

TEST_F(Spooling, MakesNoRoot) {
  const auto spool = Spool::create(root_.path("none"), clock_);
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(root_.path("none")));
}

TEST_F(Spooling, HasADirectoryForEachEvenInOneNanosecond) {
  const Spool one = make();
  const Spool other = make();
  EXPECT_NE(one.path(), other.path());
  EXPECT_EQ(list_spools(root_.path()).size(), 2U);
}

TEST_F(Spooling, NoticesThatItWasRemoved) {
  const Spool spool = make();
  EXPECT_FALSE(spool.is_removed());
  std::filesystem::remove_all(root_.path(".ktstr-index"));
  EXPECT_TRUE(spool.is_removed());
}

}  // namespace
}  // namespace ktstr::test
