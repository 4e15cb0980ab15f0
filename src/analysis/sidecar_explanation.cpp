// SPDX-License-Identifier: MIT
#include "analysis/sidecar_explanation.hpp"

#include <algorithm>
#include <tuple>

namespace ktstr {
namespace {

bool comes_before(const LoadedSidecar* left, const LoadedSidecar* right) {
  const auto key = [](const LoadedSidecar& sidecar) {
    return std::tie(sidecar.record.test_name, sidecar.record.run_id, sidecar.path);
  };
  return key(*left) < key(*right);
}

FieldCount count(const NullableField& field, const std::vector<LoadedSidecar>& sidecars) {
  FieldCount result{&field};
  for (const LoadedSidecar& sidecar : sidecars) {
    ++(field.is_none(sidecar.record) ? result.none : result.some);
  }
  return result;
}

}  // namespace

BudgetState budget_state(const Record& record) {
  if (record.cpu_budget == 0) return BudgetState::not_booted;
  if (record.vcpus == 0) return BudgetState::malformed;
  return record.cpu_budget < record.vcpus ? BudgetState::overcommitted : BudgetState::plain;
}

SidecarExplanation explain(const Collection& collection) {
  SidecarExplanation result;
  result.walked =
      collection.sidecars.size() + collection.parse_errors.size() + collection.io_errors.size();
  for (const LoadedSidecar& sidecar : collection.sidecars) {
    result.sidecars.push_back(&sidecar);
    const bool is_over = budget_state(sidecar.record) == BudgetState::overcommitted;
    result.overcommitted += is_over ? 1 : 0;
  }
  std::sort(result.sidecars.begin(), result.sidecars.end(), comes_before);
  for (const NullableField& field : nullable_fields()) {
    result.fields.push_back(count(field, collection.sidecars));
  }
  return result;
}

}  // namespace ktstr
