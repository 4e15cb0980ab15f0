// SPDX-License-Identifier: MIT
#include "query/tokens.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_none = std::string_view::npos;

bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r' && byte != '\v'); }

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_name_byte(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         byte == '_' || byte == '$' || static_cast<unsigned char>(byte) >= 0x80;
}

char lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

/// Behind the quote that ends what `begin` opens; a doubled one doesn't. k_none: there is none.
std::size_t quoted_end(std::string_view sql, std::size_t begin, char quote) {
  std::size_t at = begin + 1;
  while ((at = sql.find(quote, at)) != k_none) {
    if (at + 1 >= sql.size() || sql[at + 1] != quote) return at + 1;
    at += 2;
  }
  return k_none;
}

std::size_t run_end(std::string_view sql, std::size_t at) {
  while (at < sql.size() && is_name_byte(sql[at])) ++at;
  return at;
}

std::size_t number_end(std::string_view sql, std::size_t at) {
  while (at < sql.size() && (is_name_byte(sql[at]) || sql[at] == '.')) ++at;
  return at;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view sql) : sql_(sql) {}

  tl::expected<std::vector<Token>, SqlProblem> run() {
    if (const auto nul = sql_.find('\0'); nul != k_none) {
      return tl::unexpected<SqlProblem>({"a NUL byte", nul});
    }
    while (at_ < sql_.size()) {
      if (is_space(sql_[at_])) {
        ++at_;
      } else if (const char* unfinished = take()) {
        return tl::unexpected<SqlProblem>({std::string(unfinished) + " without an end", at_});
      }
    }
    return std::move(tokens_);
  }

 private:
  /// Takes a comment or a token; says what it is if its end is missing.
  const char* take() {
    const std::string_view rest = sql_.substr(at_);
    if (rest.substr(0, 2) == "--") return skip_to(sql_.find('\n', at_), 1, nullptr);
    if (rest.substr(0, 2) == "/*") return skip_to(sql_.find("*/", at_ + 2), 2, "a comment");
    switch (rest.front()) {
      case '\'':
        return add(Token::Kind::string, quoted_end(sql_, at_, '\''), "a string");
      case '"':
      case '`':
        return add(Token::Kind::quoted, quoted_end(sql_, at_, rest.front()), "a quoted name");
      case '[': {
        const std::size_t close = sql_.find(']', at_);
        return add(Token::Kind::quoted, close == k_none ? k_none : close + 1, "a quoted name");
      }
      default:
        return take_plain();
    }
  }

  const char* take_plain() {
    const char first = sql_[at_];
    const char second = at_ + 1 < sql_.size() ? sql_[at_ + 1] : ' ';
    if (is_digit(first) || (first == '.' && is_digit(second))) {
      return add(Token::Kind::number, number_end(sql_, at_), "");
    }
    if (std::string_view("?:@$#").find(first) != k_none) {
      return add(Token::Kind::parameter, run_end(sql_, at_ + 1), "");
    }
    if (is_name_byte(first)) return add(Token::Kind::word, run_end(sql_, at_), "");
    return add(Token::Kind::symbol, at_ + 1, "");
  }

  /// Without `what`, the end of the text is an end.
  const char* skip_to(std::size_t found, std::size_t length, const char* what) {
    if (found == k_none && what != nullptr) return what;
    at_ = found == k_none ? sql_.size() : found + length;
    return nullptr;
  }

  const char* add(Token::Kind kind, std::size_t end, const char* what) {
    if (end == k_none) return what;
    tokens_.push_back({kind, at_, sql_.substr(at_, end - at_)});
    at_ = end;
    return nullptr;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

void add_item(std::vector<std::string>& items, std::string_view item) {
  item = trim(item);
  if (!item.empty()) items.emplace_back(item);
}

}  // namespace

bool Token::is_keyword(std::string_view keyword) const {
  return kind == Kind::word && std::equal(text.begin(), text.end(), keyword.begin(), keyword.end(),
                                          [](char a, char b) { return lower(a) == b; });
}

tl::expected<std::vector<Token>, SqlProblem> tokenize(std::string_view sql) {
  return Tokenizer(sql).run();
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string token_name(const Token& token) {
  if (token.kind != Token::Kind::quoted && token.kind != Token::Kind::string) {
    return lower_ascii(token.text);
  }
  const char quote = token.text.back();
  std::string name;
  for (std::size_t i = 1; i + 1 < token.text.size(); ++i) {
    name += lower(token.text[i]);
    if (quote != ']' && token.text[i] == quote) ++i;
  }
  return name;
}

namespace {

/// Of a token in single quotes.
std::string string_value(const Token& token) {
  std::string value;
  const std::string_view inside = token.text.substr(1, token.text.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    value += inside[i];
    if (inside[i] == '\'') ++i;  // doubled
  }
  return value;
}

}  // namespace

std::optional<std::string> compared_text(const std::vector<Token>& tokens, std::size_t at) {
  if (at >= tokens.size() || !tokens[at].is_symbol('=')) return std::nullopt;
  ++at;
  if (at < tokens.size() && tokens[at].is_symbol('=')) ++at;
  if (at >= tokens.size() || tokens[at].kind != Token::Kind::string) return std::nullopt;
  return string_value(tokens[at]);
}

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char byte : name) {
    out += byte;
    if (byte == '"') out += byte;
  }
  return out + '"';
}

std::vector<std::string> split_items(std::string_view text) {
  std::vector<std::string> items;
  const auto tokens = tokenize(text);
  std::size_t begin = 0;
  int depth = 0;
  for (const Token& token : tokens ? *tokens : std::vector<Token>()) {
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')')) --depth;
    if (depth != 0 || !token.is_symbol(',')) continue;
    add_item(items, text.substr(begin, token.offset - begin));
    begin = token.offset + 1;
  }
  add_item(items, text.substr(begin));
  return items;
}

}  // namespace ktstr
