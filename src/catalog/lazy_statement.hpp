// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "catalog/connection.hpp"

namespace ktstr {

/// A statement that is prepared when it is first used: a query that finds nothing changed needs
/// three of thirty.
class LazyStatement {
 public:
  LazyStatement(SQLite::Database& database, const char* text) : database_(database), text_(text) {}
  /// For a text that has to be made.
  LazyStatement(SQLite::Database& database, std::string (*make_text)())
      : database_(database), make_text_(make_text) {}

  /// Ready to be bound: NULL wherever nothing is bound. Throws SQLite::Exception.
  SQLite::Statement& fresh() {
    if (!statement_) return statement_.emplace(database_, make_text_ ? make_text_() : text_);
    // Not reset(): that says once more how the last execution failed, which has been dealt with.
    (void)statement_->tryReset();
    statement_->clearBindings();
    return *statement_;
  }

 private:
  SQLite::Database& database_;
  const char* text_ = nullptr;
  std::string (*make_text_)() = nullptr;
  std::optional<SQLite::Statement> statement_;
};

}  // namespace ktstr
