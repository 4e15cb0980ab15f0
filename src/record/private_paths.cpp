// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "record/private_characters.hpp"
#include "record/private_matchers.hpp"

namespace ktstr::private_matchers {
namespace {

std::size_t slash_length(std::string_view text, std::size_t at) {
  if (char_at(text, at) == '/') return 1;
  if (has_prefix(text, at, "%2f")) return 3;
  return has_prefix(text, at, "\\u002f") ? 6 : 0;
}

bool ends_path(char c) {
  return is_space(c) || std::string_view("\"'`<>|").find(c) != std::string_view::npos;
}

/// A word behind a space that goes on with the path, as far as can be told.
bool continues_path(std::string_view text, std::size_t space) {
  std::size_t at = space + 1;
  if (char_at(text, space) != ' ' || at >= text.size() || slash_length(text, at) != 0) return false;
  constexpr std::size_t k_longest = 255;
  for (std::size_t i = 0; i < k_longest && at < text.size() && !ends_path(text[at]); ++i, ++at) {
    if (text[at] == ':' || text[at] == '=') return false;
    if (text[at] == '/') return true;
  }
  return false;
}

/// Without punctuation of the sentence around it and the line number of a compiler's message.
std::size_t trimmed_path_end(std::string_view text, std::size_t begin, std::size_t end) {
  const auto strip = [&](std::string_view what) {
    while (end > begin + 1 && what.find(text[end - 1]) != std::string_view::npos) --end;
  };
  strip(".,;:!?)]}");
  for (int i = 0; i < 2; ++i) {
    std::size_t digits = end;
    while (digits > begin + 1 && is_digit(text[digits - 1])) --digits;
    if (digits < end && digits > begin + 1 && text[digits - 1] == ':') end = digits - 1;
  }
  return end;
}

std::size_t path_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size()) {
    if (ends_path(text[end]) && !continues_path(text, end)) break;
    ++end;
  }
  return trimmed_path_end(text, begin, end);
}

}  // namespace

std::size_t url(std::string_view text, std::size_t at, bool& is_file) {
  constexpr std::size_t k_longest_scheme = 16;
  if (!starts_word(text, at) || !is_letter(text[at])) return 0;
  const std::size_t scheme = run_length(text, at, k_longest_scheme, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  is_file = has_prefix(text, at, "file:");
  const bool has_host = text.substr(at + scheme, 3) == "://";
  if (!has_host && !(is_file && slash_length(text, at + scheme + 1) != 0)) return 0;
  return path_end(text, at + scheme) - at;
}

std::size_t path(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  if (text[at] == '~') {
    if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '~')) return 0;
    begin = at + 1;
    const std::size_t user =
        run_length(text, begin, 32, [](char c) { return is_word(c) || c == '-'; });
    if (user > 0 && !is_letter(text[begin])) return 0;
    if (user > 0 && slash_length(text, begin + user) == 0) return 1 + user;
    begin += user;
  }
  const std::size_t slash = slash_length(text, begin);
  if (slash == 0) return 0;
  if (begin + slash >= text.size() || ends_path(text[begin + slash])) return 0;
  return path_end(text, begin) - at;
}

std::string_view first_component(std::string_view path) {
  std::size_t at = 0;
  for (std::size_t slash = slash_length(path, at); slash != 0; slash = slash_length(path, at)) {
    at += slash;
  }
  std::size_t end = at;
  while (end < path.size() && slash_length(path, end) == 0) ++end;
  // "\/" is how a text in a text writes a slash.
  while (end > at && path[end - 1] == '\\') --end;
  return path.substr(at, end - at);
}

std::size_t component_count(std::string_view path) {
  std::size_t count = 0;
  bool is_inside = false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t slash = slash_length(path, at);
    if (slash == 0 && !is_inside) ++count;
    is_inside = slash == 0;
    at += slash == 0 ? 1 : slash;
  }
  return count;
}

bool is_personal_root(std::string_view component) {
  constexpr std::array<std::string_view, 9> k_roots = {"home", "root", "Users", "nix", "mnt",
                                                       "opt",  "tmp",  "usr",   "var"};
  return std::find(k_roots.begin(), k_roots.end(), component) != k_roots.end();
}

bool is_known_root(std::string_view component) {
  constexpr std::array<std::string_view, 22> k_roots = {
      "bin",    "boot", "build", "builds",  "data", "dev",      "etc",  "export",
      "gnu",    "lib",  "lib64", "media",   "proc", "run",      "sbin", "scratch",
      "shared", "snap", "srv",   "storage", "sys",  "workspace"};
  return is_personal_root(component) ||
         std::find(k_roots.begin(), k_roots.end(), component) != k_roots.end();
}

}  // namespace ktstr::private_matchers
