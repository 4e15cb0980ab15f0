// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace ktstr {

/// Without what Unicode calls white space at both ends, as the harness trims. Bytes that are not
/// UTF-8 stay. Pure; thread-safe.
[[nodiscard]] std::string_view trim_unicode(std::string_view text);

}  // namespace ktstr
