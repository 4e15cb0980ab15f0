// SPDX-License-Identifier: MIT
#include "ktstr/kernel.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>

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

// So that a failure shows what an identifier was taken for.
std::ostream& operator<<(std::ostream& out, const KernelId& id) {
  constexpr const char* k_names[] = {"path", "version", "cache key", "range", "git"};
  return out << k_names[id.index()] << " " << kernel_id_text(id);
}

namespace {

using test::variables_of;

const Variables k_at_home = variables_of({{"HOME", "/home/u"}});
const Variables k_homeless = variables_of({});

TEST(KernelIdText, IsAVersionIfItLooksLikeOne) {
  for (const char* text : {"6.14", "6.14.2", "6.15-rc3", "6.14.2-rc1", "06.014", "0.0"}) {
    EXPECT_TRUE(is_kernel_version(text)) << text;
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelVersion{text}));
  }
}

TEST(KernelIdText, IsACacheKeyIfNothingElseFits) {
  for (const char* text : {"6",
                           "v6.14",
                           "6.",
                           "6.14.",
                           "6.14.2.1",
                           "6.14-rc",
                           "6.14-rc3a",
                           "6.14-RC3",
                           "6.14 ",
                           "6.14-rc3-rc4",
                           "6.1\xd9\xa3",
                           "6.14.2-tarball-x86_64",
                           "local-deadbeef-x86_64",
                           "6.14.2-rc1-tarball-x86_64-kc00000000",
                           "linux",
                           "",
                           "foo..bar",
                           "6.10..foo",
                           "6.10..",
                           "6.10...6.15",
                           "6.10..6.12..6.14",
                           "git+#main",
                           "git+url",
                           "-rc1",
                           "6..14"}) {
    EXPECT_FALSE(is_kernel_version(text)) << text;
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelCacheKey{text}));
  }
}

TEST(KernelIdText, IsAPathIfItHasASlashOrStartsWithADotOrATilde) {
  for (const char* text : {"../linux", "/boot/vmlinuz", "./linux", ".", "..", "...", ".hidden",
                           "6.14/", "..6.10", "6.10..6.15/x", "~peer/linux", "~~", "~x"}) {
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelPath{text}));
  }
}

TEST(KernelIdText, HasItsTildeExpandedAgainstHome) {
  EXPECT_EQ(parse_kernel_id("~/linux", k_at_home), KernelId(KernelPath{"/home/u/linux"}));
  EXPECT_EQ(parse_kernel_id("~", k_at_home), KernelId(KernelPath{"/home/u"}));
  EXPECT_EQ(parse_kernel_id("~/", k_at_home), KernelId(KernelPath{"/home/u"}));
  EXPECT_EQ(parse_kernel_id("~//foo", k_at_home), KernelId(KernelPath{"/home/u/foo"}));
}

TEST(KernelIdText, KeepsItsTildeWithoutAUsableHome) {
  for (const Variables& variables :
       {k_homeless, variables_of({{"HOME", ""}}), variables_of({{"HOME", "/\xff"}})}) {
    EXPECT_EQ(parse_kernel_id("~/linux", variables), KernelId(KernelPath{"~/linux"}));
    EXPECT_EQ(parse_kernel_id("~", variables), KernelId(KernelPath{"~"}));
  }
}

TEST(KernelIdText, IsARangeBetweenTwoVersions) {
  EXPECT_EQ(parse_kernel_id("6.10..6.15", k_at_home), KernelId(KernelRange{"6.10", "6.15", false}));
  EXPECT_EQ(parse_kernel_id("6.10..=6.15", k_at_home), KernelId(KernelRange{"6.10", "6.15", true}));
}

TEST(KernelIdText, MayBeAnInvertedRange) {
  EXPECT_EQ(parse_kernel_id("6.10.5..6.10.10", k_at_home),
            KernelId(KernelRange{"6.10.5", "6.10.10", false}));
  EXPECT_EQ(parse_kernel_id("6.10..6.10-rc3", k_at_home),
            KernelId(KernelRange{"6.10", "6.10-rc3", false}));
}

TEST(KernelIdText, IsAGitSpecWithAUrlAndAReference) {
  const auto git = [](const char* url, const char* reference) {
    return KernelId(KernelGit{url, reference});
  };
  EXPECT_EQ(parse_kernel_id("git+https://example.com/r.git#main", k_at_home),
            git("https://example.com/r.git", "main"));
  EXPECT_EQ(parse_kernel_id("git+https://x#frag#main", k_at_home), git("https://x#frag", "main"));
  EXPECT_EQ(parse_kernel_id("git+/local/repo#v1", k_at_home), git("/local/repo", "v1"));
  EXPECT_EQ(parse_kernel_id("git+a#b/c", k_at_home), git("a", "b/c"));
  EXPECT_EQ(parse_kernel_id("git+url#main", k_at_home), git("url", "main"));
}

TEST(KernelIdText, IsAPathIfAGitSpecLacksAPartAndHasASlash) {
  for (const char* text :
       {"git+https://example.com/r.git#", "git+https://h/r.git", "GIT+https://h/r#m"}) {
    EXPECT_EQ(parse_kernel_id(text, k_at_home), KernelId(KernelPath{text}));
  }
}

TEST(KernelIdText, ComesBackFromTheIdentifier) {
  for (const char* text :
       {"../linux", "6.14.2", "some-key", "6.10..6.15", "6.10..=6.15", "git+https://x#frag#main"}) {
    EXPECT_EQ(kernel_id_text(parse_kernel_id(text, k_homeless)), text);
  }
}

TEST(KernelIdList, KeepsOrderAndDuplicatesButNoEmptyParts) {
  const std::vector<KernelId> expected = {KernelVersion{"6.14"}, KernelPath{"../linux"},
                                          KernelVersion{"6.14"}};
  EXPECT_EQ(parse_kernel_list(" 6.14 ,,\t../linux,\xe2\x80\x83 6.14\xc2\xa0, ", k_at_home),
            expected);
  EXPECT_TRUE(parse_kernel_list("", k_at_home).empty());
  EXPECT_TRUE(parse_kernel_list(" , ", k_at_home).empty());
}

bool is_valid(const char* text) {
  return validate_kernel_id(parse_kernel_id(text, k_at_home)).has_value();
}

TEST(KernelIdValidation, LetsPassWhateverIsNoRange) {
  for (const char* text : {"6.14", "linux", "/x", "git+a#b", ""}) EXPECT_TRUE(is_valid(text));
}

TEST(KernelIdValidation, ComparesTheNumbersOfARange) {
  for (const char* text : {"6.10..6.15", "6.9..6.10", "6.10.5..6.10.10", "6.10..6.10",
                           "6.10..6.10.0", "06.10..6.10", "5.99..=6.0"}) {
    EXPECT_TRUE(is_valid(text)) << text;
  }
  for (const char* text : {"6.15..6.10", "6.10..6.9", "6.10.10..6.10.5", "6.0..=5.99",
                           "6.18446744073709551616..6.2"}) {
    EXPECT_FALSE(is_valid(text)) << text;
  }
}

TEST(KernelIdValidation, TakesAReleaseForNewerThanItsCandidates) {
  EXPECT_TRUE(is_valid("6.10-rc3..6.10"));
  EXPECT_TRUE(is_valid("6.10-rc9..6.10-rc10"));
  EXPECT_TRUE(is_valid("6.10..6.11-rc1"));
  EXPECT_FALSE(is_valid("6.10..6.10-rc3"));
  EXPECT_FALSE(is_valid("6.10-rc10..6.10-rc9"));
}

TEST(KernelIdValidation, SaysTheSpecAndItsInversionInTheSameSpelling) {
  const auto result = validate_kernel_id(KernelRange{"6.15", "6.10", true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
  EXPECT_EQ(result.error().message,
            "inverted kernel range `6.15..=6.10`; did you mean `6.10..=6.15`?");
}

}  // namespace
}  // namespace ktstr
