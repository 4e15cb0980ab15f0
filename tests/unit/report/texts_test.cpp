// SPDX-License-Identifier: MIT
#include "report/texts.hpp"

#include <gtest/gtest.h>

#include "ktstr/index.hpp"
#include "report/documents.hpp"

namespace ktstr::test {
namespace {

Record full_record() {
  Record record;
  record.test_name = "basic";
  record.topology = "1n1l2c1t";
  record.scheduler = "eevdf";
  record.scheduler_commit = "1";
  record.resolve_source = "path";
  record.project_commit = "2";
  record.payload = "p";
  record.passed = true;
  record.monitor.emplace();
  record.vcpus = 2;
  record.cpu_budget = 2;
  record.kvm_stats.emplace();
  record.kernel_version = "6.14.2";
  record.kernel_commit = "3";
  record.run_id = "basic-1";
  record.host.emplace().arch = "x86_64";
  record.cleanup_duration_ms = 5;
  record.run_source = "local";
  return record;
}

std::string text_of(const Collection& collection) {
  return explanation_text(collection, explain(collection));
}
std::string text_of(const Record& record) {
  Collection collection;
  collection.sidecars = {{"r/a", record}};
  return text_of(collection);
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ExplanationText, OfAFullRecordSaysThatAllIsThere) {
  EXPECT_EQ(text_of(full_record()),
            "walked 1 sidecar file(s), parsed 1 valid\n"
            "\n"
            "test: basic\n"
            "  topology: 1n1l2c1t\n"
            "  scheduler: eevdf\n"
            "  verdict: pass\n"
            "  run_id: basic-1\n"
            "  arch: x86_64\n"
            "  cpu_budget: 2 / 2 vcpus\n"
            "  populated optional fields (11): scheduler_commit, resolve_source, project_commit, "
            "payload, monitor, kvm_stats, kernel_version, kernel_commit, host, "
            "cleanup_duration_ms, run_source\n"
            "  none fields: <all populated>\n"
            "\n");
}

TEST(ExplanationText, GivesCausesAndAFixOfAMissingField) {
  Record record = full_record();
  record.payload.reset();
  record.run_source.reset();
  const std::string text = text_of(record);
  EXPECT_TRUE(has(text,
                  "  none fields (2):\n"
                  "    payload [expected]\n"
                  "      - The test declares no binary to run as its payload.\n"
                  "    run_source [actionable]\n"
                  "      - The file has this under the key's former name, source.\n"
                  "      fix: Run the test again, or rename the key source to run_source in the "
                  "file.\n"
                  "\n"))
      << text;
  EXPECT_TRUE(has(text, "  populated optional fields (9): scheduler_commit, ")) << text;
}

TEST(ExplanationText, OfABareRecordHasNothingPopulated) {
  const std::string text = text_of(Record());
  EXPECT_TRUE(has(text, "  arch: -\n"));
  EXPECT_TRUE(has(text, "  populated optional fields (0): <none>\n  none fields (11):\n"));
}

TEST(ExplanationText, TellsTheFourKindsOfBudget) {
  Record record = full_record();
  record.cpu_budget = 1;
  EXPECT_TRUE(has(text_of(record), "  cpu_budget: 1 / 2 vcpus (OVERCOMMIT)\n"));
  record.vcpus = 0;
  EXPECT_TRUE(has(text_of(record), "  cpu_budget: 1 (malformed: a budget, but vcpus is 0)\n"));
  record.cpu_budget = 0;
  EXPECT_TRUE(has(text_of(record), "  cpu_budget: - (skipped, no guest was booted)\n"));
}

TEST(ExplanationText, ShowsCgroupsThatUsedCpusAsRanges) {
  Record record = full_record();
  CgroupStats idle;
  idle.cgroup_name = "idle";
  CgroupStats busy;
  busy.cgroup_name = "busy";
  busy.cpus_used = {0, 1, 2, 3, 6, 18446744073709551615U};
  CgroupStats unnamed;
  unnamed.cpus_used = {7};
  record.stats.cgroups = {idle, busy, unnamed};
  EXPECT_TRUE(has(text_of(record),
                  "2 vcpus\n"
                  "  cgroup busy: cpus 0-3,6,18446744073709551615\n"
                  "  cgroup (unnamed): cpus 7\n"
                  "  populated"));
}

TEST(ExplanationText, ListsFilesThatCouldNotBeReadAtTheEnd) {
  Collection collection;
  collection.parse_errors = {{"r/a", "not JSON", {}}, {"r/b", "missing", "do it again"}};
  collection.io_errors = {{"r/c", "Permission denied (os error 13)"}};
  EXPECT_EQ(text_of(collection),
            "walked 3 sidecar file(s), parsed 0 valid\n"
            "\n"
            "corrupt sidecars (2):\n"
            "  r/a\n"
            "    error: not JSON\n"
            "  r/b\n"
            "    error: missing\n"
            "    enriched: do it again\n"
            "\n"
            "io errors (1):\n"
            "  r/c\n"
            "    error: Permission denied (os error 13)\n"
            "\n");
}

TEST(ExplanationText, KeepsForeignTextOnItsLine) {
  Record record = full_record();
  record.test_name = "a\nb\x1b";
  record.run_id = "c\td";
  const std::string text = text_of(record);
  EXPECT_TRUE(has(text, "test: a\\nb\\x1b\n")) << text;
  EXPECT_TRUE(has(text, "  run_id: c\\td\n")) << text;
}

TEST(ExplanationDocument, CountsOverAllSidecarsWithSortedFieldNames) {
  Collection collection;
  Record skipped = full_record();
  skipped.payload.reset();
  Record over = full_record();
  over.cpu_budget = 1;
  collection.sidecars = {{"r/a", skipped}, {"r/b", over}};
  collection.parse_errors = {{"r/c", "not JSON", {}}};
  const std::string text =
      json_document(JsonValue(explanation_document(collection, explain(collection))));
  EXPECT_TRUE(has(text,
                  "{\n"
                  "  \"_schema_version\": \"2\",\n"
                  "  \"_walk\": {\n"
                  "    \"walked\": 3,\n"
                  "    \"valid\": 2,\n"
                  "    \"errors\": [\n"
                  "      {\n"
                  "        \"path\": \"r/c\",\n"
                  "        \"error\": \"not JSON\",\n"
                  "        \"enriched_message\": null\n"
                  "      }\n"
                  "    ],\n"
                  "    \"io_errors\": []\n"
                  "  },\n"
                  "  \"overcommit_runs\": 1,\n"
                  "  \"fields\": {\n"
                  "    \"cleanup_duration_ms\": {\n"))
      << text;
  EXPECT_TRUE(has(text,
                  "    \"payload\": {\n"
                  "      \"none_count\": 1,\n"
                  "      \"some_count\": 1,\n"
                  "      \"classification\": \"expected\",\n"
                  "      \"causes\": [\n"
                  "        \"The test declares no binary to run as its payload.\"\n"
                  "      ],\n"
                  "      \"fix\": null\n"
                  "    },\n"
                  "    \"project_commit\": {\n"))
      << text;
}

}  // namespace
}  // namespace ktstr::test

namespace ktstr {
namespace {

/// The directory that the layout's example shows.
RunDirectorySummary example() {
  RunDirectorySummary directory{"/t/7.1.0-abc1234"};
  FailedTest asserted{"asserted"};
  asserted.scheduler = "scx_mitosis";
  asserted.topology = "1n4l4c1t";
  asserted.stats = {"/t/7.1.0-abc1234/asserted-000000000000000a.ktstr.json"};
  asserted.replayable = true;
  FailedTest load_fail{"load_fail"};
  load_fail.failure_dump = "/t/7.1.0-abc1234/load_fail.failure-dump.json";
  directory.failed = {asserted, load_fail};
  directory.stats_sidecars = 1;
  return directory;
}

TEST(FooterText, IsEmptyWithoutADirectory) { EXPECT_EQ(footer_text({}), ""); }

TEST(FooterText, IsLaidOutAsTheHarnessDoesIt) {
  EXPECT_EQ(footer_text({example()}),
            "\n"
            "cargo ktstr: test outputs\n"
            "  /t/7.1.0-abc1234\n"
            "    FAILED  asserted  [scx_mitosis 1n4l4c1t]\n"
            "      stats         /t/7.1.0-abc1234/asserted-000000000000000a.ktstr.json\n"
            "      replay        cargo ktstr replay --filter asserted --exec\n"
            "    FAILED  load_fail\n"
            "      failure dump  /t/7.1.0-abc1234/load_fail.failure-dump.json\n"
            "    (1 stats sidecar(s), 0 wprof trace(s) written this run)\n");
}

TEST(FooterText, ShowsTheFilesOfATestInAFixedOrder) {
  FailedTest test{"t"};
  test.failure_dump = "d";
  test.repro_dump = "rd";
  test.stats = {"s1", "s2"};
  test.wprof = "w";
  test.repro_wprof = "rw";
  test.replayable = true;
  RunDirectorySummary directory{"/t"};
  directory.failed = {test};
  directory.stats_sidecars = 2;
  directory.wprof_traces = 3;
  EXPECT_EQ(footer_text({directory}),
            "\n"
            "cargo ktstr: test outputs\n"
            "  /t\n"
            "    FAILED  t\n"
            "      failure dump  d\n"
            "      repro dump    rd\n"
            "      stats         s1\n"
            "      stats         s2\n"
            "      wprof         w\n"
            "      repro wprof   rw\n"
            "      replay        cargo ktstr replay --filter t --exec\n"
            "    (2 stats sidecar(s), 3 wprof trace(s) written this run)\n");
}

TEST(FooterText, ShowsADirectoryWithoutFailures) {
  RunDirectorySummary directory{"/t/a"};
  directory.stats_sidecars = 4;
  EXPECT_EQ(footer_text({directory, {"/t/b"}}),
            "\n"
            "cargo ktstr: test outputs\n"
            "  /t/a\n"
            "    (4 stats sidecar(s), 0 wprof trace(s) written this run)\n"
            "  /t/b\n"
            "    (0 stats sidecar(s), 0 wprof trace(s) written this run)\n");
}

TEST(FooterText, KeepsEachNameInItsLineAndTheTerminalUnharmed) {
  FailedTest test{"a\nb"};
  test.failure_dump = "/t\x1b[2J\xff";
  test.scheduler = "s\t";
  test.topology = "1n\r";
  RunDirectorySummary directory{"/t\x7f"};
  directory.failed = {test};
  const std::string text = footer_text({directory});
  EXPECT_NE(text.find("  /t\\x7f\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    FAILED  a\\nb  [s\\t 1n\\r]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("/t\\x1b[2J\xef\xbf\xbd\n"), std::string::npos) << text;
}

TEST(FooterDocument, HasThePromisedKeysAndNullForWhatThereIsNot) {
  RunDirectorySummary directory = example();
  directory.failed.erase(directory.failed.begin());
  EXPECT_EQ(json_document(JsonValue(footer_document({directory})), JsonStyle::compact),
            R"({"directories":[{"path":"/t/7.1.0-abc1234","failed":[{"test":"load_fail",)"
            R"("scheduler":null,"topology":null,)"
            R"("failure_dump":"/t/7.1.0-abc1234/load_fail.failure-dump.json","repro_dump":null,)"
            R"("stats":[],"wprof":null,"repro_wprof":null,"replayable":false}],)"
            R"("stats_sidecars":1,"wprof_traces":0}]})"
            "\n");
}

TEST(FooterDocument, OfNothingIsAnEmptyList) {
  EXPECT_EQ(json_document(JsonValue(footer_document({})), JsonStyle::compact),
            "{\"directories\":[]}\n");
}

}  // namespace
}  // namespace ktstr

namespace ktstr::test {
namespace {

Value text(const char* bytes) { return std::string(bytes); }

PoolValues two_dimensions(std::int64_t results) {
  PoolValues values;
  values.results = results;
  values.dimensions = {{"kernel"}, {"cpu_budget"}};
  return values;
}

TEST(PoolValuesText, HasABlockForEachDimensionWithUnknownForNull) {
  PoolValues values = two_dimensions(3);
  values.dimensions[0].values = {{{}, 1}, {text("6.14.2"), 2}};
  values.dimensions[1].values = {{std::int64_t{8}, 3}};
  EXPECT_EQ(pool_values_text(values),
            "kernel:\n  unknown\n  6.14.2\n\n"
            "cpu_budget:\n  8\n\n");
}

TEST(PoolValuesText, TellsAnEmptyPoolFromOneWithoutBudgets) {
  EXPECT_EQ(pool_values_text(two_dimensions(0)),
            "kernel:\n  (no sidecars in pool)\n\ncpu_budget:\n  (no sidecars in pool)\n\n");
  PoolValues skipped = two_dimensions(1);
  skipped.dimensions[0].values = {{text("6.14.2"), 1}};
  EXPECT_EQ(pool_values_text(skipped),
            "kernel:\n  6.14.2\n\n"
            "cpu_budget:\n  (all runs skipped \u2014 no budget recorded)\n\n");
}

TEST(PoolValuesText, KeepsAValueOnItsLine) {
  PoolValues values = two_dimensions(1);
  values.dimensions.resize(1);
  values.dimensions[0].values = {{text("a\n\x1b[31mb"), 1}};
  EXPECT_EQ(pool_values_text(values), "kernel:\n  a\\n\\x1b[31mb\n\n");
}

TEST(PoolValuesDocument, HasAnArrayForEachDimensionWithNullAndNumbersAsTheyAre) {
  PoolValues values = two_dimensions(3);
  values.dimensions[0].values = {{{}, 1}, {text("6.14.2"), 2}};
  values.dimensions[1].values = {{std::int64_t{8}, 3}};
  EXPECT_EQ(json_document(JsonValue(pool_values_document(values)), JsonStyle::compact),
            "{\"kernel\":[null,\"6.14.2\"],\"cpu_budget\":[8]}\n");
}

}  // namespace
}  // namespace ktstr::test
