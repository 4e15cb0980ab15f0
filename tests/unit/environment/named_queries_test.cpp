// SPDX-License-Identifier: MIT
#include "environment/named_queries.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_directory.hpp"
#include "variables_of.hpp"

namespace ktstr::test {
namespace {

using Arguments = std::vector<std::string>;

TEST(NamedQueries, AreExpressionsOrListsOfArguments) {
  const auto queries = parse_named_queries(
      R"({"theme": {"a": [1]}, "queries": {"lavd": "-passed", "slow": ["--limit", "3"], "all": []}})");
  ASSERT_TRUE(queries) << queries.error().text();
  ASSERT_EQ(queries->size(), 3U);
  EXPECT_EQ((*queries)[0].name, "lavd");
  EXPECT_EQ((*queries)[0].arguments, (Arguments{"--", "-passed"}));
  EXPECT_EQ((*queries)[1].arguments, (Arguments{"--limit", "3"}));
  EXPECT_TRUE((*queries)[2].arguments.empty());
}

TEST(NamedQueries, SayWhereAFileIsNotWhatItShouldBe) {
  for (const char* json : {"", "[]", "{\"queries\": 1}", "{\"queries\": {\"a\": 1}}",
                           "{\"queries\": {\"a\": [1]}}", "{} x", "{\"queries\": {\"a\": \"b\"}"}) {
    const auto queries = parse_named_queries(json);
    ASSERT_FALSE(queries) << json;
    EXPECT_EQ(queries.error().code, ErrorCode::parse);
    EXPECT_NE(queries.error().message.find("line 1"), std::string::npos) << queries.error().message;
  }
}

class QueryFiles : public ::testing::Test {
 protected:
  Result<std::vector<NamedQuery>> find(const std::string& below) {
    std::filesystem::create_directories(directory_.path(below));
    return named_queries(variables_of({{"HOME", directory_.path("home")}}), directory_.path(below),
                         system_file_system());
  }
  std::string expression(const std::string& below, const std::string& name) {
    const auto queries = find(below);
    if (!queries) return queries.error().text();
    for (const NamedQuery& query : *queries) {
      if (query.name == name) return query.arguments.back();
    }
    return "none";
  }

  TemporaryDirectory directory_;
};

TEST_F(QueryFiles, OfTheRepositoryDoNotChangeTheUsersOwn) {
  directory_.write("home/.config/ktstr-index/config.json",
                   R"({"queries": {"a": "mine", "b": "mine"}})");
  directory_.write("repository/.ktstr-index.json", R"({"queries": {"a": "ours", "c": "ours"}})");
  directory_.write("repository/.git/HEAD", "");
  EXPECT_EQ(expression("repository/crate/src", "a"), "mine");
  EXPECT_EQ(expression("repository/crate/src", "c"), "ours");
  EXPECT_EQ(expression("repository/crate/src", "b"), "mine");
  EXPECT_EQ(expression("elsewhere", "a"), "mine");
}

TEST_F(QueryFiles, AboveTheRepositoryAreSomebodyElses) {
  directory_.write(".ktstr-index.json", R"({"queries": {"a": "theirs"}})");
  directory_.write("repository/.git/HEAD", "");
  EXPECT_EQ(expression("repository/src", "a"), "none");
  EXPECT_EQ(expression("other", "a"), "none");
  EXPECT_EQ(expression("", "a"), "theirs");
}

TEST_F(QueryFiles, NamesTheFileThatIsBroken) {
  directory_.write("repository/.ktstr-index.json", "{");
  const auto queries = find("repository");
  ASSERT_FALSE(queries);
  EXPECT_EQ(queries.error().path, directory_.path("repository/.ktstr-index.json"));
}

TEST_F(QueryFiles, RefuseBytesThatAreNoText) {
  directory_.write("repository/.ktstr-index.json", "{\"queries\": {\"a\": \"\xff\"}}");
  EXPECT_FALSE(find("repository"));
}

}  // namespace
}  // namespace ktstr::test
