// SPDX-License-Identifier: MIT
#include "environment/git_patience.hpp"

#include <algorithm>
#include <atomic>

#include "base/clock.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_patience_ns = 5'000'000'000;
constexpr std::int64_t k_impatience_ns = 250'000'000;

std::atomic<bool>& has_waited_in_vain(GitJudge judge) {
  static std::atomic<bool> for_library = false;
  static std::atomic<bool> for_command = false;
  return judge == GitJudge::library ? for_library : for_command;
}

}  // namespace

std::int64_t git_deadline_ns() { return system_clock().steady_ns() + k_patience_ns; }

std::int64_t patience_with(GitJudge judge, std::int64_t until_ns) {
  if (!has_waited_in_vain(judge)) return until_ns;
  return std::min(until_ns, system_clock().steady_ns() + k_impatience_ns);
}

void note_waited_in_vain(GitJudge judge) { has_waited_in_vain(judge) = true; }

}  // namespace ktstr
