// SPDX-License-Identifier: MIT
#pragma once

#include "context.hpp"
#include "query/result_query.hpp"

namespace ktstr {

/// Shows the answer, and again each time that it changes, until Ctrl-C. A terminal is redrawn, as
/// many rows as fit, the newest first unless the query has an order; anything else gets whole
/// answers one after the other. Gives 130 or 143.
[[nodiscard]] int follow_query(const Context& context, const ResultQuery& query);

}  // namespace ktstr
