// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "ktstr/index.hpp"
#include "support/temporary_directory.hpp"
#include "unit/store/sidecar_text.hpp"

namespace ktstr {
namespace {

using test::k_corrupt_text;
using test::k_drifted_text;
using test::paths_of;
using test::RecordedLines;
using test::sidecar_text;
using test::TemporaryDirectory;
using test::test_names;
using Names = std::vector<std::string>;

/// A run directory on the real file system.
class Collect : public ::testing::Test {
 protected:
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, run_.path(name));
  }
  [[nodiscard]] Collection walk() { return walk(lines_.options()); }
  [[nodiscard]] Collection walk(const WalkOptions& options) const {
    return collect_with_errors(run_.path(), options);
  }
  /// The one unreadable file that was found, as "path: error" with the path below the directory.
  [[nodiscard]] std::string only_io_error(const Collection& found) const {
    if (found.io_errors.size() != 1) return std::to_string(found.io_errors.size()) + " errors";
    const SidecarIoError& error = found.io_errors.front();
    return error.path.substr(run_.path().size() + 1) + ": " + error.raw_error;
  }

  TemporaryDirectory run_;
  RecordedLines lines_;
};

TEST_F(Collect, LoadsSidecarsOfTheDirectoryAndOneLevelBelow) {
  run_.write("b.ktstr.json", sidecar_text("top"));
  run_.write("a_job/c.ktstr.json", sidecar_text("job"));
  run_.write("a_job/deeper/d.ktstr.json", sidecar_text("too_deep"));
  EXPECT_EQ(test_names(walk().sidecars), (Names{"job", "top"}));
}

TEST_F(Collect, EntersDotDirectories) {
  run_.write(".hidden/a.ktstr.json", sidecar_text("hidden"));
  EXPECT_EQ(test_names(walk().sidecars), (Names{"hidden"}));
}

TEST_F(Collect, PassesOverFilesThatAreNotNamedAsSidecars) {
  run_.write("extra.json", sidecar_text("extra"));
  run_.write("a.ktstr.json.tmp.1.2", sidecar_text("staging"));
  run_.write("a.ktstr.dir/extra.json", sidecar_text("only_the_parent"));
  run_.write("a\xff.ktstr.json", sidecar_text("not_utf8"));
  const Collection found = walk();
  EXPECT_TRUE(found.sidecars.empty());
  EXPECT_TRUE(found.parse_errors.empty());
  EXPECT_TRUE(found.io_errors.empty());
}

TEST_F(Collect, SortsByTheBytesOfThePaths) {
  run_.write("b.ktstr.json", sidecar_text("b"));
  run_.write("B.ktstr.json", sidecar_text("B"));
  run_.write("\xc3\xa4.ktstr.json", sidecar_text("umlaut"));
  run_.write("a/z.ktstr.json", sidecar_text("a/z"));
  EXPECT_EQ(test_names(walk().sidecars), (Names{"B", "a/z", "b", "umlaut"}));
}

TEST_F(Collect, DoesNotDoubleASlashAtTheEndOfTheDirectory) {
  const std::string file = run_.write("a.ktstr.json", sidecar_text("a"));
  const Collection found = collect_with_errors(run_.path() + "/", lines_.options());
  EXPECT_EQ(paths_of(found.sidecars), (Names{file}));
}

TEST_F(Collect, FollowsLinksToFilesAndDirectories) {
  const TemporaryDirectory elsewhere;
  elsewhere.write("x.ktstr.json", sidecar_text("in_linked_directory"));
  link(elsewhere.path(), "job");
  link(elsewhere.write("plain", sidecar_text("linked_file")), "y.ktstr.json");
  EXPECT_EQ(test_names(walk().sidecars), (Names{"in_linked_directory", "linked_file"}));
}

TEST_F(Collect, EndsOnALinkToTheDirectoryItself) {
  run_.write("a.ktstr.json", sidecar_text("a"));
  link(".", "again");
  EXPECT_EQ(test_names(walk().sidecars), (Names{"a", "a"}));
}

TEST_F(Collect, TakesADirectoryNamedAsASidecarForAJobDirectory) {
  run_.write("job.ktstr.json/a.ktstr.json", sidecar_text("a"));
  const Collection found = walk();
  EXPECT_EQ(test_names(found.sidecars), (Names{"a"}));
  EXPECT_TRUE(found.io_errors.empty());
}

TEST_F(Collect, CountsADirectoryNamedAsASidecarInAJobDirectoryAsUnreadable) {
  run_.write("job/a.ktstr.json/b.ktstr.json", sidecar_text("b"));
  const Collection found = walk();
  EXPECT_TRUE(found.sidecars.empty());
  EXPECT_EQ(only_io_error(found), "job/a.ktstr.json: Is a directory (os error 21)");
}

TEST_F(Collect, CountsADanglingLinkAsUnreadable) {
  link("nowhere", "a.ktstr.json");
  EXPECT_EQ(only_io_error(walk()), "a.ktstr.json: No such file or directory (os error 2)");
}

TEST_F(Collect, CountsALoopOfLinksAsUnreadable) {
  link("a.ktstr.json", "a.ktstr.json");
  EXPECT_EQ(only_io_error(walk()), "a.ktstr.json: Too many levels of symbolic links (os error 40)");
}

TEST_F(Collect, DoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(run_.path("a.ktstr.json").c_str(), 0600), 0);
  EXPECT_EQ(only_io_error(walk()), "a.ktstr.json: not a regular file");
}

TEST_F(Collect, DoesNotReadADevice) {
  link("/dev/zero", "a.ktstr.json");
  EXPECT_EQ(only_io_error(walk()), "a.ktstr.json: not a regular file");
}

TEST_F(Collect, CountsBytesThatAreNotUtf8AsUnreadable) {
  run_.write("a.ktstr.json", "{\"test_name\": \"\xff\"}");
  EXPECT_EQ(only_io_error(walk()), "a.ktstr.json: stream did not contain valid UTF-8");
}

TEST_F(Collect, CountsAFileOverTheLimitAsUnreadable) {
  const std::string text = sidecar_text("a");
  run_.write("a.ktstr.json", text);
  WalkOptions options = lines_.options();
  options.max_file_bytes = text.size();
  EXPECT_EQ(walk(options).sidecars.size(), 1U);
  options.max_file_bytes = text.size() - 1;
  EXPECT_EQ(only_io_error(walk(options)),
            "a.ktstr.json: larger than the limit of " + std::to_string(text.size() - 1) + " bytes");
}

TEST_F(Collect, PutsDriftAndCorruptionAmongTheParseErrors) {
  run_.write("corrupt.ktstr.json", k_corrupt_text);
  run_.write("drift.ktstr.json", k_drifted_text);
  run_.write("empty.ktstr.json", "");
  const Collection found = walk();
  EXPECT_EQ(paths_of(found.parse_errors),
            (Names{run_.path("corrupt.ktstr.json"), run_.path("drift.ktstr.json"),
                   run_.path("empty.ktstr.json")}));
  EXPECT_TRUE(found.io_errors.empty());
  EXPECT_TRUE(found.sidecars.empty());
}

TEST_F(Collect, GivesTheDecodersMessageAsTheRawError) {
  run_.write("corrupt.ktstr.json", k_corrupt_text);
  run_.write("drift.ktstr.json", k_drifted_text);
  const Collection found = walk();
  ASSERT_EQ(found.parse_errors.size(), 2U);
  EXPECT_EQ(found.parse_errors[0].raw_error,
            decode_record(k_corrupt_text, SampleHandling::keep).error().message);
  EXPECT_EQ(found.parse_errors[1].raw_error,
            decode_record(k_drifted_text, SampleHandling::keep)->error);
  EXPECT_NE(found.parse_errors[1].raw_error.find("missing field `"), std::string::npos);
  EXPECT_EQ(found.parse_errors[1].enriched_message, std::nullopt);
}

TEST_F(Collect, TakesAByteOrderMarkForAParseError) {
  run_.write("a.ktstr.json", "\xef\xbb\xbf" + sidecar_text("a"));
  EXPECT_EQ(walk().parse_errors.size(), 1U);
}

TEST_F(Collect, KeepsOrReducesSamplesAsAsked) {
  std::string text = sidecar_text("a");
  text.insert(1, "\"our_own_key\": 1,");
  run_.write("a.ktstr.json", text);
  WalkOptions options = lines_.options();
  const Collection kept = walk(options);
  options.samples = SampleHandling::reduce;
  const Collection reduced = walk(options);
  ASSERT_EQ(kept.sidecars.size(), 1U);
  ASSERT_EQ(reduced.sidecars.size(), 1U);
  EXPECT_NE(encode_record(kept.sidecars[0].record).find("our_own_key"), std::string::npos);
  EXPECT_EQ(encode_record(reduced.sidecars[0].record).find("our_own_key"), std::string::npos);
}

TEST_F(Collect, GivesNothingAndSaysNothingForADirectoryThatCannotBeListed) {
  const Collection missing = collect_with_errors(run_.path("missing"), lines_.options());
  EXPECT_TRUE(missing.sidecars.empty());
  const std::string file = run_.write("a.ktstr.json", sidecar_text("a"));
  EXPECT_TRUE(collect_with_errors(file, lines_.options()).sidecars.empty());
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(Collect, PrintsALinePerUnreadableFileAndNoneForStaleOnes) {
  run_.write("stale.ktstr.json", k_drifted_text);
  link("nowhere", "a.ktstr.json");
  run_.write("job/b.ktstr.json", "\xff");
  static_cast<void>(walk());
  EXPECT_EQ(lines_.lines(), (Names{"ktstr_test: cannot read " + run_.path("a.ktstr.json") +
                                       ": No such file or directory (os error 2)",
                                   "ktstr_test: cannot read " + run_.path("job/b.ktstr.json") +
                                       ": stream did not contain valid UTF-8"}));
}

TEST_F(Collect, WithoutErrorsPrintsOneLineForAllStaleFiles) {
  run_.write("a.ktstr.json", k_drifted_text);
  run_.write("job/b.ktstr.json", k_corrupt_text);
  run_.write("good.ktstr.json", sidecar_text("good"));
  EXPECT_EQ(test_names(collect(run_.path(), lines_.options())), (Names{"good"}));
  EXPECT_EQ(lines_.lines(),
            (Names{"ktstr_test: skipped 2 stale sidecar(s) under " + run_.path() +
                   " (older schema \xe2\x80\x94 re-run the affected tests to regenerate; `cargo "
                   "ktstr stats explain-sidecar --run <run>` shows per-file detail)"}));
}

TEST_F(Collect, WithoutErrorsIsSilentWhenNothingIsStale) {
  run_.write("good.ktstr.json", sidecar_text("good"));
  EXPECT_EQ(collect(run_.path(), lines_.options()).size(), 1U);
  EXPECT_TRUE(lines_.lines().empty());
}

TEST_F(Collect, TakesAnEmptySinkForSilence) {
  link("nowhere", "a.ktstr.json");
  WalkOptions options;
  options.sink = nullptr;
  EXPECT_EQ(walk(options).io_errors.size(), 1U);
}

TEST(StderrSink, EndsTheLine) {
  ::testing::internal::CaptureStderr();
  stderr_sink()("one line");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "one line\n");
}

}  // namespace
}  // namespace ktstr
