// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "record/private_text.hpp"
#include "record/redaction.hpp"

namespace ktstr {

/// The machine's name, short and with its domain.
[[nodiscard]] std::vector<std::string> own_host_names();

/// Takes out of the words that stand beside documents what tells where they were made.
class PackWords {
 public:
  explicit PackWords(std::vector<std::string> host_names) : host_names_(std::move(host_names)) {}

  /// Anything that somebody wrote: a label's value, a reason.
  [[nodiscard]] std::string text(const std::string& value);
  /// What a result is told apart by, so as little as can be: the machine's name alone.
  [[nodiscard]] std::string name(const std::string& value);

  [[nodiscard]] const std::vector<std::string>& host_names() const { return host_names_; }
  [[nodiscard]] const RedactionCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] std::string without(const std::string& value, TextKind kind, bool only_hosts);

  std::vector<std::string> host_names_;
  RedactionCounts counts_;
};

}  // namespace ktstr
