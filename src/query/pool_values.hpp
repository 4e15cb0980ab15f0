// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/result.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// One value that results of a pool have in a dimension.
struct PoolValue {
  Value value;  ///< NULL, text or, of cpu_budget, an integer
  std::int64_t results = 0;
};

struct PoolDimension {
  std::string name;  ///< as the harness's listing has it, which isn't always the record's key
  std::vector<PoolValue> values = {};  ///< distinct, NULL first, then ascending (text by bytes)
};

struct PoolValues {
  std::int64_t results = 0;
  std::vector<PoolDimension> dimensions = {};
};

/// The harness's nine dimensions without a value.
[[nodiscard]] PoolValues no_pool_values();

/// The values of the pool. A budget of 0, of a test that never booted, is none. Of an archived
/// pool every result's source is "archive", whatever its file says.
[[nodiscard]] Result<PoolValues> pool_values(SQLite::Database& database, bool is_archive);

}  // namespace ktstr
