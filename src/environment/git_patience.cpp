// SPDX-License-Identifier: MIT
#include "environment/git_patience.hpp"

#include <atomic>

#include "base/clock.hpp"

namespace ktstr {
namespace {

constexpr std::int64_t k_patience_ns = 5'000'000'000;
constexpr std::int64_t k_impatience_ns = 250'000'000;

std::atomic<bool>& has_waited_in_vain() {
  static std::atomic<bool> has_waited = false;
  return has_waited;
}

}  // namespace

std::int64_t git_deadline_ns() {
  return system_clock().steady_ns() + (has_waited_in_vain() ? k_impatience_ns : k_patience_ns);
}

void note_waited_in_vain() { has_waited_in_vain() = true; }

}  // namespace ktstr
