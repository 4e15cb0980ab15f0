// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "query/naming.hpp"
#include "sample_catalog.hpp"

namespace ktstr::test {
namespace {

TEST(KnownDirectories, AreRunDirectoriesAndTheirJobsButNotTheRoot) {
  SampleCatalog catalog;
  catalog.add_directory("b");
  catalog.add_directory("a", "job");
  catalog.add_directory("a");
  catalog.add_directory("");
  catalog.add_directory(".locks");
  catalog.add_result(catalog.add_directory(".kept"));
  const auto paths = known_directories(catalog.database());
  ASSERT_TRUE(paths) << paths.error().text();
  EXPECT_EQ(*paths, (std::vector<std::string>{".kept", "a", "a/job", "b"}));
}

}  // namespace
}  // namespace ktstr::test
