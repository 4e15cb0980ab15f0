// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/tables.hpp"
#include "library/pack.hpp"
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

// What a pack's documents and names become on their way out.

/// A document as it is to be given away.
struct Outgoing {
  std::string bytes;
  std::string id;
  std::int64_t size_bytes = 0;
  bool is_redacted = false;  ///< the bytes are others than those that were seen
};

/// With PackOptions::with_host, all is as it was. Methods throw SQLite::Exception.
class PackDocuments {
 public:
  /// Both have to live on.
  PackDocuments(SQLite::Database& archive, const PackOptions& options)
      : source_(archive), options_(options), from_(archive) {}

  /// Has to come first, unless nothing is redacted. False: somebody wants it to stop.
  [[nodiscard]] bool learn_names(const PackChoice& choice);
  /// None: it can't be given away, and reason() says why.
  [[nodiscard]] std::optional<Outgoing> outgoing(const FileVersion& version);
  /// Decodes it; its variant's hash gives way if it was made of something private. `variant_hash`
  /// is the one of the record as it was, '' for none.
  void decode(const FileVersion& version, const std::string& variant_hash, Outgoing& document,
              PreparedFile& file);
  /// Of a dump, after the sidecars have been decoded.
  [[nodiscard]] std::string file_name(const FileVersion& version);
  [[nodiscard]] std::string name(const std::string& text) {
    return words_ ? words_->name(text) : text;
  }
  [[nodiscard]] std::string label(const std::string& key, const std::string& value) {
    return words_ ? words_->label(key, value) : value;
  }
  [[nodiscard]] std::string reason() { return words_ ? words_->text(reason_) : reason_; }

  [[nodiscard]] RedactionCounts counts() const;
  [[nodiscard]] const LeftOut& left_out() const { return left_out_; }

 private:
  void learn_from_names(const PackChoice& choice, Redaction& redaction,
                        std::vector<std::string>& hosts);
  /// The bytes as they were seen.
  [[nodiscard]] std::optional<std::string> seen_bytes(const FileVersion& version);
  void set_bytes(const FileVersion& version, Outgoing& document, std::string bytes);
  void replace_hash(const FileVersion& version, const std::string& from, const std::string& to);
  [[nodiscard]] std::string keyed(const std::string& hash) const;

  SQLite::Database& source_;
  const PackOptions& options_;
  ArchiveTables from_;
  std::optional<PackWords> words_;  ///< none: nothing is redacted
  RedactionCounts counts_;          ///< in documents
  LeftOut left_out_;
  std::string reason_;
  /// Of a directory and a hash in its files' names: the hash that is written.
  std::map<std::pair<std::int64_t, std::string>, std::string> file_hashes_;
  std::map<std::string, std::string> replaced_hashes_;
};

}  // namespace ktstr
