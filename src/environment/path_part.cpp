// SPDX-License-Identifier: MIT
#include "environment/path_part.hpp"

#include <cstddef>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {

bool can_stand_in_file_name(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    if (!sequence.valid || sequence.code_point == U'/' || is_control(sequence.code_point)) {
      return false;
    }
    text.remove_prefix(sequence.length);
  }
  return true;
}

bool can_stand_in_run_directory_name(std::string_view text) {
  // Two of them, a dash and the ending of the lock's name have to fit into 255 bytes.
  constexpr std::size_t k_most_bytes = 120;
  return text.size() <= k_most_bytes && text.find("..") == std::string_view::npos &&
         can_stand_in_file_name(text);
}

}  // namespace ktstr
