// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "base/rows.hpp"

namespace ktstr {

/// The metric registry as rows, in its order.
class MetricRows : public RowSource {
 public:
  [[nodiscard]] const std::vector<RowColumn>& columns() const override;
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override;

 private:
  std::size_t at_ = 0;
};

}  // namespace ktstr
