// SPDX-License-Identifier: MIT
#include "report/row_renderer.hpp"

#include <utility>

#include "report/row_formatter.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_chunk_bytes = 32UL << 10;
// A thousand rows of monstrous texts are no longer a small sample.
constexpr std::size_t k_sample_bytes = 2UL << 20;

std::unique_ptr<RowFormatter> make_formatter(const RenderOptions& options) {
  switch (options.format) {
    case Format::json:
      return make_json_formatter();
    case Format::jsonl:
      return make_jsonl_formatter();
    case Format::csv:
      return make_csv_formatter(options.is_for_spreadsheet);
    case Format::markdown:
      return make_markdown_formatter();
    case Format::table:
      break;
  }
  return make_table_formatter(options.width, options.color);
}

std::size_t text_bytes(const Row& row) {
  std::size_t bytes = row.size() * sizeof(Value);
  for (const Value& value : row) {
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  }
  return bytes;
}

/// One rendering: the sample, the rows after it, the end.
class Rendering {
 public:
  Rendering(RowSource& source, Output& output, const RenderOptions& options)
      : source_(source), output_(output), options_(options), formatter_(make_formatter(options)) {}

  Result<RenderSummary> run() {
    if (auto read = read_sample(); !read) return fail(std::move(read.error()));
    formatter_->begin(source_.columns(), sample_, buffer_);
    for (const Row& row : std::exchange(sample_, {})) {
      if (auto put = put_row(row); !put) return fail(std::move(put.error()));
    }
    if (auto rest = stream_rest(); !rest) return fail(std::move(rest.error()));
    formatter_->end({summary_.rows, options_.stale && options_.stale()}, buffer_);
    if (auto written = write_out(); !written) return fail(std::move(written.error()));
    if (auto flushed = output_.flush(); !flushed) return fail(std::move(flushed.error()));
    summary_.dropped_columns = formatter_->dropped_columns();
    return std::move(summary_);
  }

 private:
  Result<void> read_sample() {
    std::size_t bytes = 0;
    while (!at_end_ && sample_.size() < formatter_->sample_size() && bytes < k_sample_bytes) {
      Row row;
      const auto more = source_.next(row);
      if (!more) return fail(more.error());
      at_end_ = !*more;
      if (at_end_) break;
      bytes += text_bytes(row);
      sample_.push_back(std::move(row));
    }
    return {};
  }

  Result<void> stream_rest() {
    Row row;
    while (!at_end_ && !output_.reader_gone()) {
      const auto more = source_.next(row);
      if (!more) {
        // What was found so far is worth having: the error says that it is not all.
        if (auto written = write_out(); !written) return written;
        if (auto flushed = output_.flush(); !flushed) return flushed;
        return fail(more.error());
      }
      at_end_ = !*more;
      if (at_end_) break;
      if (auto put = put_row(row); !put) return put;
    }
    return {};
  }

  Result<void> put_row(const Row& row) {
    if (output_.reader_gone()) return {};
    formatter_->row(row, buffer_);
    ++summary_.rows;
    return buffer_.size() < k_chunk_bytes ? Result<void>{} : write_out();
  }

  Result<void> write_out() {
    auto written = output_.write(buffer_);
    buffer_.clear();
    return written;
  }

  RowSource& source_;
  Output& output_;
  const RenderOptions& options_;
  std::unique_ptr<RowFormatter> formatter_;
  std::vector<Row> sample_;
  std::string buffer_;
  bool at_end_ = false;
  RenderSummary summary_;
};

}  // namespace

Result<RenderSummary> render_rows(RowSource& source, Output& output, const RenderOptions& options) {
  return Rendering(source, output, options).run();
}

}  // namespace ktstr
