// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "database/connection.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"

// An archive that somebody hands over, open to be read, and nothing but read: nothing of it runs,
// nothing is written beside it.

namespace ktstr {

class ForeignDatabase {
 public:
  /// Of any layout that this program knows. One that its writers log beside is read from a private
  /// copy, with what is in the log, unless nobody can write there at all: reading it where it lies
  /// would make files there, or miss what they do. Errors: usage (no archive), corrupt (its schema
  /// isn't ours word by word; views aside, which are never asked), newer_version, busy (it kept
  /// changing), interrupted, permission, io.
  [[nodiscard]] static Result<ForeignDatabase> open(const std::string& path,
                                                    const std::function<bool()>& should_stop);
  /// For our own, put aside because it is damaged: where it lies, and as much of its schema as can
  /// be read and is ours.
  [[nodiscard]] static Result<ForeignDatabase> open_damaged(const std::string& path);

  [[nodiscard]] SQLite::Database& database() { return *database_; }
  /// Word by word as a layout of ours has it. Others must not be read.
  [[nodiscard]] bool has_table(const std::string& name) const { return tables_.contains(name); }

 private:
  ForeignDatabase() = default;

  [[nodiscard]] Result<void> check(const std::string& path);

  std::optional<TemporaryDirectory> copy_;
  std::unique_ptr<SQLite::Database> database_;
  std::set<std::string> tables_;
};

}  // namespace ktstr
