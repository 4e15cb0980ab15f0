// SPDX-License-Identifier: MIT
#include "report/nextest_filter.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace ktstr {
namespace {

// The regular expression stands between slashes, where nextest reads \/ as a slash.
constexpr std::string_view k_before = R"(test(/^(.*(::| ))?((ktstr|gauntlet)\/)?)";
constexpr std::string_view k_after = R"((\/.*)?$/))";
constexpr std::string_view k_nothing = "test(/^__ktstr_no_failures_to_replay__$/)";
constexpr std::string_view k_or = " | ";

// Anything in them would be lost on a terminal or change what one sees: soft hyphen, marks of
// direction and joining, separators, byte order mark, annotations, tags.
constexpr std::pair<char32_t, char32_t> k_invisible[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x200b, 0x200f},  {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

bool is_invisible(char32_t code_point) {
  for (const auto& [first, last] : k_invisible) {
    if (code_point >= first && code_point <= last) return true;
  }
  return false;
}

bool is_special(char byte) {
  return std::string_view(R"(.*+?()[]{}^$|\/)").find(byte) != std::string_view::npos;
}

void append_by_number(std::string& out, char32_t code_point) {
  fmt::format_to(std::back_inserter(out), R"(\x{{{:x}}})", static_cast<std::uint32_t>(code_point));
}

/// The name as a regular expression that matches nothing else.
std::string escaped(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(name);
    const std::string_view bytes = name.substr(0, sequence.length);
    name.remove_prefix(sequence.length);
    if (!sequence.valid) {
      append_by_number(out, 0xfffd);
    } else if (is_invisible(sequence.code_point) || sequence.code_point == U'\'') {
      append_by_number(out, sequence.code_point);
    } else {
      if (is_special(bytes.front())) out += '\\';
      out += bytes;
    }
  }
  return out;
}

}  // namespace

std::string nextest_term(std::string_view test_name) {
  return std::string(k_before) + escaped(test_name) + std::string(k_after);
}

std::string nextest_filter(const std::vector<std::string>& test_names) {
  return nextest_filters(test_names, std::string::npos).front();
}

std::vector<std::string> nextest_filters(const std::vector<std::string>& test_names,
                                         std::size_t most_bytes) {
  if (test_names.empty()) return {std::string(k_nothing)};
  std::vector<std::string> filters;
  for (const std::string& name : test_names) {
    const std::string term = nextest_term(name);
    const bool fits = !filters.empty() && filters.back().size() + k_or.size() <= most_bytes &&
                      term.size() <= most_bytes - filters.back().size() - k_or.size();
    if (fits) {
      filters.back().append(k_or).append(term);
    } else {
      filters.push_back(term);
    }
  }
  return filters;
}

}  // namespace ktstr
