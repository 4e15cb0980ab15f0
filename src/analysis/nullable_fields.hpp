// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "ktstr/record.hpp"

namespace ktstr {

/// A key of the record that may be null, and what a null in it can mean. Known beforehand for
/// every record: which of the causes is the real one, the file doesn't say.
struct NullableField {
  std::string_view name;
  bool is_actionable = false;  ///< somebody could do something about it; else null is expected
  std::span<const std::string_view> causes;
  std::string_view fix = {};  ///< "" where there is none
  bool (*is_none)(const Record& record) = nullptr;
};

/// In the record's order. Thread-safe; lives as long as the process.
[[nodiscard]] std::span<const NullableField> nullable_fields();

/// "expected" or "actionable".
[[nodiscard]] std::string_view classification(const NullableField& field);

}  // namespace ktstr
