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

/// From a fresh catalog. Error not_found: a pool without results.
[[nodiscard]] Result<ReplayChoice> choose_replay(Session& session, const ReplayOptions& options);

}  // namespace ktstr
