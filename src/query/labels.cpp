// SPDX-License-Identifier: MIT
#include "query/labels.hpp"

#include <algorithm>

#include "query/tokens.hpp"

namespace ktstr {
namespace {

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/// Whether `label`, a dot and a key begin at token `at`.
bool begins_label(const std::vector<Token>& tokens, std::size_t at) {
  return at + 2 < tokens.size() && tokens[at].is_keyword("label") &&
         tokens[at + 1].is_symbol('.') && tokens[at + 2].kind == Token::Kind::word &&
         is_label_key(tokens[at + 2].text);
}

/// Where labels begin; none if the text uses the word for something else.
std::vector<std::size_t> find_labels(const std::vector<Token>& tokens) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (!tokens[at].can_be_name() || token_name(tokens[at]) != "label") continue;
    if (at > 0 && tokens[at - 1].is_symbol('.')) continue;  // a column of that name
    if (!begins_label(tokens, at)) return {};
    found.push_back(at);
  }
  return found;
}

}  // namespace

bool is_label_key(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char byte) { return is_letter(byte) || (byte >= '0' && byte <= '9'); });
}

Result<std::pair<std::string, std::string>> parse_label(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_label_key(text.substr(0, equals))) {
    return fail(ErrorCode::usage, "'" + std::string(text) + "' is no label", "",
                "KEY=VALUE, the key of letters, digits and underscores");
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::size_t LabelledText::original_offset(std::size_t offset) const {
  std::size_t shift_from = 0;
  std::size_t shift_to = 0;
  for (const Change& change : changes) {
    if (offset < change.begin) break;
    if (offset < change.end) return change.original;
    shift_from = change.end;
    shift_to = change.original_end;
  }
  return offset - shift_from + shift_to;
}

LabelledText with_labels(std::string_view expression) {
  const auto tokens = tokenize(expression);
  LabelledText labelled;
  std::size_t done = 0;
  for (const std::size_t at : tokens ? find_labels(*tokens) : std::vector<std::size_t>()) {
    const Token& key = (*tokens)[at + 2];
    const std::size_t begin = (*tokens)[at].offset;
    labelled.text.append(expression.substr(done, begin - done));
    done = key.offset + key.text.size();
    const std::size_t from = labelled.text.size();
    labelled.text.append("(SELECT l.value FROM labels l WHERE l.id = results.id AND l.key = '")
        .append(key.text)
        .append("')");
    labelled.changes.push_back({from, labelled.text.size(), begin, done});
  }
  labelled.text.append(expression.substr(done));
  return labelled;
}

bool names_label(std::string_view expression) {
  const auto tokens = tokenize(expression);
  return tokens && !find_labels(*tokens).empty();
}

bool is_label(std::string_view expression) {
  const auto tokens = tokenize(expression);
  return tokens && tokens->size() == 3 && begins_label(*tokens, 0);
}

}  // namespace ktstr
