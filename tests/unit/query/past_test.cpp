// SPDX-License-Identifier: MIT
#include "query/past.hpp"

#include <filesystem>
#include <fstream>

#include "query/naming.hpp"
#include "query/pool_values.hpp"
#include "query/result_query.hpp"
#include "query/statement.hpp"
#include "sample_past.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

class PastViews : public testing::Test {
 protected:
  Rows asked(const std::string& sql) {
    return all_rows(run_statement(past_.database(), sql, 0, system_clock()));
  }

  SamplePast past_;
};

TEST_F(PastViews, OverThePastAreTheArchives) {
  past_.add_with("scheduler", text("now"));
  past_.add_observation(past_.add_past_directory("a"), {{"scheduler", text("then")}});
  past_.look(Over::past);
  EXPECT_EQ(asked("SELECT sidecar_id, scheduler FROM results"), (Rows{"1|then"}));
  EXPECT_EQ(over_of(past_.database()), Over::past);
}

TEST_F(PastViews, OverBothHaveTheSameContentUnderTheSameNameOnce) {
  const Value same_id = text("0123456789abcdef0123456789abcdef");
  const Columns same = {{"id", same_id}, {"file_name", text("x.ktstr.json")}};
  past_.add_result(past_.add_directory("a"), same);
  past_.add_observation(past_.add_past_directory("a"), same);
  const std::int64_t other = past_.add_past_directory("b");
  past_.add_observation(other, same);
  past_.look(Over::all);
  EXPECT_EQ(asked("SELECT sidecar_id, run_dir FROM results ORDER BY 2"), (Rows{"1|a", "-2|b"}));
  EXPECT_EQ(over_of(past_.database()), Over::all);
}

TEST_F(PastViews, OverBothHaveWhatStoodUnderTheNameBefore) {
  const Value name = text("x.ktstr.json");
  past_.add_result(past_.add_directory("a"), {{"file_name", name}});
  past_.add_observation(past_.add_past_directory("a"), {{"file_name", name}});
  past_.look(Over::all);
  EXPECT_EQ(asked("SELECT count(*) FROM results"), (Rows{"2"}));
}

TEST_F(PastViews, AreOfTheRootsProjectUnlessAllAreMeant) {
  past_.add_observation(past_.add_past_directory("a"));
  past_.add_observation(past_.add_past_directory("b", past_.add_root("/clone", "git:ours")));
  past_.add_observation(past_.add_past_directory("c", past_.add_root("", "git:ours", "x.tar")));
  past_.add_observation(past_.add_past_directory("d", past_.add_root("/it's", "path:/it's")));
  past_.look(Over::past);
  EXPECT_EQ(asked("SELECT run_dir FROM results ORDER BY 1"), (Rows{"a", "b", "c"}));
  EXPECT_EQ(asked("SELECT run_dir FROM observations ORDER BY 1"), (Rows{"a", "b", "c"}));
  past_.look(Over::past, true);
  EXPECT_EQ(asked("SELECT run_dir FROM results ORDER BY 1"), (Rows{"a", "b", "c", "d"}));
}

TEST_F(PastViews, CountOfEachNameWhatStoodThereLast) {
  const std::int64_t directory = past_.add_past_directory("a");
  const Value name = text("x.ktstr.json");
  past_.add_observation(directory,
                        {{"file_name", name}, {"verdict", text("fail")}, {"ended_ns", number(5)}});
  past_.add_observation(directory, {{"file_name", name}, {"verdict", text("skip")}});
  past_.add_observation(directory,
                        {{"file_name", name}, {"verdict", text("fail")}, {"ended_ns", number(9)}});
  past_.look(Over::past);
  EXPECT_EQ(asked("SELECT run_dir, tests, pass, fail, skip FROM run_dirs"), (Rows{"a|1|0|0|1"}));
}

TEST_F(PastViews, HaveARunDirectoryThatIsThereAsItIsNow) {
  past_.add_result(past_.add_directory("a"), {{"verdict", text("pass")}});
  past_.add_observation(past_.add_past_directory("a"), {{"verdict", text("fail")}});
  past_.add_observation(past_.add_past_directory("b"), {{"verdict", text("fail")}});
  past_.look(Over::all);
  EXPECT_EQ(asked("SELECT run_dir, pass, fail FROM run_dirs ORDER BY 1"), (Rows{"a|1|0", "b|0|1"}));
}

TEST_F(PastViews, TakeTheStateOfASessionFromTheArchive) {
  past_.add_observation(past_.add_past_directory("a"), {{"session", text("one")}});
  past_.insert(
      "past.session",
      {{"session", text("one")}, {"project", text("git:ours")}, {"state", text("interrupted")}});
  past_.insert(
      "past.session",
      {{"session", text("one")}, {"project", text("git:theirs")}, {"state", text("unknown")}});
  for (const Over over : {Over::past, Over::all}) {
    past_.look(over);
    EXPECT_EQ(asked("SELECT session, state, tests FROM sessions"), (Rows{"one|interrupted|1"}));
  }
}

TEST_F(PastViews, InferOneSessionOverWhatIsAndWas) {
  const auto at = [](std::int64_t minute) { return number(minute * 60'000'000'000); };
  past_.add_result(past_.add_directory("a"),
                   {{"time_ns", at(20)}, {"timestamp", text("later")}, {"file_name", text("x")}});
  past_.add_observation(
      past_.add_past_directory("a"),
      {{"time_ns", at(1)}, {"timestamp", text("early")}, {"file_name", text("y")}});
  past_.look(Over::all);
  EXPECT_EQ(asked("SELECT session, tests FROM sessions"), (Rows{"~early|2"}));
}

TEST_F(PastViews, NameResultsOfThePast) {
  past_.add_observation(past_.add_past_directory("a"), {{"test_name", text("gone")}});
  EXPECT_FALSE(resolve_result(past_.database(), "gone"));
  for (const auto& [over, id] : {std::pair(Over::past, 1), std::pair(Over::all, -1)}) {
    past_.look(over);
    const auto found = resolve_result(past_.database(), "a/gone");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->sidecar_ids, std::vector<std::int64_t>{id});
    EXPECT_EQ(result_places(past_.database(), *found)->at(0).path, "a/basic-1.ktstr.json");
  }
}

TEST_F(PastViews, GiveTheMetricsOfBoth) {
  past_.add_metric(past_.add_with("verdict", text("pass")), "worst_gap", 1.5);
  const std::int64_t then = past_.add_observation(past_.add_past_directory("a"));
  const std::int64_t shape = past_.insert("past.shape", {{"digest", text("d")}});
  past_.insert("past.shape_metric",
               {{"shape_id", shape}, {"metric", text("then")}, {"position", number(0)}});
  past_.insert("past.series",
               {{"sidecar_id", then}, {"position", number(0)}, {"shape_id", shape}, {"v0", 2.5}});
  ResultQuery query;
  query.metrics = {"worst_gap", "then"};
  query.select = {"sidecar_id, worst_gap, then"};
  EXPECT_EQ(all_rows(run(past_.database(), query, system_clock())),
            (Rows{"error: there is no metric 'then'"}));
  past_.look(Over::all);
  EXPECT_EQ(all_rows(run(past_.database(), query, system_clock())),
            (Rows{"1|1.5|NULL", "-1|NULL|2.5"}));
}

TEST_F(PastViews, LetNobodyBehindThem) {
  past_.look(Over::all);
  for (const char* sql : {"SELECT count(*) FROM result_files", "SELECT * FROM temp.result_files",
                          "SELECT count(*) FROM past.sidecar", "SELECT 1 FROM past.document_bytes",
                          "SELECT * FROM results NATURAL JOIN past.runs_root",
                          "SELECT id IN past.label FROM results", "DETACH past"}) {
    const Rows rows = asked(sql);
    ASSERT_EQ(rows.size(), 1U) << sql;
    EXPECT_TRUE(rows[0].starts_with("error: ")) << sql << ": " << rows[0];
  }
  EXPECT_EQ(asked("SELECT count(*) FROM past.results"), (Rows{"0"}));
}

TEST_F(PastViews, OfLabelsAndObservationsAreThereForNowToo) {
  past_.add_with("verdict", text("pass"));
  past_.look(Over::now);
  EXPECT_EQ(over_of(past_.database()), Over::now);
  EXPECT_EQ(asked("SELECT count(*) FROM results"), (Rows{"1"}));
  EXPECT_EQ(asked("SELECT count(*) FROM labels"), (Rows{"0"}));
  EXPECT_EQ(asked("SELECT count(*) FROM observations"), (Rows{"0"}));
}

TEST_F(PastViews, HaveTheLabelsOfExpressions) {
  past_.add_with("id", text("aa"));
  past_.add_with("id", text("bb"));
  past_.add_observation(past_.add_past_directory("a"), {{"id", text("aa")}});
  past_.insert("past.label", {{"id", text("aa")}, {"key", text("pr")}, {"value", text("7")}});
  past_.look(Over::now);
  ResultQuery query;
  query.expression = "label.pr = '7'";
  query.select = {"id, label.pr"};
  EXPECT_TRUE(asks_for_labels(query));
  EXPECT_EQ(all_rows(run(past_.database(), query, system_clock())), (Rows{"aa|7"}));
  query.expression.reset();
  query.filters.labels = {{"pr", "7"}};
  EXPECT_EQ(all_rows(run(past_.database(), query, system_clock())), (Rows{"aa|7"}));
  query.filters.labels.emplace_back("host", "x");
  EXPECT_EQ(all_rows(run(past_.database(), query, system_clock())), Rows{});
}

TEST_F(PastViews, AreWhatValuesAreCountedIn) {
  past_.add_with("scheduler", text("now"));
  past_.add_observation(past_.add_past_directory("a"), {{"scheduler", text("then")}});
  past_.look(Over::past);
  EXPECT_EQ(pool_values(past_.database(), false)->results, 1);
  past_.look(Over::all);
  EXPECT_EQ(pool_values(past_.database(), false)->results, 2);
}

TEST(PastNames, AreTheSchemaAndTheViewsThatOnlyItHas) {
  for (const char* sql : {"SELECT * FROM past.results", "SELECT 1 FROM \"past\" . pool",
                          "SELECT * FROM observations", "SELECT id IN labels FROM results"}) {
    EXPECT_TRUE(names_past(sql)) << sql;
  }
  for (const char* sql :
       {"SELECT 'past.x' FROM results", "SELECT past FROM results",
        "WITH labels AS (SELECT 1) SELECT * FROM labels", "SELECT observations FROM results"}) {
    EXPECT_FALSE(names_past(sql)) << sql;
  }
}

class AttachedPast : public testing::Test {
 protected:
  [[nodiscard]] std::string archive(const std::string& name = "archive.sqlite3") const {
    return directory_.path() + "/" + name;
  }
  void make_archive(const std::string& path) {
    SQLite::Database made(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(made, Store::archive);
  }

  TemporaryDirectory directory_;
  SQLite::Database database_{":memory:",
                             SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI};
};

TEST_F(AttachedPast, MayHaveAnyName) {
  const std::string path = archive("a'b %41?mode=rwc#c");
  make_archive(path);
  const auto attached = attach_past(database_, path);
  ASSERT_TRUE(attached) << attached.error().text();
  EXPECT_EQ(past_path(database_), path);
  EXPECT_THROW(database_.exec("INSERT INTO past.label VALUES('a', 'b', 'c')"), SQLite::Exception);
}

TEST_F(AttachedPast, IsNotMadeWhereThereIsNone) {
  const auto attached = attach_past(database_, archive());
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(archive()));
  EXPECT_FALSE(is_past_attached(database_));
}

TEST_F(AttachedPast, ThatIsEmptyYetHasNothing) {
  std::ofstream(archive()).flush();
  ASSERT_TRUE(attach_past(database_, archive()));
  EXPECT_EQ(database_.execAndGet("SELECT count(*) FROM past.results").getInt(), 0);
  EXPECT_EQ(past_path(database_), "");
}

TEST_F(AttachedPast, IsRefusedWhereItIsNewerOrNoneOfOurs) {
  make_archive(archive());
  SQLite::Database(archive(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 77");
  auto attached = attach_past(database_, archive());
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, ErrorCode::newer_version);
  EXPECT_NE(attached.error().message.find("77"), std::string::npos);
  EXPECT_FALSE(is_past_attached(database_));
  std::ofstream(archive("text")) << std::string(5000, 'x');
  attached = attach_past(database_, archive("text"));
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, ErrorCode::corrupt);
  EXPECT_NE(attached.error().hint.find("refresh"), std::string::npos);
  EXPECT_FALSE(is_past_attached(database_));
}

TEST_F(AttachedPast, IsBlamedForItsOwnDamageOnly) {
  make_archive(archive());
  ASSERT_TRUE(attach_past(database_, archive()));
  const Error damage{ErrorCode::corrupt, "malformed", "/catalog"};
  EXPECT_EQ(blame_past(database_, damage).path, "/catalog");
  std::ofstream(archive()) << std::string(5000, 'x');
  EXPECT_EQ(blame_past(database_, damage).path, archive());
}

}  // namespace
}  // namespace ktstr::test
