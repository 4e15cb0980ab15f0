// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "ktstr/verdicts.hpp"

namespace ktstr {

/// What a sidecar's text holds of its verdict, and the text with the final verdict in its place.
struct VerdictEdit {
  VerdictBits before;
  VerdictBits after;
  /// None if the bits are right already. Otherwise the same text, byte for byte, but for the four
  /// literals: a newer producer's keys, the order of keys and the digits of floats all stay.
  std::optional<std::string> text;
};

/// Puts the final verdict into a sidecar's text. Pure; thread-safe.
/// Error (parse): no reader of the harness would take the text; the message says why.
[[nodiscard]] Result<VerdictEdit> edit_verdict(const std::string& json, Verdict final_verdict);

}  // namespace ktstr
