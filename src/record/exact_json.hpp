// SPDX-License-Identifier: MIT
#pragma once

// A second, exact reader of JSON for what the fast parser refuses and serde takes: integers beyond
// 64 bits, numbers out of a double's range, "-0", nesting over 1024, and lone surrogates in
// escapes. It decides whether the text is JSON at all, and rewrites it so that the fast parser can
// take it: each refused value becomes a marked string that carries the value's own text. So there
// is one decoder, not two.
//
// A marked string starts with a NUL and a letter. A string of the document that starts with a NUL
// itself is marked as plain, so that no document can fake a mark.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ktstr/result.hpp"

namespace ktstr {

/// What a marked string stands for: the character after the NUL.
enum class MarkedKind : char {
  number = 'n',     ///< a number's text
  surrogate = 's',  ///< a string (or key) with a lone surrogate: its text without the quotes
  container = 'c',  ///< an array or object nested too deep to matter: compact JSON
  plain = 'p',      ///< a string that starts with a NUL
};

struct MarkedValue {
  MarkedKind kind;
  std::string_view text;
};

/// What a string of a rewritten document stands for; none for an ordinary string.
[[nodiscard]] std::optional<MarkedValue> marked_value(std::string_view string);

/// The rewritten document, compact. `json` is valid UTF-8. Linear in its size, whatever it holds.
/// Error (parse): it is not one JSON text; the message says why and where.
[[nodiscard]] Result<std::string> make_parsable(std::string_view json);

/// True if the text may hold a number written "-0", which the fast parser would turn into an
/// integer (serde sees a float there).
[[nodiscard]] bool may_hold_negative_zero(std::string_view json);

}  // namespace ktstr
