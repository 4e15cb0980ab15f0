// SPDX-License-Identifier: MIT
#include "catalog/archive_merge_times.hpp"

#include <algorithm>
#include <utility>

namespace ktstr {
namespace {

/// When it was last known to be so; an end counts as later than a look at the same time.
std::pair<std::int64_t, bool> known_until(const ObservationTimes& times) {
  return {times.ended_ns.value_or(times.seen_until_ns()), times.ended_ns.has_value()};
}

}  // namespace

ObservationTimes as_imported(ObservationTimes times) {
  times.last_seen_ns = times.seen_until_ns();
  if (!times.ended_ns) times.ended_ns = times.last_seen_ns;
  times.root_seen_ns.reset();
  return times;
}

ObservationTimes united(const ObservationTimes& one, const ObservationTimes& other) {
  ObservationTimes result = known_until(one) > known_until(other) ? one : other;
  if (result.ended_ns) {
    result.last_seen_ns = std::max(one.seen_until_ns(), other.seen_until_ns());
    if (one.ended_ns == other.ended_ns) result.ending = std::max(one.ending, other.ending);
  } else {
    result.last_seen_ns.reset();
  }
  result.first_seen_ns = std::min(one.first_seen_ns, other.first_seen_ns);
  return result;
}

}  // namespace ktstr
