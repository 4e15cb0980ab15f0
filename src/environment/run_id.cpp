// SPDX-License-Identifier: MIT
#include "ktstr/run_id.hpp"

#include <algorithm>

#include "base/time_text.hpp"
#include "environment/run_id_internal.hpp"

namespace ktstr {
namespace {

RunIds& process_run_ids() {
  static RunIds ids(system_clock());
  return ids;
}

}  // namespace

std::string now_iso8601(const Clock& clock) {
  return iso8601_utc(std::max<std::int64_t>(clock.now_ns(), 0));
}

const std::string& RunIds::timestamp() {
  std::call_once(stamped_, [this] {
    timestamp_ = now_iso8601(clock_);
    timestamp_.erase(std::remove_if(timestamp_.begin(), timestamp_.end(),
                                    [](char c) { return c == '-' || c == ':'; }),
                     timestamp_.end());
  });
  return timestamp_;
}

std::string RunIds::next() { return timestamp() + "-" + std::to_string(count_++); }

std::string now_iso8601() { return now_iso8601(system_clock()); }

std::string run_id_timestamp() { return process_run_ids().timestamp(); }

std::string generate_run_id() { return process_run_ids().next(); }

}  // namespace ktstr
