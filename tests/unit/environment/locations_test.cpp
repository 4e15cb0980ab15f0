// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "environment/places.hpp"
#include "support/temporary_directory.hpp"

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

}  // namespace
}  // namespace ktstr
