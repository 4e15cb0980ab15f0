// SPDX-License-Identifier: MIT
#include "store/session_sentinel.hpp"

#include <utility>

namespace ktstr {
namespace {

constexpr std::uint64_t k_max_token_bytes = 4096;

}  // namespace

std::optional<std::string> read_session_sentinel(const DirectoryHandle& directory) {
  const auto own = directory.status_of(k_session_sentinel, FollowLinks::no);
  if (!own || own->kind != FileKind::regular) return std::nullopt;
  const auto file = directory.open_file(k_session_sentinel);
  if (!file) return std::nullopt;
  auto token = (*file)->read_all(k_max_token_bytes);
  if (!token || token->empty()) return std::nullopt;
  return std::move(*token);
}

}  // namespace ktstr
