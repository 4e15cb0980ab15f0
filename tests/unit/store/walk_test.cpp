// SPDX-License-Identifier: MIT
#include "store/walk.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "ktstr/index.hpp"
#include "support/temporary_directory.hpp"
#include "unit/store/sidecar_text.hpp"

namespace ktstr {
namespace {

using test::k_corrupt_text;
using test::k_drifted_text;
using test::paths_of;
using test::RecordedLines;
using test::sidecar_text;
using test::TemporaryDirectory;
using test::test_names;
using Names = std::vector<std::string>;

/// A runs root on the real file system.
class Pool : public ::testing::Test {
 protected:
  TemporaryDirectory root_;
  RecordedLines lines_;
};

TEST_F(Pool, HoldsEveryRunDirectoryWithItsJobDirectories) {
  root_.write("run_b/a.ktstr.json", sidecar_text("b"));
  root_.write("run_a/a.ktstr.json", sidecar_text("a"));
  root_.write("run_a/job/a.ktstr.json", sidecar_text("a_job"));
  root_.write("run_a/job/deeper/a.ktstr.json", sidecar_text("too_deep"));
  EXPECT_EQ(test_names(pool(root_.path(), lines_.options())), (Names{"a", "a_job", "b"}));
}

TEST_F(Pool, LeavesOutFilesDirectlyInTheRoot) {
  root_.write("a.ktstr.json", sidecar_text("in_root"));
  root_.write("b.ktstr.json", k_corrupt_text);
  EXPECT_TRUE(pool(root_.path(), lines_.options()).empty());
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(Pool, EntersDotDirectories) {
  root_.write(".locks/a.ktstr.json", sidecar_text("in_dot_directory"));
  EXPECT_EQ(test_names(pool(root_.path(), lines_.options())), (Names{"in_dot_directory"}));
}

TEST_F(Pool, FollowsALinkToARunDirectory) {
  const TemporaryDirectory elsewhere;
  elsewhere.write("a.ktstr.json", sidecar_text("linked"));
  std::filesystem::create_symlink(elsewhere.path(), root_.path("run"));
  const auto found = pool(root_.path(), lines_.options());
  EXPECT_EQ(paths_of(found), (Names{root_.path("run/a.ktstr.json")}));
}

TEST_F(Pool, OfAMissingRootIsEmptyAndSilent) {
  EXPECT_TRUE(pool(root_.path("missing"), lines_.options()).empty());
  EXPECT_TRUE(pool("", lines_.options()).empty());
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(Pool, PrintsOneStaleLineForTheWholeWalk) {
  root_.write("run_a/a.ktstr.json", k_drifted_text);
  root_.write("run_b/a.ktstr.json", k_drifted_text);
  root_.write("run_b/job/a.ktstr.json", k_corrupt_text);
  EXPECT_TRUE(pool(root_.path(), lines_.options()).empty());
  EXPECT_EQ(lines_.lines(),
            (Names{"ktstr_test: skipped 3 stale sidecar(s) under " + root_.path() +
                   " (older schema \xe2\x80\x94 re-run the affected tests to regenerate; `cargo "
                   "ktstr stats explain-sidecar --run <run>` shows per-file detail)"}));
}

TEST_F(Pool, PrintsUnreadableFilesBeforeTheStaleLine) {
  root_.write("run_a/a.ktstr.json", k_drifted_text);
  root_.write("run_b/a.ktstr.json", "\xff");
  EXPECT_TRUE(pool(root_.path(), lines_.options()).empty());
  ASSERT_EQ(lines_.lines().size(), 2U);
  EXPECT_EQ(lines_.lines()[0], "ktstr_test: cannot read " + root_.path("run_b/a.ktstr.json") +
                                   ": stream did not contain valid UTF-8");
  EXPECT_EQ(lines_.lines()[1].rfind("ktstr_test: skipped 1 stale", 0), 0U);
}

TEST_F(Pool, WithErrorsGivesThreeListsAndNoStaleLine) {
  root_.write("run_a/a.ktstr.json", k_drifted_text);
  root_.write("run_a/b.ktstr.json", sidecar_text("good"));
  std::filesystem::create_symlink("nowhere", root_.path("run_a/c.ktstr.json"));
  const Collection found = pool_with_errors(root_.path(), lines_.options());
  EXPECT_EQ(paths_of(found.parse_errors), (Names{root_.path("run_a/a.ktstr.json")}));
  EXPECT_EQ(paths_of(found.sidecars), (Names{root_.path("run_a/b.ktstr.json")}));
  EXPECT_EQ(paths_of(found.io_errors), (Names{root_.path("run_a/c.ktstr.json")}));
  EXPECT_EQ(lines_.lines().size(), 1U);
}

TEST_F(Pool, SortsOverAllRunDirectoriesByTheBytesOfThePaths) {
  // Names in order, but '-' comes before '/': the paths sort the other way round.
  root_.write("run/a.ktstr.json", sidecar_text("run"));
  root_.write("run-1/a.ktstr.json", sidecar_text("run-1"));
  EXPECT_EQ(test_names(pool(root_.path(), lines_.options())), (Names{"run-1", "run"}));
}

TEST(StaleFilesLine, IsTheHarnessesOwn) {
  EXPECT_EQ(stale_files_line(3, "/runs"),
            "ktstr_test: skipped 3 stale sidecar(s) under /runs (older schema \xe2\x80\x94 re-run "
            "the affected tests to regenerate; `cargo ktstr stats explain-sidecar --run <run>` "
            "shows per-file detail)");
}

TEST(UnreadableFileLine, IsTheHarnessesOwn) {
  EXPECT_EQ(unreadable_file_line("/runs/a", "Permission denied (os error 13)"),
            "ktstr_test: cannot read /runs/a: Permission denied (os error 13)");
}

TEST(UnreadableFileLine, StaysOneLineOfUtf8WhateverThePath) {
  EXPECT_EQ(unreadable_file_line("/a\nb\xff", "no"),
            "ktstr_test: cannot read /a\\nb\xef\xbf\xbd: no");
}

TEST(EnrichedParseError, GivesAdviceForAMissingHost) {
  EXPECT_EQ(enriched_parse_error("/runs/a", "missing field `host` at line 1 column 2"),
            "ktstr_test: skipping /runs/a: missing field `host` at line 1 column 2 \xe2\x80\x94 "
            "the `host` field was added to SidecarResult; pre-1.0 policy is disposable-sidecar: "
            "re-run the test to regenerate this file under the current schema (no migration shim "
            "exists)");
}

TEST(EnrichedParseError, IsNoneForAnyOtherError) {
  EXPECT_EQ(enriched_parse_error("/a", "missing field `hosts`"), std::nullopt);
  EXPECT_EQ(enriched_parse_error("/a", "invalid type for `host`"), std::nullopt);
  EXPECT_EQ(enriched_parse_error("/a", ""), std::nullopt);
}

}  // namespace
}  // namespace ktstr
