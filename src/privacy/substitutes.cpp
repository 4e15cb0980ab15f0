// SPDX-License-Identifier: MIT
#include <re2/re2.h>
#include <sys/random.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "privacy/redaction.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_half = 16;  // hex digits

std::optional<std::uint64_t> parse_hex16(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// One machine's names are one value: with its domain or not, in any case.
std::string canonical(PrivateKind kind, std::string_view value) {
  if (kind != PrivateKind::host) return std::string(value);
  std::string name(value.substr(0, value.find('.')));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

}  // namespace

SubstituteKey random_substitute_key() {
  std::array<std::uint64_t, 2> words{};
  auto* bytes = reinterpret_cast<char*>(words.data());
  for (std::size_t done = 0; done < sizeof(words);) {
    const ssize_t got = ::getrandom(bytes + done, sizeof(words) - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return {words[0], words[1]};
}

std::string key_text(const SubstituteKey& key) { return hex16(key.first) + hex16(key.second); }

std::optional<SubstituteKey> parse_key(std::string_view text) {
  if (text.size() != 2 * k_half) return std::nullopt;
  const auto first = parse_hex16(text.substr(0, k_half));
  const auto second = parse_hex16(text.substr(k_half));
  if (!first || !second) return std::nullopt;
  return SubstituteKey{*first, *second};
}

std::string Redaction::substitute(PrivateKind kind, std::string_view value,
                                  bool is_identity) const {
  std::string text(placeholder(kind));
  if (!is_identity) return text;
  constexpr std::size_t k_digits = 8;
  const std::string hash = hex16(siphash13(text + canonical(kind, value), key_.first, key_.second));
  return text.insert(text.size() - 1, "-" + hash.substr(0, k_digits));
}

bool may_have_become(std::string_view other, std::string_view redacted) {
  static const RE2 pattern("<(?:path|address|id|host|secret)(?:-[0-9a-f]{8})?(?: [0-9]{1,6})?>",
                           RE2::Latin1);
  // What was redacted already has its own substitutes.
  if (RE2::PartialMatch(re2::StringPiece(other.data(), other.size()), pattern)) {
    return other == redacted;
  }
  re2::StringPiece rest(redacted.data(), redacted.size());
  bool is_first = true;
  re2::StringPiece match;
  while (pattern.Match(rest, 0, rest.size(), RE2::UNANCHORED, &match, 1)) {
    const std::string_view before(rest.data(),
                                  static_cast<std::size_t>(match.data() - rest.data()));
    const std::size_t at =
        is_first ? (other.starts_with(before) ? 0 : std::string_view::npos) : other.find(before);
    if (at == std::string_view::npos) return false;
    other.remove_prefix(at + before.size());
    rest.remove_prefix(before.size() + match.size());
    is_first = false;
  }
  const std::string_view after(rest.data(), rest.size());
  return is_first ? other == after : other.ends_with(after);
}

}  // namespace ktstr
