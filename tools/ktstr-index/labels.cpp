// SPDX-License-Identifier: MIT
#include "labels.hpp"

namespace ktstr {
namespace {

bool is_label_key(const std::string& key) {
  constexpr const char* k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  const std::string letters = k_letters;
  return !key.empty() && letters.find(key.front()) != std::string::npos &&
         key.find_first_not_of(letters + "0123456789") == std::string::npos;
}

}  // namespace

ValueParser parse_label_into(std::vector<std::pair<std::string, std::string>>& labels) {
  return [&labels](const std::string& text) -> Result<void> {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || !is_label_key(text.substr(0, equals))) {
      return fail(ErrorCode::usage,
                  "wants KEY=VALUE, the key of letters, digits and _, not '" + text + "'");
    }
    labels.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    return {};
  };
}

}  // namespace ktstr
