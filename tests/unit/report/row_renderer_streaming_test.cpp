// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "rendered.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_row_bytes = 60;

/// Takes notice of how far the text lags behind the rows that were read.
class LagOutput : public Output {
 public:
  explicit LagOutput(const RepeatedRows& source) : source_(source) {}
  Result<void> write(std::string_view bytes) override {
    const std::size_t read = source_.given() * k_row_bytes;
    largest_lag_ = std::max(largest_lag_, read - std::min(read, written_));
    written_ += bytes.size();
    return {};
  }
  Result<void> flush() override { return {}; }
  [[nodiscard]] std::size_t written() const { return written_; }
  [[nodiscard]] std::size_t largest_lag() const { return largest_lag_; }

 private:
  const RepeatedRows& source_;
  std::size_t written_ = 0;
  std::size_t largest_lag_ = 0;
};

class Streaming : public testing::TestWithParam<Format> {};

TEST_P(Streaming, HoldsFewOfAHundredThousandRows) {
  RepeatedRows source({{"a"}}, {text(std::string(k_row_bytes, 'x'))}, 100'000);
  LagOutput output(source);
  RenderOptions options;
  options.format = GetParam();
  const auto summary = render_rows(source, output, options);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->rows, 100'000U);
  EXPECT_GE(output.written(), 100'000U * k_row_bytes);
  EXPECT_LT(output.largest_lag(), 256U << 10);
}

TEST_P(Streaming, WritesNothingWhenTheFirstRowFails) {
  RepeatedRows source({{"a"}}, {}, 0);
  source.fail_at_the_end();
  StringOutput output;
  RenderOptions options;
  options.format = GetParam();
  const auto summary = render_rows(source, output, options);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code, ErrorCode::timeout);
  EXPECT_EQ(output.text(), "");
}

TEST_P(Streaming, HandsOnALaterErrorAfterTheRowsBeforeIt) {
  RepeatedRows source({{"a"}}, {text("row")}, 2000);
  source.fail_at_the_end();
  StringOutput output;
  RenderOptions options;
  options.format = GetParam();
  const auto summary = render_rows(source, output, options);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().message, "too slow");
  EXPECT_GE(output.text().size(), 2000U * 3);
}

TEST_P(Streaming, ReportsAFullDisk) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  RepeatedRows source({{"a"}}, {integer(1)}, 3);
  FileOutput output(full);
  RenderOptions options;
  options.format = GetParam();
  const auto summary = render_rows(source, output, options);
  std::fclose(full);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().code, ErrorCode::io);
  EXPECT_EQ(summary.error().message,
            "cannot write the output: No space left on device (os error 28)");
}

TEST_P(Streaming, StopsQuietlyAndEarlyWhenTheReaderIsGone) {
  const auto previous = std::signal(SIGPIPE, SIG_IGN);
  int ends[2] = {};
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  std::FILE* stream = fdopen(ends[1], "w");
  RepeatedRows source({{"a"}}, {text(std::string(k_row_bytes, 'x'))}, 100'000);
  FileOutput output(stream);
  RenderOptions options;
  options.format = GetParam();
  const auto summary = render_rows(source, output, options);
  std::fclose(stream);
  std::signal(SIGPIPE, previous);
  ASSERT_TRUE(summary.has_value());
  EXPECT_TRUE(output.reader_gone());
  EXPECT_LT(source.given(), 10000U);
}

INSTANTIATE_TEST_SUITE_P(EachFormat, Streaming,
                         testing::Values(Format::table, Format::json, Format::jsonl, Format::csv,
                                         Format::markdown),
                         [](const testing::TestParamInfo<Format>& tested) {
                           return std::string(format_name(tested.param));
                         });

}  // namespace
}  // namespace ktstr
