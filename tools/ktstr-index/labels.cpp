// SPDX-License-Identifier: MIT
#include "labels.hpp"

#include "query/labels.hpp"

namespace ktstr {

ValueParser parse_label_into(std::vector<std::pair<std::string, std::string>>& labels) {
  return [&labels](const std::string& text) -> Result<void> {
    auto label = parse_label(text);
    if (!label) return fail(ErrorCode::usage, label.error().message + ": " + label.error().hint);
    labels.push_back(std::move(*label));
    return {};
  };
}

}  // namespace ktstr
