// SPDX-License-Identifier: MIT
#include "record/private_matchers.hpp"

#include <algorithm>

#include "record/private_characters.hpp"

namespace ktstr::private_matchers {
namespace {

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
