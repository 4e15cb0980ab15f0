// SPDX-License-Identifier: MIT
#include "query/sessions.hpp"
#include "sample_catalog.hpp"

namespace ktstr {
namespace {

TEST(SessionText, LeavesOutVerdictsThatNobodyHas) {
  EXPECT_EQ(session_text({2, 3, 2, 1, 0, 0}), "3 tests in 2 run directories: 2 pass, 1 fail");
  EXPECT_EQ(session_text({1, 1, 0, 0, 1, 0}), "1 test in 1 run directory: 1 skip");
  EXPECT_EQ(session_text({1, 2, 0, 0, 0, 2}), "2 tests in 1 run directory: 2 inconclusive");
}

TEST(SessionText, SaysThatARunDirectoryHasNoTests) {
  EXPECT_EQ(session_text({1, 0, 0, 0, 0, 0}), "0 tests in 1 run directory");
}

TEST(FindSession, KnowsNothingOfAnUnknownToken) {
  test::SampleCatalog catalog;
  const auto found = find_session(catalog.database(), "1763781234567890123");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, std::nullopt);
}

TEST(FindSession, AddsUpTheRunDirectoriesThatCarryTheToken) {
  test::SampleCatalog catalog;
  const auto first = catalog.add_directory("6.14.2-abc1234");
  const auto second = catalog.add_directory("6.15.0-abc1234");
  const auto other = catalog.add_directory("6.16.0-abc1234");
  for (const auto directory : {first, second}) {
    catalog.database().exec("UPDATE directory SET session = 'now' WHERE directory_id = " +
                            std::to_string(directory));
  }
  (void)catalog.add_result(first, {{"verdict", test::text("pass")}});
  (void)catalog.add_result(
      second, {{"verdict", test::text("fail")}, {"file_name", test::text("b.ktstr.json")}});
  (void)catalog.add_result(
      other, {{"verdict", test::text("fail")}, {"file_name", test::text("c.ktstr.json")}});
  const auto found = find_session(catalog.database(), "now");
  ASSERT_TRUE(found);
  ASSERT_TRUE(*found);
  EXPECT_EQ(session_text(**found), "2 tests in 2 run directories: 1 pass, 1 fail");
}

}  // namespace
}  // namespace ktstr
