// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/nullable_fields.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {

/// What a record's two CPU counts say together.
enum class BudgetState {
  not_booted,     ///< no budget: the test was skipped before a guest was started
  malformed,      ///< a budget, but no guest CPU
  overcommitted,  ///< fewer host CPUs than guest CPUs
  plain,
};
[[nodiscard]] BudgetState budget_state(const Record& record);

struct FieldCount {
  const NullableField* field = nullptr;
  std::uint64_t none = 0;
  std::uint64_t some = 0;
};

/// Points into the collection, which must outlive it.
struct SidecarExplanation {
  std::uint64_t walked = 0;
  std::uint64_t overcommitted = 0;
  std::vector<const LoadedSidecar*> sidecars;  ///< by test name, run id and path
  std::vector<FieldCount> fields;              ///< in the record's order
};
[[nodiscard]] SidecarExplanation explain(const Collection& collection);

}  // namespace ktstr
