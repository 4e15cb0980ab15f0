// SPDX-License-Identifier: MIT
#pragma once

// Which tables a statement names. The authorizer alone can't say: SQLite 3.40 reports the same
// `read of directory, no column` for `count(*) FROM directory` and for a view that joins it,
// nothing for the columns of a NATURAL JOIN or USING, and a CTE that is called like a view for the
// view.

#include <cstddef>
#include <string>
#include <vector>

#include "query/tokens.hpp"

namespace ktstr {

struct TableReference {
  std::string name;     ///< in lower case
  std::size_t offset;   ///< of the name, in bytes
  bool is_cte = false;  ///< means a common table expression of that name, not a table
};

/// Every table that stands behind FROM, JOIN, IN or a comma between tables. Expects a SELECT or an
/// expression; what else there is, the authorizer refuses.
[[nodiscard]] std::vector<TableReference> table_references(const std::vector<Token>& tokens);

}  // namespace ktstr
