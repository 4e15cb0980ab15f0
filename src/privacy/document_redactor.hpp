// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/redaction.hpp"
#include "record/json_scanner.hpp"

namespace ktstr {

/// What a JSON string says, and where in the document each part of it is written. A lone surrogate
/// reads as U+FFFD. Points into the string that it is made of, which has to live on.
class UnescapedText {
 public:
  /// Between the quotes, with escapes that a scanner has found valid.
  explicit UnescapedText(std::string_view raw);

  [[nodiscard]] std::string_view text() const {
    return offsets_.empty() ? raw_ : std::string_view(text_);
  }
  /// Where byte `at` of text() begins in the raw string; its end for text().size().
  [[nodiscard]] std::size_t raw_offset(std::size_t at) const {
    return offsets_.empty() ? at : offsets_[at];
  }
  [[nodiscard]] std::size_t raw_size() const { return raw_.size(); }

 private:
  std::size_t unescape_at(std::size_t at);
  void append(std::string_view bytes, std::size_t raw_at);

  std::string_view raw_;
  std::string text_;
  std::vector<std::size_t> offsets_;  ///< empty if nothing is escaped
};

// One document on its way through a Redaction.

[[nodiscard]] std::size_t& counter(RedactionCounts& counts, PrivateKind kind);
[[nodiscard]] TextKind text_kind(Treatment treatment);
/// None for a treatment that looks into the text.
[[nodiscard]] std::optional<PrivateKind> whole_kind(Treatment treatment);

/// Goes over the tokens with an explicit stack, copying all but what a rule takes.
class DocumentRedactor : private JsonSteps<DocumentRedactor> {
 public:
  /// Both have to live on.
  DocumentRedactor(Redaction& redaction, std::string_view json, int texts_around = 0)
      : JsonSteps(json), redaction_(redaction), json_(json), texts_around_(texts_around) {
    out_.json.reserve(json.size());
  }

  [[nodiscard]] Result<RedactedText> run();
  /// What run() took for names of machines without knowing them.
  [[nodiscard]] std::vector<std::string> take_hosts() { return std::move(hosts_); }

 private:
  friend JsonSteps<DocumentRedactor>;

  /// An open array or object.
  struct Frame {
    bool is_object = false;
    /// What the key says that it stands under; of the objects of an array, the array's.
    Treatment treatment = Treatment::text;
    bool is_password = false;            ///< so says that key
    Treatment member = Treatment::text;  ///< of the value to come
    bool is_member_password = false;
    bool is_member_record = false;  ///< of the value to come: its key is the record's own
    /// It stands under such a key: a record has its machine's facts under "host".
    bool is_record = false;
    bool is_number_meant = true;  ///< the treatment may take a number, too
    bool is_name = false;         ///< the value to come says what another is called
    /// What such a value, or an option in an array, says of the one that follows.
    std::optional<Treatment> announced;
    std::set<std::string> taken_keys;  ///< those that look redacted
  };

  [[nodiscard]] tl::unexpected<Error> failure() const;
  /// Of the next value.
  [[nodiscard]] Treatment treatment() const;
  bool value(char c);
  bool number();
  bool key_string() { return string(true); }
  [[nodiscard]] bool is_in_object() const { return stack_.back().is_object; }
  [[nodiscard]] bool is_outermost() const { return stack_.empty(); }
  void pass() { scanner_.skip(); }
  bool open(char c);
  bool close();
  bool string(bool is_key);
  void set_member(std::string_view key);
  void note(std::string_view value);
  void redact_value(std::size_t begin, const UnescapedText& text);
  bool redact_inner(std::size_t begin, const UnescapedText& text);
  void redact_spans(std::size_t begin, const UnescapedText& text, TextKind kind, bool is_identity);
  void redact_key(std::size_t begin, const UnescapedText& text);
  void number_key(std::size_t begin, std::set<std::string>& taken);
  void redact_whole(std::size_t begin, const UnescapedText& text, PrivateKind kind);
  void redact_boot_line(std::size_t begin, const UnescapedText& text, std::size_t from,
                        std::size_t to);
  void copy_to(std::size_t end);

  Redaction& redaction_;
  std::string_view json_;
  int texts_around_ = 0;  ///< in how many texts the document stands
  std::vector<Frame> stack_;
  std::size_t copied_ = 0;  ///< of json_
  RedactedText out_;
  std::vector<std::string> hosts_;
};

}  // namespace ktstr
