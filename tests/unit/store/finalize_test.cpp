// SPDX-License-Identifier: MIT
#include "store/finalize.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "ktstr/record.hpp"
#include "support/small_records.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr {
namespace {

using std::chrono::milliseconds;

std::string failing_sidecar() {
  Record record = test::small_record("a_test");
  record.passed = false;
  return encode_record(record);
}

std::string read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Notes what it is told, in order.
class Recorder : public ChangeObserver {
 public:
  void about_to_remove(std::span<const FileChange> files) noexcept override {
    for (const FileChange& file : files) said.push_back("about to remove: " + read(file.path));
  }
  void removed(std::span<const FileChange> files) noexcept override {
    for (const FileChange& file : files) said.push_back("removed " + file.path);
  }
  void written(const FileChange& file) noexcept override { said.push_back("written " + file.path); }
  void rewritten(const FileChange& file) noexcept override {
    struct stat status {};
    ::stat(file.path.c_str(), &status);
    const bool same = status.st_ino == file.stamp.inode && read(file.path) == *file.bytes;
    said.push_back(same ? "rewritten" : "rewritten with another file");
  }
  std::vector<std::string> said;
};

class Finalize : public testing::Test {
 protected:
  FinalizeWrite how() {
    FinalizeWrite how;
    how.messages = [this](std::string_view line) { lines_.emplace_back(line); };
    how.observer = &observer_;
    return how;
  }
  /// Names in the run directory.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path("run"))) {
      out.push_back(entry.path().filename());
    }
    return out;
  }

  test::TemporaryDirectory directory_;
  std::string raw_ = failing_sidecar();
  std::string path_ = directory_.write("run/a_test-00000000000000aa.ktstr.json", raw_);
  Recorder observer_;
  std::vector<std::string> lines_;
};

TEST_F(Finalize, TellsTheObserverBeforeAndAfterAndLeavesOneFile) {
  EXPECT_EQ(finalize_sidecar_file(path_, Verdict::pass, how()), true);
  EXPECT_EQ(observer_.said, (std::vector<std::string>{"about to remove: " + raw_, "rewritten"}));
  EXPECT_EQ(names(), (std::vector<std::string>{"a_test-00000000000000aa.ktstr.json"}));
}

TEST_F(Finalize, TouchesNothingWhereTheVerdictIsThereAlready) {
  EXPECT_EQ(finalize_sidecar_file(path_, Verdict::fail, how()), false);
  EXPECT_EQ(read(path_), raw_);
  EXPECT_TRUE(observer_.said.empty());
}

TEST_F(Finalize, SaysTheHarnessesLineAboutAFileThatIsNoSidecar) {
  const std::string broken = directory_.write("run/b.ktstr.json", test::k_corrupt);
  const auto done = finalize_sidecar_file(broken, Verdict::pass, how());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::parse);
  EXPECT_EQ(
      lines_,
      (std::vector<std::string>{"ktstr: finalize_sidecar_verdict: unparseable sidecar " + broken}));
  EXPECT_EQ(read(broken), test::k_corrupt);
}

TEST_F(Finalize, IsSilentAboutWhatCannotBeRead) {
  EXPECT_FALSE(finalize_sidecar_file(directory_.path("run/none"), Verdict::pass, how()));
  const std::string bytes = directory_.write("run/c.ktstr.json", test::k_not_utf8);
  EXPECT_FALSE(finalize_sidecar_file(bytes, Verdict::pass, how()));
  EXPECT_TRUE(lines_.empty());
}

TEST_F(Finalize, PlacesNoLockFileWhereNoWriterDid) {
  ASSERT_TRUE(finalize_sidecar_file(path_, Verdict::pass, how()));
  EXPECT_FALSE(std::filesystem::exists(directory_.path(".locks")));
}

TEST_F(Finalize, WaitsAWhileForTheWriterThatHoldsTheRunDirectoryAndThenDoesWithoutTheLock) {
  FinalizeWrite impatient = how();
  impatient.lock_timeout = milliseconds(20);
  auto held = RunDirectoryLock::acquire(directory_.path("run"), milliseconds(0),
                                        system_file_system(), system_clock());
  ASSERT_TRUE(held);
  const std::int64_t before_ns = system_clock().steady_ns();
  EXPECT_EQ(finalize_sidecar_file(path_, Verdict::pass, impatient), true);
  EXPECT_GE(system_clock().steady_ns() - before_ns, 20'000'000);
  EXPECT_NE(read(path_), raw_);
}

TEST_F(Finalize, LeavesTheOldFileWhereTheStagingFileCannotBeMade) {
  if (::geteuid() == 0) {
    // Root may write anywhere: a name that is too long fails for everybody.
    const std::string name = std::string(230, 'n') + "-00000000000000aa.ktstr.json";
    path_ = directory_.path("run/" + name.substr(name.size() - 250));
    std::ofstream(path_, std::ios::binary) << raw_;
  } else {
    ::chmod(directory_.path("run").c_str(), 0555);
  }
  const auto done = finalize_sidecar_file(path_, Verdict::pass, how());
  ::chmod(directory_.path("run").c_str(), 0755);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text().find("write sidecar staging "), std::string::npos);
  EXPECT_EQ(read(path_), raw_);
}

using test::small_record;

std::string sidecar(Verdict raw) {
  Record record = small_record("a_test");
  const VerdictBits bits = verdict_bits(raw);
  record.passed = bits.passed;
  record.skipped = bits.skipped;
  record.inconclusive = bits.inconclusive;
  return encode_record(record);
}

VerdictEdit edited(const std::string& json, Verdict final_verdict) {
  return edit_verdict(json, final_verdict).value();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(VerdictEdit, TurnsAFailureThatWasExpectedIntoAPassAndMarksIt) {
  const std::string raw = sidecar(Verdict::fail);
  const VerdictEdit edit = edited(raw, Verdict::pass);
  EXPECT_EQ(edit.after, (VerdictBits{true, false, false, true}));
  const std::string expected =
      replaced(replaced(raw, R"("passed": false)", R"("passed": true)"),
               R"("expected_failure": false)", R"("expected_failure": true)");
  EXPECT_EQ(edit.text, expected);
}

TEST(VerdictEdit, HasNoTextWhereTheBitsAreRight) {
  for (const Verdict verdict :
       {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::inconclusive}) {
    EXPECT_EQ(edited(sidecar(verdict), verdict).text, std::nullopt) << verdict_name(verdict);
  }
}

TEST(VerdictEdit, DecodesToTheBitsThatTheTruthTableGives) {
  for (const Verdict raw : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::inconclusive}) {
    for (const Verdict last :
         {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::inconclusive}) {
      const VerdictEdit edit = edited(sidecar(raw), last);
      if (!edit.text) continue;
      const auto decoded = decode_record(*edit.text, SampleHandling::keep);
      ASSERT_TRUE(decoded);
      EXPECT_EQ(verdict_bits(decoded->record), finalized_bits(verdict_bits(raw), last));
    }
  }
}

TEST(VerdictEdit, LosesTheExpectedFailureWhenItIsDoneTwice) {
  const VerdictEdit once = edited(sidecar(Verdict::fail), Verdict::pass);
  const VerdictEdit twice = edited(*once.text, Verdict::pass);
  EXPECT_EQ(twice.after, (VerdictBits{true, false, false, false}));
  EXPECT_TRUE(twice.text);
}

TEST(VerdictEdit, KeepsANewerProducersKeysTheirOrderTheFloatsAndTheWhiteSpace) {
  std::string raw = sidecar(Verdict::fail);
  raw = replaced(raw, "{\n", "{ \"passed_by\":{\"passed\":true,\"skipped\":[\"passed\"]},\n");
  raw = replaced(raw, R"("passed": false)", "\"passed\"\t:  false ");
  raw = replaced(raw, R"("total_cpus")", R"("x": 1.50e+0, "total_cpus")");
  raw += "\n\n";
  const VerdictEdit edit = edited(raw, Verdict::skip);
  const std::string expected =
      replaced(replaced(raw, R"("skipped": false)", R"("skipped": true)"),
               R"("expected_failure": false)", R"("expected_failure": true)");
  EXPECT_EQ(edit.text, expected);
}

TEST(VerdictEdit, FindsAKeyThatIsSpelledWithEscapes) {
  const std::string raw =
      replaced(sidecar(Verdict::fail), R"("passed": false)", R"("p\u0061ssed": false)");
  EXPECT_EQ(edited(raw, Verdict::pass).text,
            replaced(replaced(raw, R"("p\u0061ssed": false)", R"("p\u0061ssed": true)"),
                     R"("expected_failure": false)", R"("expected_failure": true)"));
}

TEST(VerdictEdit, DoesNotTakeAnEscapedBackslashForAnEscape) {
  const std::string raw =
      replaced(sidecar(Verdict::fail), "{\n", "{\"p\\\\u0061ssed\": 7, \"\\\"passed\": 8,\n");
  const auto text = edited(raw, Verdict::pass).text;
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("{\"p\\\\u0061ssed\": 7, \"\\\"passed\": 8,\n"), std::string::npos);
}

TEST(VerdictEdit, RefusesWhatTheHarnessCouldNotRead) {
  const std::string doubled =
      replaced(sidecar(Verdict::fail), R"("passed": false)", R"("passed": false, "passed": false)");
  const std::string without = replaced(sidecar(Verdict::fail), R"("expected_failure": false,)", "");
  for (const std::string& text :
       {std::string("{"), std::string(test::k_drifted), std::string(), doubled, without}) {
    const auto edit = edit_verdict(text, Verdict::pass);
    ASSERT_FALSE(edit) << text;
    EXPECT_EQ(edit.error().code, ErrorCode::parse);
  }
}

}  // namespace
}  // namespace ktstr
