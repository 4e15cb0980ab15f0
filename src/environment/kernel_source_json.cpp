// SPDX-License-Identifier: MIT
#include "environment/kernel_source_json.hpp"

#include <algorithm>
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

}  // namespace ktstr
