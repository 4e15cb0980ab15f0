// SPDX-License-Identifier: MIT
#pragma once

// What redaction does with single fields. Pure; thread-safe.

#include <string_view>

namespace ktstr {

/// What is done with the strings of a field. The whole_ ones go whatever they say.
enum class Treatment {
  text,
  identity,
  version,
  cgroup,
  boot_line,
  whole_id,
  whole_host,
  whole_address
};

/// By the name of the key that a string stands under, at any depth, since dumps repeat the record's
/// fields; the strings of an array stand under its key, and an object's keys under its own.
[[nodiscard]] Treatment treatment_of(std::string_view key);

/// A key of the record's contract: never private itself, and needed to read the record.
[[nodiscard]] bool is_record_key(std::string_view key);

}  // namespace ktstr
