// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ktstr {

/// How many values a row of `series` or `kvm_series` holds.
inline constexpr int k_series_width = 64;

struct ViewDefinition {
  std::string name;
  std::string sql;  ///< the whole CREATE VIEW statement
};

/// Every view of the interface, in an order in which they can be created.
[[nodiscard]] std::vector<ViewDefinition> view_definitions();

}  // namespace ktstr
