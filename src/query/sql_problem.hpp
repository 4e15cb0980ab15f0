// SPDX-License-Identifier: MIT
#pragma once

// How a problem with SQL that a person wrote is told to that person. Pure; thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"
#include "query/tokens.hpp"

namespace ktstr {

/// What a misspelt name may have been meant to be.
struct KnownNames {
  std::vector<std::string> columns;
  std::vector<std::string> metrics;
  std::vector<std::string> views;
};

/// The line of `text` that byte `offset` is in, and below it a caret under that place. Control
/// bytes are shown escaped.
[[nodiscard]] std::string caret_lines(std::string_view text, std::size_t offset);

/// A usage error: the message, and as its hint the place in `text`, if known, and what may help.
[[nodiscard]] Error sql_error(const SqlProblem& problem, std::string_view text,
                              const KnownNames& known);

/// The nearest of `candidates`, best first: those that are a few letters off or hold `wanted`.
[[nodiscard]] std::vector<std::string> near_names(std::string_view wanted,
                                                  const std::vector<std::string>& candidates,
                                                  std::size_t limit);

/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string any_of_text(const std::vector<std::string>& names);

/// SQL made of our text and of pieces that a person wrote, which remembers where the pieces are.
class SqlText {
 public:
  SqlText& add(std::string_view ours) {
    text_ += ours;
    return *this;
  }
  /// In parentheses, and with a line break behind it, so that a comment at its end ends there.
  SqlText& add_expression(std::string_view expression);
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Moves a problem with the whole to the piece that it is in, and tells it.
  [[nodiscard]] Error error(SqlProblem problem, const KnownNames& known) const;

 private:
  struct Piece {
    std::size_t begin;
    std::string text;
  };
  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace ktstr
