// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

/// Terminal cells that a UTF-8 text takes: two for East Asian wide characters and emoji, none for
/// combining marks. The C library's wcwidth is not asked, since it depends on the locale.
/// Bytes that are not UTF-8 count one each.
[[nodiscard]] int display_width(std::string_view text);

/// The text itself if it fits, else its start and an ellipsis, `width` cells at most.
[[nodiscard]] std::string cut_to_width(std::string_view text, int width);

/// The text and as many spaces as bring it to `width` cells; before the text if `right`.
void append_padded(std::string& out, std::string_view text, int width, bool right);

/// A name as the harness's blocks show it: escaped, then filled with spaces to `width` Unicode
/// scalar values (not terminal cells, which would differ from the harness for wide characters).
/// Never cut.
[[nodiscard]] std::string padded_name(std::string_view name, std::size_t width);

/// Spaces between two columns of a table.
inline constexpr int k_gutter = 2;

/// What a column wants. Widths are in terminal cells.
struct ColumnWish {
  int header_width = 0;
  int natural_width = 0;  ///< of the widest of the header and the cells seen
  bool is_number = false;
  int priority = 0;  ///< 0 stays always; the largest goes first
  /// Cells that text, or a number's header, keeps as long as columns can go; 0: a usual number.
  int least_width = 0;
  int content_width = 0;  ///< of the widest cell without the header; 0: natural_width
};

struct ColumnPlace {
  bool shown = true;
  int width = 0;
};

/// Fits columns to a terminal of `width` cells (0: no limit). Wide text is narrowed first, the
/// widest most; then columns are dropped by priority, the right one of equals. Numbers are never
/// narrowed, since a cut number is a wrong number, so a very narrow table can still be too wide.
[[nodiscard]] std::vector<ColumnPlace> fit_columns(const std::vector<ColumnWish>& wishes,
                                                   int width);

}  // namespace ktstr
