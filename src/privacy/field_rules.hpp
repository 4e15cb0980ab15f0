// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.hpp"
#include "privacy/patterns.hpp"

namespace ktstr {

/// What keys say of the values below them, at any depth, since dumps repeat the record's fields.
/// The strings of an array stand under its key, and an object's keys under its own. Remembers what
/// it was asked; one object per thread.
class FieldRules {
 public:
  FieldRules();
  ~FieldRules();

  [[nodiscard]] Treatment treatment_of(std::string_view key);

 private:
  struct Patterns;
  /// So that a view can be looked up.
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unique_ptr<const Patterns> patterns_;
  std::unordered_map<std::string, Treatment, TextHash, std::equal_to<>> known_;
};

/// A key of the record's contract: never private itself, and needed to read the record.
[[nodiscard]] bool is_record_key(std::string_view key);

}  // namespace ktstr
