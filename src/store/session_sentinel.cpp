// SPDX-License-Identifier: MIT
#include "store/session_sentinel.hpp"

#include <utility>

namespace ktstr {
namespace {

constexpr std::uint64_t k_max_token_bytes = 4096;

}  // namespace

Result<std::optional<std::string>> read_session_sentinel(const DirectoryHandle& directory) {
  const auto none_or_busy = [](const Error& error) -> Result<std::optional<std::string>> {
    if (error.code == ErrorCode::busy) return fail(error);
    return std::nullopt;
  };
  const auto own = directory.status_of(k_session_sentinel, FollowLinks::no);
  if (!own) return none_or_busy(own.error());
  if (own->kind != FileKind::regular) return std::nullopt;
  const auto file = directory.open_file(k_session_sentinel);
  if (!file) return none_or_busy(file.error());
  auto token = (*file)->read_all(k_max_token_bytes);
  if (!token) return none_or_busy(token.error());
  if (token->empty()) return std::nullopt;
  return std::move(*token);
}

}  // namespace ktstr
