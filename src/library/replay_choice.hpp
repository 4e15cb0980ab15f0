// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ktstr/listings.hpp"
#include "library/session.hpp"
#include "query/failed_tests.hpp"

namespace ktstr {

/// What failed, and what of it was asked for.
struct ReplayChoice {
  FailedTests failed;
  std::vector<std::string> names;
};

/// From a fresh catalog. A pool without results has nothing to choose, and that is no error.
[[nodiscard]] Result<ReplayChoice> choose_replay(Session& session, const ReplayOptions& options);

/// What there is to say about a pool without results.
[[nodiscard]] std::string no_results_text(const Session& session);

}  // namespace ktstr
