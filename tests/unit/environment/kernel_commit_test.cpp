// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/kernel.hpp"
#include "unit/environment/git_sandbox.hpp"
#include "unit/environment/metadata_text.hpp"
#include "unit/environment/variables_of.hpp"

namespace ktstr::test {
namespace {

class KernelCommit : public GitSandbox {
 protected:
  KernelCommit() { make_repository("linux"); }

  std::optional<std::string> commit(std::map<std::string, std::string> values) const {
    values.try_emplace("KTSTR_CACHE_DIR", path("cache"));
    return kernel_commit_for_sidecar(variables_of(std::move(values)));
  }
};

TEST_F(KernelCommit, IsTheStatedOneBeforeTheTreesOwn) {
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")},
                    {"KTSTR_KERNEL_COMMIT", path("linux") + "=1234567"}}),
            "1234567");
}

TEST_F(KernelCommit, IsTheTreesOwnWhenNoneIsStatedForIt) {
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")}, {"KTSTR_KERNEL_COMMIT", "/other=1234567"}}),
            head("linux"));
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("linux")}, {"KTSTR_KERNEL_COMMIT", path("linux") + "="}}),
            head("linux"));
}

TEST_F(KernelCommit, IsOfTheTreeThatABuildWasMadeFrom) {
  write("build/metadata.json", MetadataText().with_local_source(path("linux")).text());
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("build")}}), head("linux"));
}

TEST_F(KernelCommit, IsOfTheCachesTreeForAVersion) {
  write("cache/local-x/metadata.json", MetadataText().with_local_source(path("linux")).text());
  write("cache/local-x/bzImage", "");
  EXPECT_EQ(commit({{"KTSTR_KERNEL", "6.14.2"}}), head("linux"));
}

TEST_F(KernelCommit, IsNoneForAKernelWithoutATree) {
  EXPECT_EQ(commit({}), std::nullopt);
  EXPECT_EQ(commit({{"KTSTR_KERNEL", "6.10..6.12"}}), std::nullopt);
  EXPECT_EQ(commit({{"KTSTR_KERNEL", path("nowhere")}}), std::nullopt);
}

}  // namespace
}  // namespace ktstr::test

namespace ktstr {
namespace {

using test::MetadataText;
using test::variables_of;

class MakingTheKernelCommitMap : public test::GitSandbox {
 protected:
  [[nodiscard]] Variables variables() const {
    return variables_of({{"KTSTR_CACHE_DIR", path("cache")}});
  }
  [[nodiscard]] std::string map_of(const std::vector<std::string>& identifiers,
                                   const KernelSourceOptions& options = {}) const {
    return kernel_commit_map(identifiers, variables(), options);
  }
  /// A cache entry that was built from a tree.
  void put_entry(const std::string& key, const std::string& tree) const {
    write("cache/" + key + "/metadata.json", MetadataText().with_local_source(path(tree)).text());
    write("cache/" + key + "/bzImage", "");
  }
  /// What a test process with this KTSTR_KERNEL takes from the map.
  [[nodiscard]] static std::optional<std::string> stated(const std::string& map,
                                                         const std::string& kernel) {
    return stated_kernel_commit(
        variables_of({{"KTSTR_KERNEL", kernel}, {"KTSTR_KERNEL_COMMIT", map}}));
  }
};

TEST_F(MakingTheKernelCommitMap, OfNothingIsEmpty) { EXPECT_EQ(map_of({}), ""); }

TEST_F(MakingTheKernelCommitMap, HasTheCommitOfATreeUnderThePathAsTyped) {
  make_repository("linux");
  const std::string typed = path("elsewhere") + "/../linux";
  write("elsewhere/x", "");
  EXPECT_EQ(map_of({typed}), typed + "=" + head("linux"));
}

TEST_F(MakingTheKernelCommitMap, SaysThatATreeIsDirty) {
  make_repository("linux");
  write("linux/Makefile", "other:\n");
  EXPECT_EQ(map_of({path("linux")}), path("linux") + "=" + dirty_head("linux"));
}

TEST_F(MakingTheKernelCommitMap, LooksAtTheTreeThatAPathsMetadataNames) {
  make_repository("linux");
  put_entry("local-1", "linux");
  EXPECT_EQ(map_of({path("cache/local-1")}), path("cache/local-1") + "=" + head("linux"));
}

TEST_F(MakingTheKernelCommitMap, FindsTheTreeOfAVersionAndOfACacheKey) {
  make_repository("linux");
  put_entry("local-1", "linux");
  EXPECT_EQ(map_of({"6.14.2", "local-1"}), "6.14.2=" + head("linux") + ";local-1=" + head("linux"));
}

TEST_F(MakingTheKernelCommitMap, AsksForTheTarballsKeyFirstWhereTheSuffixIsKnown) {
  make_repository("stored");
  make_repository("listed");
  write("listed/more", "1");
  shell("listed", "git add -A && git commit -q -m more");
  put_entry("6.14.2-tarball-x86_64-kc00000001", "stored");
  write("cache/local-9/metadata.json", MetadataText()
                                           .with_local_source(path("listed"))
                                           .with("built_at", R"("2027-01-01T00:00:00Z")")
                                           .text());
  write("cache/local-9/bzImage", "");
  KernelSourceOptions options;
  options.arch = "x86_64";
  EXPECT_EQ(map_of({"6.14.2"}, options), "6.14.2=" + head("listed"));
  options.kconfig_suffix = "00000001";
  EXPECT_EQ(map_of({"6.14.2"}, options), "6.14.2=" + head("stored"));
}

TEST_F(MakingTheKernelCommitMap, LeavesOutWhatHasNoTreeOrNoCommit) {
  write("plain/Makefile", "all:\n");
  EXPECT_EQ(map_of({path("plain"), path("missing"), "6.1", "no-such-key", "6.1..6.2",
                    "git+https://example.com/linux#main", "", "  "}),
            "");
}

TEST_F(MakingTheKernelCommitMap, LeavesOutAnIdentifierThatWouldBreakTheMap) {
  make_repository("a;b");
  make_repository("c");
  EXPECT_EQ(map_of({path("a;b"), path("c")}), path("c") + "=" + head("c"));
}

TEST_F(MakingTheKernelCommitMap, LeavesOutAnIdentifierThatIsNotUtf8) {
  make_repository("a\xff");
  EXPECT_EQ(map_of({path("a\xff")}), "");
}

TEST_F(MakingTheKernelCommitMap, HasAnIdentifierOnce) {
  make_repository("linux");
  EXPECT_EQ(map_of({path("linux"), " " + path("linux") + "\n", path("linux")}),
            path("linux") + "=" + head("linux"));
}

TEST_F(MakingTheKernelCommitMap, IsReadBackByAProcessWithEachIdentifier) {
  make_repository("linux");
  make_repository("a=b=0");
  put_entry("local-1", "linux");
  const std::string map = map_of({path("linux"), path("a=b=0"), "local-1", path("missing")});
  EXPECT_EQ(stated(map, path("linux")), head("linux"));
  EXPECT_EQ(stated(map, "  " + path("linux") + " "), head("linux"));
  EXPECT_EQ(stated(map, path("a=b=0")), head("a=b=0"));
  EXPECT_EQ(stated(map, "local-1"), head("linux"));
  EXPECT_EQ(stated(map, path("missing")), std::nullopt);
  EXPECT_EQ(stated(map, path("a=b")), std::nullopt);
}

}  // namespace
}  // namespace ktstr
