// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/index.hpp"
#include "report/documents.hpp"

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
