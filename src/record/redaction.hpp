// SPDX-License-Identifier: MIT
#pragma once

// Takes out of a sidecar or failure dump what tells where it was made, so that it can be given
// away. All else stays byte for byte: numbers, order, spacing, unknown keys. What a rule finds
// gives way to <path>, <address>, <id> or <host>; of the host's boot line only scheduling
// parameters stay. Rules for single fields stand in redaction_rules.cpp.
//
// Results must still be told apart: test, topology, scheduler, payload, work type, metric names,
// versions and commits are only searched for what can be nothing else (paths, mail addresses).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

struct RedactionOptions {
  /// Names of the machine (short, with domain): found as whole words, in any case. "localhost" and
  /// names of less than three characters are passed over.
  std::vector<std::string> host_names = {};
};

/// What was taken out.
struct RedactionCounts {
  std::size_t boot_parameters = 0;
  std::size_t paths = 0;
  std::size_t addresses = 0;  ///< network addresses, URLs, mail addresses
  std::size_t ids = 0;        ///< UUIDs, disks, serial numbers
  std::size_t hosts = 0;

  [[nodiscard]] std::size_t total() const {
    return boot_parameters + paths + addresses + ids + hosts;
  }
  void add(const RedactionCounts& other);
};

struct RedactedText {
  std::string json;
  RedactionCounts counts;
};

/// Redacting again finds no placeholder, and nothing in what was an ordinary text. Keys are
/// redacted as values are; those that would become equal in one object are numbered ("<path>",
/// "<path 2>"). Error (parse): not one JSON text in UTF-8, or nested deeper than 10000. Pure;
/// thread-safe.
[[nodiscard]] Result<RedactedText> redact(std::string_view json, const RedactionOptions& options);

}  // namespace ktstr
