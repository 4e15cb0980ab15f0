// SPDX-License-Identifier: MIT
#include "query/naming.hpp"

#include <gtest/gtest.h>

#include "sample_catalog.hpp"

namespace ktstr {
namespace {

class Naming : public testing::Test {
 protected:
  Naming() {
    first_run_ = catalog_.add_directory("6.14.2-abc1234");
    job_ = catalog_.add_directory("6.14.2-abc1234", "job-1");
    second_run_ = catalog_.add_directory("6.15.0-def5678");
  }

  std::int64_t add(std::int64_t directory, const std::string& test, const std::string& hash,
                   const std::string& id) {
    return catalog_.add_result(directory, {{"test_name", test},
                                           {"file_hash", hash},
                                           {"variant_hash", hash},
                                           {"file_name", test + "-" + hash + ".ktstr.json"},
                                           {"id", id}});
  }
  /// The places found, or "error: …".
  std::string found(const std::string& name) {
    const auto result = resolve_result(catalog_.database(), name);
    if (!result) return "error: " + result.error().message;
    std::string places;
    for (const auto place : result->sidecar_ids) {
      places += (places.empty() ? "" : " ") + std::to_string(place);
    }
    return places;
  }
  std::string hint(const std::string& name) {
    const auto result = resolve_result(catalog_.database(), name);
    return result ? "no error" : result.error().hint;
  }

  test::SampleCatalog catalog_;
  std::int64_t first_run_ = 0;
  std::int64_t job_ = 0;
  std::int64_t second_run_ = 0;
  const std::string hash_a_ = "00000000000000aa";
  const std::string hash_b_ = "00000000000000bb";
  const std::string id_a_ = "aaaa1111" + std::string(24, '0');
  const std::string id_b_ = "aaaa2222" + std::string(24, '0');
};

TEST_F(Naming, TakesAnIdByItsFirstDigits) {
  add(first_run_, "one", hash_a_, id_a_);
  add(first_run_, "two", hash_b_, id_b_);
  EXPECT_EQ(found("aaaa1"), "1");
  EXPECT_EQ(found("AAAA2"), "2");
  EXPECT_EQ(found(id_a_), "1");
  EXPECT_EQ(resolve_result(catalog_.database(), "aaaa1")->id, id_a_);
}

TEST_F(Naming, TellsANameOfSeveralFromANameOfNone) {
  add(first_run_, "one", hash_a_, id_a_);
  add(first_run_, "two", hash_b_, id_b_);
  for (const auto& [name, is_named] :
       {std::pair("aaaa", true), std::pair("one", true), std::pair("none", false)}) {
    const auto found = names_a_result(catalog_.database(), name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(*found, is_named) << name;
  }
  EXPECT_FALSE(names_a_result(catalog_.database(), " "));
}

TEST_F(Naming, WantsFourDigitsOfAnId) {
  add(first_run_, "one", hash_a_, id_a_);
  EXPECT_EQ(found("aaa"), "error: no result is named 'aaa'");
  EXPECT_EQ(found("aaaa"), "1");
  EXPECT_EQ(found(id_a_ + "0"), "error: no result is named '" + id_a_ + "0'");
}

TEST_F(Naming, ListsTheCandidatesOfAnAmbiguousId) {
  add(first_run_, "one", hash_a_, id_a_);
  add(first_run_, "two", hash_b_, id_b_);
  EXPECT_EQ(found("aaaa"), "error: 'aaaa' names 2 results");
  EXPECT_EQ(hint("aaaa"),
            "one of these:\n"
            "aaaa1111  pass  6.14.2-abc1234/one-00000000000000aa.ktstr.json\n"
            "aaaa2222  pass  6.14.2-abc1234/two-00000000000000bb.ktstr.json");
}

TEST_F(Naming, ShowsAsManyDigitsAsTellCandidatesApart) {
  add(first_run_, "one", hash_a_, std::string(31, 'a') + "1");
  add(first_run_, "one", hash_b_, std::string(31, 'a') + "2");
  EXPECT_NE(hint("one").find("\n" + std::string(31, 'a') + "2  pass"), std::string::npos)
      << hint("one");
}

TEST_F(Naming, TakesATestWithAndWithoutItsHash) {
  add(first_run_, "one", hash_a_, id_a_);
  add(first_run_, "two", hash_a_, id_b_);
  EXPECT_EQ(found("one"), "1");
  EXPECT_EQ(found("one-" + hash_a_), "1");
  EXPECT_EQ(found("one-" + hash_b_), "error: no result is named 'one-" + hash_b_ + "'");
}

TEST_F(Naming, TellsVariantsApartByTheirHash) {
  add(first_run_, "one", hash_a_, id_a_);
  add(first_run_, "one", hash_b_, id_b_);
  EXPECT_EQ(found("one"), "error: 'one' names 2 results");
  EXPECT_EQ(found("one-" + hash_b_), "2");
}

TEST_F(Naming, TakesTheHashOfTheContentToo) {
  catalog_.add_result(first_run_, {{"test_name", test::text("one")},
                                   {"variant_hash", hash_a_},
                                   {"file_name", test::text("odd.ktstr.json")}});
  EXPECT_EQ(found("one-" + hash_a_), "1");
}

TEST_F(Naming, IsNarrowedByRunDirectoryAndJob) {
  add(first_run_, "one", hash_a_, id_a_);
  add(job_, "one", hash_a_, id_b_);
  add(second_run_, "one", hash_a_, "cccc" + std::string(28, '0'));
  EXPECT_EQ(found("6.15.0-def5678/one"), "3");
  EXPECT_EQ(found("6.14.2-abc1234/job-1/one"), "2");
  EXPECT_EQ(found("job-1/one"), "2");
  EXPECT_EQ(found("6.14.2-abc1234/one"), "error: '6.14.2-abc1234/one' names 2 results");
}

TEST_F(Naming, TakesATestAsNextestPrintsIt) {
  add(first_run_, "one", hash_a_, id_a_);
  EXPECT_EQ(found("ktstr/one"), "1");
  EXPECT_EQ(found("gauntlet/one/tiny"), "1");
  EXPECT_EQ(found("scx::main ktstr/one"), "1");
}

TEST_F(Naming, FindsTheSameBytesInTwoPlacesAsOneResult) {
  add(first_run_, "one", hash_a_, id_a_);
  add(second_run_, "one", hash_a_, id_a_);
  EXPECT_EQ(found("one"), "1 2");
  EXPECT_EQ(found("6.15.0-def5678/one"), "1 2");
  EXPECT_EQ(found("aaaa"), "1 2");
}

TEST_F(Naming, TakesThePathOfAFile) {
  add(first_run_, "one", hash_a_, id_a_);
  add(job_, "one", hash_a_, id_b_);
  EXPECT_EQ(found("6.14.2-abc1234/job-1/one-" + hash_a_ + ".ktstr.json"), "2");
}

TEST_F(Naming, FindsACorruptFileByItsNameOnly) {
  catalog_.add_result(first_run_, {{"status", test::text("corrupt")},
                                   {"test_name", Value()},
                                   {"verdict", Value()},
                                   {"file_name", test::text("bad-x.ktstr.json")}});
  EXPECT_EQ(found("6.14.2-abc1234/bad-x.ktstr.json"), "1");
  EXPECT_EQ(found("bad-x.ktstr.json"), "1");
  EXPECT_EQ(found("bad-x"), "1");
  EXPECT_EQ(found("bad"), "error: no result is named 'bad'");
}

TEST_F(Naming, PointsToACorruptFileThatBeginsWithTheName) {
  for (const auto directory : {first_run_, second_run_}) {
    catalog_.add_result(directory, {{"status", test::text("corrupt")},
                                    {"test_name", Value()},
                                    {"verdict", Value()},
                                    {"file_name", "torn-" + hash_a_ + ".ktstr.json"}});
  }
  add(first_run_, "torn_more", hash_a_, id_a_);
  const std::string file = "/torn-" + hash_a_ + ".ktstr.json is corrupt (show it by its path)";
  EXPECT_EQ(hint("torn"), "6.14.2-abc1234" + file + "\n6.15.0-def5678" + file);
  EXPECT_EQ(hint("6.15.0-def5678/torn"), "6.15.0-def5678" + file);
  EXPECT_EQ(hint("tor").find("corrupt"), std::string::npos);
}

TEST_F(Naming, KeepsUnreadableFilesApart) {
  for (const auto directory : {first_run_, second_run_}) {
    catalog_.add_result(directory, {{"status", test::text("unreadable")},
                                    {"test_name", Value()},
                                    {"verdict", Value()},
                                    {"id", Value()},
                                    {"file_name", test::text("x.ktstr.json")}});
  }
  EXPECT_EQ(found("x"), "error: 'x' names 2 results");
  EXPECT_EQ(found("6.15.0-def5678/x"), "2");
  EXPECT_EQ(resolve_result(catalog_.database(), "6.15.0-def5678/x")->id, "");
  EXPECT_EQ(hint("x"),
            "one of these:\n"
            "--------  unreadable  6.14.2-abc1234/x.ktstr.json\n"
            "--------  unreadable  6.15.0-def5678/x.ktstr.json");
}

TEST_F(Naming, CountsATestThatLooksLikeAnIdOnce) {
  add(first_run_, "aaaa1111", hash_a_, id_a_);
  EXPECT_EQ(found("aaaa1111"), "1");
  add(first_run_, "bbbb", hash_b_, "cccc" + std::string(28, '0'));
  add(first_run_, "two", hash_b_, "bbbb" + std::string(28, '0'));
  EXPECT_EQ(found("bbbb"), "error: 'bbbb' names 2 results");
}

TEST_F(Naming, ProposesTheNearestTest) {
  add(first_run_, "sched_basic", hash_a_, id_a_);
  EXPECT_EQ(hint("sched_basik"), "did you mean sched_basic?");
  EXPECT_EQ(hint("nothing_like_it"), "");
}

TEST_F(Naming, ProposesTheNearestRunDirectory) {
  add(first_run_, "one", hash_a_, id_a_);
  EXPECT_EQ(hint("6.14.2-abc1235/one"), "the nearest run directories: 6.14.2-abc1234");
}

TEST_F(Naming, IsAUsageErrorWhenNothingIsNamed) {
  for (const char* name : {"", " ", "x", "a/b/c/d", "/", "x/", "' OR 1 --"}) {
    const auto result = resolve_result(catalog_.database(), name);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::usage) << name;
  }
}

}  // namespace
}  // namespace ktstr

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
