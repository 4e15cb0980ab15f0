// SPDX-License-Identifier: MIT
#include "privacy/document_redactor.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "privacy/private_text.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_unit_length = 6;  // \uXXXX

/// Not an escape of a code unit: beyond all of them.
unsigned code_unit(std::string_view raw, std::size_t at) {
  unsigned unit = 0x10000;
  if (raw.substr(at, 2) == "\\u" && raw.size() - at >= k_unit_length) {
    std::from_chars(raw.data() + at + 2, raw.data() + at + k_unit_length, unit, 16);
  }
  return unit;
}

std::string utf8_of(unsigned code_point) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | (code_point >> 6)), tail(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xE0 | (code_point >> 12)), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0)};
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

UnescapedText::UnescapedText(std::string_view raw) : raw_(raw) {
  if (raw.find('\\') == std::string_view::npos) return;
  text_.reserve(raw.size());
  offsets_.reserve(raw.size() + 1);
  for (std::size_t at = 0; at < raw.size();) {
    if (raw[at] == '\\') {
      at = unescape_at(at);
    } else {
      append(raw.substr(at, 1), at);
      ++at;
    }
  }
  offsets_.push_back(raw.size());
}

/// Gives the place behind the escape.
std::size_t UnescapedText::unescape_at(std::size_t at) {
  if (raw_[at + 1] != 'u') {
    const char c = simple_escape(raw_[at + 1]);
    append(std::string_view(&c, 1), at);
    return at + 2;
  }
  const unsigned first = code_unit(raw_, at);
  if (first < 0xD800 || first > 0xDFFF) {
    append(utf8_of(first), at);
    return at + k_unit_length;
  }
  const unsigned second = code_unit(raw_, at + k_unit_length);
  if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) {
    append(utf8_of(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), at);
    return at + 2 * k_unit_length;
  }
  append(utf8_of(0xFFFD), at);
  return at + k_unit_length;
}

void UnescapedText::append(std::string_view bytes, std::size_t raw_at) {
  text_ += bytes;
  offsets_.insert(offsets_.end(), bytes.size(), raw_at);
}

namespace {

constexpr std::size_t k_max_depth = 10'000;
/// Of documents in texts of documents.
constexpr int k_max_texts_around = 4;

bool is_identity(Treatment treatment) {
  return treatment == Treatment::identity || treatment == Treatment::version ||
         treatment == Treatment::commit || treatment == Treatment::cgroup;
}

bool is_password_key(std::string_view key) {
  return key.find("pass") != std::string_view::npos || key.find("Pass") != std::string_view::npos ||
         key.find("PASS") != std::string_view::npos;
}

/// {"name": "DB_PASSWORD", "value": "x"}
bool is_key_for_name(std::string_view key) {
  return key == "name" || key == "Name" || key == "key" || key == "Key" || key == "variable";
}

bool is_key_for_value(std::string_view key) {
  return key == "value" || key == "Value" || key == "val" || key == "content";
}

/// What JSON writes between quotes.
std::string escaped(const std::string& text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<RedactedText> DocumentRedactor::run() {
  while (true) {
    scanner_.skip_space();
    if (expect_ == Expect::end) break;
    if (!step()) return failure();
  }
  if (!scanner_.at_end()) {
    (void)scanner_.refuse("trailing characters");
    return failure();
  }
  copy_to(json_.size());
  return std::move(out_);
}

tl::unexpected<Error> DocumentRedactor::failure() const {
  return fail(ErrorCode::parse,
              scanner_.error() + " at byte " + std::to_string(scanner_.position()));
}

Treatment DocumentRedactor::treatment() const {
  if (stack_.empty()) return Treatment::text;
  const Frame& frame = stack_.back();
  return frame.is_object ? frame.member : frame.announced.value_or(frame.treatment);
}

bool DocumentRedactor::value(char c) {
  if (c == '{' || c == '[') return open(c);
  if (c == '"') {
    if (!string(false)) return false;
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    if (!number()) return false;
  } else {
    std::string_view literal;
    if (!scanner_.scan_literal(literal)) return false;
  }
  after_value();
  return true;
}

/// A number of tokens is no secret, but a password or a serial number may be written as one.
bool DocumentRedactor::number() {
  constexpr std::size_t k_shortest_id = 4;
  const std::size_t begin = scanner_.position();
  JsonScanner::Number number;
  if (!scanner_.scan_number(number)) return false;
  const auto kind = whole_kind(treatment());
  const bool is_password =
      kind == PrivateKind::secret &&
      (stack_.back().is_object ? stack_.back().is_member_password : stack_.back().is_password);
  const bool is_id = kind == PrivateKind::id && stack_.back().is_number_meant &&
                     number.is_integer && number.text.size() >= k_shortest_id;
  if (!is_password && !is_id) return true;
  copy_to(begin);
  append_json_string(out_.json, std::string(placeholder(*kind)));
  copied_ = begin + number.text.size();
  ++counter(out_.counts, *kind);
  return true;
}

bool DocumentRedactor::open(char c) {
  if (stack_.size() == k_max_depth) return scanner_.refuse("nested too deep");
  Frame frame;
  frame.is_object = c == '{';
  frame.treatment = treatment();
  if (!stack_.empty()) {
    const Frame& around = stack_.back();
    frame.is_password = around.is_object ? around.is_member_password : around.is_password;
    frame.is_record = around.is_object ? around.is_member_record : around.is_record;
  }
  stack_.push_back(std::move(frame));
  return take(c == '{' ? Expect::key_or_close : Expect::value_or_close);
}

bool DocumentRedactor::close() {
  scanner_.skip();
  stack_.pop_back();
  after_value();
  return true;
}

bool DocumentRedactor::string(bool is_key) {
  const std::size_t begin = scanner_.position() + 1;
  JsonScanner::String token;
  if (!scanner_.scan_string(token)) return false;
  const UnescapedText text(token.text);
  if (is_key) {
    set_member(text.text());
    redact_key(begin, text);
    return true;
  }
  redact_value(begin, text);
  note(text.text());
  return true;
}

/// What is private as a whole is so with all below it; of a record's own object, only a name.
void DocumentRedactor::set_member(std::string_view key) {
  Frame& frame = stack_.back();
  frame.member = redaction_.rules_.treatment_of(key);
  frame.is_member_password = frame.member == Treatment::whole_secret && is_password_key(key);
  frame.is_number_meant = true;
  frame.is_name = is_key_for_name(key);
  frame.is_member_record = is_record_key(key);
  if (whole_kind(frame.member)) return;
  if (frame.announced && is_key_for_value(key)) {
    frame.member = *frame.announced;
    frame.is_number_meant = false;
  } else if (whole_kind(frame.treatment) && (frame.is_name || !frame.is_record)) {
    frame.member = frame.treatment;
    frame.is_member_password = frame.is_password;
  }
}

/// {"name": "DB_PASSWORD", …} and ["--password", …] say what the next value is.
void DocumentRedactor::note(std::string_view value) {
  if (stack_.empty()) return;
  Frame& frame = stack_.back();
  const bool is_option = !frame.is_object && value.starts_with('-');
  if (frame.is_object && !frame.is_name) return;
  frame.announced.reset();
  if (!is_option && !frame.is_name) return;
  value.remove_prefix(std::min(value.find_first_not_of('-'), value.size()));
  const Treatment announced = redaction_.rules_.treatment_of(value);
  if (whole_kind(announced)) frame.announced = announced;
}

void DocumentRedactor::redact_value(std::size_t begin, const UnescapedText& text) {
  const Treatment treatment = this->treatment();
  if (treatment == Treatment::boot_line) {
    redact_boot_line(begin, text, 0, text.text().size());
  } else if (const auto whole = whole_kind(treatment)) {
    redact_whole(begin, text, *whole);
  } else if (is_identity(treatment) || !redact_inner(begin, text)) {
    redact_spans(begin, text, text_kind(treatment), is_identity(treatment));
  }
}

/// A text that is a document itself is treated by its keys. False: it is none.
bool DocumentRedactor::redact_inner(std::size_t begin, const UnescapedText& text) {
  const std::size_t first = std::min(text.text().find_first_not_of(" \t\r\n"), text.text().size());
  const std::string_view beginning = text.text().substr(first, 1);
  if ((beginning != "{" && beginning != "[") || texts_around_ == k_max_texts_around) return false;
  DocumentRedactor inner(redaction_, text.text(), texts_around_ + 1);
  const auto redacted = inner.run();
  if (!redacted) return false;
  for (std::string& host : inner.take_hosts()) hosts_.push_back(std::move(host));
  if (redacted->counts.total() == 0) return true;
  copy_to(begin);
  out_.json += escaped(redacted->json);
  copied_ = begin + text.raw_size();
  out_.counts.add(redacted->counts);
  return true;
}

void DocumentRedactor::redact_spans(std::size_t begin, const UnescapedText& text, TextKind kind,
                                    bool is_identity) {
  for (const PrivateSpan& span : redaction_.find(text.text(), kind)) {
    if (span.kind == PrivateKind::boot_line) {
      redact_boot_line(begin, text, span.begin, span.end);
      continue;
    }
    const std::string_view found = text.text().substr(span.begin, span.end - span.begin);
    copy_to(begin + text.raw_offset(span.begin));
    out_.json += redaction_.substitute(span.kind, found, is_identity);
    copied_ = begin + text.raw_offset(span.end);
    ++counter(out_.counts, span.kind);
    if (span.kind == PrivateKind::host) hosts_.emplace_back(found);
  }
}

/// A key is treated as the key that its object stands under says.
void DocumentRedactor::redact_key(std::size_t begin, const UnescapedText& text) {
  // A machine may be called "stats": the record's own keys are nobody's secret.
  if (is_record_key(text.text())) return;
  const bool is_cgroup = stack_.back().treatment == Treatment::cgroup;
  const TextKind kind = is_cgroup ? TextKind::cgroup : TextKind::identity;
  std::set<std::string>& taken = stack_.back().taken_keys;
  if (text.text().find('<') != std::string_view::npos) taken.emplace(text.text());
  if (redaction_.find(text.text(), kind).empty()) return;
  copy_to(begin);
  const std::size_t out_begin = out_.json.size();
  redact_spans(begin, text, kind, true);
  copy_to(begin + text.raw_size());
  number_key(out_begin, taken);
}

void DocumentRedactor::number_key(std::size_t begin, std::set<std::string>& taken) {
  const std::string name = out_.json.substr(begin);
  std::string unique = name;
  for (int i = 2; !taken.insert(unique).second; ++i) {
    const std::size_t close = name.find('>');
    unique = name;
    unique.insert(close == std::string::npos ? name.size() : close, " " + std::to_string(i));
  }
  out_.json.resize(begin);
  out_.json += unique;
}

void DocumentRedactor::redact_whole(std::size_t begin, const UnescapedText& text,
                                    PrivateKind kind) {
  if (text.text().empty() || is_placeholder(text.text())) return;
  copy_to(begin);
  out_.json += placeholder(kind);
  copied_ = begin + text.raw_size();
  ++counter(out_.counts, kind);
  if (kind == PrivateKind::host) hosts_.emplace_back(text.text());
}

void DocumentRedactor::redact_boot_line(std::size_t begin, const UnescapedText& text,
                                        std::size_t from, std::size_t to) {
  const ReducedBootLine reduced =
      reduce_boot_line(text.text().substr(from, to - from), redaction_.hosts_);
  if (reduced.removed == 0) return;
  out_.counts.boot_parameters += reduced.removed;
  copy_to(begin + text.raw_offset(from));
  out_.json += escaped(reduced.text);
  copied_ = begin + text.raw_offset(to);
}

void DocumentRedactor::copy_to(std::size_t end) {
  out_.json += json_.substr(copied_, end - copied_);
  copied_ = end;
}

}  // namespace ktstr
