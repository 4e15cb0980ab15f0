// SPDX-License-Identifier: MIT
#include "ktstr/kernel.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_directory.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr {
namespace {

using test::MetadataText;
using test::TemporaryDirectory;
using test::variables_of;

TEST(KernelEnvironment, IsTrimmedAndNeverEmpty) {
  const auto of = [](const char* value) {
    return kernel_environment(variables_of({{"KTSTR_KERNEL", value}}));
  };
  EXPECT_EQ(kernel_environment(variables_of({})), std::nullopt);
  EXPECT_EQ(of(""), std::nullopt);
  EXPECT_EQ(of("   \t\n  "), std::nullopt);
  EXPECT_EQ(of("\xe2\x80\x83"), std::nullopt);
  EXPECT_EQ(of("  ../linux  "), "../linux");
  EXPECT_EQ(of("\xc2\xa0 a b\xe3\x80\x80"), "a b");
  EXPECT_EQ(of("/abs/path"), "/abs/path");
  EXPECT_EQ(of("/a\xff"), std::nullopt);
}

/// A kernel's directory and a cache, on the real file system.
class KernelOfTheRun : public ::testing::Test {
 protected:
  void put(const std::string& key, const MetadataText& metadata) {
    cache_.write(key + "/metadata.json", metadata.text());
    cache_.write(key + "/bzImage", "");
  }
  [[nodiscard]] Variables variables(const std::string& kernel = "") const {
    return variables_of({{"KTSTR_KERNEL", kernel}, {"KTSTR_CACHE_DIR", cache_.path()}});
  }
  [[nodiscard]] std::optional<std::string> version_of(const std::string& kernel) const {
    return kernel_version(variables(kernel));
  }
  [[nodiscard]] std::optional<std::string> source_of(
      const std::string& kernel, const KernelSourceOptions& options = {}) const {
    return kernel_source_directory(kernel, variables(), options);
  }

  TemporaryDirectory tree_;
  TemporaryDirectory cache_;
};

using KernelVersionOfTheRun = KernelOfTheRun;

TEST_F(KernelVersionOfTheRun, IsNoneWithoutAKernel) { EXPECT_EQ(version_of(""), std::nullopt); }

TEST_F(KernelVersionOfTheRun, IsTheVersionThatWasAskedFor) {
  EXPECT_EQ(version_of(" 6.14.2 "), "6.14.2");
}

TEST_F(KernelVersionOfTheRun, IsThatOfTheMetadataAtAPath) {
  tree_.write("metadata.json", MetadataText().text());
  tree_.write("include/config/kernel.release", "6.15.0-local\n");
  EXPECT_EQ(version_of(tree_.path()), "6.14.2");
}

TEST_F(KernelVersionOfTheRun, IsNoneIfTheMetadataNamesNoneWhateverTheReleaseFileSays) {
  tree_.write("metadata.json", MetadataText().with("version", "null").text());
  tree_.write("include/config/kernel.release", "6.15.0-local\n");
  EXPECT_EQ(version_of(tree_.path()), std::nullopt);
}

TEST_F(KernelVersionOfTheRun, MayBeEmptyAsTheMetadataSays) {
  tree_.write("metadata.json", MetadataText().with("version", R"("")").text());
  EXPECT_EQ(version_of(tree_.path()), "");
}

TEST_F(KernelVersionOfTheRun, IsThatOfTheReleaseFileWithoutReadableMetadata) {
  tree_.write("include/config/kernel.release", " 6.15.0-local\n\xc2\xa0");
  EXPECT_EQ(version_of(tree_.path()), "6.15.0-local");
  tree_.write("metadata.json", "{}");
  EXPECT_EQ(version_of(tree_.path()), "6.15.0-local");
}

TEST_F(KernelVersionOfTheRun, IsNoneWithoutAnyOfTheFiles) {
  EXPECT_EQ(version_of(tree_.path()), std::nullopt);
  tree_.write("include/config/kernel.release", " \n");
  EXPECT_EQ(version_of(tree_.path()), std::nullopt);
  tree_.write("include/config/kernel.release", "6.1\xff");
  EXPECT_EQ(version_of(tree_.path()), std::nullopt);
}

TEST_F(KernelVersionOfTheRun, DoesNotExpandATilde) {
  tree_.write("linux/include/config/kernel.release", "6.15.0\n");
  EXPECT_EQ(kernel_version(variables_of({{"KTSTR_KERNEL", "~/linux"}, {"HOME", tree_.path()}})),
            std::nullopt);
}

TEST_F(KernelVersionOfTheRun, IsThatOfTheCacheEntryOfAKey) {
  put("key", MetadataText());
  put("keyless", MetadataText().with("version", "null"));
  EXPECT_EQ(version_of("key"), "6.14.2");
  EXPECT_EQ(version_of("keyless"), std::nullopt);
  EXPECT_EQ(version_of("missing"), std::nullopt);
}

TEST_F(KernelVersionOfTheRun, IsNoneWithoutACache) {
  EXPECT_EQ(kernel_version(variables_of({{"KTSTR_KERNEL", "key"}})), std::nullopt);
}

TEST_F(KernelVersionOfTheRun, IsNoneForARangeAndAGitSpec) {
  EXPECT_EQ(version_of("6.10..6.15"), std::nullopt);
  EXPECT_EQ(version_of("git+https://h/r#main"), std::nullopt);
}

using KernelSourceOfTheRun = KernelOfTheRun;

TEST_F(KernelSourceOfTheRun, IsTheTreeThatTheMetadataAtAPathNames) {
  tree_.write("metadata.json", MetadataText().with_local_source("/src").text());
  EXPECT_EQ(source_of(tree_.path()), "/src");
}

TEST_F(KernelSourceOfTheRun, IsElseThePathItselfAsTyped) {
  EXPECT_EQ(source_of(tree_.path()), tree_.path());
  EXPECT_EQ(source_of("~/linux"), "~/linux");
  EXPECT_EQ(source_of("/no/such/tree"), "/no/such/tree");
  tree_.write("metadata.json", MetadataText().text());
  EXPECT_EQ(source_of(tree_.path()), tree_.path());
}

TEST_F(KernelSourceOfTheRun, OfACacheKeyIsTheTreeOfItsLocalBuild) {
  put("local", MetadataText().with_local_source("/src"));
  put("tarball", MetadataText());
  put("git", MetadataText().with("source", R"({"type":"git"})"));
  put("pathless", MetadataText().with("source", R"({"type":"local"})"));
  EXPECT_EQ(source_of("local"), "/src");
  for (const char* key : {"tarball", "git", "pathless", "missing"}) {
    EXPECT_EQ(source_of(key), std::nullopt) << key;
  }
}

TEST_F(KernelSourceOfTheRun, OfAVersionIsTheNewestLocalBuildOfJustThatVersion) {
  const auto built = [](const char* path, const char* when) {
    return MetadataText().with_local_source(path).with("built_at", when);
  };
  put("a", built("/older", R"("2026-01-01")"));
  put("b", built("/newer", R"("2026-02-01")"));
  put("c", built("/other", R"("2026-03-01")").with("version", R"("6.14.20")"));
  put("d", built("/none", R"("2026-03-01")").with("version", "null"));
  EXPECT_EQ(source_of("6.14.2"), "/newer");
}

TEST_F(KernelSourceOfTheRun, OfAVersionPassesOverBuildsWithoutATreeAndCorruptEntries) {
  put("a", MetadataText().with("built_at", R"("3")").with("source", R"({"type":"local"})"));
  put("b", MetadataText().with("built_at", R"("2")"));
  put("c", MetadataText().with("built_at", R"("1")").with_local_source("/src"));
  cache_.write("d/metadata.json", "{}");
  EXPECT_EQ(source_of("6.14.2"), "/src");
}

TEST_F(KernelSourceOfTheRun, OfAVersionIsFirstTheOneUnderTheTarballKey) {
  put("6.14.2-tarball-x86_64-kc0a0b0c0d",
      MetadataText().with_local_source("/direct").with("built_at", R"("1")"));
  put("newer", MetadataText().with_local_source("/newer").with("built_at", R"("2")"));
  KernelSourceOptions options;
  options.arch = "x86_64";
  EXPECT_EQ(source_of("6.14.2", options), "/newer");
  options.kconfig_suffix = "0a0b0c0d";
  EXPECT_EQ(source_of("6.14.2", options), "/direct");
  options.arch = "aarch64";
  EXPECT_EQ(source_of("6.14.2", options), "/newer");
}

TEST_F(KernelSourceOfTheRun, OfAVersionGoesOnFromATarballUnderThatKey) {
  put("6.14.2-tarball-x86_64-kc0a0b0c0d", MetadataText());
  put("local", MetadataText().with_local_source("/src"));
  EXPECT_EQ(source_of("6.14.2", {"0a0b0c0d", "x86_64"}), "/src");
}

TEST_F(KernelSourceOfTheRun, IsNoneIfTheCacheHasNothing) {
  EXPECT_EQ(source_of("6.14.2"), std::nullopt);
  EXPECT_EQ(kernel_source_directory("6.14.2", variables_of({})), std::nullopt);
  const std::string file = tree_.write("file", "");
  EXPECT_EQ(kernel_source_directory("6.14.2", variables_of({{"KTSTR_CACHE_DIR", file}})),
            std::nullopt);
}

TEST_F(KernelSourceOfTheRun, IsNoneForARangeAndAGitSpec) {
  EXPECT_EQ(source_of("6.10..6.15"), std::nullopt);
  EXPECT_EQ(source_of("git+https://h/r#main"), std::nullopt);
}

TEST(KernelCommitMap, GivesTheCommitOfADirectory) {
  EXPECT_EQ(find_kernel_commit("/a=1111111;/b=2222222-dirty", "/b"), "2222222-dirty");
  EXPECT_EQ(find_kernel_commit("/a=1111111", "/a"), "1111111");
}

TEST(KernelCommitMap, IsSplitAtTheLastEqualsSign) {
  EXPECT_EQ(find_kernel_commit("/a=b=1111111", "/a=b"), "1111111");
  EXPECT_EQ(find_kernel_commit("/a=b=1111111", "/a"), std::nullopt);
}

TEST(KernelCommitMap, KnowsOnlyTheWholeDirectory) {
  for (const char* directory : {"/", "/a/", " /a", "a", ""}) {
    EXPECT_EQ(find_kernel_commit("/a=1111111", directory), std::nullopt) << directory;
  }
}

TEST(KernelCommitMap, PassesOverSegmentsWithoutACommit) {
  EXPECT_EQ(find_kernel_commit("/a;/a=;;=x;/a=1111111;/a=2222222", "/a"), "1111111");
  EXPECT_EQ(find_kernel_commit("/a=", "/a"), std::nullopt);
  EXPECT_EQ(find_kernel_commit("", "/a"), std::nullopt);
}

TEST(KernelCommitMap, TakesTheCommitAsItStands) {
  EXPECT_EQ(find_kernel_commit("/a= x ", "/a"), " x ");
}

TEST(StatedKernelCommit, IsLookedUpByTheTrimmedKernel) {
  EXPECT_EQ(stated_kernel_commit(
                variables_of({{"KTSTR_KERNEL", " /a "}, {"KTSTR_KERNEL_COMMIT", "/a=1111111"}})),
            "1111111");
}

TEST(StatedKernelCommit, IsNoneWithoutKernelMapOrMatch) {
  const std::string map = "/a=1111111";
  EXPECT_EQ(stated_kernel_commit(variables_of({{"KTSTR_KERNEL_COMMIT", map}})), std::nullopt);
  EXPECT_EQ(stated_kernel_commit(variables_of({{"KTSTR_KERNEL", "/a"}})), std::nullopt);
  EXPECT_EQ(
      stated_kernel_commit(variables_of({{"KTSTR_KERNEL", "/b"}, {"KTSTR_KERNEL_COMMIT", map}})),
      std::nullopt);
  EXPECT_EQ(stated_kernel_commit(
                variables_of({{"KTSTR_KERNEL", "/a"}, {"KTSTR_KERNEL_COMMIT", map + "\xff"}})),
            std::nullopt);
}

}  // namespace
}  // namespace ktstr
