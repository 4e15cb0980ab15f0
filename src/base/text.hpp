// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

// Pure functions over bytes; thread-safe.

/// What stands at the start of some bytes that should be UTF-8.
struct Utf8Sequence {
  std::size_t length = 0;  ///< bytes; of an invalid one, those that one U+FFFD stands for
  char32_t code_point = 0;
  bool valid = false;
};

/// Looks at the first sequence of `bytes`, which must not be empty. No overlong forms, no
/// surrogates, nothing above U+10FFFF.
[[nodiscard]] Utf8Sequence first_utf8_sequence(std::string_view bytes);

[[nodiscard]] bool is_valid_utf8(std::string_view bytes);

/// Each longest beginning of a sequence that then breaks off becomes one U+FFFD, as Unicode
/// recommends and Rust does.
[[nodiscard]] std::string lossy_utf8(std::string_view bytes);

/// Bytes to insert, drop or change to make one text of the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate that `wanted` was most likely meant to be (the first of equals), or none if a
/// third of it would have to change.
[[nodiscard]] std::optional<std::string> closest(std::string_view wanted,
                                                 const std::vector<std::string>& candidates);

/// The parts between separators: one more than there are separators, so "" gives one empty part.
/// The views point into `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Without ASCII white space at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// 16 lower-case hex digits.
[[nodiscard]] std::string hex16(std::uint64_t number);

// JSON values in the very bytes that the harness's own writer (Rust's serde_json) produces, so
// that hashes and files agree. Pure; thread-safe.

/// Appends `text` with its quotes. Escaped are only the quote, the backslash and U+0000..U+001F.
/// Invalid UTF-8 becomes U+FFFD, since JSON can't hold it.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest digits that read back as the same number, with ".0" when it is whole and
/// an exponent when it is far from 1; "null" for a NaN or an infinity.
void append_json_double(std::string& out, double value);

/// Without what Unicode calls white space at both ends, as the harness trims. Bytes that are not
/// UTF-8 stay. Pure; thread-safe.
[[nodiscard]] std::string_view trim_unicode(std::string_view text);

}  // namespace ktstr
