// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "database/open_database.hpp"
#include "database/schema.hpp"
#include "support/rows_text.hpp"

namespace ktstr::test {
namespace {

class SchemaCheck : public testing::TestWithParam<Store> {
 protected:
  SchemaCheck() { migrate(*database_, GetParam()); }

  void write_schema(const std::string& statement) {
    SQLite::Database& database = *database_;
    read_damaged_schema(database);
    database.exec(statement + "; PRAGMA writable_schema = RESET");
  }
  [[nodiscard]] SchemaDifferences differences() {
    return schema_differences(*database_, GetParam());
  }

  std::unique_ptr<SQLite::Database> database_ = open_database(k_in_memory, DatabaseUse::make);
};

INSTANTIATE_TEST_SUITE_P(OfBoth, SchemaCheck, testing::Values(Store::catalog, Store::archive));

TEST_P(SchemaCheck, FindsNothingInWhatThisProgramMakes) {
  EXPECT_TRUE(differences().none()) << differences().text();
  EXPECT_EQ(differences().text(), "");
}

TEST_P(SchemaCheck, KnowsEveryTable) {
  const Rows tables =
      rows_text(*database_, "SELECT count(*) FROM sqlite_master WHERE type = 'table'");
  EXPECT_EQ(std::to_string(known_tables(*database_, GetParam()).size()), tables[0]);
}

TEST_P(SchemaCheck, TellsTheKindOfWhatDiffers) {
  const std::pair<const char*, SchemaKind> cases[] = {
      {"ANALYZE", SchemaKind::statistics},
      {"DROP VIEW results", SchemaKind::view},
      {"CREATE VIEW more AS SELECT 1", SchemaKind::view},
      {"CREATE INDEX more ON host(arch)", SchemaKind::index},
      {"CREATE UNIQUE INDEX more ON host(arch)", SchemaKind::index},
      {"CREATE TRIGGER more AFTER INSERT ON host BEGIN SELECT 1; END", SchemaKind::trigger},
      {"ALTER TABLE host ADD COLUMN more", SchemaKind::table},
      {"CREATE TABLE more(x)", SchemaKind::table},
      {"CREATE VIRTUAL TABLE more USING fts5(x)", SchemaKind::table},
  };
  database_->exec("INSERT INTO host(digest) VALUES('x')");
  for (const auto& [statement, kind] : cases) {
    database_->exec("SAVEPOINT attempt");
    database_->exec(statement);
    EXPECT_TRUE(differences().only_up_to(kind)) << statement;
    const bool is_least = kind == SchemaKind::statistics;
    if (!is_least) {
      EXPECT_FALSE(differences().only_up_to(static_cast<SchemaKind>(static_cast<int>(kind) - 1)))
          << statement;
    }
    EXPECT_NE(differences().text(), "") << statement;
    database_->exec("ROLLBACK TO attempt; RELEASE attempt");
  }
}

TEST_P(SchemaCheck, TakesWordsThatNoStatementLeavesForTheWorst) {
  database_->exec("CREATE TRIGGER evil AFTER INSERT ON host BEGIN SELECT 1; END");
  write_schema(
      "UPDATE sqlite_master SET sql = replace(sql, 'CREATE', 'CREATE ') WHERE name = 'evil'");
  EXPECT_FALSE(differences().only_up_to(SchemaKind::trigger));
}

TEST_P(SchemaCheck, SeesASingleWord) {
  write_schema("UPDATE sqlite_master SET sql = replace(sql, 'arch TEXT', 'arch  TEXT')");
  EXPECT_FALSE(differences().only_up_to(SchemaKind::trigger));
  EXPECT_EQ(differences().text(), "the table host isn't as this program makes it");
}

TEST_P(SchemaCheck, RemakesAllButTables) {
  database_->exec(
      "DROP VIEW results; DROP VIEW pool; CREATE VIEW pool AS SELECT 1; CREATE INDEX more ON "
      "host(arch); DROP INDEX sidecar_by_test; CREATE VIEW \"a \"\" b\" AS SELECT 1; "
      "CREATE TRIGGER t AFTER INSERT ON host BEGIN SELECT 1; END");
  database_->exec("INSERT INTO host(digest) VALUES('x'); ANALYZE");
  remake_derived(*database_, GetParam());
  EXPECT_TRUE(differences().none()) << differences().text();
  EXPECT_EQ(rows_text(*database_, "SELECT digest FROM host"), Rows{"x"});
}

TEST_P(SchemaCheck, HoldsAnEarlierLayoutAgainstItsOwnTables) {
  for (std::int32_t layout = 1; layout <= layout_version(GetParam()); ++layout) {
    const auto old = open_database(k_in_memory, DatabaseUse::make);
    make_tables(*old, GetParam(), layout);
    EXPECT_TRUE(schema_differences(*old, GetParam(), layout).none()) << layout;
  }
}

TEST(OpenedDatabase, FiresNoTriggerAndTakesNoTextInDoubleQuotes) {
  const auto database = open_database(k_in_memory, DatabaseUse::make);
  database->exec(
      "CREATE TABLE t(x); CREATE TABLE log(x); CREATE TRIGGER evil AFTER INSERT ON t BEGIN INSERT "
      "INTO log VALUES(1); END; INSERT INTO t VALUES(1)");
  EXPECT_EQ(rows_text(*database, "SELECT count(*) FROM log"), Rows{"0"});
  EXPECT_THROW(database->exec("SELECT \"no such column\""), SQLite::Exception);
  database->exec("PRAGMA writable_schema = ON");
  EXPECT_THROW(database->exec("DELETE FROM sqlite_master"), SQLite::Exception);
}

}  // namespace
}  // namespace ktstr::test
