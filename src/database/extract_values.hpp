// SPDX-License-Identifier: MIT
#pragma once

// A record's fields as values of the catalog: what a drifted record did not have becomes NULL,
// never the member's initial value.

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "database/extract.hpp"
#include "record/fields.hpp"

namespace ktstr {

inline Value to_value(bool value) { return static_cast<std::int64_t>(value ? 1 : 0); }
inline Value to_value(std::int32_t value) { return static_cast<std::int64_t>(value); }
inline Value to_value(std::uint32_t value) { return static_cast<std::int64_t>(value); }
inline Value to_value(std::uint64_t value) { return integer_value(value); }
inline Value to_value(std::int64_t value) { return value; }
inline Value to_value(double value) { return value; }
inline Value to_value(const std::string& value) { return value; }

template <typename E>
requires std::is_enum_v<E> Value to_value(E value) {
  return std::string(EnumNames<E>::k_names[static_cast<std::size_t>(value)]);
}

template <typename T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value{};
}

template <RecordObject T, typename M>
Value read_value(const T& object, M T::*member) {
  return was_read(object, member) ? to_value(object.*member) : Value{};
}

}  // namespace ktstr
