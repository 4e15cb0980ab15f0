// SPDX-License-Identifier: MIT
#include "store/dump_name.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "ktstr/walk.hpp"

namespace ktstr {
namespace {

constexpr std::string_view k_attempt = ".attempt-";

/// Without ".attempt-N" before the last two or three parts of the name.
std::string without_attempt(std::string_view name) {
  const std::size_t at = name.rfind(k_attempt);
  if (at == std::string_view::npos) return std::string(name);
  std::size_t end = at + k_attempt.size();
  while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
  const bool is_attempt = end > at + k_attempt.size() && end < name.size() && name[end] == '.';
  return is_attempt ? std::string(name.substr(0, at)) + std::string(name.substr(end))
                    : std::string(name);
}

}  // namespace

DumpName dump_name(std::string_view file_name) {
  const auto name = classify_artifact(without_attempt(file_name));
  if (!name) return {};
  DumpName dump{name->test, std::nullopt};
  if (name->has_hash) dump.hash = hex16(name->hash);
  return dump;
}

}  // namespace ktstr
