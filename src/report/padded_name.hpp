// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktstr {

/// A name as the harness's blocks show it: escaped, then filled with spaces to `width` Unicode
/// scalar values (not terminal cells, which would differ from the harness for wide characters).
/// Never cut.
[[nodiscard]] std::string padded_name(std::string_view name, std::size_t width);

}  // namespace ktstr
