// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/text.hpp"
#include "ktstr/result.hpp"
#include "privacy/patterns.hpp"
#include "privacy/private_text.hpp"

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

// Takes out of sidecars, failure dumps, names and labels what tells where they were made, so that
// they can be given away. All else of a document stays byte for byte: numbers, order, spacing,
// unknown keys. What is found gives way to <path>, <address>, <id>, <host> or <secret>; of a boot
// line only scheduling parameters stay. Results must still be told apart: in what they go by
// (identities, names, keys) each value has a substitute of its own, <host-3fa9c1d2>, made with a
// secret key. Patterns and the meaning of keys stand in patterns.cpp.

/// Whoever hasn't it can't try what a substitute stands for.
struct SubstituteKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
/// From the system's random numbers.
[[nodiscard]] SubstituteKey random_substitute_key();
/// As 32 hex digits, and back; none for what is none.
[[nodiscard]] std::string key_text(const SubstituteKey& key);
[[nodiscard]] std::optional<SubstituteKey> parse_key(std::string_view text);

struct RedactionOptions {
  std::vector<std::string> host_names = {};  ///< of machines; see HostNames
  SubstituteKey key = {};
};

/// What was taken out.
struct RedactionCounts {
  std::size_t boot_parameters = 0;
  std::size_t paths = 0;
  std::size_t addresses = 0;  ///< network addresses, URLs, mail addresses, users
  std::size_t ids = 0;        ///< UUIDs, disks, serial numbers
  std::size_t hosts = 0;
  std::size_t secrets = 0;  ///< passwords, tokens, keys

  [[nodiscard]] std::size_t total() const {
    return boot_parameters + paths + addresses + ids + hosts + secrets;
  }
  void add(const RedactionCounts& other);
};

struct RedactedText {
  std::string json;
  RedactionCounts counts;
};

/// The same text becomes the same again and again, and what is redacted stays as it is. Remembers
/// what it has seen; one object per thread.
class Redaction {
 public:
  explicit Redaction(const RedactionOptions& options);

  /// Keys are redacted as values are; those that would become equal in one object are numbered
  /// ("<path> 2"). Error (parse): not one JSON text in UTF-8, or nested deeper than 10000.
  [[nodiscard]] Result<RedactedText> document(std::string_view json);
  /// The machines that a document names, under keys that say so or in texts.
  [[nodiscard]] std::vector<std::string> hosts_named_in(std::string_view json);
  /// The machines that a value names, by its key or by what it says; '' for no key.
  [[nodiscard]] std::vector<std::string> hosts_in_value(std::string_view key,
                                                        std::string_view value);
  /// What somebody wrote: a reason, an error.
  [[nodiscard]] std::string text(std::string_view value, RedactionCounts& counts);
  /// What results go by: a directory, a session, a label's value.
  [[nodiscard]] std::string name(std::string_view value, RedactionCounts& counts);
  /// A sidecar's or dump's: its test is redacted, its ending and its hash stay.
  [[nodiscard]] std::string file_name(std::string_view value, RedactionCounts& counts);
  /// What stands under a key, by the key's meaning.
  [[nodiscard]] std::string value_of(std::string_view key, std::string_view value,
                                     RedactionCounts& counts);

 private:
  friend class DocumentRedactor;

  [[nodiscard]] std::vector<PrivateSpan> find(std::string_view text, TextKind kind);
  /// What stands for a part of a text that results go by, or of another.
  [[nodiscard]] std::string substitute(PrivateKind kind, std::string_view value,
                                       bool is_identity) const;
  [[nodiscard]] std::string replaced(std::string_view value, TextKind kind, bool is_identity,
                                     RedactionCounts& counts);

  HostNames hosts_;
  SubstituteKey key_;
  FieldRules rules_;
  /// Texts in which nothing was found: the same few stand in all records.
  std::unordered_set<std::string> clean_;
};

/// True if `redacted` may be what `other` became: it says the same around its substitutes. Linear.
[[nodiscard]] bool may_have_become(std::string_view other, std::string_view redacted);

}  // namespace ktstr
