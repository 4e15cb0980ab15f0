// SPDX-License-Identifier: MIT
#include "environment/kernel_metadata.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <utility>
#include <vector>

namespace ktstr {
namespace {

// The reader takes 127 levels; the document and its `source` are two of them.
constexpr std::size_t k_levels_below_source = 125;

/// Something in `source`: held until the type is known, since that may come last.
struct Member {
  std::string key = {};
  enum class Kind { null, text, other } kind = Kind::other;
  std::string text = {};
};
using Members = std::vector<Member>;

/// The keys that one type of source knows, in order, and where their values go.
using Slots = std::vector<std::pair<std::string_view, std::optional<std::string>*>>;

class SourceReader {
 public:
  explicit SourceReader(JsonCursor& cursor) : cursor_(cursor) {}

  bool read(KernelSource& out) {
    const char first = cursor_.look().value_or('\0');
    if (first != '{' && first != '[') return cursor_.refuse_value("an object with a type");
    cursor_.skip();
    Members members;
    KernelSource source;
    const bool is_array = first == '[';
    if (!(is_array ? read_source_array(source, members) : read_source_object(source, members))) {
      return false;
    }
    if (!std::visit([&](auto& kind) { return fill(kind, members, is_array); }, source))
      return false;
    out = std::move(source);
    return true;
  }

 private:
  bool shape_problem(const std::string& why) { return cursor_.refuse(JsonFault::shape, why); }

  bool read_source_object(KernelSource& source, Members& members) {
    bool is_first = true;
    bool has_type = false;
    std::optional<std::string> key;
    while (cursor_.read_key(is_first, key)) {
      if (!key) return has_type || shape_problem("missing field `type`");
      if (key != "type") {
        if (!cursor_.read_colon() || !read_member(members.emplace_back(Member{*key}))) return false;
        continue;
      }
      if (has_type) return shape_problem("duplicate field `type`");
      has_type = true;
      if (!cursor_.read_colon() || !read_type(source)) return false;
    }
    return false;
  }

  // The type and then its members, in order.
  bool read_source_array(KernelSource& source, Members& members) {
    bool is_first = true;
    bool is_there = false;
    if (!cursor_.read_element(is_first, is_there)) return false;
    if (!is_there) return shape_problem("missing field `type`");
    if (!read_type(source)) return false;
    while (cursor_.read_element(is_first, is_there)) {
      if (!is_there) return true;
      if (!read_member(members.emplace_back())) return false;
    }
    return false;
  }

  bool read_type(KernelSource& source) {
    std::string type;
    if (!read_json_text(cursor_, type)) return false;
    if (type == "tarball") {
      source = TarballSource{};
    } else if (type == "git") {
      source = GitSource{};
    } else if (type == "local") {
      source = LocalSource{};
    } else {
      return shape_problem("unknown type `" + type + "` of source");
    }
    return true;
  }

  bool read_member(Member& member) {
    const char first = cursor_.look().value_or('\0');
    if (first == '"') {
      member.kind = Member::Kind::text;
      return cursor_.read_string(member.text);
    }
    member.kind = first == 'n' ? Member::Kind::null : Member::Kind::other;
    return cursor_.pass_over(JsonCursor::Care::buffered, k_levels_below_source);
  }

  bool fill(TarballSource& /*source*/, const Members& members, bool is_array) {
    return !is_array || members.empty() || shape_problem("an array too long for a tarball source");
  }
  bool fill(GitSource& source, const Members& members, bool is_array) {
    return fill({{"git_hash", &source.git_hash}, {"ref", &source.reference}}, members, is_array);
  }
  bool fill(LocalSource& source, const Members& members, bool is_array) {
    return fill({{"source_tree_path", &source.source_tree_path}, {"git_hash", &source.git_hash}},
                members, is_array);
  }

  bool fill(const Slots& slots, const Members& members, bool is_array) {
    if (is_array) return fill_in_order(slots, members);
    std::vector<std::string_view> seen;
    for (const Member& member : members) {
      for (const auto& [key, slot] : slots) {
        if (key != member.key) continue;
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
          return shape_problem("duplicate field `" + member.key + "`");
        }
        seen.push_back(key);
        if (!put(member, *slot)) return false;
      }
    }
    return true;
  }

  bool fill_in_order(const Slots& slots, const Members& members) {
    if (members.size() != slots.size()) return shape_problem("an array of another length");
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (!put(members[i], *slots[i].second)) return false;
    }
    return true;
  }

  bool put(const Member& member, std::optional<std::string>& slot) {
    if (member.kind == Member::Kind::other) {
      return shape_problem("invalid type in source, expected a string or null");
    }
    if (member.kind == Member::Kind::text) slot = member.text;
    return true;
  }

  JsonCursor& cursor_;
};

}  // namespace

bool read_kernel_source(JsonCursor& cursor, KernelSource& out) {
  return SourceReader(cursor).read(out);
}

bool read_json_text(JsonCursor& cursor, std::string& out) {
  return cursor.look() == '"' ? cursor.read_string(out) : cursor.refuse_value("a string");
}

namespace {

enum class Field {
  version,
  source,
  arch,
  image_name,
  config_hash,
  built_at,
  ktstr_kconfig_hash,
  extra_kconfig_hash,
  has_vmlinux,
  vmlinux_stripped,
  source_vmlinux_size,
  source_vmlinux_mtime_secs,
};
constexpr std::size_t k_field_count = 12;

struct FieldName {
  std::string_view key;
  bool is_required;
};
// In the order of Field, which is also that of an array that stands for the object.
constexpr std::array<FieldName, k_field_count> k_fields = {{
    {"version", false},
    {"source", true},
    {"arch", true},
    {"image_name", true},
    {"config_hash", false},
    {"built_at", true},
    {"ktstr_kconfig_hash", false},
    {"extra_kconfig_hash", false},
    {"has_vmlinux", true},
    {"vmlinux_stripped", true},
    {"source_vmlinux_size", false},
    {"source_vmlinux_mtime_secs", false},
}};

template <typename Number>
bool parse_integer(const JsonCursor::Number& number, Number& out) {
  if (!number.is_integer || number.text == "-0") return false;  // "-0" is a float to serde
  const char* const end = number.text.data() + number.text.size();
  const auto [stop, error] = std::from_chars(number.text.data(), end, out);
  return error == std::errc() && stop == end;
}

class MetadataReader {
 public:
  explicit MetadataReader(std::string_view json) : cursor_(json) {}

  tl::expected<KernelMetadata, JsonProblem> run() {
    if (!read_document() || !cursor_.read_end()) return tl::unexpected(cursor_.problem());
    return std::move(metadata_);
  }

 private:
  bool shape_problem(const std::string& why) { return cursor_.refuse(JsonFault::shape, why); }

  bool read_document() {
    const char first = cursor_.look().value_or('\0');
    if (first != '{' && first != '[') return cursor_.refuse_value("an object");
    cursor_.skip();
    return first == '{' ? read_object() : read_array();
  }

  bool read_object() {
    bool is_first = true;
    std::optional<std::string> key;
    std::bitset<k_field_count> seen;
    while (cursor_.read_key(is_first, key)) {
      if (!key) return check_complete(seen);
      const auto* const field =
          std::find_if(k_fields.begin(), k_fields.end(),
                       [&](const FieldName& name) { return name.key == *key; });
      if (field == k_fields.end()) {
        if (!cursor_.read_colon() || !cursor_.pass_over(JsonCursor::Care::ignored)) return false;
        continue;
      }
      const auto index = static_cast<std::size_t>(field - k_fields.begin());
      if (seen[index]) return shape_problem("duplicate field `" + *key + "`");
      seen.set(index);
      if (!cursor_.read_colon() || !read_field(static_cast<Field>(index))) return false;
    }
    return false;
  }

  bool check_complete(const std::bitset<k_field_count>& seen) {
    for (std::size_t i = 0; i < k_field_count; ++i) {
      if (!k_fields[i].is_required || seen[i]) continue;
      return shape_problem("missing field `" + std::string(k_fields[i].key) + "`");
    }
    return true;
  }

  // No writer makes these, but the harness's reader takes them.
  bool read_array() {
    bool is_first = true;
    bool is_there = false;
    for (std::size_t i = 0; i < k_field_count; ++i) {
      if (!cursor_.read_element(is_first, is_there)) return false;
      if (!is_there) return shape_problem("an array of " + std::to_string(i) + " instead of 12");
      if (!read_field(static_cast<Field>(i))) return false;
    }
    if (!cursor_.read_element(is_first, is_there)) return false;
    return !is_there || cursor_.refuse(JsonFault::syntax, "trailing characters");
  }

  bool read_field(Field field) {
    switch (field) {
      case Field::version:
        return read_optional_text(metadata_.version);
      case Field::source:
        return read_kernel_source(cursor_, metadata_.source);
      case Field::arch:
        return read_text(metadata_.arch);
      case Field::image_name:
        return read_text(metadata_.image_name);
      case Field::config_hash:
        return read_optional_text(metadata_.config_hash);
      case Field::built_at:
        return read_text(metadata_.built_at);
      case Field::ktstr_kconfig_hash:
        return read_optional_text(metadata_.ktstr_kconfig_hash);
      case Field::extra_kconfig_hash:
        return read_optional_text(metadata_.extra_kconfig_hash);
      case Field::has_vmlinux:
        return read_bool(metadata_.has_vmlinux);
      case Field::vmlinux_stripped:
        return read_bool(metadata_.vmlinux_stripped);
      case Field::source_vmlinux_size:
        return read_optional_integer(metadata_.source_vmlinux_size, "an unsigned integer");
      case Field::source_vmlinux_mtime_secs:
        return read_optional_integer(metadata_.source_vmlinux_mtime_secs, "an integer");
    }
    return false;
  }

  bool read_text(std::string& out) { return read_json_text(cursor_, out); }

  bool read_optional_text(std::optional<std::string>& out) {
    return cursor_.look() == 'n' ? cursor_.read_literal("null") : read_text(out.emplace());
  }

  bool read_bool(bool& out) {
    const char first = cursor_.look().value_or('\0');
    if (first != 't' && first != 'f') return cursor_.refuse_value("a boolean");
    out = first == 't';
    return cursor_.read_literal(out ? "true" : "false");
  }

  template <typename Number>
  bool read_optional_integer(std::optional<Number>& out, const char* expected) {
    const char first = cursor_.look().value_or('\0');
    if (first == 'n') return cursor_.read_literal("null");
    if (first != '-' && !(first >= '0' && first <= '9')) return cursor_.refuse_value(expected);
    JsonCursor::Number number;
    if (!cursor_.read_number(number)) return false;
    return parse_integer(number, out.emplace()) ||
           shape_problem("a number that is not " + std::string(expected) + " in range");
  }

  JsonCursor cursor_;
  KernelMetadata metadata_;
};

}  // namespace

tl::expected<KernelMetadata, JsonProblem> parse_kernel_metadata(std::string_view json) {
  return MetadataReader(json).run();
}

}  // namespace ktstr
