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

/// The two databases that have the views.
enum class Store { catalog, archive };

/// Every view of the interface, in an order in which they can be created. The archive has the
/// catalog's, with some columns more at the end of `results`, and some views of its own.
[[nodiscard]] std::vector<ViewDefinition> view_definitions(Store store);

}  // namespace ktstr
