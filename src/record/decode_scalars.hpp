// SPDX-License-Identifier: MIT
#pragma once

// read() for values without parts: what serde takes for each type, and what it says of the rest.
// Every read() leaves `out` at its default, or as it was, when it reports a broken place.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "record/decode_walk.hpp"
#include "record/json_scanner.hpp"

namespace ktstr::decode {

inline void read(Walk& walk, const element& value, bool& out) {
  if (value.get(out) != simdjson::SUCCESS) walk.report_type(value, "a boolean");
}

inline void read(Walk& walk, const element& value, std::string& out) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS && walk.unmark(text)) {
    out = text;
  } else {
    walk.report_type(value, "a string");
  }
}

inline void read(Walk& walk, const element& value, double& out) {
  if (value.get(out) == simdjson::SUCCESS) return;
  const auto special = walk.marked(value);
  if (!special || special->kind != MarkedKind::number) {
    walk.report_type(value, "f64");
  } else if (const auto number = number_value(special->text)) {
    out = *number;
  } else {
    walk.report("number out of range");
  }
}

template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

template <Integer T>
constexpr std::string_view integer_name() {
  if constexpr (std::is_same_v<T, std::uint16_t>) return "u16";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "u32";
  if constexpr (std::is_same_v<T, std::int32_t>) return "i32";
  if constexpr (std::is_same_v<T, std::int64_t>) return "i64";
  return "u64";
}

template <Integer T>
void read(Walk& walk, const element& value, T& out) {
  using Widest = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  Widest number = 0;
  if (value.get(number) == simdjson::SUCCESS && number >= std::numeric_limits<T>::min() &&
      number <= std::numeric_limits<T>::max()) {
    out = static_cast<T>(number);
  } else if (value.is_int64() || value.is_uint64()) {
    walk.report_value(value, integer_name<T>());
  } else {
    walk.report_type(value, integer_name<T>());
  }
}

/// What an enum's value stands as: "Name", or {"Name": payload}.
struct Variant {
  std::size_t index = 0;  ///< of its name
  bool has_payload = false;
  element payload;
};

/// False after a complaint.
inline bool read_variant(Walk& walk, const element& value, const std::string_view* names,
                         std::size_t count, Variant& out) {
  std::string_view name;
  simdjson::dom::object object;
  if (value.get(object) == simdjson::SUCCESS && object.size() == 1) {
    name = object.begin().key();
    out.payload = object.begin().value();
    out.has_payload = true;
  } else if (value.get(name) != simdjson::SUCCESS) {
    walk.report_type(value, "a variant name");
    return false;
  }
  if (!walk.unmark(name)) {
    walk.report_type(value, "a variant name");
    return false;
  }
  out.index = static_cast<std::size_t>(std::find(names, names + count, name) - names);
  if (out.index < count) return true;
  walk.report_unknown_variant(name, names, count);
  return false;
}

/// A unit variant may also stand as {"Name": null}.
inline bool is_unit(Walk& walk, const Variant& variant) {
  if (!variant.has_payload || variant.payload.is_null()) return true;
  walk.report_type(variant.payload, "unit variant");
  return false;
}

template <typename E>
requires std::is_enum_v<E>
void read(Walk& walk, const element& value, E& out) {
  Variant variant;
  const auto& names = EnumNames<E>::k_names;
  if (!read_variant(walk, value, names, std::size(names), variant)) return;
  if (is_unit(walk, variant)) out = static_cast<E>(variant.index);
}

inline void read(Walk& walk, const element& value, Polarity& out) {
  Variant variant;
  const auto& names = EnumNames<Polarity>::k_names;
  if (!read_variant(walk, value, names, std::size(names), variant)) return;
  const auto kind = static_cast<Polarity::Kind>(variant.index);
  if (kind != Polarity::Kind::target_value) {
    if (is_unit(walk, variant)) out.kind = kind;
  } else if (!variant.has_payload) {
    walk.report("invalid type: unit variant, expected newtype variant");
  } else {
    const Walk::Step step(walk, names[variant.index]);
    const std::size_t before = walk.broken();
    read(walk, variant.payload, out.target);
    if (walk.broken() == before) out.kind = kind;
  }
}

}  // namespace ktstr::decode
