// SPDX-License-Identifier: MIT
#include "report/row_renderer.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/visible_text.hpp"
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

namespace {

// What a shell's tools end lines with; spreadsheets and csv libraries take it as well as RFC
// 4180's.
constexpr std::string_view k_line_end = "\n";
constexpr std::string_view k_kept_controls = "\t\r\n";

/// Tabs and line breaks stay as data, since quotes make them harmless; every other control
/// character is escaped, or it would reach the terminal that the file is shown on.
std::string csv_text(std::string_view rest) {
  std::string out;
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find_first_of(k_kept_controls), rest.size());
    out += escape_terminal_control(rest.substr(0, plain));
    if (plain < rest.size()) out.push_back(rest[plain]);
    rest.remove_prefix(std::min(plain + 1, rest.size()));
  }
  return out;
}

/// What a spreadsheet computes instead of showing it: a text that begins with one of these, or with
/// the wide form of one.
bool begins_formula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  constexpr std::array<std::string_view, 4> k_wide = {"＝", "＋", "－", "＠"};
  return std::any_of(k_wide.begin(), k_wide.end(),
                     [&](std::string_view sign) { return text.starts_with(sign); });
}

/// Empty text is quoted and so differs from NULL for the readers that look.
void append_text_field(std::string& out, std::string_view text) {
  const std::string field = csv_text(text);
  if (!field.empty() && field.find_first_of(",\"\r\n") == std::string::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvFormatter : public RowFormatter {
 public:
  explicit CsvFormatter(bool is_for_spreadsheet) : is_for_spreadsheet_(is_for_spreadsheet) {}
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& /*sample*/,
             std::string& out) override {
    columns_ = columns.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) out += ",";
      append_text(out, columns[i].name);
    }
    if (columns_ > 0) out += k_line_end;
  }
  void row(const Row& row, std::string& out) override {
    const std::size_t start = out.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i > 0) out += ",";
      append_field(out, value_at(row, i));
    }
    // Readers skip an empty line, and with it the NULL of a single column.
    if (out.size() == start) out += R"("")";
    out += k_line_end;
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 private:
  void append_text(std::string& out, std::string_view text) const {
    const bool is_marked = is_for_spreadsheet_ && begins_formula(text);
    append_text_field(out, is_marked ? "'" + std::string(text) : std::string(text));
  }
  void append_field(std::string& out, const Value& value) const {
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_text(out, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      out += exact_number(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      out += exact_number(*real);
    }
  }

  bool is_for_spreadsheet_;
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowFormatter> make_csv_formatter(bool is_for_spreadsheet) {
  return std::make_unique<CsvFormatter>(is_for_spreadsheet);
}

namespace {

constexpr std::size_t k_sample_rows = 1000;
// Everything that could end a cell or turn a foreign name into markup: HTML and its entities,
// links, formulas.
constexpr std::string_view k_special = "\\|`*<[~&$@";

bool is_word_byte(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || static_cast<unsigned char>(byte) >= 0x80;
}

/// An underscore within a word is one, at its edge it begins or ends an emphasis.
bool is_emphasis(std::string_view text, std::size_t at) {
  if (text[at] != '_') return false;
  const bool before = at > 0 && is_word_byte(text[at - 1]);
  return !before || at + 1 == text.size() || !is_word_byte(text[at + 1]);
}

bool ends_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.rbegin(), word.rend(), text.rbegin(),
                    [](char wanted, char byte) { return wanted == (byte | 0x20); });
}

/// An address becomes a link by itself, unless it is broken at its colon or first dot.
bool is_link(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  if (text[at] == '.') return ends_with_word(before, "www");
  return text[at] == ':' && (text.substr(at + 1).starts_with("//") ||
                             ends_with_word(before, "mailto") || ends_with_word(before, "xmpp"));
}

std::string markdown_text(std::string_view text) {
  const std::string shown = printable(text);
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool is_special = k_special.find(shown[i]) != std::string_view::npos;
    if (is_special || is_emphasis(shown, i) || is_link(shown, i)) out += '\\';
    out += shown[i];
  }
  return out;
}

std::string markdown_cell(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return markdown_text(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return exact_number(*integer);
  if (const auto* real = std::get_if<double>(&value)) return exact_number(*real);
  return {};
}

class MarkdownFormatter : public RowFormatter {
 public:
  [[nodiscard]] std::size_t sample_size() const override { return k_sample_rows; }
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
             std::string& out) override {
    columns_ = columns.size();
    if (columns_ == 0) return;
    for (const RowColumn& column : columns) out += "| " + markdown_text(column.name) + " ";
    out += "|\n";
    for (const bool number : number_columns(columns_, sample)) out += number ? "| ---: " : "| --- ";
    out += "|\n";
  }
  void row(const Row& row, std::string& out) override {
    if (columns_ == 0) return;
    for (std::size_t i = 0; i < columns_; ++i) {
      const std::string cell = markdown_cell(value_at(row, i));
      out += cell.empty() ? "| " : "| " + cell + " ";
    }
    out += "|\n";
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 private:
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowFormatter> make_markdown_formatter() {
  return std::make_unique<MarkdownFormatter>();
}

namespace {

/// The columns as object keys, `"name":`. A second column of the same name (a join can have one)
/// gets a number, since most readers keep only the last of equal keys.
std::vector<std::string> quoted_keys(const std::vector<RowColumn>& columns) {
  std::set<std::string> used;
  std::vector<std::string> keys;
  for (const RowColumn& column : columns) {
    std::string name = column.name;
    for (int copy = 2; !used.insert(name).second; ++copy) {
      name = column.name + "_" + std::to_string(copy);
    }
    std::string key;
    append_safe_json_string(key, name);
    keys.push_back(key + ":");
  }
  return keys;
}

void append_json_value(std::string& out, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += exact_number(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_json_double(out, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_safe_json_string(out, *text);
  } else {
    out += "null";
  }
}

/// The row objects alone, one a line.
class JsonlFormatter : public RowFormatter {
 public:
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& /*sample*/,
             std::string& /*out*/) override {
    keys_ = quoted_keys(columns);
  }
  void row(const Row& row, std::string& out) override {
    append_object(row, out);
    out += "\n";
  }
  void end(const RowsEnd& /*end*/, std::string& /*out*/) override {}

 protected:
  void append_object(const Row& row, std::string& out) const {
    out += "{";
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (i > 0) out += ",";
      out += keys_[i];
      append_json_value(out, value_at(row, i));
    }
    out += "}";
  }

 private:
  std::vector<std::string> keys_;
};

/// One document around them, with what is known only at the end after the rows.
class JsonFormatter : public JsonlFormatter {
 public:
  void begin(const std::vector<RowColumn>& columns, const std::vector<Row>& sample,
             std::string& out) override {
    JsonlFormatter::begin(columns, sample, out);
    out += R"({"schema_version":1,"rows":[)";
  }
  void row(const Row& row, std::string& out) override {
    if (!first_) out += ",";
    first_ = false;
    append_object(row, out);
  }
  void end(const RowsEnd& end, std::string& out) override {
    out += R"(],"stale":)";
    out += end.stale ? "true" : "false";
    out += R"(,"count":)" + std::to_string(end.count) + "}\n";
  }

 private:
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RowFormatter> make_json_formatter() { return std::make_unique<JsonFormatter>(); }
std::unique_ptr<RowFormatter> make_jsonl_formatter() { return std::make_unique<JsonlFormatter>(); }

}  // namespace ktstr
