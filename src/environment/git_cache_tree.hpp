// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "environment/git_stat.hpp"

namespace ktstr {

/// The tree that an index file says its entries add up to: git keeps it in an extension behind the
/// entries for as long as they do. libgit2 reads it but doesn't show it. None if it isn't there, is
/// out of date, or the bytes make no sense. Pure; the bytes may be anything.
[[nodiscard]] std::optional<GitName> cached_tree(std::string_view index_file);

}  // namespace ktstr
