// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "environment/git.hpp"
#include "unit/environment/git_sandbox.hpp"

namespace ktstr::test {
namespace {

constexpr std::size_t k_threads = 4;

template <class Work>
std::vector<std::optional<std::string>> on_threads(const Work& work) {
  std::vector<std::optional<std::string>> answers(k_threads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < k_threads; ++i) {
    threads.emplace_back([&answers, &work, i] { answers[i] = work(i); });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

class ConcurrentGitProbe : public GitSandbox {
 protected:
  ConcurrentGitProbe() {
    make_repository("a");
    // Enough for git to look at on several threads.
    shell("a",
          "mkdir many && for i in $(seq 1500); do echo $i > many/$i; done && git add -A &&"
          " git commit -q -m many && touch many/*");
    make_repository("b");
    shell("b", "echo 2 >> Makefile");
  }
};

TEST_F(ConcurrentGitProbe, GivesEachThreadTheCommitOfItsRepository) {
  const auto answers = on_threads([&](std::size_t i) { return exact(i % 2 == 0 ? "a" : "b"); });
  for (std::size_t i = 0; i < answers.size(); ++i) {
#ifdef KTSTR_SANITIZED
    // A probe that has no answer in its time says dirty, and a sanitized one may be that slow.
    if (i % 2 == 0 && answers[i] == dirty_head("a")) continue;
#endif
    EXPECT_EQ(answers[i], i % 2 == 0 ? head("a") : dirty_head("b"));
  }
}

TEST_F(ConcurrentGitProbe, SurvivesARepositoryThatChangesMeanwhile) {
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    while (!is_done) {
      shell("b",
            "git commit -q -a --allow-empty -m more && echo 3 >> Makefile &&"
            " git add Makefile && git update-index -q --refresh");
    }
  });
  const auto answers = on_threads([&](std::size_t) {
    std::optional<std::string> last;
    for (int i = 0; i < 5; ++i) last = exact("b");
    return last;
  });
  is_done = true;
  writer.join();
  for (const auto& answer : answers) EXPECT_TRUE(answer.has_value());
}

TEST(ConcurrentCommitMemo, GivesAllThreadsTheFirstAnswer) {
  std::atomic<int> count = 0;
  CommitMemo memo([&](const std::string&, CommitSearch) -> std::optional<std::string> {
    return std::to_string(++count);
  });
  const auto projects = on_threads([&](std::size_t) { return memo.project("/"); });
  const auto kernels = on_threads([&](std::size_t) { return memo.kernel("/"); });
  for (const auto& answer : projects) EXPECT_EQ(answer, projects[0]);
  for (const auto& answer : kernels) EXPECT_EQ(answer, kernels[0]);
}

}  // namespace
}  // namespace ktstr::test
