// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "ktstr/record.hpp"
#include "store/finalize.hpp"
#include "support/small_records.hpp"

namespace ktstr {
namespace {

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
