// SPDX-License-Identifier: MIT
#include "library/left_out_text.hpp"

namespace ktstr {

std::string left_out_text(const LeftOut& left_out) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* kind) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  };
  add(left_out.corrupt, "corrupt");
  add(left_out.unreadable, "unreadable");
  add(left_out.drift, "of another schema");
  return text;
}

}  // namespace ktstr
