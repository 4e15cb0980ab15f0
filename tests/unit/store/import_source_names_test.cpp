// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "store/import_source.hpp"

namespace {

using ktstr::archive_stem;
using ktstr::import_kind;
using ktstr::ImportKind;
using ktstr::looks_like_run_key;
using ktstr::split_entry_name;

TEST(RunKey, IsAKernelAndACommit) {
  for (const char* name : {"6.14.2-abc1234", "6.14.2-abc1234-dirty", "6.14.2-unknown",
                           "unknown-abc1234", "unknown-unknown", "7.1.0-rc3-0_lab15-1234567",
                           "v6.14-abc1234", "perf-delta-noise-base-abc1234-0"}) {
    EXPECT_TRUE(looks_like_run_key(name)) << name;
  }
}

TEST(RunKey, IsNoOtherName) {
  for (const char* name :
       {"", "6.14.2", "-abc1234", "6.14.2-abc123", "6.14.2-abc12345", "6.14.2-ABC1234",
        "6.14.2-abcdefg", "artifact-1234567", "6.14.2-abc1234-2026-07-01", "perf-delta-noise-",
        ".locks", "job-x86_64"}) {
    EXPECT_FALSE(looks_like_run_key(name)) << name;
  }
}

TEST(ImportKindOfAName, TellsSidecarsDumpsAndTraces) {
  EXPECT_EQ(import_kind("t-0123456789abcdef.ktstr.json"), ImportKind::sidecar);
  EXPECT_EQ(import_kind("t-0123456789abcdef.failure-dump.json"), ImportKind::failure_dump);
  EXPECT_EQ(import_kind("t-1.repro.failure-dump.json"), ImportKind::failure_dump);
  EXPECT_EQ(import_kind("t-1.attempt-2.failure-dump.json"), ImportKind::failure_dump);
  EXPECT_EQ(import_kind("t-1.repro.attempt-12.failure-dump.json"), ImportKind::failure_dump);
  EXPECT_EQ(import_kind("t-1.repro.wprof.pb"), ImportKind::trace);
}

TEST(ImportKindOfAName, IsNoneForStagingFilesMarkersAndBytesThatAreNoText) {
  for (const char* name : {"t-1.ktstr.json.tmp.12.r", "t-1.host-skip.json", ".ktstr_run_epoch",
                           "t-1.snapshot.x.json", "\xff.failure-dump.json", "\xff.wprof.pb"}) {
    EXPECT_FALSE(import_kind(name)) << name;
  }
}

TEST(EntryName, IsCutIntoComponents) {
  const auto parts = split_entry_name("./a//b/./c.json");
  ASSERT_TRUE(parts);
  EXPECT_EQ(*parts, (std::vector<std::string_view>{"a", "b", "c.json"}));
}

TEST(EntryName, IsRefusedWhereItLeadsOutside) {
  for (const std::string& name :
       {std::string("/etc/x.ktstr.json"), std::string("../x"), std::string("a/../../x"),
        std::string("a/.."), std::string("a\0b", 3), std::string(), std::string(5000, 'a'),
        "a/" + std::string(256, 'b')}) {
    EXPECT_FALSE(split_entry_name(name)) << name;
  }
}

TEST(EntryName, MayHoldDotsThatLeadNowhere) { EXPECT_TRUE(split_entry_name("a..b/..c/d..")); }

TEST(ArchiveStem, IsTheNameWithoutItsPacking) {
  EXPECT_EQ(archive_stem("/a/run.tar.gz"), "run");
  EXPECT_EQ(archive_stem("6.14.2-abc1234.tar.zst"), "6.14.2-abc1234");
  EXPECT_EQ(archive_stem("b.zip"), "b");
  EXPECT_EQ(archive_stem("x/plain"), "plain");
  EXPECT_EQ(archive_stem(".zip"), ".zip");
}

}  // namespace
