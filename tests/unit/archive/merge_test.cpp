// SPDX-License-Identifier: MIT
#include "archive/merge.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "archive/merge_target.hpp"
#include "support/archive_fixture.hpp"
#include "support/rows_text.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {
namespace {

constexpr const char* k_observation_ids =
    "SELECT observation_id FROM sidecar UNION ALL SELECT observation_id FROM artifact ORDER BY 1";

MergeReport merged(FilledArchive& target, const std::string& source, MergeOptions options = {}) {
  const auto report = merge_archive(target.database(), source, options);
  if (!report) throw std::runtime_error(report.error().text());
  return *report;
}

MergeOptions importing() {
  MergeOptions options;
  options.origin = "pack.ktstr";
  return options;
}

MergeOptions mending() {
  MergeOptions options;
  options.is_tolerant = true;
  options.with_pins = true;
  return options;
}

class ArchiveMerging : public testing::Test {
 protected:
  std::string path(const std::string& name) { return directory_.path(name + "/archive.sqlite3"); }

  TemporaryDirectory directory_;
};

/// A result with every kind of row that can hang on one.
Record rich_record(const std::string& name) {
  Record record = small_record(name);
  record.host.emplace().kernel_release = "6.14.2";
  record.stats.cgroups.emplace_back();
  record.verifier_stats.emplace_back();
  return record;
}

const char* const k_everything[] = {
    "SELECT test_name, verdict, host_key, first_seen_ns, session FROM results ORDER BY 1",
    "SELECT * FROM (SELECT s.test_name, m.metric, m.value FROM metrics m "
    "JOIN results s USING(sidecar_id)) ORDER BY 1, 2, 3",
    "SELECT observation_id, root, run_dir, job, file_name, kind, id, size_bytes, mtime_ns, "
    "first_seen_ns, last_seen_ns, ended_ns, ending, is_kept FROM observations ORDER BY 1",
    "SELECT id, kind, size_bytes, stored_bytes, first_seen_ns FROM documents ORDER BY 1",
    "SELECT * FROM labels ORDER BY 1, 2",
    "SELECT * FROM session ORDER BY 1, 2",
};

TEST_F(ArchiveMerging, BringsEveryRowWithAllThatHangsOnIt) {
  FilledArchive source(path("source"));
  source.fill(20, "a");
  const std::string id =
      source.put({"6.14", "", "rich.ktstr.json", encode_record(rich_record("rich"))});
  source.put_dump({"6.14", "", "rich.failure-dump.json", "{\"dump\": 1}"});
  source.tables().put_label(id, "pr", "17");
  source.database().exec(
      "INSERT INTO session VALUES('session', 'project', 'complete', 1, 2, 0);"
      "INSERT INTO pin VALUES('session', 'session')");
  source.set_seen(9'000);
  FilledArchive target(path("target"));
  MergeOptions options;
  options.with_pins = true;
  const MergeReport report = merged(target, path("source"), options);
  EXPECT_EQ(report.results, 21);
  EXPECT_EQ(report.artifacts, 1);
  EXPECT_EQ(report.documents, 22);
  for (const char* sql : k_everything) {
    EXPECT_FALSE(rows_text(source.database(), sql).empty()) << sql;
    EXPECT_EQ(rows_text(target.database(), sql), rows_text(source.database(), sql)) << sql;
  }
  EXPECT_EQ(rows_text(target.database(), "SELECT * FROM pin"), Rows{"session|session"});
}

TEST_F(ArchiveMerging, AddsNothingTheSecondTime) {
  FilledArchive source(path("source"));
  source.fill(10, "a");
  source.set_seen(9'000);
  FilledArchive target(path("target"));
  merged(target, path("source"));
  std::vector<Rows> before;
  for (const char* sql : k_everything) before.push_back(rows_text(target.database(), sql));
  const MergeReport again = merged(target, path("source"));
  EXPECT_EQ(again.results + again.documents + again.artifacts, 0);
  EXPECT_EQ(again.known, 10);
  std::size_t i = 0;
  for (const char* sql : k_everything) EXPECT_EQ(rows_text(target.database(), sql), before[i++]);
}

TEST_F(ArchiveMerging, GivesTheSameSetInEitherOrder) {
  const auto make = [&](const std::string& name, bool is_a) {
    FilledArchive archive(path(name));
    archive.fill(5, "both");
    archive.fill(5, is_a ? "a" : "b");
    archive.put({"6.14", "", "gone.ktstr.json", sidecar_of("gone"), {}, is_a ? 10 : 20});
    if (is_a) {
      ImmediateTransaction transaction(archive.database());
      archive.tables().end_sidecar(11, 4'000, Ending::vanished);
      transaction.commit();
    }
    archive.set_seen(is_a ? 5'000 : 3'000);
  };
  for (const char* name : {"a", "a2"}) make(name, true);
  for (const char* name : {"b", "b2"}) make(name, false);
  FilledArchive a(path("a"));
  FilledArchive b(path("b"));
  merged(a, path("b2"));
  merged(b, path("a2"));
  EXPECT_EQ(rows_text(a.database(), k_observation_ids).size(), 16u);
  for (const char* sql : k_everything) {
    EXPECT_EQ(rows_text(a.database(), sql), rows_text(b.database(), sql)) << sql;
  }
}

TEST_F(ArchiveMerging, StoppedBetweenCommitsAndRepeatedEndsAtTheSameSet) {
  FilledArchive source(path("source"));
  source.fill(400, "a");
  FilledArchive whole(path("whole"));
  merged(whole, path("source"));
  FilledArchive target(path("target"));
  std::int64_t commits = 0;
  int stops = 0;
  for (bool is_done = false; !is_done && stops < 20; ++stops) {
    std::int64_t rows = 0;
    MergeOptions options;
    options.progress = [&](std::int64_t) { ++commits; };
    options.should_stop = [&] { return ++rows > 200 * (stops + 1); };
    const auto report = merge_archive(target.database(), path("source"), options);
    is_done = report.has_value();
    if (!report) {
      EXPECT_EQ(report.error().code, ErrorCode::interrupted);
    }
    EXPECT_EQ(rows_text(target.database(),
                        "SELECT count(*) FROM sidecar s WHERE NOT EXISTS (SELECT 1 FROM "
                        "document d WHERE d.id = s.id AND d.stored_bytes > 0)"),
              Rows{"0"});
  }
  EXPECT_GT(stops, 2);
  EXPECT_GT(commits, 3);
  EXPECT_EQ(rows_text(target.database(), k_observation_ids),
            rows_text(whole.database(), k_observation_ids));
}

TEST_F(ArchiveMerging, WidensWhenAnObservationWasSeen) {
  FilledArchive source(path("source"));
  source.put({"6.14", "", "a.ktstr.json", sidecar_of("a"), {}, 500});
  FilledArchive target(path("target"));
  target.put({"6.14", "", "a.ktstr.json", sidecar_of("a"), {}, 800});
  EXPECT_EQ(merged(target, path("source")).known, 1);
  EXPECT_EQ(rows_text(target.database(), "SELECT first_seen_ns, ended_ns FROM sidecar"),
            Rows{"500|NULL"});
}

TEST_F(ArchiveMerging, GivesDroppedBytesBack) {
  FilledArchive source(path("source"));
  source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  FilledArchive target(path("target"));
  const std::string id = target.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  target.database().exec("DELETE FROM document_bytes; UPDATE document SET stored_bytes = 0");
  EXPECT_EQ(merged(target, path("source")).documents, 1);
  EXPECT_EQ(unpack_document(*target.tables().document(id)).value(), sidecar_of("a"));
}

TEST_F(ArchiveMerging, TakesDroppedDocumentsAsDropped) {
  FilledArchive source(path("source"));
  source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  source.database().exec("DELETE FROM document_bytes; UPDATE document SET stored_bytes = 0");
  FilledArchive target(path("target"));
  EXPECT_EQ(merged(target, path("source")).documents, 0);
  EXPECT_EQ(rows_text(target.database(), "SELECT count(*), sum(stored_bytes) FROM document"),
            Rows{"1|0"});
}

TEST_F(ArchiveMerging, ImportsAPackOfTheSameArchiveWithoutDoubling) {
  FilledArchive target(path("target"));
  target.fill(10, "a");
  target.put_dump({"6.14", "", "a.failure-dump.json", "{\"dump\": 1}"});
  target.set_seen(9'000);
  target.close_log();
  std::filesystem::create_directory(directory_.path("pack"));
  std::filesystem::copy_file(path("target"), path("pack"));
  SQLite::Database(path("pack"), SQLite::OPEN_READWRITE)
      .exec(
          "UPDATE sidecar SET observation_id = substr(observation_id, 17) || "
          "substr(observation_id, 1, 16), last_seen_ns = 1, ended_ns = 1");
  const Rows before = rows_text(target.database(), k_everything[2]);
  const MergeReport report = merged(target, path("pack"), importing());
  EXPECT_EQ(report.results + report.documents + report.artifacts, 0);
  EXPECT_EQ(report.known, 10);
  EXPECT_EQ(rows_text(target.database(), k_everything[2]), before);
}

TEST_F(ArchiveMerging, ImportedResultsDoNotStandOnThisMachine) {
  FilledArchive source(path("source"));
  const std::string id = source.put({"6.14", "", "a.ktstr.json", sidecar_of("a"), {}, 500});
  source.set_seen(700);
  FilledArchive target(path("target"));
  merged(target, path("source"), importing());
  EXPECT_EQ(rows_text(target.database(),
                      "SELECT root, origin, project, id, first_seen_ns, last_seen_ns, ended_ns, "
                      "ending FROM observations"),
            Rows{"|pack.ktstr|project|" + id + "|500|700|700|NULL"});
  EXPECT_EQ(rows_text(target.database(), k_observation_ids),
            Rows{observation_id({"", "project", "pack.ktstr"}, "6.14", "", "a.ktstr.json", id)});
  EXPECT_NE(rows_text(target.database(), k_observation_ids),
            rows_text(source.database(), k_observation_ids));
  EXPECT_EQ(rows_text(target.database(), "SELECT last_seen_ns FROM runs_root"), Rows{"700"});
}

class ArchiveMergingRedacted : public ArchiveMerging {
 protected:
  /// Replaces the bytes of the archive's only document.
  static void redact(FilledArchive& archive) {
    PackedDocument packed = pack_document("{}", content_id("{}"), DocumentKind::sidecar);
    SQLite::Statement bytes(archive.database(), "UPDATE document_bytes SET bytes = ?");
    bytes.bindNoCopy(1, packed.frame.data(), static_cast<int>(packed.frame.size()));
    bytes.exec();
    archive.database().exec("UPDATE document SET is_redacted = 1, plain_bytes = 2");
  }
};

TEST_F(ArchiveMergingRedacted, NeverReplacesWholeBytes) {
  FilledArchive source(path("source"));
  const std::string id = source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  redact(source);
  FilledArchive target(path("target"));
  target.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  EXPECT_EQ(merged(target, path("source"), importing()).documents, 0);
  EXPECT_EQ(unpack_document(*target.tables().document(id)).value(), sidecar_of("a"));
}

TEST_F(ArchiveMergingRedacted, IsReplacedByWholeBytes) {
  FilledArchive source(path("source"));
  const std::string id = source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  FilledArchive target(path("target"));
  target.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
  redact(target);
  EXPECT_EQ(merged(target, path("source"), importing()).documents, 1);
  EXPECT_EQ(unpack_document(*target.tables().document(id)).value(), sidecar_of("a"));
}

TEST_F(ArchiveMerging, RefusesBytesThatAreNotWhatTheirIdSays) {
  {
    FilledArchive source(path("source"));
    source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
    source.database().exec("UPDATE document SET id = '00000000000000000000000000000000'");
  }
  FilledArchive target(path("target"));
  const auto report = merge_archive(target.database(), path("source"), importing());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::corrupt);
  EXPECT_EQ(report.error().path, path("source"));
  EXPECT_EQ(rows_text(target.database(), "SELECT count(*) FROM document"), Rows{"0"});
}

TEST_F(ArchiveMerging, RefusesNamesThatLeadOutOfTheirDirectory) {
  for (const char* change :
       {"UPDATE sidecar SET file_name = '../a.ktstr.json'", "UPDATE directory SET run_dir = '..'",
        "UPDATE directory SET job = '/etc'"}) {
    const std::string name = "source" + std::to_string(std::hash<std::string>()(change));
    FilledArchive source(path(name));
    source.put({"6.14", "", "a.ktstr.json", sidecar_of("a")});
    source.database().exec(change);
    FilledArchive target(path("target"));
    const auto report = merge_archive(target.database(), path(name), importing());
    ASSERT_FALSE(report) << change;
    EXPECT_EQ(report.error().code, ErrorCode::corrupt);
    EXPECT_EQ(rows_text(target.database(), "SELECT count(*) FROM sidecar"), Rows{"0"});
  }
}

TEST_F(ArchiveMerging, RefusesWhatIsNoArchive) {
  FilledArchive target(path("target"));
  const std::string text =
      directory_.write("text", "no database at all, but long enough to be one");
  const auto report = merge_archive(target.database(), text, importing());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::corrupt);
  SQLite::Database(directory_.path("other"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE sidecar(a)");
  const auto other = merge_archive(target.database(), directory_.path("other"), importing());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::usage);
}

TEST_F(ArchiveMerging, ReadsWhatStillStandsInTheLogAndOddNames) {
  FilledArchive source(path("100% odd?name#"));
  source.fill(3, "a");
  ASSERT_GT(std::filesystem::file_size(path("100% odd?name#") + "-wal"), 0u);
  FilledArchive target(path("target"));
  EXPECT_EQ(merged(target, path("100% odd?name#")).results, 3);
}

TEST_F(ArchiveMerging, ReadsAnArchiveInADirectoryThatNobodyMayWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  {
    FilledArchive source(path("source"));
    source.fill(3, "a");
    source.close_log();
  }
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path("source") + suffix);
  std::filesystem::permissions(directory_.path("source"), std::filesystem::perms::owner_read |
                                                              std::filesystem::perms::owner_exec);
  FilledArchive target(path("target"));
  const auto report = merge_archive(target.database(), path("source"), {});
  std::filesystem::permissions(directory_.path("source"), std::filesystem::perms::owner_all);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->results, 3);
}

TEST(ArchiveMergeTimes, AnEndThatIsLaterThanTheLastLookWins) {
  ObservationTimes standing;
  standing.first_seen_ns = 10;
  standing.root_seen_ns = 50;
  ObservationTimes ended;
  ended.first_seen_ns = 5;
  ended.last_seen_ns = 30;
  ended.ended_ns = 60;
  ended.ending = "vanished";
  for (const ObservationTimes& both : {united(standing, ended), united(ended, standing)}) {
    EXPECT_EQ(both.first_seen_ns, 5);
    EXPECT_EQ(both.last_seen_ns, 50);
    EXPECT_EQ(both.ended_ns, 60);
    EXPECT_EQ(both.ending, "vanished");
  }
  ended.ended_ns = 40;
  for (const ObservationTimes& both : {united(standing, ended), united(ended, standing)}) {
    EXPECT_FALSE(both.ended_ns);
    EXPECT_FALSE(both.ending);
  }
}

class ArchiveMending : public ArchiveMerging {
 protected:
  static constexpr int k_results = 300;
  static constexpr std::size_t k_page = 8192;

  ArchiveMending() {
    FilledArchive source(path("source"));
    source.fill(k_results, "a");
    source.put_dump({"6.14", "", "a.failure-dump.json", "{\"dump\": 1}"});
    source.set_seen(9'000);
    source.close_log();
  }

  std::string damaged_copy(const std::string& name) {
    std::filesystem::create_directory(directory_.path(name));
    std::filesystem::copy_file(path("source"), path(name));
    return path(name);
  }

  static void overwrite(const std::string& file, std::size_t offset, const std::string& bytes) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream << bytes;
  }

  /// Those that don't hold the schema: without that, what a table is can't be known.
  [[nodiscard]] std::vector<std::size_t> content_pages() {
    SQLite::Database database(path("source"), SQLite::OPEN_READONLY);
    std::vector<std::size_t> pages;
    SQLite::Statement select(
        database, "SELECT pageno - 1 FROM dbstat WHERE name NOT LIKE 'sqlite_schema' ORDER BY 1");
    while (select.executeStep()) {
      pages.push_back(static_cast<std::size_t>(select.getColumn(0).getInt64()));
    }
    return pages;
  }

  /// Every result that came over is what it was, and has the bytes that it had.
  void expect_sound(FilledArchive& target) {
    SQLite::Statement select(target.database(), "SELECT id FROM document WHERE stored_bytes > 0");
    while (select.executeStep()) {
      const auto document = target.tables().document(column_bytes(select, 0));
      ASSERT_TRUE(document);
      const auto bytes = unpack_document(*document);
      ASSERT_TRUE(bytes);
      EXPECT_EQ(content_id(*bytes), document->id);
    }
    EXPECT_EQ(rows_text(target.database(), "PRAGMA integrity_check"), Rows{"ok"});
  }
  static std::int64_t count(FilledArchive& target, const std::string& sql) {
    return target.database().execAndGet("SELECT count(*) FROM " + sql).getInt64();
  }
};

TEST_F(ArchiveMending, CarriesEverythingOfAnUndamagedArchive) {
  FilledArchive target(path("target"));
  const MergeReport report = merged(target, path("source"), mending());
  EXPECT_EQ(report.results, k_results);
  EXPECT_EQ(report.lost_results + report.lost_documents + report.incomplete_results, 0);
  EXPECT_EQ(report.unreadable, "");
  FilledArchive source(path("source"));
  for (const char* sql : k_everything) {
    EXPECT_EQ(rows_text(target.database(), sql), rows_text(source.database(), sql)) << sql;
  }
}

TEST_F(ArchiveMending, CarriesMostWhenAFewPagesAreDamaged) {
  std::int64_t results = 0;
  std::int64_t documents = 0;
  const std::vector<std::size_t> pages = content_pages();
  constexpr int k_variants = 40;
  for (int variant = 0; variant < k_variants; ++variant) {
    std::mt19937_64 random(static_cast<std::uint64_t>(variant));
    const std::string file = damaged_copy("v" + std::to_string(variant));
    for (int hit = 0; hit <= variant % 4; ++hit) {
      std::string bytes(variant % 3 == 0 ? k_page : 1 + random() % 600, '\0');
      if (variant % 2 == 0) {
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
      }
      overwrite(file,
                pages[random() % pages.size()] * k_page + random() % (k_page - bytes.size() + 1),
                bytes);
    }
    FilledArchive target(path("t" + std::to_string(variant)));
    const auto report = merge_archive(target.database(), file, mending());
    ASSERT_TRUE(report) << variant << ": " << report.error().text();
    expect_sound(target);
    const std::int64_t kept = count(target, "sidecar");
    const std::int64_t kept_documents = count(target, "document WHERE stored_bytes > 0");
    EXPECT_TRUE(kept >= k_results || report->lost_results > 0)
        << variant << ": " << kept << " " << report->unreadable;
    EXPECT_TRUE(kept_documents >= k_results + 1 || report->lost_documents > 0) << variant;
    results += kept;
    documents += kept_documents;
  }
  RecordProperty("results", static_cast<int>(results));
  RecordProperty("documents", static_cast<int>(documents));
  EXPECT_GT(results, k_variants * k_results * 95 / 100);
  EXPECT_GT(documents, k_variants * k_results * 90 / 100);
}

TEST_F(ArchiveMending, CarriesBytesOfWhichTheirRowSaysThatThereAreNone) {
  const std::string file = damaged_copy("none");
  SQLite::Database(file, SQLite::OPEN_READWRITE).exec("UPDATE document SET stored_bytes = 0");
  FilledArchive target(path("t"));
  const auto report = merge_archive(target.database(), file, mending());
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(count(target, "document WHERE stored_bytes > 0"), k_results + 1);
}

TEST_F(ArchiveMending, NeverFailsWhateverOfTheSchemaIsDamaged) {
  for (std::size_t page = 0; page < 8; ++page) {
    for (const std::size_t offset : {std::size_t{0}, std::size_t{110}, std::size_t{4000}}) {
      const std::string name = "s" + std::to_string(page) + "-" + std::to_string(offset);
      const std::string file = damaged_copy(name);
      std::mt19937_64 random(page * 10'000 + offset);
      std::string bytes(200, '\0');
      std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
      overwrite(file, page * k_page + offset, bytes);
      FilledArchive target(path("t" + name));
      const auto report = merge_archive(target.database(), file, mending());
      ASSERT_TRUE(report) << name << ": " << report.error().text();
      expect_sound(target);
      const bool says_so = report->lost_results + report->lost_documents > 0 ||
                           !report->unreadable.empty() || report->incomplete_results > 0;
      EXPECT_TRUE(says_so || count(target, "sidecar") == k_results) << name;
    }
  }
}

TEST_F(ArchiveMending, NeverFailsOnACutFile) {
  const auto size = std::filesystem::file_size(path("source"));
  for (const std::uintmax_t cut : {std::uintmax_t{0}, std::uintmax_t{50}, size / 10, size / 2}) {
    const std::string file = damaged_copy("cut" + std::to_string(cut));
    std::filesystem::resize_file(file, cut);
    FilledArchive target(path("t" + std::to_string(cut)));
    const auto report = merge_archive(target.database(), file, mending());
    ASSERT_TRUE(report) << cut << ": " << report.error().text();
    expect_sound(target);
    EXPECT_TRUE(report->lost_results + report->lost_documents > 0 || !report->unreadable.empty())
        << cut;
  }
}

}  // namespace
}  // namespace ktstr::test
