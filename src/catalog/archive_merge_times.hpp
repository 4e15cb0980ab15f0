// SPDX-License-Identifier: MIT
#pragma once

// From when to when an observation stood, where two archives know of it. Pure.

#include <cstdint>
#include <optional>
#include <string>

namespace ktstr {

struct ObservationTimes {
  std::int64_t first_seen_ns = 0;
  std::optional<std::int64_t> last_seen_ns;
  std::optional<std::int64_t> ended_ns;  ///< none: it stands
  std::optional<std::string> ending;
  /// Of one that stands: when its root was last seen.
  std::optional<std::int64_t> root_seen_ns;

  [[nodiscard]] std::int64_t seen_until_ns() const {
    return last_seen_ns.value_or(root_seen_ns.value_or(first_seen_ns));
  }
};

/// One that was imported stands nowhere on this machine: it ended when it was last seen, in no way
/// that is known.
[[nodiscard]] ObservationTimes as_imported(ObservationTimes times);

/// What both know together; the order makes no difference but for what is in neither's times.
[[nodiscard]] ObservationTimes united(const ObservationTimes& one, const ObservationTimes& other);

}  // namespace ktstr
