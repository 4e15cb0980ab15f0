// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "environment/join_path.hpp"

namespace ktstr {

// Where spools are and what is in them. Pure; thread-safe.

inline constexpr const char* k_spool_journal_name = "journal";

/// The indexer's own directory.
[[nodiscard]] inline std::string spool_grandparent(const std::string& root) {
  return join_path(root, ".ktstr-index");
}
[[nodiscard]] inline std::string spool_parent(const std::string& root) {
  return spool_grandparent(root) + "/spool";
}
/// Beside the spool: it has to be there before the spool is.
[[nodiscard]] inline std::string spool_lock_path(const std::string& spool) {
  return spool + ".lock";
}

}  // namespace ktstr
