// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ktstr/index.hpp"
#include "ktstr/record.hpp"

namespace ktstr {

/// A key of the record that may be null, and what a null in it can mean. Known beforehand for
/// every record: which of the causes is the real one, the file doesn't say.
struct NullableField {
  std::string_view name;
  bool is_actionable = false;  ///< somebody could do something about it; else null is expected
  std::span<const std::string_view> causes;
  std::string_view fix = {};  ///< "" where there is none
  bool (*is_none)(const Record& record) = nullptr;
};

/// In the record's order. Thread-safe; lives as long as the process.
[[nodiscard]] std::span<const NullableField> nullable_fields();

/// "expected" or "actionable".
[[nodiscard]] std::string_view classification(const NullableField& field);

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
