// SPDX-License-Identifier: MIT
#include "library/left_out_text.hpp"

namespace ktstr {

std::string left_out_text(const LeftOutCounts& left_out) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* kind) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  add(left_out.corrupt, "corrupt");
  add(left_out.unreadable, "unreadable");
  add(left_out.drift, "of another schema");
  return text;
}

std::string left_out_note(SQLite::Database& database, bool is_strict) {
  auto left_out = count_left_out(database);
  if (!left_out) return {};
  if (!is_strict) left_out->drift = 0;
  const std::string kinds = left_out_text(*left_out);
  return kinds.empty() ? kinds : "not in this answer: " + kinds;
}

}  // namespace ktstr
