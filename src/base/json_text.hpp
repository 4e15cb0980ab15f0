// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace ktstr {

// JSON values in the very bytes that the harness's own writer (Rust's serde_json) produces, so
// that hashes and files agree. Pure; thread-safe.

/// Appends `text` with its quotes. Escaped are only the quote, the backslash and U+0000..U+001F.
/// Invalid UTF-8 becomes U+FFFD, since JSON can't hold it.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest digits that read back as the same number, with ".0" when it is whole and
/// an exponent when it is far from 1; "null" for a NaN or an infinity.
void append_json_double(std::string& out, double value);

}  // namespace ktstr
