// SPDX-License-Identifier: MIT
#pragma once

// Labels in expressions: `label.KEY` is the label of a result under that key, NULL for none. Pure;
// thread-safe.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// A letter or underscore, then letters, digits and underscores.
[[nodiscard]] bool is_label_key(std::string_view text);

/// "KEY=VALUE". Error usage: there is no '=', or what stands before it is no key.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_label(std::string_view text);

/// An expression in which `label.KEY` has become SQL.
struct LabelledText {
  std::string text;
  /// Where in the original the byte at `offset` of the text comes from.
  [[nodiscard]] std::size_t original_offset(std::size_t offset) const;

  struct Change {
    std::size_t begin;     ///< in the text
    std::size_t end;       ///< in the text
    std::size_t original;  ///< where the replaced piece began
    std::size_t original_end;
  };
  std::vector<Change> changes = {};
};

/// The same text where it names no label, which includes one that has `label` as a name of its own.
/// The SQL is about the table `results`, and reads the view `labels`.
[[nodiscard]] LabelledText with_labels(std::string_view expression);

[[nodiscard]] bool names_label(std::string_view expression);
/// Whether the whole text is `label.KEY`.
[[nodiscard]] bool is_label(std::string_view expression);

}  // namespace ktstr
