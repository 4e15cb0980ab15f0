// SPDX-License-Identifier: MIT
#include "capture/spool.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ktstr/index.hpp"
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
    const auto found = list_spools(root_.path()).spools;
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].path, spool.path());
    EXPECT_TRUE(found[0].is_live);
    EXPECT_FALSE(SpoolClaim::take(spool.path())->has_value());
  }
  const auto left = list_spools(root_.path());
  ASSERT_EQ(left.spools.size(), 1U);
  EXPECT_FALSE(left.spools[0].is_live);
  EXPECT_TRUE(left.not_ours.empty());
}

TEST_F(Spooling, LeavesADeadProcessesSpoolToTheOneWhoClaimsIt) {
  ChildProcess process([&] {
    Spool spool = make();
    keep(spool, "a.ktstr.json", "kept");
    return ::raise(SIGKILL) == 0;
  });
  ASSERT_TRUE(process.is_killed());
  const auto found = list_spools(root_.path()).spools;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_live);
  const auto claim = SpoolClaim::take(found[0].path);
  ASSERT_TRUE(claim && *claim);
  EXPECT_FALSE(SpoolClaim::take(found[0].path)->has_value());
  const auto files = read_spool(found[0].path);
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(bytes_of(files->front().path), "kept");
  ASSERT_TRUE(remove_spool(found[0].path));
  EXPECT_TRUE(list_spools(root_.path()).spools.empty());
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
  EXPECT_EQ(list_spools(root_.path()).spools.size(), 2U);
}

TEST_F(Spooling, NoticesThatItWasRemoved) {
  const Spool spool = make();
  EXPECT_FALSE(spool.is_removed());
  std::filesystem::remove_all(root_.path(".ktstr-index"));
  EXPECT_TRUE(spool.is_removed());
}

constexpr const char* k_name = "1700000000000000000-1";
const std::string k_spools = ".ktstr-index/spool/";

class RemovedSpool : public Spooling {
 protected:
  [[nodiscard]] std::string path() const { return root_.path(k_spools + k_name); }
  void put(const std::string& name, const std::string& bytes = "x") const {
    root_.write(k_spools + k_name + "/" + name, bytes);
  }
  [[nodiscard]] std::size_t left() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path())) ++count;
    return count;
  }
};

TEST_F(RemovedSpool, IsGoneWithItsLock) {
  put("journal", journal_head());
  put("1");
  put("20");
  root_.write(k_spools + k_name + ".lock", "");
  ASSERT_TRUE(remove_spool(path()));
  EXPECT_TRUE(std::filesystem::is_empty(root_.path(k_spools)));
  EXPECT_TRUE(remove_spool(path()));
}

TEST_F(RemovedSpool, MayBeOneThatWasKilledWhileItWasMade) {
  std::filesystem::create_directories(path());
  EXPECT_TRUE(remove_spool(path()));
  put("journal", "");
  EXPECT_TRUE(remove_spool(path()));
  put("journal", journal_head().substr(0, 5));
  EXPECT_TRUE(remove_spool(path()));
}

TEST_F(RemovedSpool, IsNoDirectoryWithoutAJournalOfOurs) {
  put("1");
  EXPECT_EQ(remove_spool(path()).error().code, ErrorCode::corrupt);
  for (const char* text : {"somebody's journal", "somebody's\njournal\n"}) {
    put("journal", text);
    EXPECT_EQ(remove_spool(path()).error().code, ErrorCode::corrupt);
    EXPECT_EQ(read_spool(path()).error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(left(), 2U);
}

TEST_F(RemovedSpool, LeavesWhatIsNotOurs) {
  put("journal", journal_head());
  put("1");
  put("2/letters/1");
  put("007");
  put("letter");
  const auto removed = remove_spool(path());
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::corrupt);
  EXPECT_EQ(left(), 4U);
  EXPECT_TRUE(std::filesystem::exists(path() + "/2/letters/1"));
}

TEST_F(RemovedSpool, IsReachedByNoLink) {
  put("journal", journal_head());
  put("1");
  const std::string outside = root_.path("outside");
  std::filesystem::rename(root_.path(".ktstr-index"), outside);
  const auto expect_refused = [&] {
    EXPECT_FALSE(remove_spool(path()));
    EXPECT_FALSE(read_spool(path()));
    EXPECT_FALSE(SpoolClaim::take(path()));
    EXPECT_TRUE(list_spools(root_.path()).spools.empty());
    EXPECT_EQ(list_spools(root_.path()).not_ours.size(), 1U);
    EXPECT_TRUE(std::filesystem::exists(outside + "/spool/" + k_name + "/1"));
  };
  std::filesystem::create_symlink(outside, root_.path(".ktstr-index"));
  expect_refused();
  EXPECT_FALSE(Spool::create(root_.path(), clock_));
  std::filesystem::remove(root_.path(".ktstr-index"));
  std::filesystem::create_directory(root_.path(".ktstr-index"));
  std::filesystem::create_symlink(outside + "/spool", root_.path(".ktstr-index/spool"));
  expect_refused();
  EXPECT_FALSE(Spool::create(root_.path(), clock_));
  std::filesystem::remove(root_.path(".ktstr-index/spool"));
  std::filesystem::create_directory(root_.path(".ktstr-index/spool"));
  std::filesystem::create_symlink(outside + "/spool/" + k_name, path());
  expect_refused();
}

TEST_F(RemovedSpool, HasNoNameButOneOfOurs) {
  root_.write(k_spools + "letters/journal", journal_head());
  EXPECT_FALSE(remove_spool(root_.path(k_spools + "letters")));
  EXPECT_FALSE(remove_spool(root_.path("1700000000000000000-1")));
  const auto listing = list_spools(root_.path());
  EXPECT_TRUE(listing.spools.empty());
  ASSERT_EQ(listing.not_ours.size(), 1U);
  EXPECT_EQ(listing.not_ours[0].path, root_.path(k_spools + "letters"));
}

TEST_F(RemovedSpool, NeverWaitsForALockThatIsNone) {
  put("journal", journal_head());
  ASSERT_EQ(::mkfifo((path() + ".lock").c_str(), 0600), 0);
  EXPECT_TRUE(list_spools(root_.path()).spools.empty());
  EXPECT_EQ(list_spools(root_.path()).not_ours.size(), 1U);
  EXPECT_FALSE(SpoolClaim::take(path()));
}

}  // namespace
}  // namespace ktstr::test
