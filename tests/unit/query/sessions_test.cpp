// SPDX-License-Identifier: MIT
#include "query/sessions.hpp"

#include <gtest/gtest.h>

#include "sample_catalog.hpp"
#include "sample_past.hpp"

namespace ktstr {
namespace {

constexpr const char* k_pr =
    "(SELECT l.value FROM labels l WHERE l.id = results.id AND l.key = 'pr')";

TEST(Labels, BecomeASubqueryWhereverAnExpressionNamesThem) {
  EXPECT_EQ(with_labels("label.pr = '1' and 2 < LABEL . pr").text,
            std::string(k_pr) + " = '1' and 2 < " + k_pr);
}

TEST(Labels, AreNotLookedForInStringsCommentsAndOtherNames) {
  for (const char* text : {"x = 'label.pr'", "1 -- label.pr", "/* label.pr */ 1", "labels.pr = 1",
                           "t.label.pr", "label.1a = 2", "label.", "label.'pr'"}) {
    EXPECT_EQ(with_labels(text).text, text);
    EXPECT_FALSE(names_label(text)) << text;
  }
}

TEST(Labels, GiveWayToATableOfThatName) {
  const char* text = "exists (select 1 from metrics label where label.metric = 'x')";
  EXPECT_EQ(with_labels(text).text, text);
}

TEST(Labels, LeaveATextThatIsNotWholeAsItIs) {
  EXPECT_EQ(with_labels("label.pr = 'x").text, "label.pr = 'x");
}

TEST(Labels, TellWhereAByteCameFrom) {
  const LabelledText labelled = with_labels("a = label.pr and b");
  const std::size_t size = std::string(k_pr).size();
  EXPECT_EQ(labelled.original_offset(2), 2U);
  EXPECT_EQ(labelled.original_offset(4), 4U);
  EXPECT_EQ(labelled.original_offset(4 + size - 1), 4U);
  EXPECT_EQ(labelled.original_offset(4 + size), 12U);
  EXPECT_EQ(labelled.original_offset(4 + size + 5), 17U);
}

TEST(Labels, AreToldFromExpressionsWithThem) {
  EXPECT_TRUE(is_label(" label.pr "));
  EXPECT_FALSE(is_label("label.pr || 'x'"));
  EXPECT_FALSE(is_label("pr"));
}

TEST(LabelOption, IsAKeyAndAnyValue) {
  EXPECT_EQ(*parse_label("pr=a=b"), std::pair(std::string("pr"), std::string("a=b")));
  EXPECT_EQ(parse_label("_x9=")->second, "");
  for (const char* wrong : {"pr", "=x", "9a=x", "a b=x", "a-b=x", ""}) {
    const auto parsed = parse_label(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace ktstr

namespace ktstr::test {
namespace {

Value at(std::int64_t minute) { return number(minute * 60'000'000'000); }

class NamedSession : public testing::Test {
 protected:
  /// A run directory of that session, with a result of that minute.
  void add_now(const char* token, std::int64_t minute) {
    const std::int64_t directory = past_.insert(
        "main.directory", {{"run_dir", text(token)}, {"job", text("")}, {"session", text(token)}});
    past_.add_result(directory, {{"time_ns", at(minute)}});
  }
  void add_past(const char* token, std::int64_t minute, std::int64_t root = 0) {
    past_.add_observation(past_.add_past_directory(token, root),
                          {{"session", text(token)}, {"time_ns", at(minute)}});
  }
  std::string found(std::string_view name) {
    const auto session = find_session_reference(past_.database(), name);
    return session ? session->session : "error: " + session.error().message;
  }
  std::string hint(std::string_view name) {
    return find_session_reference(past_.database(), name).error().hint;
  }

  SamplePast past_;
};

TEST_F(NamedSession, IsCountedFromTheNewestOverNowAndThePast) {
  add_now("second", 50);
  add_past("first", 10);
  add_past("third", 90);
  EXPECT_EQ(found("@last"), "third");
  EXPECT_EQ(found("@1"), "third");
  EXPECT_EQ(found("@prev"), "second");
  EXPECT_EQ(found("@3"), "first");
  EXPECT_EQ(found("@4"), "error: there is no session '@4'");
}

TEST_F(NamedSession, IsOneForAllItsRunDirectories) {
  add_now("one", 50);
  add_past("one", 10);
  const auto session = find_session_reference(past_.database(), "@last");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->first_ns, 10 * 60'000'000'000);
  EXPECT_EQ(session->last_ns, 50 * 60'000'000'000);
  EXPECT_EQ(found("@2"), "error: there is no session '@2'");
}

TEST_F(NamedSession, OfAnotherRootIsFoundByItsTokenOnly) {
  add_now("ours", 10);
  add_past("theirs", 90, past_.add_root("/other", "git:ours"));
  EXPECT_EQ(found("@last"), "ours");
  EXPECT_EQ(found("theirs"), "theirs");
}

TEST_F(NamedSession, MayBeNamedByAUniqueBeginning) {
  add_now("1783201200000000000", 10);
  add_now("1783201200000000777", 20);
  add_now("1799999999000000000", 30);
  EXPECT_EQ(found("17999999"), "1799999999000000000");
  EXPECT_EQ(found("1783201200000000000"), "1783201200000000000");
  EXPECT_EQ(found("179"), "1799999999000000000");
  EXPECT_EQ(found("9"), "error: there is no session '9'");
  EXPECT_EQ(found("17832012"), "error: '17832012' begins 2 sessions");
  EXPECT_NE(hint("17832012").find("1783201200000000777"), std::string::npos);
}

TEST_F(NamedSession, WithoutATokenIsInferredByTheTime) {
  const std::int64_t directory = past_.add_directory("a");
  past_.add_result(directory, {{"time_ns", at(100)}, {"timestamp", text("2026-01-01T01:40:00Z")}});
  past_.add_observation(past_.add_past_directory("a"),
                        {{"time_ns", at(80)}, {"timestamp", text("2026-01-01T01:20:00Z")}});
  const auto session = find_session_reference(past_.database(), "~2026-01-01T01:20:00Z");
  ASSERT_TRUE(session);
  EXPECT_TRUE(session->is_inferred);
  EXPECT_EQ(session->first_ns, 80 * 60'000'000'000);
  EXPECT_EQ(session->last_ns, 100 * 60'000'000'000);
}

TEST_F(NamedSession, ThatIsUnknownIsAnsweredWithTheNewest) {
  EXPECT_EQ(hint("x"), "there are no sessions yet");
  for (int i = 1; i <= 6; ++i) add_now(("token" + std::to_string(i)).c_str(), i);
  EXPECT_EQ(hint("x"),
            "the newest:\n@1  token6 (1970-01-01T00:06:00Z)\n@2  token5 (1970-01-01T00:05:00Z)\n"
            "@3  token4 (1970-01-01T00:04:00Z)\n@4  token3 (1970-01-01T00:03:00Z)\nand 2 more");
}

TEST_F(NamedSession, IsAnArchivesOwnOnItsOwnConnection) {
  SQLite::Database archive(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(archive, Store::archive);
  archive.exec(
      "INSERT INTO runs_root(root_id, path, origin, project) VALUES(1, '/a', '', 'p'),"
      "  (2, '/b', '', 'p')");
  archive.exec(
      "INSERT INTO directory(directory_id, root_id, run_dir, job) VALUES(1, 1, 'a', ''),"
      "  (2, 2, 'b', '')");
  archive.exec(
      "INSERT INTO sidecar(observation_id, directory_id, file_name, id, size_bytes, status,"
      "  session, first_seen_ns, time_ns) VALUES('x', 1, 'f', 'i', 1, 'ok', 'older', 1, 10),"
      "  ('y', 2, 'f', 'i', 1, 'ok', 'newer', 1, 20)");
  EXPECT_EQ(find_session_reference(archive, "@last")->session, "newer");
  EXPECT_EQ(find_session_reference(archive, "@last", "/a")->session, "older");
}

TEST_F(NamedSession, WithoutAnArchiveIsTheCatalogs) {
  add_past("kept", 90);
  add_now("now", 10);
  past_.database().exec("DETACH past");
  EXPECT_EQ(found("@last"), "now");
  EXPECT_EQ(found("kept"), "error: there is no session 'kept'");
}

}  // namespace
}  // namespace ktstr::test

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
