// SPDX-License-Identifier: MIT
#include "record/private_matchers.hpp"

#include <algorithm>
#include <array>

namespace ktstr::private_matchers {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
bool is_space(char c) { return static_cast<unsigned char>(c) <= ' '; }

char char_at(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }

bool has_prefix(std::string_view text, std::size_t at, std::string_view lower_prefix) {
  if (text.size() - at < lower_prefix.size()) return false;
  return std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin() + at,
                    [](char wanted, char found) { return wanted == lower(found); });
}

/// At the start of a word: nothing of the same word is before it.
bool starts_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_word(text[at - 1]);
}

template <typename Predicate>
std::size_t run_length(std::string_view text, std::size_t at, std::size_t most,
                       Predicate is_inside) {
  std::size_t length = 0;
  while (length < most && at + length < text.size() && is_inside(text[at + length])) ++length;
  return length;
}

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

std::size_t hex_groups(std::string_view text, std::size_t at, std::string_view sizes,
                       char between) {
  std::size_t end = at;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0 && char_at(text, end++) != between) return 0;
    const auto wanted = static_cast<std::size_t>(sizes[i] - '0');
    if (run_length(text, end, wanted, is_hex) != wanted) return 0;
    end += wanted;
  }
  return end - at;
}

bool ends_word(std::string_view text, std::size_t end) { return !is_word(char_at(text, end)); }

/// Of a host's name.
bool is_label(char c) { return is_letter(c) || is_digit(c) || c == '-'; }

}  // namespace

bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

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

std::size_t uuid(std::string_view text, std::size_t at) {
  if (!starts_word(text, at)) return 0;
  const std::size_t length = hex_groups(text, at, "84448", '-');
  constexpr std::size_t k_rest = 4;  // the last group has twelve digits
  if (length == 0 || run_length(text, at + length, k_rest, is_hex) != k_rest) return 0;
  return ends_word(text, at + length + k_rest) ? length + k_rest : 0;
}

std::size_t disk_id(std::string_view text, std::size_t at) {
  if (!starts_word(text, at)) return 0;
  const auto is_id = [](char c) { return is_word(c) || c == '-' || c == '.' || c == ':'; };
  constexpr std::size_t k_longest = 255;
  for (const std::string_view name : {"partuuid=", "uuid=", "partlabel="}) {
    if (!has_prefix(text, at, name)) continue;
    const std::size_t value = run_length(text, at + name.size(), k_longest, is_id);
    if (value > 0) return name.size() + value;
  }
  for (const std::string_view name :
       {"wwn-", "wwid-", "eui.", "naa.", "nvme-", "ata-", "scsi-", "usb-", "virtio-", "dm-uuid-"}) {
    if (!has_prefix(text, at, name)) continue;
    const std::size_t value = run_length(text, at + name.size(), k_longest, is_id);
    const std::string_view digits = text.substr(at + name.size(), value);
    constexpr std::size_t k_shortest = 8;
    if (value >= k_shortest && std::count_if(digits.begin(), digits.end(), is_digit) >= 3) {
      return name.size() + value;
    }
  }
  return 0;
}

std::size_t mac_address(std::string_view text, std::size_t at) {
  if (!starts_word(text, at)) return 0;
  const auto is_part_of_more = [&](std::size_t i) {
    const char c = char_at(text, i);
    return is_word(c) || c == ':' || (c == '-' && is_hex(char_at(text, i + 1)));
  };
  if (at > 0 && text[at - 1] == ':' && at > 1 && is_hex(text[at - 2])) return 0;
  for (const char between : {':', '-'}) {
    const std::size_t length = hex_groups(text, at, "222222", between);
    if (length == 0 || is_part_of_more(at + length)) continue;
    // With dashes it could be a date.
    const std::string_view found = text.substr(at, length);
    if (between == ':' || std::any_of(found.begin(), found.end(), is_letter)) return length;
  }
  return 0;
}

std::size_t ipv4_address(std::string_view text, std::size_t at) {
  if (!starts_word(text, at) || !is_digit(text[at])) return 0;
  if (at > 1 && text[at - 1] == '.' && is_word(text[at - 2])) return 0;
  std::size_t end = at;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && char_at(text, end++) != '.') return 0;
    const std::size_t digits = run_length(text, end, 4, is_digit);
    if (digits == 0 || digits > 3) return 0;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + (text[end + i] - '0');
    if (value > 255) return 0;
    end += digits;
  }
  const char next = char_at(text, end);
  const char behind = char_at(text, end + 1);
  // 5.15.0.1-generic, 1.2.3.4.5, 6.14.2.1+: versions.
  const bool is_version = is_word(next) || (next == '.' && is_digit(behind)) || next == '+' ||
                          (next == '-' && is_letter(behind));
  return is_version ? 0 : end - at;
}

namespace {

struct Ipv6Shape {
  std::size_t groups = 0;
  std::size_t digits = 0;
  std::size_t gaps = 0;  ///< "::"
  bool has_decimal = false;
  bool has_letter = false;
  bool is_broken = false;
};

Ipv6Shape ipv6_shape(std::string_view text) {
  Ipv6Shape shape;
  std::size_t in_group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') {
      in_group = 0;
      if (char_at(text, i + 1) == ':') ++shape.gaps;
      continue;
    }
    if (in_group++ == 0) ++shape.groups;
    if (in_group > 4) shape.is_broken = true;
    ++shape.digits;
    (is_digit(text[i]) ? shape.has_decimal : shape.has_letter) = true;
  }
  return shape;
}

}  // namespace

std::size_t ipv6_address(std::string_view text, std::size_t at) {
  constexpr std::size_t k_longest = 40;
  if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == ':')) return 0;
  if (!is_hex(text[at]) && text.substr(at, 2) != "::") return 0;
  std::size_t length =
      run_length(text, at, k_longest, [](char c) { return is_hex(c) || c == ':'; });
  // A colon of the sentence.
  if (length > 1 && text[at + length - 1] == ':' && text[at + length - 2] != ':') --length;
  if (length == k_longest || !ends_word(text, at + length)) return 0;
  const Ipv6Shape shape = ipv6_shape(text.substr(at, length));
  if (shape.is_broken || shape.gaps > 1) return 0;
  // "a::b" names something in a program; "1:2:3:4:5:6:7:8" counts something.
  const bool is_short = shape.gaps == 1 && shape.groups > 0 && shape.groups < 8 &&
                        (shape.has_decimal || shape.groups > 2);
  const bool is_whole = shape.gaps == 0 && shape.groups == 8 &&
                        (shape.has_letter || shape.digits >= 12) && text[at] != ':';
  if (!is_short && !is_whole) return 0;
  const char next = char_at(text, at + length);
  if (next == '%') {  // a link-local one's interface
    return length + 1 + run_length(text, at + length + 1, 16, is_word);
  }
  // ::ffff:10.0.0.1 ends in an IPv4 address, of which the first part has been taken.
  if (next == '.') {
    length += run_length(text, at + length, 12, [](char c) { return is_digit(c) || c == '.'; });
  }
  return length;
}

std::size_t mail_address(std::string_view text, std::size_t at) {
  if (!starts_word(text, at)) return 0;
  const std::size_t local = run_length(text, at, 64, [](char c) {
    return is_word(c) || c == '.' || c == '%' || c == '+' || c == '-';
  });
  if (local == 0 || char_at(text, at + local) != '@') return 0;
  const std::size_t begin = at + local + 1;
  std::size_t domain = run_length(text, begin, 255, [](char c) { return is_label(c) || c == '.'; });
  while (domain > 0 && !is_letter(text[begin + domain - 1]) &&
         !is_digit(text[begin + domain - 1])) {
    --domain;
  }
  const std::string_view host = text.substr(begin, domain);
  if (host.empty() || !ends_word(text, begin + domain)) return 0;
  const bool has_dot = host.find('.') != std::string_view::npos;
  // "memcpy@plt" and "memcpy@GLIBC_2.2.5" are symbols.
  const bool is_host =
      is_letter(host.front()) && host != "plt" &&
      std::none_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool is_symbol = host.starts_with("GLIBC") || host.starts_with("GCC");
  return (has_dot && !is_symbol) || is_host ? local + 1 + domain : 0;
}

std::size_t host_name(std::string_view text, std::size_t at, const std::string& name) {
  const auto is_part = [&](std::size_t i) {
    return i < text.size() && (is_word(text[i]) || text[i] == '-');
  };
  if (name.empty() || text.size() - at < name.size() || (at > 0 && is_part(at - 1))) return 0;
  const bool is_equal =
      std::equal(name.begin(), name.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                 [](char left, char right) { return lower(left) == lower(right); });
  if (!is_equal || is_part(at + name.size())) return 0;
  std::size_t end = at + name.size();
  while (char_at(text, end) == '.' && is_label(char_at(text, end + 1))) {
    end += 1 + run_length(text, end + 1, 63, is_label);
  }
  return end - at;
}

}  // namespace ktstr::private_matchers
