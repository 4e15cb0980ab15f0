// SPDX-License-Identifier: MIT
#include "library/archive_pack_words.hpp"

namespace ktstr {

template <typename Redact>
std::string PackWords::once(const std::string& key, const std::string& value, Redact redact) {
  const auto [entry, is_new] = known_.try_emplace({key, value});
  if (is_new) entry->second = redact();
  return entry->second;
}

std::string PackWords::text(const std::string& value) {
  return once("text", value, [&] { return redaction_.text(value, counts_); });
}

std::string PackWords::name(const std::string& value) {
  return once("name", value, [&] { return redaction_.name(value, counts_); });
}

std::string PackWords::file_name(const std::string& value) {
  return once("file", value, [&] { return redaction_.file_name(value, counts_); });
}

std::string PackWords::label(const std::string& key, const std::string& value) {
  return once("label " + key, value, [&] { return redaction_.value_of(key, value, counts_); });
}

}  // namespace ktstr
