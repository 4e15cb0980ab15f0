// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "store/walk.hpp"

namespace ktstr {
namespace {

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
