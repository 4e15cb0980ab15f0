// SPDX-License-Identifier: MIT
#include "ktstr/kernel_commit_map.hpp"

#include <set>

#include "base/text.hpp"
#include "environment/kernel_commit_of.hpp"
#include "environment/unicode_space.hpp"

namespace ktstr {
namespace {

/// What a process would find in its own KTSTR_KERNEL and look for in the map.
bool can_be_key(const std::string& text) {
  return !text.empty() && is_valid_utf8(text) && text.find(';') == std::string::npos;
}

}  // namespace

std::string kernel_commit_map(const std::vector<std::string>& identifiers,
                              const Variables& variables, const KernelSourceOptions& options) {
  std::string map;
  std::set<std::string> seen;
  for (const std::string& identifier : identifiers) {
    const std::string key(trim_unicode(identifier));
    if (!can_be_key(key) || !seen.insert(key).second) continue;
    const auto commit = kernel_commit_of(key, variables, options);
    if (!commit) continue;
    map += (map.empty() ? "" : ";") + key + "=" + *commit;
  }
  return map;
}

}  // namespace ktstr
