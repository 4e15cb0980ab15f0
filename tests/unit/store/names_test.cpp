// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "ktstr/index.hpp"

namespace ktstr {
namespace {

TEST(SidecarName, IsWhatTheWriterMakes) {
  EXPECT_TRUE(is_sidecar_filename("sched_basic-0123456789abcdef.ktstr.json"));
}

TEST(SidecarName, NeedsNoHash) {
  EXPECT_TRUE(is_sidecar_filename("sched_basic-6.14.11-85c72e1.ktstr.json"));
}

TEST(SidecarName, MayHoldTheMarkerAnywhere) {
  EXPECT_TRUE(is_sidecar_filename("a.ktstr.old.copy.json"));
  EXPECT_TRUE(is_sidecar_filename(".ktstr.json"));
}

TEST(SidecarName, IsRefusedWithoutTheMarker) {
  EXPECT_FALSE(is_sidecar_filename("extra.json"));
  EXPECT_FALSE(is_sidecar_filename("a.ktstrjson"));
  EXPECT_FALSE(is_sidecar_filename("a.KTSTR.json"));
}

TEST(SidecarName, IsRefusedWhenTheLastExtensionIsNotExactlyJson) {
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.json.tmp.12.34"));
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.JSON"));
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.jsonl"));
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.xjson"));
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.json."));
  EXPECT_FALSE(is_sidecar_filename("a.ktstr.log"));
}

TEST(SidecarName, IsRefusedWhenItsOnlyDotIsTheFirstByte) {
  EXPECT_FALSE(is_sidecar_filename(".json"));
  EXPECT_FALSE(is_sidecar_filename(""));
}

TEST(SidecarName, IsRefusedWhenItIsNotUtf8) {
  EXPECT_FALSE(is_sidecar_filename("a\xff-0123456789abcdef.ktstr.json"));
  EXPECT_TRUE(is_sidecar_filename("\xc3\xa4-0123456789abcdef.ktstr.json"));
}

TEST(StagingName, HoldsTheMarkerAnywhere) {
  EXPECT_TRUE(is_sidecar_staging_filename("a-0123456789abcdef.ktstr.json.tmp.12.34"));
  EXPECT_TRUE(is_sidecar_staging_filename("a.ktstr.json.tmp."));
  EXPECT_FALSE(is_sidecar_staging_filename("a.ktstr.json.tmp"));
  EXPECT_FALSE(is_sidecar_staging_filename("a.failure-dump.json.tmp.1"));
}

TEST(StagingName, IsRefusedWhenItIsNotUtf8) {
  EXPECT_FALSE(is_sidecar_staging_filename("a\xff.ktstr.json.tmp.12.34"));
}

TEST(RunDirectoryName, DoesNotBeginWithADot) {
  EXPECT_TRUE(is_run_directory_name("6.14-abc1234"));
  EXPECT_TRUE(is_run_directory_name("a.b"));
  EXPECT_FALSE(is_run_directory_name(".locks"));
  EXPECT_FALSE(is_run_directory_name(".ktstr-index"));
}

/// "kind test hash", the hash "-" if there is none, or "none".
std::string classified(std::string_view name) {
  const auto found = classify_artifact(name);
  if (!found) return "none";
  const std::string hash = found->has_hash ? std::to_string(found->hash) : "-";
  EXPECT_TRUE(found->has_hash || found->hash == 0U);
  return std::string(artifact_kind_name(found->kind)) + " " + found->test + " " + hash;
}

TEST(ArtifactName, KnowsTheFiveShapesAndStaging) {
  EXPECT_EQ(classified("t-00000000000000ff.ktstr.json"), "sidecar t 255");
  EXPECT_EQ(classified("t-00000000000000ff.failure-dump.json"), "failure-dump t 255");
  EXPECT_EQ(classified("t-00000000000000ff.repro.failure-dump.json"), "repro-failure-dump t 255");
  EXPECT_EQ(classified("t-00000000000000ff.wprof.pb"), "wprof t 255");
  EXPECT_EQ(classified("t-00000000000000ff.repro.wprof.pb"), "repro-wprof t 255");
  EXPECT_EQ(classified("t-00000000000000ff.ktstr.json.tmp.12.34"), "staging t 255");
}

TEST(ArtifactName, TakesTheHashAfterTheLastDash) {
  EXPECT_EQ(classified("a-b-0000000000000010.ktstr.json"), "sidecar a-b 16");
  EXPECT_EQ(classified("-0000000000000010.ktstr.json"), "sidecar  16");
}

TEST(ArtifactName, ReadsTheHashAsRustDoes) {
  EXPECT_EQ(classified("t-FFFFFFFFFFFFFFFF.ktstr.json"), "sidecar t 18446744073709551615");
  EXPECT_EQ(classified("t-+00000000000000a.ktstr.json"), "sidecar t 10");
  EXPECT_EQ(classified("t-++0000000000000a.ktstr.json"), "none");
  EXPECT_EQ(classified("t-0x0000000000000a.ktstr.json"), "none");
  EXPECT_EQ(classified("t-000000000000000g.ktstr.json"), "none");
  EXPECT_EQ(classified("t- 00000000000000a.ktstr.json"), "none");
}

TEST(ArtifactName, NeedsExactlySixteenBytesOfHash) {
  EXPECT_EQ(classified("t-000000000000001.ktstr.json"), "none");
  EXPECT_EQ(classified("t-00000000000000001.ktstr.json"), "none");
}

TEST(ArtifactName, TellsAHashOfZeroFromNone) {
  EXPECT_EQ(classified("t-0000000000000000.wprof.pb"), "wprof t 0");
  EXPECT_EQ(classified("t.wprof.pb"), "wprof t -");
}

TEST(ArtifactName, OfADumpOrTraceWithoutHashIsTheWholeStem) {
  EXPECT_EQ(classified("t.failure-dump.json"), "failure-dump t -");
  EXPECT_EQ(classified("t.repro.failure-dump.json"), "repro-failure-dump t -");
  EXPECT_EQ(classified("a-12.repro.wprof.pb"), "repro-wprof a-12 -");
  EXPECT_EQ(classified(".failure-dump.json"), "failure-dump  -");
}

TEST(ArtifactName, OfASidecarWithoutHashIsNone) {
  EXPECT_EQ(classified("t.ktstr.json"), "none");
  EXPECT_EQ(classified("t-6.14.11-85c72e1.ktstr.json"), "none");
}

TEST(ArtifactName, OfAStagingFileWithoutHashIsTheWholePartBeforeTheMarker) {
  EXPECT_EQ(classified("t.ktstr.json.tmp.1.2"), "staging t -");
  EXPECT_EQ(classified("a-12.ktstr.json.tmp.1.2"), "staging a-12 -");
}

TEST(ArtifactName, IsNoneForAllElse) {
  EXPECT_EQ(classified(""), "none");
  EXPECT_EQ(classified("t-00000000000000ff.snapshot.a.json"), "none");
  EXPECT_EQ(classified("t-00000000000000ff.on_demand_1.json"), "none");
  EXPECT_EQ(classified("t-00000000000000ff.failure-dump.json.tmp"), "none");
  EXPECT_EQ(classified(".ktstr_run_epoch"), "none");
  EXPECT_EQ(classified("t\xff-00000000000000ff.ktstr.json"), "none");
}

}  // namespace
}  // namespace ktstr
