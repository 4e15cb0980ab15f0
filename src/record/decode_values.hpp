// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "record/decode_walk.hpp"
#include "record/json_scanner.hpp"
#include "record/reduce.hpp"

// read() for values without parts: what serde takes for each type, and what it says of the rest.
// Every read() leaves `out` at its default, or as it was, when it reports a broken place.

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

// read() for arrays, maps and options. The elements' read() is found where these are instantiated.
// Of a broken container the readable elements are kept; a half-read object is worth keeping, a
// number or string that isn't one is not.

using NamedCounts = std::vector<std::pair<std::string, std::uint64_t>>;

template <typename T>
inline constexpr bool k_is_optional = false;
template <typename T>
inline constexpr bool k_is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool k_is_vector = false;
template <typename T>
inline constexpr bool k_is_vector<std::vector<T>> = true;

// They call each other, too.
template <RecordObject T>
void read(Walk& walk, const element& value, T& out);
template <typename T>
void read(Walk& walk, const element& value, std::vector<T>& out);
template <typename T>
void read(Walk& walk, const element& value, std::map<std::string, T>& out);
template <typename T>
void read(Walk& walk, const element& value, std::optional<T>& out);
void read(Walk& walk, const element& value, NamedCounts& out);
void read(Walk& walk, const element& value, std::vector<NamedCounts>& out);

/// Whether a T whose reading broke something can still hold part of `value`.
template <typename T>
bool holds_part(const Walk& walk, const element& value) {
  if (!walk.keeps_half_read()) return false;
  if constexpr (RecordObject<T> || std::is_same_v<T, NamedCounts>) return value.is_object();
  return k_is_vector<T> && value.is_array();
}

/// Reads one element; false if nothing of it is worth keeping.
template <typename T>
bool read_part(Walk& walk, const element& value, T& out) {
  const std::size_t before = walk.broken();
  read(walk, value, out);
  return walk.broken() == before || holds_part<T>(walk, value);
}

template <typename T>
void read(Walk& walk, const element& value, std::vector<T>& out) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return walk.report_type(value, "a sequence");
  // Not for objects: room for as many as a hostile array has elements would be gigabytes.
  if constexpr (std::is_arithmetic_v<T>) out.reserve(array.size());
  std::size_t index = 0;
  for (const element item : array) {
    const std::size_t position = index++;
    T parsed{};
    // A file of megabytes is nearly all numbers.
    if constexpr (std::is_same_v<T, std::uint64_t> || std::is_same_v<T, double>) {
      if (item.get(parsed) == simdjson::SUCCESS) {
        out.push_back(parsed);
        continue;
      }
    }
    const Walk::Step step(walk, position);
    if (read_part(walk, item, parsed)) out.push_back(std::move(parsed));
  }
}

inline void read(Walk& walk, const element& value, std::set<std::uint64_t>& out) {
  std::vector<std::uint64_t> items;
  read(walk, value, items);
  out = std::set<std::uint64_t>(items.begin(), items.end());
}

/// Part of a sample set would be reduced to numbers that were never measured.
template <typename T, typename SampleSet>
void read_samples(Walk& walk, const element& value, SampleSet& out) {
  std::vector<T> values;
  const std::size_t before = walk.broken();
  read(walk, value, values);
  if (walk.broken() != before) return;
  if (walk.keeps_all()) out.values = values;
  out.reduced = reduce_samples(values);
}
inline void read(Walk& walk, const element& value, Samples& out) {
  read_samples<std::uint64_t>(walk, value, out);
}
inline void read(Walk& walk, const element& value, RealSamples& out) {
  read_samples<double>(walk, value, out);
}

inline void read(Walk& walk, const element& value, BucketCounts& out) {
  std::vector<std::uint32_t> counts;
  const std::size_t before = walk.broken();
  read(walk, value, counts);
  if (walk.broken() != before) return;
  if (counts.size() != k_plat_buckets) {
    return walk.report("invalid length " + std::to_string(counts.size()) + ", expected " +
                       std::to_string(k_plat_buckets) + " buckets");
  }
  out.reduced = reduce_buckets(counts);
  if (walk.keeps_all()) out.counts = std::move(counts);
}

/// Calls each(key, item) with the path set, for every pair of a map.
template <typename Each>
void for_each_pair(Walk& walk, const element& value, Each each) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return walk.report_type(value, "a map");
  for (const auto& [raw_key, item] : object) {
    std::string_view key = raw_key;
    if (walk.unmark(key)) {
      const Walk::Step step(walk, key);
      each(key, item);
    } else {
      walk.report("lone surrogate in a key");
    }
  }
}

/// The last of equal keys wins. Keys mostly come sorted, so the end is tried first.
template <typename T>
void read(Walk& walk, const element& value, std::map<std::string, T>& out) {
  for_each_pair(walk, value, [&](std::string_view key, const element& item) {
    T parsed{};
    if (!read_part(walk, item, parsed)) return;
    out.insert_or_assign(out.end(), std::string(key), std::move(parsed));
  });
}

/// As Rust reads an integer: leading zeros and one plus sign are fine.
inline bool read_integer_key(std::string_view key, std::uint64_t& out) {
  if (key.substr(0, 1) == "+") key.remove_prefix(1);
  const char* const end = key.data() + key.size();
  const auto read = std::from_chars(key.data(), end, out);
  return read.ec == std::errc() && read.ptr == end;
}

inline void read(Walk& walk, const element& value, std::map<std::uint64_t, std::string>& out) {
  for_each_pair(walk, value, [&](std::string_view key, const element& item) {
    std::uint64_t number = 0;
    if (!read_integer_key(key, number)) return walk.report("invalid key, expected u64");
    std::string parsed;
    if (!read_part(walk, item, parsed)) return;
    out.insert_or_assign(out.end(), number, std::move(parsed));
  });
}

/// Looks names up while they are few; cheaper than sorting them.
class FewNames {
 public:
  static constexpr std::size_t k_most = 120;

  /// The position at which an equal name was added, or `position` if there was none.
  std::size_t add(std::string_view name, std::size_t position) {
    for (std::size_t slot = std::hash<std::string_view>()(name);; ++slot) {
      Entry& entry = entries_[slot % entries_.size()];
      if (!entry.is_used) {
        entry = {name, position, true};
        return position;
      }
      if (entry.name == name) return entry.position;
    }
  }

 private:
  struct Entry {
    std::string_view name;
    std::size_t position = 0;
    bool is_used = false;
  };
  std::array<Entry, 256> entries_{};
};

inline bool may_have_duplicates(const NamedCounts& pairs) {
  if (pairs.size() > FewNames::k_most) return true;
  FewNames names;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (names.add(pairs[i].first, i) != i) return true;
  }
  return false;
}

/// The last of equal keys wins, as in serde's map, at the place of the first.
inline void drop_duplicates(NamedCounts& pairs) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto by_key = [&](std::size_t a, std::size_t b) { return pairs[a].first < pairs[b].first; };
  std::stable_sort(order.begin(), order.end(), by_key);
  std::vector<bool> dropped(pairs.size(), false);
  std::size_t first = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (pairs[order[i]].first == pairs[order[first]].first) {
      pairs[order[first]].second = pairs[order[i]].second;
      dropped[order[i]] = true;
    } else {
      first = i;
    }
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (dropped[i]) continue;
    if (kept != i) pairs[kept] = std::move(pairs[i]);
    ++kept;
  }
  pairs.resize(kept);
}

inline void read(Walk& walk, const element& value, NamedCounts& out) {
  for_each_pair(walk, value, [&](std::string_view key, const element& item) {
    std::uint64_t number = 0;
    if (read_part(walk, item, number)) out.emplace_back(key, number);
  });
  if (may_have_duplicates(out)) drop_duplicates(out);
}

/// Adds counters up by name over all elements, which is all that an index wants of them: a map each
/// would be a fifth of the memory blocks of a record. The first element holds the sums, the others
/// nothing. False, with nothing done, unless everything is as it should be.
inline bool read_sums(const element& value, std::vector<NamedCounts>& out) {
  struct Sum {
    std::string_view name;
    std::uint64_t value = 0;
    std::size_t last_element = 0;  // from 1
  };
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return false;
  FewNames names;
  std::vector<Sum> sums;
  std::size_t count = 0;
  for (const element item : array) {
    ++count;
    simdjson::dom::object object;
    if (item.get(object) != simdjson::SUCCESS) return false;
    for (const auto& [key, number] : object) {
      std::uint64_t added = 0;
      if (number.get(added) != simdjson::SUCCESS || sums.size() == FewNames::k_most) return false;
      const std::size_t position = names.add(key, sums.size());
      if (position == sums.size()) sums.push_back({key});
      Sum& sum = sums[position];
      if (std::exchange(sum.last_element, count) == count) return false;  // a repeated key
      sum.value += added;
    }
  }
  out.resize(count);
  for (const Sum& sum : sums) out.front().emplace_back(sum.name, sum.value);
  return true;
}

inline void read(Walk& walk, const element& value, std::vector<NamedCounts>& out) {
  if (!walk.keeps_all() && !walk.is_rewritten() && read_sums(value, out)) return;
  read<NamedCounts>(walk, value, out);
}

/// Null is none; but where the inner type can be none itself, the outer one says whether the key
/// was there at all.
template <typename T>
void read(Walk& walk, const element& value, std::optional<T>& out) {
  if (!k_is_optional<T> && value.is_null()) return;
  out.emplace();
  if (!read_part(walk, value, *out)) out.reset();
}

/// For a required or defaulted key, which doesn't take a null even if its type could hold none.
template <typename T>
void read_not_null(Walk& walk, const element& value, T& out) {
  if constexpr (k_is_optional<T>) {
    out.emplace();
    if (!read_part(walk, value, *out)) out.reset();
  } else {
    read(walk, value, out);
  }
}

}  // namespace ktstr::decode
