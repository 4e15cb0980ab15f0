// SPDX-License-Identifier: MIT
#include "library/open_index.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

TEST(OpenIndex, TellsOfDamageThatOnlyTheRefreshCameAcross) {
  TemporaryDirectory directory;
  directory.write("runs/run/a.ktstr.json", sidecar_of("a"));
  OpenIndexOptions options;
  options.root = directory.path("runs");
  options.variables = [](const std::string&) { return std::optional<std::string>(); };
  auto index = OpenIndex::open(options);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_TRUE(index->take_warnings().empty());
  index->database().exec("DROP TABLE series");
  ASSERT_TRUE(index->refresh({}));
  const std::vector<Warning> warnings = index->take_warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].text.find("a new one is made"), std::string::npos) << warnings[0].text;
  EXPECT_TRUE(index->take_warnings().empty());
}

TEST(OpenIndex, NamesTheOptionOfARootThatIsNotThere) {
  OpenIndexOptions options;
  const auto own = check_root("/nowhere/at/all", options);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().hint, "run the tests first, or name another with --root");
  options.is_foreign = true;
  EXPECT_EQ(check_root("/nowhere/at/all", options).error().hint, "name another with --dir");
}

TEST(OpenIndex, WritesNothingBelowTheRootOfAForeignPool) {
  TemporaryDirectory directory;
  directory.write("pool/run/a.ktstr.json", sidecar_of("a"));
  OpenIndexOptions options;
  options.root = directory.path("pool");
  options.is_foreign = true;
  const std::string cache = directory.path("cache");
  const std::string of_another_root = directory.path("other.sqlite3");
  options.variables = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "XDG_CACHE_HOME") return cache;
    if (name == "KTSTR_INDEX_CATALOG") return of_another_root;
    return std::nullopt;
  };
  {
    auto session = OpenIndex::open(options);
    ASSERT_TRUE(session) << session.error().text();
    ASSERT_TRUE(session->make_fresh(CheckLevel::dirs));
    EXPECT_TRUE(session->catalog_path().starts_with(cache)) << session->catalog_path();
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path("pool/.ktstr-index")));
  EXPECT_FALSE(std::filesystem::exists(of_another_root));
}

TEST(OpenIndex, KeepsAForeignPoolInMemoryWithoutACacheDirectory) {
  TemporaryDirectory directory;
  directory.write("pool/run/a.ktstr.json", sidecar_of("a"));
  OpenIndexOptions options;
  options.root = directory.path("pool");
  options.is_foreign = true;
  options.variables = [](const std::string&) { return std::optional<std::string>(); };
  auto session = OpenIndex::open(options);
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_EQ(session->catalog_path(), ":memory:");
  EXPECT_FALSE(std::filesystem::exists(directory.path("pool/.ktstr-index")));
}

}  // namespace
}  // namespace ktstr::test
