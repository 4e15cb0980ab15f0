// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>

#include "privacy/redaction.hpp"

namespace ktstr {

/// Takes out of what stands in a pack's rows beside its documents what tells where it was made.
/// Counts a word once, in however many rows it stands.
class PackWords {
 public:
  explicit PackWords(const RedactionOptions& options) : redaction_(options) {}

  /// A reason.
  [[nodiscard]] std::string text(const std::string& value);
  /// A directory, a session, a label's key.
  [[nodiscard]] std::string name(const std::string& value);
  [[nodiscard]] std::string file_name(const std::string& value);
  [[nodiscard]] std::string label(const std::string& key, const std::string& value);

  [[nodiscard]] Redaction& redaction() { return redaction_; }
  [[nodiscard]] const RedactionCounts& counts() const { return counts_; }

 private:
  template <typename Redact>
  std::string once(const std::string& key, const std::string& value, Redact redact);

  Redaction redaction_;
  RedactionCounts counts_;
  std::map<std::pair<std::string, std::string>, std::string> known_;
};

}  // namespace ktstr
