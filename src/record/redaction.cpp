// SPDX-License-Identifier: MIT
#include "record/redaction.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "record/boot_line.hpp"
#include "record/json_steps.hpp"
#include "record/private_text.hpp"
#include "record/redaction_rules.hpp"
#include "record/unescaped_text.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_max_depth = 10'000;

TextKind text_kind(Treatment treatment) {
  switch (treatment) {
    case Treatment::identity:
      return TextKind::identity;
    case Treatment::version:
      return TextKind::version;
    case Treatment::cgroup:
      return TextKind::cgroup;
    default:
      return TextKind::free;
  }
}

/// None for a treatment that looks into the text.
std::optional<PrivateKind> whole_kind(Treatment treatment) {
  switch (treatment) {
    case Treatment::whole_id:
      return PrivateKind::id;
    case Treatment::whole_host:
      return PrivateKind::host;
    case Treatment::whole_address:
      return PrivateKind::address;
    default:
      return std::nullopt;
  }
}

std::size_t& counter(RedactionCounts& counts, PrivateKind kind) {
  switch (kind) {
    case PrivateKind::address:
      return counts.addresses;
    case PrivateKind::id:
      return counts.ids;
    case PrivateKind::host:
      return counts.hosts;
    case PrivateKind::path:
      break;
  }
  return counts.paths;
}

std::vector<std::string> usable_names(const std::vector<std::string>& names) {
  constexpr std::size_t k_shortest = 3;
  std::vector<std::string> usable;
  for (const std::string& name : names) {
    if (name.size() >= k_shortest && name != "localhost") usable.push_back(name);
  }
  // The longest first: "host.example" before "host".
  std::stable_sort(
      usable.begin(), usable.end(),
      [](const std::string& left, const std::string& right) { return left.size() > right.size(); });
  return usable;
}

/// Goes over the tokens with an explicit stack, copying all but what a rule takes.
class Redactor : private JsonSteps<Redactor> {
 public:
  Redactor(std::string_view json, const RedactionOptions& options)
      : JsonSteps(json), json_(json), host_names_(usable_names(options.host_names)) {
    out_.json.reserve(json.size());
  }

  Result<RedactedText> run() {
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

 private:
  friend JsonSteps<Redactor>;

  /// An open array or object.
  struct Frame {
    bool is_object = false;
    std::string key;  ///< the one that it stands under; for the objects of an array, the array's
    std::string member_key;            ///< of the value to come
    std::set<std::string> taken_keys;  ///< those that look redacted
  };

  [[nodiscard]] tl::unexpected<Error> failure() const {
    return fail(ErrorCode::parse,
                scanner_.error() + " at byte " + std::to_string(scanner_.position()));
  }

  /// The key that says what the next value is.
  [[nodiscard]] std::string_view current_key() const {
    if (stack_.empty()) return {};
    return stack_.back().is_object ? stack_.back().member_key : stack_.back().key;
  }

  bool value(char c) {
    if (c == '{' || c == '[') return open(c);
    if (c == '"') {
      if (!string(false)) return false;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      JsonScanner::Number number;
      if (!scanner_.scan_number(number)) return false;
    } else {
      std::string_view literal;
      if (!scanner_.scan_literal(literal)) return false;
    }
    after_value();
    return true;
  }

  bool key_string() { return string(true); }

  [[nodiscard]] bool is_in_object() const { return stack_.back().is_object; }
  [[nodiscard]] bool is_outermost() const { return stack_.empty(); }
  void pass() { scanner_.skip(); }

  bool open(char c) {
    if (stack_.size() == k_max_depth) return scanner_.refuse("nested too deep");
    Frame frame;
    frame.is_object = c == '{';
    frame.key = current_key();
    stack_.push_back(std::move(frame));
    return take(c == '{' ? Expect::key_or_close : Expect::value_or_close);
  }

  bool close() {
    scanner_.skip();
    stack_.pop_back();
    after_value();
    return true;
  }

  /// A key is treated as the key that its object stands under says.
  bool string(bool is_key) {
    const std::size_t begin = scanner_.position() + 1;
    JsonScanner::String token;
    if (!scanner_.scan_string(token)) return false;
    const UnescapedText text(token.text);
    const Treatment treatment = treatment_of(is_key ? stack_.back().key : current_key());
    if (is_key) stack_.back().member_key = text.text();
    if (is_key) {
      redact_key(begin, text, treatment);
    } else if (treatment == Treatment::boot_line) {
      redact_boot_line(begin, text);
    } else if (const auto whole = whole_kind(treatment)) {
      redact_whole(begin, text, *whole);
    } else {
      redact_spans(begin, text, find_private(text.text(), text_kind(treatment), host_names_));
    }
    return true;
  }

  void redact_spans(std::size_t begin, const UnescapedText& text,
                    const std::vector<PrivateSpan>& spans) {
    for (const PrivateSpan& span : spans) {
      copy_to(begin + text.raw_offset(span.begin));
      out_.json += placeholder(span.kind);
      copied_ = begin + text.raw_offset(span.end);
      ++counter(out_.counts, span.kind);
    }
  }

  void redact_key(std::size_t begin, const UnescapedText& text, Treatment treatment) {
    // A machine may be called "host": the record's own keys are nobody's secret.
    if (is_record_key(text.text())) return;
    const auto spans = find_private(text.text(), text_kind(treatment), host_names_);
    std::set<std::string>& taken = stack_.back().taken_keys;
    if (spans.empty()) {
      if (text.text().find('<') != std::string_view::npos) taken.emplace(text.text());
      return;
    }
    copy_to(begin);
    const std::size_t out_begin = out_.json.size();
    redact_spans(begin, text, spans);
    copy_to(begin + text.raw_size());
    number_key(out_begin, taken);
  }

  void number_key(std::size_t begin, std::set<std::string>& taken) {
    const std::string name = out_.json.substr(begin);
    std::string unique = name;
    for (int i = 2; !taken.insert(unique).second; ++i) {
      const std::size_t close = name.find('>');
      unique = name;
      unique.insert(close, " " + std::to_string(i));
    }
    out_.json.resize(begin);
    out_.json += unique;
  }

  void redact_whole(std::size_t begin, const UnescapedText& text, PrivateKind kind) {
    if (text.text().empty() || text.text() == placeholder(kind)) return;
    replace(begin, text, std::string(placeholder(kind)));
    ++counter(out_.counts, kind);
  }

  void redact_boot_line(std::size_t begin, const UnescapedText& text) {
    const ReducedBootLine reduced = reduce_boot_line(text.text(), host_names_);
    if (reduced.removed == 0) return;
    out_.counts.boot_parameters += reduced.removed;
    replace(begin, text, reduced.text);
  }

  void replace(std::size_t begin, const UnescapedText& text, const std::string& with) {
    copy_to(begin - 1);
    append_json_string(out_.json, with);
    copied_ = begin + text.raw_size() + 1;
  }

  void copy_to(std::size_t end) {
    out_.json += json_.substr(copied_, end - copied_);
    copied_ = end;
  }

  std::string_view json_;
  std::vector<std::string> host_names_;
  std::vector<Frame> stack_;
  std::size_t copied_ = 0;  ///< of json_
  RedactedText out_;
};

}  // namespace

void RedactionCounts::add(const RedactionCounts& other) {
  boot_parameters += other.boot_parameters;
  paths += other.paths;
  addresses += other.addresses;
  ids += other.ids;
  hosts += other.hosts;
}

Result<RedactedText> redact(std::string_view json, const RedactionOptions& options) {
  if (!is_valid_utf8(json)) return fail(ErrorCode::parse, "not UTF-8");
  return Redactor(json, options).run();
}

}  // namespace ktstr
