// SPDX-License-Identifier: MIT
#include "record/encoder.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/text.hpp"
#include "ktstr/record.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

// Indentation makes the text of n nested containers n*n long. No reader of serde's goes deeper.
constexpr std::size_t k_deepest_indented = 128;

/// Of the string that `json` starts with, quotes included.
std::size_t string_length(std::string_view json) {
  std::size_t i = 1;
  while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
  return std::min(i + 1, json.size());
}

/// Of the container that `json` starts with, brackets included.
std::size_t container_length(std::string_view json) {
  std::size_t depth = 0;
  std::size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    if (c == '"') {
      i += string_length(json.substr(i));
      continue;
    }
    ++i;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) break;
  }
  return i;
}

}  // namespace

void PrettyWriter::key(std::string_view key) {
  separate();
  append_json_string(out_, key);
  out_ += ": ";
}

void PrettyWriter::quoted_key(std::string_view json) {
  separate();
  out_ += json;
  out_ += ": ";
}

void PrettyWriter::string(std::string_view text) { append_json_string(out_, text); }

void PrettyWriter::number(double value) { append_json_double(out_, value); }

void PrettyWriter::compact(std::string_view json) {
  std::size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    if (c == ',') {
      separate();
      ++i;
    } else if (c == '}' || c == ']') {
      end(c);
      ++i;
    } else {
      if (empty_) separate();
      i += compact_token(json.substr(i));
    }
  }
}

std::size_t PrettyWriter::compact_token(std::string_view json) {
  const char c = json.front();
  if ((c == '{' || c == '[') && depth_ < k_deepest_indented) {
    begin(c);
    return 1;
  }
  const std::size_t length = c == '{' || c == '[' ? container_length(json)
                             : c == '"'           ? string_length(json)
                                                  : 1;
  out_ += json.substr(0, length);
  if (c == ':') out_ += ' ';
  return length;
}

void PrettyWriter::begin(char bracket) {
  out_ += bracket;
  ++depth_;
  empty_ = true;
}

void PrettyWriter::end(char bracket) {
  --depth_;
  if (!empty_) new_line();
  out_ += bracket;
  empty_ = false;
}

void PrettyWriter::separate() {
  if (!empty_) out_ += ',';
  empty_ = false;
  new_line();
}

void PrettyWriter::new_line() {
  out_ += '\n';
  out_.append(2 * depth_, ' ');
}

namespace {

using NamedCounts = std::vector<std::pair<std::string, std::uint64_t>>;

// The templates below call each other and these.
template <RecordObject T>
void write(PrettyWriter& out, const T& object);
template <typename T>
void write(PrettyWriter& out, const std::vector<T>& items);
template <typename T>
void write(PrettyWriter& out, const std::map<std::string, T>& map);
template <typename T>
void write(PrettyWriter& out, const std::optional<T>& value);
void write(PrettyWriter& out, const std::map<std::uint64_t, std::string>& map);
void write(PrettyWriter& out, const NamedCounts& pairs);

void write(PrettyWriter& out, bool value) { out.boolean(value); }
void write(PrettyWriter& out, const std::string& value) { out.string(value); }
void write(PrettyWriter& out, double value) { out.number(value); }

template <typename T>
requires std::is_integral_v<T>
void write(PrettyWriter& out, T value) { out.integer(value); }

template <typename E>
requires std::is_enum_v<E>
void write(PrettyWriter& out, E value) {
  out.string(EnumNames<E>::k_names[static_cast<std::size_t>(value)]);
}

void write(PrettyWriter& out, const Polarity& value) {
  const std::string_view name = EnumNames<Polarity>::k_names[static_cast<std::size_t>(value.kind)];
  if (value.kind != Polarity::Kind::target_value) {
    out.string(name);
    return;
  }
  out.begin_object();
  out.key(name);
  out.number(value.target);
  out.end_object();
}

template <typename Items>
void write_array(PrettyWriter& out, const Items& items) {
  out.begin_array();
  for (const auto& item : items) {
    out.element();
    write(out, item);
  }
  out.end_array();
}

template <typename T>
void write(PrettyWriter& out, const std::vector<T>& items) {
  write_array(out, items);
}
void write(PrettyWriter& out, const std::set<std::uint64_t>& items) { write_array(out, items); }
void write(PrettyWriter& out, const Samples& samples) { write_array(out, samples.values); }
void write(PrettyWriter& out, const RealSamples& samples) { write_array(out, samples.values); }
void write(PrettyWriter& out, const BucketCounts& buckets) { write_array(out, buckets.counts); }

template <typename T>
void write(PrettyWriter& out, const std::map<std::string, T>& map) {
  out.begin_object();
  for (const auto& [key, value] : map) {
    out.key(key);
    write(out, value);
  }
  out.end_object();
}

void write(PrettyWriter& out, const std::map<std::uint64_t, std::string>& map) {
  out.begin_object();
  for (const auto& [key, value] : map) {
    out.key(std::to_string(key));
    write(out, value);
  }
  out.end_object();
}

void write(PrettyWriter& out, const NamedCounts& pairs) {
  out.begin_object();
  for (const auto& [key, value] : pairs) {
    out.key(key);
    write(out, value);
  }
  out.end_object();
}

template <typename T>
void write(PrettyWriter& out, const std::optional<T>& value) {
  if (value) {
    write(out, *value);
  } else {
    out.null();
  }
}

template <typename T>
bool is_none(const T&) {
  return false;
}
template <typename T>
bool is_none(const std::optional<T>& value) {
  return !value.has_value();
}
bool is_none(const std::map<std::uint64_t, std::string>& value) { return value.empty(); }

/// The unknown keys of one object, to be written where they stood.
class UnknownKeys {
 public:
  UnknownKeys(const std::vector<UnknownKey>& unknown, const std::string_view* keys,
              std::size_t count) {
    for (const UnknownKey& key : unknown) placed_.push_back({place(key.after, keys, count), &key});
    std::stable_sort(placed_.begin(), placed_.end(),
                     [](const Placed& a, const Placed& b) { return a.place < b.place; });
  }

  /// Those of the places up to this one: 0 is the object's start, i + 1 is behind its i-th field.
  void write_through(PrettyWriter& out, std::size_t place) {
    for (; next_ < placed_.size() && placed_[next_].place <= place; ++next_) {
      out.quoted_key(placed_[next_].key->key);
      out.compact(placed_[next_].key->value);
    }
  }

 private:
  struct Placed {
    std::size_t place;
    const UnknownKey* key;
  };

  // One past the last field if the contract has no key of that name.
  static std::size_t place(std::string_view after, const std::string_view* keys,
                           std::size_t count) {
    if (after.empty()) return 0;
    return static_cast<std::size_t>(std::find(keys, keys + count, after) - keys) + 1;
  }

  std::vector<Placed> placed_;
  std::size_t next_ = 0;
};

/// A nullable key is written as null when there is nothing; any other is left out (a required or
/// defaulted one that can be none belongs to the other contract).
template <RecordObject T, typename F>
void write_field(PrettyWriter& out, const T& object, const F& field) {
  const auto& value = object.*field.member;
  if (field.presence == KeyPresence::nullable || !is_none(value)) {
    out.key(field.key);
    write(out, value);
  }
}

template <RecordObject T>
void write(PrettyWriter& out, const T& object) {
  constexpr auto keys = Fields<T>::k_table.keys();
  UnknownKeys unknown(object.keys.unknown, keys.data(), keys.size());
  std::size_t place = 0;
  const auto write_next = [&](const auto& field) {
    unknown.write_through(out, place++);
    write_field(out, object, field);
  };
  out.begin_object();
  Fields<T>::k_table.apply([&](const auto&... field) { (write_next(field), ...); });
  unknown.write_through(out, keys.size() + 1);
  out.end_object();
}

}  // namespace

std::string encode_record(const Record& record) {
  PrettyWriter out;
  write(out, record);
  return out.take();
}

}  // namespace ktstr
