// SPDX-License-Identifier: MIT
#include "base/asked_program.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/time_text.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;

Result<ProgramAnswer> ask(const std::string& script, std::int64_t patience_ns = 20 * k_second_ns,
                          std::size_t most_bytes = 1 << 20) {
  return ask_program({"/bin/sh",
                      {"-c", script},
                      {"PATH=/usr/bin:/bin", "SAID=here"},
                      system_clock().steady_ns() + patience_ns,
                      most_bytes});
}

bool is_alive(pid_t process) { return ::kill(process, 0) == 0; }

/// Waits until the script has written its process's number.
pid_t number_in(const std::string& path) {
  for (int i = 0; i < 1000; ++i) {
    pid_t number = 0;
    if (std::ifstream(path) >> number && number > 0) return number;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

bool dies_soon(pid_t process) {
  for (int i = 0; i < 500 && is_alive(process); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return !is_alive(process);
}

TEST(AskedProgram, SaysWhatItPrintedAndHowItEnded) {
  const auto answer = ask("echo $SAID; pwd; cat; echo lost >&2; exit 3");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->output, "here\n/\n");
  EXPECT_EQ(answer->status, 3);
  EXPECT_FALSE(answer->is_cut_off);
}

TEST(AskedProgram, ThatIsNotThereEndsWith127) {
  const auto answer =
      ask_program({"/nowhere/git", {}, {}, system_clock().steady_ns() + k_second_ns});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 127);
}

TEST(AskedProgram, IsKilledWithItsChildrenAtTheDeadline) {
  const TemporaryDirectory directory;
  const std::string file = directory.path("child");
  const std::int64_t begin_ns = system_clock().steady_ns();
  const auto answer = ask("sleep 60 & echo $! > " + file + "; wait", k_second_ns);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  EXPECT_LT(system_clock().steady_ns() - begin_ns, 3 * k_second_ns);
  EXPECT_TRUE(dies_soon(number_in(file)));
}

TEST(AskedProgram, ThatClosesItsOutputAndStaysIsKilledAtTheDeadline) {
  const auto answer = ask("exec >&- 2>&-; sleep 60", k_second_ns / 2);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
}

TEST(AskedProgram, IsNotWaitedForByWhatItLeavesBehind) {
  const std::int64_t begin_ns = system_clock().steady_ns();
  const auto answer = ask("sleep 60 & echo done");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->output, "done\n");
  EXPECT_LT(system_clock().steady_ns() - begin_ns, 10 * k_second_ns);
}

TEST(AskedProgram, IsCutOffWhenItSaysTooMuch) {
  const auto answer = ask("yes", 20 * k_second_ns, 1000);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_cut_off);
  EXPECT_EQ(answer->output.size(), 1000U);
}

TEST(AskedProgram, ThatASignalEndedIsAnError) {
  const auto answer = ask("kill -9 $$");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::io);
}

TEST(AskedProgram, IsHeardWhereTheEndOfChildrenIsIgnored) {
  ::signal(SIGCHLD, SIG_IGN);
  const auto answer = ask("exit 5");
  ::signal(SIGCHLD, SIG_DFL);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 5);
}

TEST(AskedProgram, IsNobodyElsesChildAndLeavesNone) {
  ASSERT_TRUE(ask("exit 0"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1);
}

TEST(AskedProgram, IsNotWaitedForOnceASignalIsHeldBack) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &term, nullptr);
        ::raise(SIGTERM);
        const auto answer = ask("sleep 60");
        std::_Exit(!answer && answer.error().code == ErrorCode::interrupted ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(ConcurrentAskedProgram, AnswersEachThread) {
  std::vector<std::thread> threads;
  std::vector<std::string> answers(8);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&answers, i] {
      for (int round = 0; round < 5; ++round) {
        const auto answer = ask("echo " + std::to_string(i), 60 * k_second_ns);
        answers[i] += answer ? answer->output : answer.error().text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string line = std::to_string(i) + "\n";
    EXPECT_EQ(answers[i], line + line + line + line + line);
  }
}

TEST(AskedProgram, DiesWithThisProcess) {
  const TemporaryDirectory directory;
  const std::string file = directory.path("child");
  const pid_t asker = ::fork();
  if (asker == 0) {
    static_cast<void>(ask("echo $$ > " + file + "; exec sleep 60", 60 * k_second_ns));
    ::_exit(0);
  }
  const pid_t program = number_in(file);
  ASSERT_GT(program, 0);
  ::kill(asker, SIGTERM);
  ::waitpid(asker, nullptr, 0);
  EXPECT_TRUE(dies_soon(program));
}

std::int64_t in_ns(std::int64_t duration_ns) { return system_clock().steady_ns() + duration_ns; }

TEST(ConcurrentAbandonable, GivesTheAnswer) {
  const auto done = abandonable<int>(in_ns(20 * k_second_ns), [] { return std::optional<int>(7); });
  EXPECT_EQ(done.answer, 7);
  EXPECT_FALSE(done.is_abandoned);
}

TEST(ConcurrentAbandonable, GivesNoneForWorkThatThrows) {
  const auto done = abandonable<int>(
      in_ns(20 * k_second_ns), []() -> std::optional<int> { throw std::runtime_error("no"); });
  EXPECT_EQ(done.answer, std::nullopt);
  EXPECT_FALSE(done.is_abandoned);
}

TEST(ConcurrentAbandonable, LeavesWorkBehindThatDoesNotEnd) {
  auto gate = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  const auto done = abandonable<int>(in_ns(k_second_ns / 10), [gate, ended] {
    gate->get_future().wait();
    ended->set_value();
    return std::optional<int>(7);
  });
  EXPECT_EQ(done.answer, std::nullopt);
  EXPECT_TRUE(done.is_abandoned);
  gate->set_value();
  ended->get_future().wait();
}

}  // namespace
}  // namespace ktstr::test
