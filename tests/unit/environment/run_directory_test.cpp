// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "ktstr/run.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::variables_of;
using Lines = std::vector<std::string>;

TEST(SidecarDirectoryOverride, IsTheVariableAsItStands) {
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", " rel/dir/ "}})),
            " rel/dir/ ");
}

TEST(SidecarDirectoryOverride, IsNoneIfUnsetEmptyOrNotUtf8) {
  EXPECT_EQ(sidecar_directory_override(variables_of({})), std::nullopt);
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", ""}})), std::nullopt);
  EXPECT_EQ(sidecar_directory_override(variables_of({{"KTSTR_SIDECAR_DIR", "/\xff"}})),
            std::nullopt);
}

TEST(RunDirectoryName, JoinsKernelAndCommit) {
  EXPECT_EQ(run_directory_name("6.14.2", "abcdef1"), "6.14.2-abcdef1");
  EXPECT_EQ(run_directory_name("6.14.2", "abcdef1-dirty"), "6.14.2-abcdef1-dirty");
}

TEST(RunDirectoryName, SaysUnknownForWhatIsMissing) {
  EXPECT_EQ(run_directory_name(std::nullopt, "abcdef1"), "unknown-abcdef1");
  EXPECT_EQ(run_directory_name("6.14.2", std::nullopt), "6.14.2-unknown");
  EXPECT_EQ(run_directory_name(std::nullopt, std::nullopt), "unknown-unknown");
}

TEST(RunDirectoryName, KeepsAnEmptyVersion) {
  EXPECT_EQ(run_directory_name("", "abcdef1"), "-abcdef1");
}

/// A gate and a sink of the test's own.
class DefaultSidecarDirectory : public ::testing::Test {
 protected:
  std::string directory(const Variables& variables, const std::optional<std::string>& commit) {
    return default_sidecar_directory(variables, "6.14.2", commit, gate_,
                                     [this](auto line) { lines_.emplace_back(line); });
  }
  OnceGate gate_;
  Lines lines_;
};

TEST_F(DefaultSidecarDirectory, IsBelowTheRunsRoot) {
  EXPECT_EQ(directory(variables_of({}), "abcdef1"), "target/ktstr/6.14.2-abcdef1");
  EXPECT_EQ(directory(variables_of({{"CARGO_TARGET_DIR", "/t"}}), "abcdef1"),
            "/t/ktstr/6.14.2-abcdef1");
  EXPECT_EQ(
      directory(variables_of({{"KTSTR_RUNS_ROOT", "/r/"}, {"CARGO_TARGET_DIR", "/t"}}), "abcdef1"),
      "/r/6.14.2-abcdef1");
}

TEST_F(DefaultSidecarDirectory, DoesNotAskForTheOverride) {
  EXPECT_EQ(directory(variables_of({{"KTSTR_SIDECAR_DIR", "/elsewhere"}}), "abcdef1"),
            "target/ktstr/6.14.2-abcdef1");
}

TEST_F(DefaultSidecarDirectory, WarnsOnceOfAMissingCommit) {
  EXPECT_EQ(directory(variables_of({}), std::nullopt), "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(directory(variables_of({}), std::nullopt), "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(lines_, (Lines{unknown_project_commit_text()}));
}

TEST_F(DefaultSidecarDirectory, IsSilentAboutAKnownCommit) {
  directory(variables_of({}), "abcdef1");
  EXPECT_TRUE(lines_.empty());
}

TEST(UnknownProjectCommit, SaysWhatTheHarnessSays) {
  EXPECT_EQ(unknown_project_commit_text(),
            "ktstr: WARNING: project commit unavailable (cwd not in a git repo, or HEAD "
            "unreadable); runs at this kernel overwrite each other in "
            "target/ktstr/{kernel}-unknown/. Set KTSTR_SIDECAR_DIR=<unique-path> per run, or run "
            "from inside a git repo with at least one commit.");
}

TEST(UnknownProjectCommit, IsToldToStderrOnceAProcess) {
  ::testing::internal::CaptureStderr();
  warn_unknown_project_commit();
  warn_unknown_project_commit();
  EXPECT_EQ(default_sidecar_directory(variables_of({}), "6.14.2", std::nullopt),
            "target/ktstr/6.14.2-unknown");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), unknown_project_commit_text() + "\n");
}

TEST(UnknownProjectCommit, ToNobodyIsNoError) {
  OnceGate gate;
  warn_unknown_project_commit(gate, {});
  EXPECT_FALSE(gate.enter());
}

TEST(ConcurrentOnceGate, LetsOneOfManyThreadsPass) {
  OnceGate gate;
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 100; ++turn) passed += gate.enter() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 1);
}

TEST(RunSource, IsCiOnlyIfTheVariableHoldsText) {
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "1"}})), "ci");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "0"}})), "ci");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", ""}})), "local");
  EXPECT_EQ(run_source(variables_of({{"KTSTR_CI", "\xff"}})), "local");
  EXPECT_EQ(run_source(variables_of({{"CI", "true"}})), "local");
}

TEST(RunSessionToken, IsTheVariableAsItStands) {
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", " 17\n"}})), " 17\n");
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", ""}})), std::nullopt);
  EXPECT_EQ(run_session_token(variables_of({{"KTSTR_RUN_EPOCH", "\xff"}})), std::nullopt);
  EXPECT_EQ(run_session_token(variables_of({})), std::nullopt);
}

TEST(ProcessVariables, AreThoseOfTheProcess) {
  EXPECT_EQ(process_variables()("KTSTR_NO_SUCH_VARIABLE"), std::nullopt);
  EXPECT_TRUE(process_variables()("PATH"));
}

}  // namespace
}  // namespace ktstr
