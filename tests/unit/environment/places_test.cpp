// SPDX-License-Identifier: MIT
#include "environment/places.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "ktstr/run.hpp"
#include "support/temporary_directory.hpp"
#include "unit/environment/git_sandbox.hpp"

namespace ktstr {
namespace {

Variables from_map(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

TEST(RunsRoot, IsTheVariableThenTheTargetDirectoryThenTheRelativeDefault) {
  EXPECT_EQ(runs_root(from_map({{"KTSTR_RUNS_ROOT", "/r"}, {"CARGO_TARGET_DIR", "/t"}})).path,
            "/r");
  EXPECT_EQ(runs_root(from_map({{"CARGO_TARGET_DIR", "/t"}})).path, "/t/ktstr");
  EXPECT_EQ(runs_root(from_map({})).path, "target/ktstr");
}

TEST(RunsRoot, JoinsTheTargetDirectoryWithOneSlash) {
  EXPECT_EQ(runs_root(from_map({{"CARGO_TARGET_DIR", "/t/"}})).path, "/t/ktstr");
  EXPECT_EQ(runs_root(from_map({{"CARGO_TARGET_DIR", "/"}})).path, "/ktstr");
}

TEST(RunsRoot, TakesAnEmptyVariableAsUnset) {
  EXPECT_EQ(runs_root(from_map({{"KTSTR_RUNS_ROOT", ""}, {"CARGO_TARGET_DIR", "/t"}})).path,
            "/t/ktstr");
  EXPECT_EQ(runs_root(from_map({{"CARGO_TARGET_DIR", ""}})).path, "target/ktstr");
}

TEST(RunsRoot, TakesAnyBytesForTheRootButOnlyUtf8ForTheTargetDirectory) {
  EXPECT_EQ(runs_root(from_map({{"KTSTR_RUNS_ROOT", "/r\xff"}})).path, "/r\xff");
  EXPECT_EQ(runs_root(from_map({{"CARGO_TARGET_DIR", "/t\xff"}})).path, "target/ktstr");
}

TEST(FindRunsRoot, PrefersTheFlagToEverything) {
  const auto found =
      find_runs_root("flagged", from_map({{"KTSTR_RUNS_ROOT", "/r"}}), "/", system_file_system());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, "flagged");
  EXPECT_EQ(found->from, "--root");
}

TEST(FindRunsRoot, LooksUpwardForTheNearestTargetDirectory) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() + "/target/ktstr");
  std::filesystem::create_directories(directory.path() + "/crate/src");
  const auto outer = find_runs_root(std::nullopt, from_map({}), directory.path() + "/crate/src",
                                    system_file_system());
  ASSERT_TRUE(outer);
  EXPECT_EQ(outer->path, directory.path() + "/target/ktstr");

  std::filesystem::create_directories(directory.path() + "/crate/target/ktstr");
  const auto inner = find_runs_root(std::nullopt, from_map({}), directory.path() + "/crate/src",
                                    system_file_system());
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->path, directory.path() + "/crate/target/ktstr");
}

TEST(FindRunsRoot, ListsThePlacesTriedWhenThereIsNone) {
  const auto found =
      find_runs_root(std::nullopt, from_map({}), "/nowhere/at/all", system_file_system());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_NE(found.error().message.find("/nowhere/at/all/target/ktstr"), std::string::npos);
  EXPECT_NE(found.error().message.find("\n  /target/ktstr"), std::string::npos);
}

TEST(CanonicalPath, IsAbsoluteAndWithoutLinksDotsOrATrailingSlash) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/real");
  std::filesystem::create_directory_symlink("real", directory.path() + "/link");
  const std::string real = canonical_path(directory.path() + "/real");
  EXPECT_EQ(canonical_path(directory.path() + "/link/"), real);
  EXPECT_EQ(canonical_path(directory.path() + "/./real/../real"), real);
  EXPECT_EQ(canonical_path(directory.path() + "/real/missing/"), real + "/missing");
  EXPECT_EQ(canonical_path("no/such/thing").front(), '/');
}

TEST(CatalogPath, IsBelowTheRootUnlessNamed) {
  EXPECT_EQ(catalog_path(std::nullopt, from_map({}), "/r").path, "/r/.ktstr-index/catalog.sqlite3");
  EXPECT_EQ(catalog_path(std::nullopt, from_map({{"KTSTR_INDEX_CATALOG", "/c"}}), "/r").path, "/c");
  EXPECT_EQ(catalog_path("/f", from_map({{"KTSTR_INDEX_CATALOG", "/c"}}), "/r").path, "/f");
}

TEST(CachedCatalogPath, DiffersByRootAndNeedsAHome) {
  const Variables cache = from_map({{"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}});
  EXPECT_NE(cached_catalog_path(cache, "/a"), cached_catalog_path(cache, "/b"));
  EXPECT_EQ(cached_catalog_path(cache, "/a")->rfind("/x/ktstr-index/", 0), 0U);
  EXPECT_EQ(
      cached_catalog_path(from_map({{"HOME", "/h"}}), "/a")->rfind("/h/.cache/ktstr-index/", 0),
      0U);
  EXPECT_FALSE(cached_catalog_path(from_map({}), "/a"));
}

TEST(PathPart, HoldsNoSlashAndNoControlCharacter) {
  for (const char* const text : {"", "a", ".", "a b", "\xC3\xA9", "a..b"}) {
    EXPECT_TRUE(can_stand_in_file_name(text)) << text;
  }
  for (const std::string text : {"/", "a/b", "a\nb", "\x1b", "\x7f", "\xC2\x85", "\xff"}) {
    EXPECT_FALSE(can_stand_in_file_name(text)) << text;
  }
  EXPECT_FALSE(can_stand_in_file_name(std::string_view("a\0b", 3)));
}

TEST(PathPart, OfARunDirectoryIsShortAndHasNoDots) {
  EXPECT_TRUE(can_stand_in_run_directory_name("6.14.2-rc3+"));
  EXPECT_TRUE(can_stand_in_run_directory_name(std::string(120, 'a')));
  EXPECT_FALSE(can_stand_in_run_directory_name(std::string(121, 'a')));
  EXPECT_FALSE(can_stand_in_run_directory_name(".."));
  EXPECT_FALSE(can_stand_in_run_directory_name("a..b"));
}

TEST(RunDirectoryName, SaysUnknownForWhatCantBeInAPath) {
  EXPECT_EQ(run_directory_name("../../x", "abc1234"), "unknown-abc1234");
  EXPECT_EQ(run_directory_name("6.14", "a/b"), "6.14-unknown");
  EXPECT_EQ(run_directory_name("", "abc1234"), "-abc1234");
}

TEST(RefusedPathParts, AreNamedInOneLineOnce) {
  EXPECT_EQ(refused_path_parts_text("6.14", std::nullopt), std::nullopt);
  EXPECT_EQ(refused_path_parts_text("../x", "a\nb"),
            "ktstr: WARNING: kernel version '../x' and project commit 'a\\nb' can't be a part of a "
            "path; the run directory is named with 'unknown' instead");
  OnceGate gate;
  int said = 0;
  const MessageSink sink = [&](std::string_view) { ++said; };
  warn_refused_path_parts("6.14", "abc", gate, sink);
  EXPECT_EQ(said, 0);
  warn_refused_path_parts("..", "abc", gate, sink);
  warn_refused_path_parts("..", "abc", gate, sink);
  EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace ktstr

// Which project the results of a runs root belong to.

namespace ktstr::test {
namespace {

class ProjectKey : public GitSandbox {
 protected:
  void commit_more(const std::string& repository) const {
    shell(repository, "echo more >> Makefile && git commit -q -a -m more");
  }
  /// A repository with three commits.
  void make_history(const std::string& name, const std::string& init_options = "") const {
    make_repository(name, init_options);
    commit_more(name);
    commit_more(name);
  }
  [[nodiscard]] std::string id_of(const std::string& repository, const std::string& name) const {
    return shell(repository, "git rev-parse " + name).substr(0, 40);
  }
  void remove_object(const std::string& repository, const std::string& name) const {
    const std::string id = id_of(repository, name);
    ASSERT_TRUE(std::filesystem::remove(
        path(repository + "/.git/objects/" + id.substr(0, 2) + "/" + id.substr(2))));
  }
  [[nodiscard]] std::string key(const std::string& root) const {
    return project_key(path(root)).value();
  }
  [[nodiscard]] std::string path_key(const std::string& root) const { return "path:" + path(root); }
};

TEST_F(ProjectKey, IsTheFirstCommitOfTheHistory) {
  make_history("linux");
  // The dates, names and contents are fixed, so the commit is.
  EXPECT_EQ(key("linux").substr(0, 11), "git:7f0ddb2");
  EXPECT_EQ(key("linux"), "git:" + id_of("linux", "HEAD~2"));
}

TEST_F(ProjectKey, IsFoundUpwardOfTheRoot) {
  make_history("linux");
  write("linux/target/ktstr/run/file", "x");
  EXPECT_EQ(key("linux/target/ktstr"), "git:" + id_of("linux", "HEAD~2"));
}

TEST_F(ProjectKey, IsTheSameBeforeTheRootExists) {
  make_history("linux");
  const std::string before = key("linux/target/ktstr");
  std::filesystem::create_directories(path("linux/target/ktstr"));
  EXPECT_EQ(before, "git:" + id_of("linux", "HEAD~2"));
  EXPECT_EQ(key("linux/target/ktstr"), before);
}

TEST_F(ProjectKey, IsTheNearestRepositorys) {
  make_repository("linux");
  write("linux/nested/file", "x");
  shell("linux/nested", "git init -q -b main . && git add -A && git commit -q -m nested");
  EXPECT_EQ(key("linux/nested/target"), "git:" + id_of("linux/nested", "HEAD"));
  EXPECT_NE(key("linux/nested/target"), key("linux"));
}

TEST_F(ProjectKey, IsTheSameInWorktreesAndClones) {
  make_history("linux");
  shell("linux",
        "git worktree add -q -b topic ../topic && git clone -q . ../clone &&"
        " git clone -q --bare . ../bare.git");
  commit_more("topic");
  const std::string expected = "git:" + id_of("linux", "HEAD~2");
  EXPECT_EQ(key("topic"), expected);
  EXPECT_EQ(key("clone"), expected);
  EXPECT_EQ(key("bare.git"), expected);
}

TEST_F(ProjectKey, DoesNotChangeWithCommitsAndPacking) {
  make_history("linux");
  const std::string before = key("linux");
  commit_more("linux");
  shell("linux", "git gc -q && test -e .git/objects/info/commit-graph");
  commit_more("linux");
  EXPECT_EQ(key("linux"), before);
}

TEST_F(ProjectKey, FollowsFirstParentsIntoNoMergedProject) {
  make_history("linux");
  const std::string before = key("linux");
  shell("linux",
        "git checkout -q --orphan other && git commit -q -m other && git checkout -q -f main &&"
        " git merge -q --allow-unrelated-histories -s ours -m merge other &&"
        " test $(git rev-list --max-parents=0 HEAD | wc -l) = 2");
  EXPECT_EQ(key("linux"), before);
  shell("linux", "git checkout -q other");
  EXPECT_EQ(key("linux"), "git:" + id_of("linux", "other"));
}

TEST_F(ProjectKey, IgnoresGraftsAndReplacedObjects) {
  make_history("linux");
  const std::string before = "git:" + id_of("linux", "HEAD~2");
  shell("linux", "git replace --graft HEAD && test $(git rev-list --count HEAD) = 1");
  EXPECT_EQ(key("linux"), before);
  shell("linux", "git replace -d HEAD");
  write("linux/.git/info/grafts", id_of("linux", "HEAD") + "\n");
  shell("linux", "test $(git rev-list --count HEAD) = 1");
  EXPECT_EQ(key("linux"), before);
}

TEST_F(ProjectKey, IsThePathInAShallowClone) {
  make_history("linux");
  shell("linux", "git clone -q --depth 1 \"file://$PWD\" ../shallow");
  EXPECT_EQ(key("shallow/target"), path_key("shallow/target"));
}

TEST_F(ProjectKey, IsThePathInAShallowCloneThatStillHasItsHistory) {
  make_history("linux");
  write("linux/.git/shallow", id_of("linux", "HEAD") + "\n");
  EXPECT_EQ(key("linux"), path_key("linux"));
}

TEST_F(ProjectKey, IsThePathInAWorktreeOfAShallowClone) {
  make_history("linux");
  shell("linux",
        "git clone -q --depth 1 \"file://$PWD\" ../shallow && cd ../shallow &&"
        " git worktree add -q -b topic ../topic");
  EXPECT_EQ(key("topic"), path_key("topic"));
}

TEST_F(ProjectKey, IsThePathBeforeTheFirstCommit) {
  write("fresh/file", "x");
  shell("fresh", "git init -q -b main . && git add -A");
  EXPECT_EQ(key("fresh/target"), path_key("fresh/target"));
}

TEST_F(ProjectKey, IsThePathWithoutARepository) {
  write("plain/file", "x");
  EXPECT_EQ(key("plain"), path_key("plain"));
  EXPECT_EQ(key("plain/absent/too"), path_key("plain/absent/too"));
}

TEST_F(ProjectKey, IsThePathWhenACommitIsMissing) {
  make_history("linux");
  remove_object("linux", "HEAD~1");
  EXPECT_EQ(key("linux"), path_key("linux"));
}

TEST_F(ProjectKey, IsThePathWhenTheFirstCommitIsMissing) {
  make_history("linux");
  shell("linux", "git commit-graph write --reachable");
  remove_object("linux", "HEAD~2");
  EXPECT_EQ(key("linux"), path_key("linux"));
}

TEST_F(ProjectKey, IsThePathInARepositoryWithSha256Names) {
  make_repository("linux", "--object-format=sha256");
  EXPECT_EQ(key("linux"), path_key("linux"));
}

TEST_F(ProjectKey, TakesAnyTextForARoot) {
  make_repository("linux");
  const std::string with_nul = path("linux") + std::string("\0x", 2);
  EXPECT_EQ(project_key(with_nul).value(), "path:" + with_nul);
  EXPECT_EQ(project_key("").value(), "path:");
  EXPECT_EQ(project_key("absent/relative").value(), "path:absent/relative");
  EXPECT_EQ(key("linux/Makefile/below"), "git:" + id_of("linux", "HEAD"));
}

TEST_F(ProjectKey, IsReadFromAChainOfGraphs) {
  make_history("linux");
  shell("linux", "git commit-graph write --reachable --split");
  commit_more("linux");
  shell("linux", "git commit-graph write --reachable --split=no-merge");
  EXPECT_EQ(key("linux"), "git:" + id_of("linux", "HEAD~3"));
}

class ProjectKeyWithGraph : public ProjectKey {
 protected:
  ProjectKeyWithGraph() {
    make_history("linux");
    shell("linux", "git commit-graph write --reachable && chmod u+w " + k_graph);
    std::ifstream file(path("linux/" + k_graph), std::ios::binary);
    graph_.assign(std::istreambuf_iterator<char>(file), {});
    expected_ = "git:" + id_of("linux", "HEAD~2");
  }
  [[nodiscard]] std::string key_with(const std::string& graph) const {
    write("linux/" + k_graph, graph);
    return key("linux");
  }
  const std::string k_graph = ".git/objects/info/commit-graph";
  std::string graph_;
  std::string expected_;
};

TEST_F(ProjectKeyWithGraph, ReadsNoCommitThatTheGraphKnows) {
  remove_object("linux", "HEAD~1");
  EXPECT_EQ(key("linux"), expected_);
}

TEST_F(ProjectKeyWithGraph, ReadsTheCommitsSinceTheGraphWasWritten) {
  commit_more("linux");
  commit_more("linux");
  remove_object("linux", "HEAD~3");
  EXPECT_EQ(key("linux"), expected_);
}

TEST_F(ProjectKeyWithGraph, IsTheSameWhereverTheGraphEnds) {
  for (std::size_t size = 0; size < graph_.size(); size += 97) {
    ASSERT_EQ(key_with(graph_.substr(0, size)), expected_) << size << " bytes";
  }
}

TEST_F(ProjectKeyWithGraph, EndsWhenCommitsAreEachOthersParents) {
  std::string damaged = graph_;
  const std::string no_parent = {'\x70', '\0', '\0', '\0', '\x70', '\0', '\0', '\0'};
  const std::size_t root = damaged.find(no_parent);
  ASSERT_NE(root, std::string::npos);
  std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(root), 4, '\0');
  EXPECT_EQ(key_with(damaged), expected_);
}

}  // namespace
}  // namespace ktstr::test
