// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"
#include "report/output.hpp"
#include "report/row_formatter.hpp"

namespace ktstr {

struct RenderOptions {
  Format format = Format::table;
  int width = 0;                    ///< terminal cells that a table may take; 0: no limit
  bool color = false;               ///< verdicts of a table in colour
  bool is_for_spreadsheet = false;  ///< csv: no text may be taken for a formula
  /// Asked once, after the last row: whether newer files than the answer are known. None: false.
  std::function<bool()> stale = {};
};

struct RenderSummary {
  std::uint64_t rows = 0;  ///< written; fewer than there are if the reader went away
  std::vector<std::string> dropped_columns = {};  ///< that did not fit, in table order
};

/// Writes the rows of `source`, streamed: no more than about a thousand rows, or a few MiB, are
/// held at any time. Nothing is written if the source fails at its first row; a later failure
/// leaves the text incomplete and comes back as the error. A reader that went away is no error.
[[nodiscard]] Result<RenderSummary> render_rows(RowSource& source, Output& output,
                                                const RenderOptions& options);

}  // namespace ktstr
