// SPDX-License-Identifier: MIT
#pragma once

// SQL text cut into tokens the way SQLite does it, as far as it takes to know where strings, names
// and comments end. Pure functions; thread-safe.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace ktstr {

/// What is wrong with a piece of SQL, and at which byte of it if that is known.
struct SqlProblem {
  std::string message;
  std::optional<std::size_t> offset = {};
  std::string hint = {};
};

struct Token {
  enum class Kind {
    word,    ///< a keyword or a bare name
    quoted,  ///< "…", `…` or […]
    string,  ///< '…'; SQLite takes it for a name where only a name can stand
    number,
    parameter,  ///< ?, ?1, :a, @a, $a
    symbol,     ///< one byte of anything else
  };
  Kind kind = Kind::symbol;
  std::size_t offset = 0;
  std::string_view text;

  [[nodiscard]] bool is_symbol(char symbol) const {
    return kind == Kind::symbol && text.front() == symbol;
  }
  /// `keyword` in lower case.
  [[nodiscard]] bool is_keyword(std::string_view keyword) const;
  [[nodiscard]] bool can_be_name() const {
    return kind == Kind::word || kind == Kind::quoted || kind == Kind::string;
  }
};

/// The tokens without comments and white space; they point into `sql`. A problem: a NUL byte, or a
/// string, name or comment without an end.
[[nodiscard]] tl::expected<std::vector<Token>, SqlProblem> tokenize(std::string_view sql);

/// The name that a token spells: without its quotes, ASCII letters in lower case, as names compare.
[[nodiscard]] std::string token_name(const Token& token);

/// The text that stands behind "=" or "==" at token `at`; none if something else does.
[[nodiscard]] std::optional<std::string> compared_text(const std::vector<Token>& tokens,
                                                       std::size_t at);

/// ASCII letters in lower case.
[[nodiscard]] std::string lower_ascii(std::string_view text);

/// `"name"`, whatever is in it.
[[nodiscard]] std::string quote_name(std::string_view name);

/// The parts between commas that stand outside of parentheses, strings and comments, trimmed, the
/// empty ones left out. A text that can't be tokenized stays in one piece: whoever uses it says
/// why.
[[nodiscard]] std::vector<std::string> split_items(std::string_view text);

}  // namespace ktstr
