// SPDX-License-Identifier: MIT
#include "database/schema.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "catalog/tables.hpp"
#include "database/extract.hpp"
#include "database/open_database.hpp"
#include "database/views.hpp"
#include "support/rows_text.hpp"
#include "support/shared_data.hpp"
#include "support/temporary_directory.hpp"

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

std::string head(const std::string& store) {
  return "-- SPDX-License-Identifier: MIT\n"
         "-- The whole " +
         store +
         " as the migrations and the views build it. The program holds each database\n"
         "-- against these words. After a change: KTSTR_UPDATE_SCHEMA=1 unit_database\n"
         "-- --gtest_filter='*Schema.*', a build with the new words, and a look at the "
         "difference.\n";
}

std::string schema_path(const std::string& store) {
  return source_directory() / "schema" / (store + ".sql");
}

/// What the database itself says it is made of.
std::string built(SQLite::Database& database) {
  std::string sql;
  for (const std::string& statement :
       rows_text(database, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")) {
    sql += "\n" + statement + ";\n";
  }
  return sql;
}

/// Of the file, written first if that was asked for.
std::string schema_file(const std::string& store, SQLite::Database& database) {
  if (std::getenv("KTSTR_UPDATE_SCHEMA") != nullptr) {
    std::ofstream(schema_path(store), std::ios::binary) << head(store) << built(database);
  }
  std::ifstream stream(schema_path(store), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class CatalogSchema : public testing::Test {
 protected:
  CatalogSchema() : database_(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
    migrate(database_, Store::catalog);
  }

  Rows rows(const std::string& sql) { return rows_text(database_, sql); }
  Rows columns(const std::string& table) {
    return rows("SELECT name FROM pragma_table_info('" + table + "') ORDER BY cid");
  }

  SQLite::Database database_;
};

Rows names(const std::string& list) {
  std::istringstream stream(list);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST_F(CatalogSchema, IsTheOneInTheSchemaFile) {
  EXPECT_EQ(schema_file("catalog", database_), head("catalog") + built(database_));
}

TEST(ArchiveSchema, IsTheOneInTheSchemaFile) {
  SQLite::Database archive(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(archive, Store::archive);
  EXPECT_EQ(schema_file("archive", archive), head("archive") + built(archive));
}

TEST(ArchiveSchema, HasTheCatalogsViewsAndItsColumnsFirst) {
  SQLite::Database archive(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(archive, Store::archive);
  SQLite::Database catalog(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(catalog, Store::catalog);
  for (const ViewDefinition& view : view_definitions(Store::catalog)) {
    const std::string columns = "SELECT name FROM pragma_table_info('" + view.name + "')";
    const Rows expected = rows_text(catalog, columns);
    Rows found = rows_text(archive, columns);
    ASSERT_GE(found.size(), expected.size()) << view.name;
    found.resize(expected.size());
    EXPECT_EQ(found, expected) << view.name;
  }
}

TEST_F(CatalogSchema, HasEveryColumnOfTheColumnTableInResultsInOrder) {
  Rows expected;
  for (const ResultColumn& column : result_columns()) expected.emplace_back(column.name);
  EXPECT_EQ(columns("results"), expected);
}

TEST_F(CatalogSchema, HasAPlaceForEverythingThatIsExtracted) {
  const Rows sidecar = columns("sidecar");
  Rows wanted = file_columns();
  wanted.insert(wanted.end(), stored_columns().begin(), stored_columns().end());
  EXPECT_TRUE(std::is_permutation(sidecar.begin(), sidecar.end(), wanted.begin(), wanted.end()));
  Rows host = {"host_id", "digest"};
  host.insert(host.end(), host_columns().begin(), host_columns().end());
  EXPECT_EQ(columns("host"), host);
}

TEST_F(CatalogSchema, HasTheViewsThatAreDocumentedAndNoOthers) {
  EXPECT_EQ(rows("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name"),
            names("about artifacts callbacks files hosts kvm_stats metrics payload_metrics pool "
                  "results run_dirs sessions verifier_programs"));
}

TEST_F(CatalogSchema, HasTheColumnsThatAreDocumented) {
  const Rows results = names(
      "sidecar_id id run_dir job file_name path session test_name variant_hash file_hash topology "
      "scheduler scheduler_commit resolve_source project_commit payload work_type kernel_version "
      "kernel_series kernel_commit run_source verdict passed skipped inconclusive "
      "expected_failure vcpus cpu_budget overcommitted timestamp time_ns run_id periodic_fired "
      "periodic_target cleanup_duration_ms throughput_denomination host_dilation host_key arch "
      "host_release monitor_samples worst_spread worst_gap_ms total_migrations "
      "worst_migration_ratio max_imbalance_ratio max_dsq_depth stuck_count total_fallback "
      "total_keep_last total_iterations size_bytes mtime_ns contract error");
  EXPECT_EQ(columns("results"), results);
  EXPECT_EQ(columns("pool"), results);
  EXPECT_EQ(columns("run_dirs"),
            names("run_dir tests pass fail skip inconclusive drift corrupt unreadable "
                  "first_timestamp last_timestamp mtime_ns arch kernel_version project_commit "
                  "session"));
  EXPECT_EQ(columns("sessions"),
            names("session state first_timestamp last_timestamp run_dirs "
                  "tests pass fail skip inconclusive inferred first_ns last_ns"));
  EXPECT_EQ(columns("metrics"),
            names("sidecar_id id test_name scheduler topology kernel_version project_commit "
                  "session phase phase_label cgroup metric value"));
  EXPECT_EQ(columns("verifier_programs"), names("sidecar_id position program verified_insns"));
  EXPECT_EQ(columns("callbacks"), names("sidecar_id position program cnt nsecs nsecs_per_call"));
  EXPECT_EQ(columns("kvm_stats"), names("sidecar_id stat sum avg vcpus"));
  EXPECT_EQ(columns("payload_metrics"), names("sidecar_id payload_index position name value "
                                              "polarity target unit stream exit_code"));
  EXPECT_EQ(columns("hosts"),
            names("host_key cpu_model cpu_vendor total_memory_kib hugepages_total hugepages_free "
                  "hugepages_size_kib thp_enabled thp_defrag sched_tunables online_cpus numa_nodes "
                  "cpufreq_governor kernel_name kernel_release arch kernel_cmdline task_delayacct "
                  "config_task_xacct heap_state"));
  EXPECT_EQ(columns("artifacts"),
            names("run_dir test_name file_hash kind path size_bytes mtime_ns is_symlink"));
  EXPECT_EQ(columns("files"), names("run_dir job file_name path status error_class error "
                                    "size_bytes mtime_ns ctime_ns id is_symlink session"));
  EXPECT_EQ(columns("about"), names("key value"));
}

TEST_F(CatalogSchema, HasNoStrictTable) {
  EXPECT_EQ(rows("SELECT name FROM pragma_table_list WHERE strict"), Rows{});
}

TEST_F(CatalogSchema, IsMarkedAsOurs) {
  EXPECT_EQ(rows("PRAGMA application_id"), (Rows{"1802791288"}));
  EXPECT_EQ(rows("PRAGMA user_version"), (Rows{std::to_string(layout_version(Store::catalog))}));
  EXPECT_EQ(rows("SELECT key, value FROM about ORDER BY key"),
            (Rows{"extraction_version|" + std::to_string(k_extraction_version),
                  "layout_version|" + std::to_string(layout_version(Store::catalog)),
                  "views_digest|" + views_digest(Store::catalog)}));
}

TEST_F(CatalogSchema, IsOpenedByTheStockShellViewByView) {
  const TemporaryDirectory directory;
  const std::string file = directory.path("catalog.sqlite3");
  {
    SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(database, Store::catalog);
  }
  for (const ViewDefinition& view : view_definitions(Store::catalog)) {
    const std::string command =
        "sqlite3 -bail '" + file + "' 'SELECT * FROM " + view.name + " LIMIT 1' > /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << view.name;
  }
}

TEST_F(CatalogSchema, AnswersTheUsualQuestionsFromAnIndex) {
  const auto plan = [&](const std::string& condition) {
    return rows("EXPLAIN QUERY PLAN SELECT path FROM results WHERE " + condition)[0];
  };
  EXPECT_NE(plan("project_commit = 'x' AND verdict = 'fail'").find("sidecar_by_commit"),
            std::string::npos);
  EXPECT_NE(plan("verdict = 'fail' AND scheduler = 'x'").find("sidecar_by_verdict"),
            std::string::npos);
}

}  // namespace
}  // namespace ktstr::test
