// SPDX-License-Identifier: MIT
#pragma once

// Rows on their way from a query to a renderer, one at a time, so that a million of them need no
// memory. Knows neither SQL nor output formats.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// NULL, integer, real or text (bytes: may not be UTF-8).
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// What the numbers of a column count, for those who show them to people.
enum class Quantity { plain, bytes, duration_ns, time_ns };

struct RowColumn {
  std::string name;
  /// Which columns a narrow terminal keeps: 0 always, larger goes first.
  int priority = 0;
  /// Text, or a number's header, in fewer cells than this says too little; 0: the renderer's own
  /// minimum.
  int least_width = 0;
  Quantity quantity = Quantity::plain;
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual const std::vector<RowColumn>& columns() const = 0;
  /// Fills `row` with one value per column and says true, or says false at the end.
  [[nodiscard]] virtual Result<bool> next(std::vector<Value>& row) = 0;
};

}  // namespace ktstr
