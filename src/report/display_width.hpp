// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace ktstr {

/// Terminal cells that a UTF-8 text takes: two for East Asian wide characters and emoji, none for
/// combining marks. The C library's wcwidth is not asked, since it depends on the locale.
/// Bytes that are not UTF-8 count one each.
[[nodiscard]] int display_width(std::string_view text);

/// The text itself if it fits, else its start and an ellipsis, `width` cells at most.
[[nodiscard]] std::string cut_to_width(std::string_view text, int width);

/// The text and as many spaces as bring it to `width` cells; before the text if `right`.
void append_padded(std::string& out, std::string_view text, int width, bool right);

}  // namespace ktstr
