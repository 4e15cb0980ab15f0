// SPDX-License-Identifier: MIT
#include "capture/capture.hpp"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "unit/capture/capture_fixture.hpp"

namespace ktstr::test {
namespace {

/// Processes that want all the processors there are.
class BusyProcesses {
 public:
  explicit BusyProcesses(unsigned count) {
    for (unsigned started = 0; started < count; ++started) {
      const pid_t process = ::fork();
      if (process == 0) work();
      processes_.push_back(process);
    }
  }
  BusyProcesses(const BusyProcesses&) = delete;
  BusyProcesses& operator=(const BusyProcesses&) = delete;
  ~BusyProcesses() {
    for (const pid_t process : processes_) {
      ::kill(process, SIGKILL);
      ::waitpid(process, nullptr, 0);
    }
  }

 private:
  [[noreturn]] static void work() {
    ::alarm(60);  // should the test be killed
    for (volatile unsigned number = 0;;) number = number + 1;
  }
  std::vector<pid_t> processes_;
};

class ConcurrentCapture : public Capturing {};

TEST_F(ConcurrentCapture, KeepsEveryVersionThatLivedForAWhileOnABusyMachine) {
  const BusyProcesses busy(std::thread::hardware_concurrency());
  start_with_root();
  std::set<std::string> versions;
  for (int version = 0; version < 30; ++version) {
    put("run/a.ktstr.json", *versions.insert("version " + std::to_string(version)).first);
    pause(60);
  }
  EXPECT_EQ(stop()["run/a.ktstr.json"], versions);
  EXPECT_EQ(root_report().missed, 0U);
  EXPECT_FALSE(report_.overflowed);
  EXPECT_FALSE(report_.is_polling);
}

TEST_F(ConcurrentCapture, KeepsWhatIsRemovedAfterAWhile) {
  start_with_root();
  put("run/a.ktstr.json", "a");
  pause(60);
  std::filesystem::remove_all(path("run"));
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCapture, KeepsAFileThatComesAtOnceWithItsDirectories) {
  std::filesystem::create_directories(root());
  start();
  for (int number = 0; number < 20; ++number) {
    const std::string run = "run" + std::to_string(number);
    put(run + "/a.ktstr.json", run);
    put(run + "/job/b.ktstr.json", run);
  }
  const Kept kept = stop();
  EXPECT_EQ(kept.size(), 40U);
  EXPECT_EQ(root_report().kept, 40U);
}

TEST_F(ConcurrentCapture, LooksOneLevelBelowARunDirectoryAndNoFurther) {
  std::filesystem::create_directories(path("run/job"));
  start();
  put("run/job/a.ktstr.json", "a");
  put("run/job/deeper/b.ktstr.json", "b");
  put("c.ktstr.json", "c");
  put(".archive/d.ktstr.json", "d");
  EXPECT_EQ(stop(), (Kept{{"run/job/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCapture, WaitsForARootThatIsMadeLater) {
  options_.roots = {directory_.path("target/deep/root")};
  start();
  directory_.write("target/deep/root/run/a.ktstr.json", "a");
  wait_for(1);
  std::filesystem::remove_all(directory_.path("target"));
  pause(60);
  directory_.write("target/deep/root/run/a.ktstr.json", "b");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"b"}}}));
  EXPECT_EQ(told_, 2);
}

TEST_F(ConcurrentCapture, WatchesSeveralRoots) {
  options_.roots = {root(), directory_.path("root2")};
  start_with_root();
  put("run/a.ktstr.json", "a");
  directory_.write("root2/run/b.ktstr.json", "b");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
  EXPECT_EQ(read(report_.roots.at(1)), (Kept{{"run/b.ktstr.json", {"b"}}}));
}

TEST_F(ConcurrentCapture, KeepsDumpsWithTheirAttempts) {
  start_with_root();
  const std::set<std::string> names = {"run/a-0123456789abcdef.failure-dump.json",
                                       "run/a-0123456789abcdef.repro.failure-dump.json",
                                       "run/a-0123456789abcdef.attempt-2.failure-dump.json"};
  for (const std::string& name : names) put_in_place(name, "dump");
  put_in_place("run/a-0123456789abcdef.wprof.pb", "trace");
  std::set<std::string> kept;
  for (const auto& [name, versions] : stop()) kept.insert(name);
  EXPECT_EQ(kept, names);
}

TEST_F(ConcurrentCapture, KeepsTracesWhenAsked) {
  options_.traces = true;
  start_with_root();
  put_in_place("run/a.wprof.pb", "trace");
  EXPECT_EQ(stop(), (Kept{{"run/a.wprof.pb", {"trace"}}}));
}

TEST_F(ConcurrentCapture, NeverKeepsAStagingFile) {
  start_with_root();
  put_in_place("run/a-0123456789abcdef.ktstr.json.tmp.1.2", "half");
  put_in_place("run/notes.json", "{}");
  put("run/b.ktstr.json", "whole");
  EXPECT_EQ(stop(), (Kept{{"run/b.ktstr.json", {"whole"}}}));
}

TEST_F(ConcurrentCapture, KeepsVersionsThatAreWrittenInPlace) {
  start_with_root();
  put_in_place("run/a.ktstr.json", "first");
  wait_for(1);
  put_in_place("run/a.ktstr.json", "second");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"first", "second"}}}));
}

TEST_F(ConcurrentCapture, KeepsAVersionOnce) {
  start_with_root();
  put("run/a.ktstr.json", "a");
  wait_for(1);
  std::filesystem::rename(path("run/a.ktstr.json"), path("run/b.ktstr.json"));
  std::filesystem::create_hard_link(path("run/b.ktstr.json"), path("run/c.ktstr.json"));
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
  EXPECT_EQ(root_report().kept, 1U);
  EXPECT_EQ(root_report().duplicates, 2U);
}

TEST_F(ConcurrentCapture, FollowsARunDirectoryThatIsRenamed) {
  start_with_root();
  put("run/a.ktstr.json", "a");
  wait_for(1);
  std::filesystem::rename(path("run"), path("renamed"));
  put("renamed/b.ktstr.json", "b");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}, {"renamed/b.ktstr.json", {"b"}}}));
}

TEST_F(ConcurrentCapture, KeepsAFileUnderItsDirectorysOwnName) {
  std::filesystem::create_directories(path("run"));
  std::filesystem::create_directory_symlink("run", path("latest"));
  start();
  put("run/a.ktstr.json", "a");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCapture, LeavesToTheRefreshWhatIsThereAtTheStart) {
  put("run/old.ktstr.json", "old");
  start();
  put("run/new.ktstr.json", "new");
  EXPECT_EQ(stop(), (Kept{{"run/new.ktstr.json", {"new"}}}));
}

TEST_F(ConcurrentCapture, KeepsWhatIsThereAtTheStartWhenAsked) {
  put("run/old.ktstr.json", "old");
  options_.keep_existing = true;
  start();
  EXPECT_EQ(stop(), (Kept{{"run/old.ktstr.json", {"old"}}}));
}

TEST_F(ConcurrentCapture, SaysWhichSessionStoodInTheRunDirectory) {
  start_with_root();
  put_in_place("run/.ktstr_run_epoch", "one");
  put("run/a.ktstr.json", "a");
  put("run/job/b.ktstr.json", "b");
  wait_for(2);
  put_in_place("run/.ktstr_run_epoch", "two");
  put("run/a.ktstr.json", "c");
  stop();
  ASSERT_EQ(files_.size(), 3U);
  for (const SpooledFile& file : files_) {
    if (!file.entry.job.empty()) {
      EXPECT_FALSE(file.entry.session);
    } else {
      EXPECT_EQ(file.entry.session, file.path.ends_with("/3") ? "two" : "one");
    }
  }
}

TEST_F(ConcurrentCapture, KeepsNamesOfAnyBytes) {
  start_with_root();
  const std::string odd = "run/tab\there\nand \xff.failure-dump.json";
  put(odd, "dump");
  EXPECT_EQ(stop(), (Kept{{odd, {"dump"}}}));
}

TEST_F(ConcurrentCapture, HandsOverWhatItHasAndGoesOn) {
  start_with_root();
  put("run/a.ktstr.json", "a");
  wait_for(1);
  const CaptureReport first = capture_->take();
  put("run/b.ktstr.json", "b");
  EXPECT_EQ(stop(), (Kept{{"run/b.ktstr.json", {"b"}}}));
  EXPECT_EQ(read(first.roots.at(0)), (Kept{{"run/a.ktstr.json", {"a"}}}));
  EXPECT_NE(first.roots.at(0).spool->path(), root_report().spool->path());
}

TEST_F(ConcurrentCapture, LeavesNoSpoolWithoutAnythingInIt) {
  start_with_root();
  ASSERT_EQ(list_spools(root()).spools.size(), 1U);
  stop();
  EXPECT_EQ(root_report().spool, nullptr);
  EXPECT_TRUE(list_spools(root()).spools.empty());
}

TEST_F(ConcurrentCapture, MakesItsSpoolAnewWhereItWasRemoved) {
  start_with_root();
  std::filesystem::remove_all(path(".ktstr-index"));
  put("run/a.ktstr.json", "a");
  EXPECT_EQ(stop(), (Kept{{"run/a.ktstr.json", {"a"}}}));
}

TEST_F(ConcurrentCapture, TakesNoSignals) {
  start_with_root();
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::getpid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("SigBlk:")) continue;
      const auto blocked = std::stoull(line.substr(7), nullptr, 16);
      EXPECT_NE(blocked & (1ULL << (SIGINT - 1)), 0U);
      EXPECT_NE(blocked & (1ULL << (SIGTERM - 1)), 0U);
      ++threads;
    }
  }
  EXPECT_GE(threads, 1);
}

}  // namespace
}  // namespace ktstr::test
