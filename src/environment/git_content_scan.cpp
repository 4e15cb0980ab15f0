// SPDX-License-Identifier: MIT
#include "environment/git_content_scan.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <system_error>
#include <thread>

namespace ktstr {
namespace {

using Entries = std::vector<const GitIndexEntry*>;
using Position = Entries::const_iterator;

// So many are read before those that differ are looked at more closely.
constexpr std::ptrdiff_t k_batch = 1024;
// Starting a thread takes longer than reading this many.
constexpr std::ptrdiff_t k_worth_a_thread = 32;

void keep_differing(const GitRepository& repository, Position begin, Position end, Entries& kept) {
  std::copy_if(begin, end, std::back_inserter(kept),
               [&](const GitIndexEntry* entry) { return !repository.has_recorded_bytes(*entry); });
}

Entries differing(const GitRepository& repository, Position begin, Position end) {
  Entries own;
  Entries helpers;
  Position middle = end;
  std::thread helper;
  if (end - begin >= k_worth_a_thread) {
    try {
      const Position half = begin + (end - begin) / 2;
      helper = std::thread([&, half] { keep_differing(repository, half, end, helpers); });
      middle = half;
    } catch (const std::system_error&) {  // no more threads to be had: the caller does it all
    }
  }
  keep_differing(repository, begin, middle, own);
  if (helper.joinable()) helper.join();
  own.insert(own.end(), helpers.begin(), helpers.end());
  return own;
}

}  // namespace

bool is_any_content_changed(const GitRepository& repository, const Entries& entries) {
  for (Position begin = entries.begin(); begin != entries.end();) {
    const Position end = begin + std::min(k_batch, entries.end() - begin);
    const Entries suspects = differing(repository, begin, end);
    const bool is_changed = std::any_of(
        suspects.begin(), suspects.end(),
        [&](const GitIndexEntry* entry) { return repository.is_content_changed(*entry); });
    if (is_changed) return true;
    begin = end;
  }
  return false;
}

}  // namespace ktstr
