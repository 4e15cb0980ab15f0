// SPDX-License-Identifier: MIT
#pragma once

// A record that isn't finished, as a harness in another language hands it over.

#include <cstddef>
#include <string>
#include <vector>

#include "ktstr/record.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

/// One place where a document breaks the contract.
struct ContractBreak {
  std::string path;         ///< "stats.phases[0]"; empty for the record itself
  std::string missing_key;  ///< of the object there; empty if something is there and wrong
  std::string message;      ///< "missing field `label`", "invalid type: …", without the path

  /// As DecodedRecord::error has it.
  [[nodiscard]] std::string text() const { return path.empty() ? message : path + ": " + message; }
};

struct RecordDraft {
  Record record;  ///< what is missing or can't be read has its default; ObjectKeys::read tells
  /// All that keeps it from being a record, in the order of the document, what an object lacks
  /// behind what it has; at most k_most_listed. Empty: it is one. Of the two contracts (annex) the
  /// one that is broken less.
  std::vector<ContractBreak> breaks;
  std::size_t unlisted_breaks = 0;

  static constexpr std::size_t k_most_listed = 100;
};

/// Decodes with samples and unknown keys kept. Errors as decode_record() has them. Thread-safe.
[[nodiscard]] Result<RecordDraft> decode_draft(const std::string& json);

}  // namespace ktstr
