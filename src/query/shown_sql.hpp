// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace ktstr {

// SQL that people look at and paste into the stock shell. Pure functions; thread-safe.

/// An expression for that text: a string, and char(N) for what can't be seen in one.
[[nodiscard]] std::string sql_literal(std::string_view text);

/// The same statement with nothing in it that can't be seen: its line breaks stay, strings become
/// the expressions above. Names, which have no such form, and comments show escapes.
[[nodiscard]] std::string shown_sql(const std::string& sql);

}  // namespace ktstr
