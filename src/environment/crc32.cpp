// SPDX-License-Identifier: MIT
#include "environment/crc32.hpp"

#include <array>

namespace ktstr {
namespace {

constexpr std::uint32_t k_polynomial = 0xEDB88320;  // lowest bit first

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ k_polynomial : value >> 1U;
    }
    table[byte] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> k_table = make_table();

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const char byte : bytes) {
    value = value >> 8U ^ k_table[(value ^ static_cast<unsigned char>(byte)) & 0xFFU];
  }
  return ~value;
}

}  // namespace ktstr
