// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "catalog/extract.hpp"

namespace ktstr {

/// The rows of the hosts that came last: records of one host come together. Not thread-safe.
class HostCache {
 public:
  [[nodiscard]] std::shared_ptr<const HostRow> find(const HostContext& host);

 private:
  // A hostile pool has a host for each record.
  static constexpr std::size_t k_most_hosts = 64;
  static constexpr std::size_t k_longest_kept_bytes = 64 * 1024;

  std::unordered_map<std::string, std::shared_ptr<const HostRow>> hosts_;
};

/// The state of the writing process's heap, as JSON text; NULL without one. Every record of a host
/// has another, so it stands in the record's row and not in the host's.
[[nodiscard]] Value heap_state_json(const HostContext& host);

}  // namespace ktstr
