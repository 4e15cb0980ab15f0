// SPDX-License-Identifier: MIT
#include "store/verdict_edit.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include "ktstr/record_json.hpp"
#include "record/json_scanner.hpp"

namespace ktstr {
namespace {

struct Bit {
  std::string_view key;
  bool VerdictBits::*bit;
};
constexpr std::array<Bit, 4> k_bits = {{{"passed", &VerdictBits::passed},
                                        {"skipped", &VerdictBits::skipped},
                                        {"inconclusive", &VerdictBits::inconclusive},
                                        {"expected_failure", &VerdictBits::expected_failure}}};

/// The key that a JSON string without its quotes stands for, as far as it is one of ours: those are
/// ASCII, so no other escape than \u00XX can spell them.
std::string plain_key(std::string_view text) {
  std::string key;
  while (!text.empty()) {
    std::size_t taken = text.front() == '\\' ? 2 : 1;
    if (text.substr(0, 4) == "\\u00") {
      taken = 6;
      key += static_cast<char>(std::stoi(std::string(text.substr(4, 2)), nullptr, 16));
    } else {
      key += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return key;
}

/// Walks the members of the outermost object of a text that a decoder has found to be one.
class TopLevel {
 public:
  explicit TopLevel(std::string_view json) : scanner_(json) {
    scanner_.skip_space();
    scanner_.skip();  // its brace
  }

  /// The next member's key and the place of its value; false after the last one.
  bool next(std::string& key, std::size_t& begin, std::size_t& end) {
    scanner_.skip_space();
    if (scanner_.peek() == ',') scanner_.skip();
    scanner_.skip_space();
    JsonScanner::String name;
    if (scanner_.peek() == '}' || !scanner_.scan_string(name)) return false;
    key = plain_key(name.text);
    scanner_.skip_space();
    scanner_.skip();  // the colon
    scanner_.skip_space();
    begin = scanner_.position();
    skip_value();
    end = scanner_.position();
    return true;
  }

 private:
  void skip_value() {
    std::size_t depth = 0;
    do {
      const char c = scanner_.peek();
      if (c == '"') {
        JsonScanner::String ignored;
        (void)scanner_.scan_string(ignored);
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      scanner_.skip();
    } while (depth > 0 || !ends_value(scanner_.peek()));
  }
  static bool ends_value(char c) {
    return c == ',' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  JsonScanner scanner_;
};

std::string with_bits(const std::string& json, const VerdictBits& bits) {
  TopLevel members(json);
  std::string out;
  std::string key;
  std::size_t copied = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (members.next(key, begin, end)) {
    for (const Bit& bit : k_bits) {
      if (key != bit.key) continue;
      out.append(json, copied, begin - copied).append(bits.*bit.bit ? "true" : "false");
      copied = end;
    }
  }
  return out.append(json, copied);
}

}  // namespace

Result<VerdictEdit> edit_verdict(const std::string& json, Verdict final_verdict) {
  const auto decoded = decode_record(json, SampleHandling::reduce);
  if (!decoded) return fail(decoded.error());
  if (decoded->contract != Contract::ok) return fail(ErrorCode::parse, decoded->error);
  VerdictEdit edit;
  edit.before = verdict_bits(decoded->record);
  edit.after = finalized_bits(edit.before, final_verdict);
  if (edit.after != edit.before) edit.text = with_bits(json, edit.after);
  return edit;
}

}  // namespace ktstr
