// SPDX-License-Identifier: MIT
#include "environment/git_cache_tree.hpp"

#include <algorithm>
#include <cstdint>

namespace ktstr {
namespace {

constexpr std::size_t k_header_bytes = 12;
constexpr std::size_t k_name_bytes = 20;
constexpr std::size_t k_flags_at = 60;  // in an entry
constexpr std::uint32_t k_extended = 0x4000;
constexpr std::size_t k_extension_header_bytes = 8;

/// Big-endian. The bytes have to be there.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

/// How long the entry is that the bytes begin with; 0 if it isn't whole. Up to version 3, entries
/// are filled up with 1 to 8 NULs to a multiple of 8. In version 4, a number of 1 to 5 bytes, none
/// of which needs to be told from the name's, precedes the rest of the name, and one NUL ends it.
std::size_t entry_bytes(std::string_view bytes, std::uint32_t version) {
  if (bytes.size() < k_flags_at + 4) return 0;
  const bool is_extended = (number_at(bytes, k_flags_at, 2) & k_extended) != 0;
  std::size_t name_at = k_flags_at + (is_extended ? 4 : 2);
  if (version == 4) {
    while (name_at < bytes.size() && (bytes[name_at] & '\x80') != 0) ++name_at;
    ++name_at;
  }
  const std::size_t end = bytes.find('\0', name_at);
  if (end == std::string_view::npos) return 0;
  return version == 4 ? end + 1 : (end + 8) / 8 * 8;
}

/// What is behind the entries and before the checksum.
std::string_view extensions_of(std::string_view file) {
  if (file.size() < k_header_bytes + k_name_bytes || file.substr(0, 4) != "DIRC") return {};
  const std::uint32_t version = number_at(file, 4, 4);
  if (version < 2 || version > 4) return {};
  std::string_view rest = file.substr(k_header_bytes, file.size() - k_header_bytes - k_name_bytes);
  for (std::uint32_t left = number_at(file, 8, 4); left > 0; --left) {
    const std::size_t length = entry_bytes(rest, version);
    if (length == 0 || length > rest.size()) return {};
    rest.remove_prefix(length);
  }
  return rest;
}

/// The content of an extension, empty if it isn't there.
std::string_view extension(std::string_view extensions, std::string_view signature) {
  while (extensions.size() >= k_extension_header_bytes) {
    const std::string_view rest = extensions.substr(k_extension_header_bytes);
    const std::uint32_t length = number_at(extensions, 4, 4);
    if (length > rest.size()) return {};
    if (extensions.substr(0, signature.size()) == signature) return rest.substr(0, length);
    extensions = rest.substr(length);
  }
  return {};
}

}  // namespace

std::optional<GitName> cached_tree(std::string_view index_file) {
  // The root comes first: an empty path, NUL, "entries subtrees\n", and the name unless the number
  // of entries is negative.
  const std::string_view tree = extension(extensions_of(index_file), "TREE");
  if (tree.size() < 2 || tree[0] != '\0' || tree[1] == '-') return std::nullopt;
  const std::size_t line_end = tree.find('\n');
  if (line_end == std::string_view::npos || tree.size() - line_end - 1 < k_name_bytes) {
    return std::nullopt;
  }
  GitName name = {};
  std::copy_n(tree.begin() + static_cast<std::ptrdiff_t>(line_end) + 1, k_name_bytes, name.begin());
  return name;
}

}  // namespace ktstr
