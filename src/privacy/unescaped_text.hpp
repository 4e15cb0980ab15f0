// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace ktstr
