// SPDX-License-Identifier: MIT
#include "environment/git_worktree_scan.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "environment/relative_status.hpp"

namespace ktstr {
namespace {

// Entries are sorted by path: a share this long stays in few directories.
constexpr std::size_t k_share = 256;
// Starting a thread takes longer than this many looks.
constexpr std::size_t k_worth_a_thread = 1024;

GitStatVerdict look_at(const GitIndexEntry& entry, RelativeStatus& status_of,
                       const GitStatRules& rules) {
  if (entry.is_unfinished) return GitStatVerdict::changed;
  struct stat status = {};
  switch (status_of(entry.path, status)) {
    case Presence::present:
      return compare_status(entry, status, rules);
    case Presence::missing:
      return GitStatVerdict::changed;
    case Presence::unknown:
      break;
  }
  return GitStatVerdict::unchanged;
}

}  // namespace

GitWorktreeScan::GitWorktreeScan(std::string directory, const std::vector<GitIndexEntry>& entries,
                                 const GitStatRules& rules)
    : directory_(std::move(directory)), entries_(entries), rules_(rules) {
  if (entries.size() < k_worth_a_thread) return;
  try {
    helper_ = std::thread([this] { work(helper_unsure_); });
  } catch (const std::system_error&) {  // no more threads to be had: the caller does it all
  }
}

GitWorktreeScan::~GitWorktreeScan() {
  is_dropped_ = true;
  if (helper_.joinable()) helper_.join();
}

bool GitWorktreeScan::find_change() {
  work(own_unsure_);
  if (helper_.joinable()) helper_.join();
  return is_changed_;
}

std::vector<const GitIndexEntry*> GitWorktreeScan::unsure() const {
  Unsure all = own_unsure_;
  all.insert(all.end(), helper_unsure_.begin(), helper_unsure_.end());
  return all;
}

void GitWorktreeScan::work(Unsure& unsure) {
  RelativeStatus status_of(directory_);
  while (!is_dropped_) {
    const std::size_t begin = next_.fetch_add(k_share);
    if (begin >= entries_.size()) return;
    const std::size_t end = std::min(begin + k_share, entries_.size());
    for (std::size_t i = begin; i < end && !is_changed_; ++i) {
      const GitStatVerdict verdict = look_at(entries_[i], status_of, rules_);
      if (verdict == GitStatVerdict::unsure) unsure.push_back(&entries_[i]);
      if (verdict == GitStatVerdict::changed) is_changed_ = true;
    }
    if (is_changed_) return;
  }
}

}  // namespace ktstr
