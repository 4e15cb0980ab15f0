// SPDX-License-Identifier: MIT
#include "store/pre_clear.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "support/fake_clock.hpp"
#include "support/fake_file_system.hpp"
#include "support/recording_observer.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

constexpr const char* k_sentinel = "/runs/run/.ktstr_run_epoch";

/// "/runs/run" in memory. A PreClearMemo stands for a process.
class RunPreClear : public ::testing::Test {
 protected:
  RunPreClear() { files_.make_directory("/runs/run"); }

  void put(const std::string& name) { files_.put_file("/runs/run/" + name, "x"); }
  Names clear(std::optional<std::string> token = std::nullopt) { return clear(memo_, token); }
  Names clear(PreClearMemo& process, std::optional<std::string> token) {
    return process.clear_once(files_, {"/runs/run", std::move(token), &observer_});
  }
  Names names() {
    Names names;
    const auto directory = files_.open_directory("/runs/run");
    const auto entries = (*directory)->list();
    for (const auto& entry : *entries) names.push_back(entry.name);
    return names;
  }
  std::string sentinel() {
    const auto file = files_.open_file(k_sentinel);
    return file ? *(*file)->read_all(1000) : "none";
  }

  test::FakeClock clock_;
  test::FakeFileSystem files_{clock_};
  test::RecordingObserver observer_;
  PreClearMemo memo_;
};

TEST_F(RunPreClear, RemovesTheSidecarsOfAnEarlierSession) {
  put("a-0123456789abcdef.ktstr.json");
  put("plain.ktstr.json");
  EXPECT_THAT(clear("new"),
              ElementsAre("/runs/run/a-0123456789abcdef.ktstr.json", "/runs/run/plain.ktstr.json"));
  EXPECT_THAT(names(), ElementsAre(".ktstr_run_epoch"));
}

TEST_F(RunPreClear, RemovesWhatAKilledWriterLeft) {
  put("a-0123456789abcdef.ktstr.json.tmp.77.20260704T120000Z-0");
  put("a-0123456789abcdef.ktstr.json.tmp.finalize.77");
  clear();
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(RunPreClear, LeavesEverythingElse) {
  for (const char* name : {"a-0123456789abcdef.failure-dump.json", "a-0123456789abcdef.wprof.pb",
                           "notes.txt", "x.json", "a.ktstr.json.bak"}) {
    put(name);
  }
  clear("new");
  EXPECT_EQ(names().size(), 6U);
}

TEST_F(RunPreClear, StaysOutOfSubdirectories) {
  put("job/a.ktstr.json");
  put("named.ktstr.json/b.ktstr.json");
  EXPECT_THAT(clear(), IsEmpty());
  EXPECT_THAT(names(), ElementsAre("job", "named.ktstr.json"));
  EXPECT_TRUE(files_.status("/runs/run/job/a.ktstr.json", FollowLinks::no));
}

TEST_F(RunPreClear, RemovesALinkToAFileAndNotTheFile) {
  files_.put_file("/elsewhere/a", "x");
  files_.make_symlink("/runs/run/a.ktstr.json", "/elsewhere/a");
  clear();
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_TRUE(files_.status("/elsewhere/a", FollowLinks::no));
}

TEST_F(RunPreClear, LeavesALinkToADirectoryOrToNothing) {
  files_.make_directory("/elsewhere");
  files_.make_symlink("/runs/run/a.ktstr.json", "/elsewhere");
  files_.make_symlink("/runs/run/b.ktstr.json", "/nowhere");
  files_.make_fifo("/runs/run/c.ktstr.json");
  EXPECT_THAT(clear(), IsEmpty());
}

TEST_F(RunPreClear, HappensOnceInAProcess) {
  clear();
  put("mine.ktstr.json");
  EXPECT_THAT(clear(), IsEmpty());
  EXPECT_THAT(names(), ElementsAre("mine.ktstr.json"));
}

TEST_F(RunPreClear, HappensOnceForEachDirectory) {
  files_.put_file("/runs/other/b.ktstr.json", "x");
  clear();
  EXPECT_THAT(memo_.clear_once(files_, {"/runs/other", std::nullopt, nullptr}),
              ElementsAre("/runs/other/b.ktstr.json"));
}

TEST_F(RunPreClear, SparesWhatAPeerOfTheSameSessionWrote) {
  clear("session");
  put("peer.ktstr.json");
  PreClearMemo peer;
  EXPECT_THAT(clear(peer, "session"), IsEmpty());
  EXPECT_THAT(names(), ElementsAre(".ktstr_run_epoch", "peer.ktstr.json"));
}

TEST_F(RunPreClear, IsDoneForTheProcessWhenAPeerHasDoneIt) {
  files_.put_file(k_sentinel, "session");
  clear("session");
  files_.put_file(k_sentinel, "somebody else's");
  put("mine.ktstr.json");
  EXPECT_THAT(clear("session"), IsEmpty());
}

TEST_F(RunPreClear, RemovesThePeersFilesInTheNextSession) {
  clear("first");
  put("a.ktstr.json");
  PreClearMemo next;
  EXPECT_THAT(clear(next, "second"), ElementsAre("/runs/run/a.ktstr.json"));
  EXPECT_EQ(sentinel(), "second");
}

TEST_F(RunPreClear, RemovesAllInEachProcessWithoutAToken) {
  clear("session");
  put("a.ktstr.json");
  PreClearMemo next;
  EXPECT_THAT(clear(next, std::nullopt), ElementsAre("/runs/run/a.ktstr.json"));
  EXPECT_EQ(sentinel(), "session");
}

TEST_F(RunPreClear, TakesAnEmptyTokenForNone) {
  files_.put_file(k_sentinel, "");
  put("a.ktstr.json");
  EXPECT_THAT(clear(""), ElementsAre("/runs/run/a.ktstr.json"));
}

TEST_F(RunPreClear, ComparesTheTokenByteForByte) {
  for (const char* other : {"session\n", "sessio", "session2", " session", ""}) {
    files_.put_file(k_sentinel, other);
    put("a.ktstr.json");
    PreClearMemo process;
    EXPECT_EQ(clear(process, "session").size(), 1U) << other;
  }
}

TEST_F(RunPreClear, NotesTheSessionOnlyAfterTheRemovals) {
  put("a.ktstr.json");
  observer_.during = [this](const std::string& line) { EXPECT_EQ(sentinel(), "none") << line; };
  clear("session");
  EXPECT_EQ(sentinel(), "session");
}

TEST_F(RunPreClear, NotesTheSessionInADirectoryThatCantBeListed) {
  files_.fail_list("/runs/run", EACCES);
  EXPECT_THAT(clear("session"), IsEmpty());
  EXPECT_EQ(sentinel(), "session");
}

TEST_F(RunPreClear, GoesOnWhereAFileCantBeRemoved) {
  put("a.ktstr.json");
  put("b.ktstr.json");
  files_.fail_remove("/runs/run/a.ktstr.json", EACCES);
  EXPECT_THAT(clear("session"), ElementsAre("/runs/run/b.ktstr.json"));
  EXPECT_EQ(sentinel(), "session");
}

TEST_F(RunPreClear, IgnoresASessionThatCantBeNoted) {
  files_.fail_open(k_sentinel, EACCES);
  put("a.ktstr.json");
  EXPECT_THAT(clear("session"), ElementsAre("/runs/run/a.ktstr.json"));
}

TEST_F(RunPreClear, ClearsNothingWhereTheSentinelIsALinkOrNoFileAndSaysSo) {
  put("a.ktstr.json");
  files_.put_file("/elsewhere/precious", "precious");
  const auto expect_left = [&] {
    std::vector<std::string> said;
    PreClearMemo process;
    const auto removed =
        process.clear_once(files_, {"/runs/run", "session", &observer_,
                                    [&](std::string_view line) { said.emplace_back(line); }});
    EXPECT_THAT(removed, IsEmpty());
    ASSERT_EQ(said.size(), 1U);
    EXPECT_NE(said[0].find(k_sentinel), std::string::npos);
    EXPECT_THAT(names(), ElementsAre(".ktstr_run_epoch", "a.ktstr.json"));
    files_.remove(k_sentinel);
  };
  files_.make_symlink(k_sentinel, "/elsewhere/precious");
  expect_left();
  files_.make_symlink(k_sentinel, "/nowhere");
  expect_left();
  files_.make_fifo(k_sentinel);
  expect_left();
  files_.make_directory(k_sentinel);
  expect_left();
  EXPECT_EQ(*(*files_.open_file("/elsewhere/precious"))->read_all(1000), "precious");
}

TEST_F(RunPreClear, IgnoresADirectoryThatIsMissing) {
  PreClearMemo process;
  EXPECT_THAT(process.clear_once(files_, {"/runs/gone", "session", nullptr}), IsEmpty());
}

TEST_F(RunPreClear, AnnouncesTheWholeDirectoryAtOnceBeforeItTouchesIt) {
  put("a.ktstr.json");
  put("b.ktstr.json");
  observer_.during = [this](const std::string&) { EXPECT_EQ(names().size(), 2U); };
  clear();
  EXPECT_THAT(observer_.lines(), ElementsAre("about_to_remove a.ktstr.json b.ktstr.json"));
  EXPECT_EQ(observer_.last_path(), "/runs/run/b.ktstr.json");
}

TEST_F(RunPreClear, AnnouncesNothingInAnEmptyDirectory) {
  clear("session");
  EXPECT_THAT(observer_.lines(), IsEmpty());
}

TEST(PreClearOfRealDirectories, KnowsADirectoryByAnotherPath) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("run"));
  std::filesystem::create_directory_symlink(directory.path("run"), directory.path("link"));
  PreClearMemo memo;
  memo.clear_once(system_file_system(), {directory.path("run"), std::nullopt, nullptr});
  directory.write("run/a.ktstr.json", "x");
  EXPECT_THAT(
      memo.clear_once(system_file_system(), {directory.path("link"), std::nullopt, nullptr}),
      IsEmpty());
}

TEST(PreClearOfRealDirectories, LeavesALinksTargetAloneAndSaysSo) {
  const test::TemporaryDirectory directory;
  directory.write("outside/a.ktstr.json", "x");
  std::filesystem::create_directory(directory.path("root"));
  std::filesystem::create_directory_symlink(directory.path("outside"), directory.path("root/run"));
  std::vector<std::string> said;
  PreClearMemo memo;
  const PreClear what{directory.path("root/run"), "session", nullptr,
                      [&](std::string_view line) { said.emplace_back(line); }};
  EXPECT_THAT(memo.clear_once(system_file_system(), what), IsEmpty());
  EXPECT_THAT(memo.clear_once(system_file_system(), what), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(directory.path("outside/a.ktstr.json")));
  EXPECT_FALSE(std::filesystem::exists(directory.path("outside/.ktstr_run_epoch")));
  EXPECT_EQ(said.size(), 1U);
}

TEST(PreClearOfRealDirectories, NeverGoesUpward) {
  const test::TemporaryDirectory directory;
  directory.write("a.ktstr.json", "x");
  std::filesystem::create_directory(directory.path("root"));
  for (const char* const path : {"root/..", "root/.", "root/"}) {
    PreClearMemo memo;
    EXPECT_THAT(memo.clear_once(system_file_system(), {directory.path(path), std::nullopt}),
                IsEmpty());
  }
  EXPECT_TRUE(std::filesystem::exists(directory.path("a.ktstr.json")));
}

TEST(PreClearOfRealDirectories, GivesAbsolutePathsForARelativeDirectory) {
  const test::TemporaryDirectory directory;
  directory.write("run/a.ktstr.json", "x");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  PreClearMemo memo;
  const auto removed = memo.clear_once(system_file_system(), {"run", std::nullopt, nullptr});
  const auto expected = std::filesystem::current_path() / "run/a.ktstr.json";
  std::filesystem::current_path(before);
  EXPECT_THAT(removed, ElementsAre(expected.string()));
}

TEST(ConcurrentPreClear, NeverRemovesWhatAnotherThreadWroteBehindIt) {
  const test::TemporaryDirectory directory;
  for (int i = 0; i < 200; ++i) directory.write("old" + std::to_string(i) + ".ktstr.json", "x");
  PreClearMemo memo;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      memo.clear_once(system_file_system(), {directory.path(), std::nullopt, nullptr});
      directory.write("new" + std::to_string(i) + ".ktstr.json", "x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto left = std::distance(std::filesystem::directory_iterator(directory.path()),
                                  std::filesystem::directory_iterator());
  EXPECT_EQ(left, 8);
}

}  // namespace
}  // namespace ktstr
