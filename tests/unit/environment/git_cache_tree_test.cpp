// SPDX-License-Identifier: MIT
#include "environment/git_cache_tree.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "unit/environment/git_sandbox.hpp"

namespace ktstr::test {
namespace {

class GitCacheTree : public GitSandbox {
 protected:
  GitCacheTree() { make_repository("r"); }

  [[nodiscard]] std::string index() const {
    std::ifstream file(path("r/.git/index"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string head_tree() const {
    return shell("r", "git rev-parse HEAD^{tree}").substr(0, 40);
  }
  [[nodiscard]] static std::optional<std::string> shown(const std::optional<GitName>& name) {
    if (!name) return std::nullopt;
    std::string digits;
    for (const unsigned char byte : *name) {
      digits += "0123456789abcdef"[byte >> 4U];
      digits += "0123456789abcdef"[byte & 15U];
    }
    return digits;
  }
};

TEST_F(GitCacheTree, IsTheTreeOfTheCommit) { EXPECT_EQ(shown(cached_tree(index())), head_tree()); }

TEST_F(GitCacheTree, IsFoundBehindExtendedEntries) {
  shell("r", "git update-index --skip-worktree Makefile kernel/sched/core.c && git write-tree");
  ASSERT_EQ(index()[7], 3);
  EXPECT_EQ(shown(cached_tree(index())), head_tree());
}

TEST_F(GitCacheTree, IsFoundBehindEntriesOfVersionFour) {
  // The first two names share nothing but the next ones much: long and short cuts.
  write("r/" + std::string(200, 'x') + "/a", "1");
  write("r/" + std::string(200, 'x') + "/b", "1");
  write("r/z", "1");
  shell("r", "git add -A && git commit -q -m more && git update-index --index-version 4");
  ASSERT_EQ(index()[7], 4);
  EXPECT_EQ(shown(cached_tree(index())), head_tree());
}

TEST_F(GitCacheTree, IsFoundBehindNamesOfAnyLength) {
  std::string name;
  for (int length = 1; length < 20; ++length) write("r/" + (name += 'n'), "1");
  shell("r", "git add -A && git commit -q -m more");
  EXPECT_EQ(shown(cached_tree(index())), head_tree());
}

TEST_F(GitCacheTree, IsNoneOnceAnEntryHasChanged) {
  shell("r", "echo 2 >> Makefile && git add Makefile");
  EXPECT_EQ(cached_tree(index()), std::nullopt);
}

TEST_F(GitCacheTree, IsNoneOrTheSameInAnyTruncatedIndex) {
  const std::string whole = index();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto found = shown(cached_tree(whole.substr(0, length)));
    if (found) {
      EXPECT_EQ(found, head_tree());
    }
  }
}

TEST_F(GitCacheTree, SurvivesAnyByte) {
  const std::string whole = index();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '\xff', '\x80', '-'}) {
      std::string broken = whole;
      broken[at] = byte;
      static_cast<void>(cached_tree(broken));
    }
  }
}

TEST_F(GitCacheTree, IsNoneInWhatIsNoIndex) {
  EXPECT_EQ(cached_tree(""), std::nullopt);
  EXPECT_EQ(cached_tree(std::string(100, 'x')), std::nullopt);
  std::string endless = index();
  endless.replace(8, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(cached_tree(endless), std::nullopt);
}

}  // namespace
}  // namespace ktstr::test
