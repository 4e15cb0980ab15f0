// SPDX-License-Identifier: MIT
#include "record/decode_walk.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr::decode {
namespace {

using simdjson::dom::element_type;

// A complaint is stored and shown; a key or string in it may be megabytes.
constexpr std::size_t k_shown_bytes = 120;

std::string shortened(std::string_view text) {
  if (text.size() <= k_shown_bytes) return std::string(text);
  std::size_t cut = k_shown_bytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + "…";
}

void append_quoted(std::string& out, const Walk& walk, std::string_view text) {
  if (walk.unmark(text)) {
    append_json_string(out, text);
  } else {  // a lone surrogate, which only its escape can spell
    out += '"';
    out += text;
    out += '"';
  }
}

void append_text_or_marked(std::string& out, const Walk& walk, std::string_view text) {
  const auto special = walk.marked(text);
  if (special && (special->kind == MarkedKind::number || special->kind == MarkedKind::container)) {
    out += special->text;
  } else {
    append_quoted(out, walk, text);
  }
}

void append_compact(std::string& out, const Walk& walk, const element& value);

void append_compact_array(std::string& out, const Walk& walk, const simdjson::dom::array& array) {
  const char* separator = "";
  out += '[';
  for (const element item : array) {
    out += separator;
    append_compact(out, walk, item);
    separator = ",";
  }
  out += ']';
}

void append_compact_object(std::string& out, const Walk& walk,
                           const simdjson::dom::object& object) {
  const char* separator = "";
  out += '{';
  for (const auto& [key, item] : object) {
    out += separator;
    append_quoted(out, walk, key);
    out += ':';
    append_compact(out, walk, item);
    separator = ",";
  }
  out += '}';
}

// As deep as the tree, which is limited.
void append_compact(std::string& out, const Walk& walk, const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return append_compact_array(out, walk, value.get_array().value_unsafe());
    case element_type::OBJECT:
      return append_compact_object(out, walk, value.get_object().value_unsafe());
    case element_type::STRING:
      return append_text_or_marked(out, walk, value.get_string().value_unsafe());
    case element_type::INT64:
      out += std::to_string(value.get_int64().value_unsafe());
      return;
    case element_type::UINT64:
      out += std::to_string(value.get_uint64().value_unsafe());
      return;
    case element_type::DOUBLE:
      return append_json_double(out, value.get_double().value_unsafe());
    case element_type::BOOL:
      out += value.get_bool().value_unsafe() ? "true" : "false";
      return;
    case element_type::NULL_VALUE:
      out += "null";
      return;
  }
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, shortened(text));
  return out;
}

}  // namespace

void BreakList::count(Side side) {
  if (side != Side::newer) ++target_count_;
  if (side != Side::target) ++newer_count_;
}

void BreakList::move_to(RecordDraft& draft, bool looks_newer) {
  const bool is_newer =
      newer_count_ < target_count_ || (newer_count_ == target_count_ && looks_newer);
  const Side other = is_newer ? Side::target : Side::newer;
  for (Sided& sided : places_) {
    if (sided.side != other) draft.breaks.push_back(std::move(sided.place));
  }
  draft.unlisted_breaks = (is_newer ? newer_count_ : target_count_) - draft.breaks.size();
}

bool Walk::count_broken() {
  ++broken_;
  if (all_breaks_ != nullptr) {
    all_breaks_->count(side_);
    if (all_breaks_->has_room()) return true;
  }
  return (side_ != Side::newer && target_error_.empty()) ||
         (side_ != Side::target && newer_error_.empty());
}

void Walk::note(const std::string& message, std::string_view missing_key) {
  ContractBreak place{path_text(), std::string(missing_key), message};
  const std::string text = place.text();
  if (side_ != Side::newer && target_error_.empty()) target_error_ = text;
  if (side_ != Side::target && newer_error_.empty()) newer_error_ = text;
  if (all_breaks_ != nullptr && all_breaks_->has_room()) all_breaks_->add(side_, std::move(place));
}

void Walk::Step::append_to(std::string& text) const {
  if (key_.data() == nullptr) {
    text += "[" + std::to_string(index_) + "]";
  } else {
    if (!text.empty()) text += '.';
    text += escape_control(shortened(key_));
  }
}

std::string Walk::path_text() const {
  std::vector<const Step*> steps;
  for (const Step* step = last_step_; step != nullptr; step = step->before()) steps.push_back(step);
  std::string text;
  std::reverse(steps.begin(), steps.end());
  for (const Step* step : steps) step->append_to(text);
  return text;
}

void Walk::report(std::string_view message) {
  if (count_broken()) note(std::string(message));
}

void Walk::report_type(const element& value, std::string_view expected) {
  if (count_broken()) {
    note("invalid type: " + describe(value) + ", expected " + std::string(expected));
  }
}

void Walk::report_value(const element& value, std::string_view expected) {
  if (count_broken()) {
    note("invalid value: " + describe(value) + ", expected " + std::string(expected));
  }
}

void Walk::report_missing(std::string_view key) {
  if (count_broken()) note("missing field `" + std::string(key) + "`", key);
}

void Walk::report_duplicate(std::string_view key) {
  if (count_broken()) note("duplicate field `" + std::string(key) + "`");
}

void Walk::report_unknown_variant(std::string_view name, const std::string_view* names,
                                  std::size_t count) {
  if (!count_broken()) return;
  std::string message = "unknown variant `" + escape_control(shortened(name)) + "`, expected ";
  if (count > 2) message += "one of ";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) message += count > 2 ? ", " : " or ";
    message += "`" + std::string(names[i]) + "`";
  }
  note(message);
}

// In serde's words.
std::string Walk::describe(const element& value) const {
  switch (value.type()) {
    case element_type::NULL_VALUE:
      return "null";
    case element_type::BOOL:
      return value.get_bool().value_unsafe() ? "boolean `true`" : "boolean `false`";
    case element_type::INT64:
      return "integer `" + std::to_string(value.get_int64().value_unsafe()) + "`";
    case element_type::UINT64:
      return "integer `" + std::to_string(value.get_uint64().value_unsafe()) + "`";
    case element_type::DOUBLE: {
      std::string number;
      append_json_double(number, value.get_double().value_unsafe());
      return "floating point `" + number + "`";
    }
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      const auto special = marked(text);
      return special ? describe_marked(*special) : "string " + quoted(text);
    }
    case element_type::ARRAY:
      return "sequence";
    case element_type::OBJECT:
      return "map";
  }
  return "value";
}

std::string Walk::describe_marked(const MarkedValue& value) const {
  switch (value.kind) {
    case MarkedKind::number:
      return "floating point `" + shortened(value.text) + "`";
    case MarkedKind::surrogate:
      return "string with a lone surrogate";
    case MarkedKind::container:
      return value.text.front() == '{' ? "map" : "sequence";
    case MarkedKind::plain:
      break;
  }
  return "string " + quoted(value.text);
}

std::string compact_json(const Walk& walk, const element& value) {
  std::string out;
  append_compact(out, walk, value);
  return out;
}

}  // namespace ktstr::decode
