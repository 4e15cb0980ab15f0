// SPDX-License-Identifier: MIT
#include "query/table_references.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace ktstr {
namespace {

// What ends a FROM clause on its own level of parentheses.
constexpr std::array<std::string_view, 12> k_from_ends = {
    "select", "where", "group",     "order",  "having", "window",
    "limit",  "union", "intersect", "except", "values", "returning"};

/// A name that a WITH defines, for the tokens of the parentheses that the WITH stands in.
struct CteScope {
  std::string name;
  std::size_t begin;
  std::size_t end;
};

struct Reference {
  std::size_t token;
  bool qualified;
};

/// One level of parentheses.
struct Level {
  std::size_t begin = 0;
  bool in_from = false;        ///< in a FROM clause
  bool table_is_next = false;  ///< here only a table or a parenthesis can stand
  bool starts_with = false;    ///< a WITH stands first
};

// Goes over the tokens once:
// 1. a parenthesis in the place of a table may hold tables itself, any other is a level of its own;
// 2. FROM, JOIN, and a comma within a FROM clause, make the next name a table; so does IN;
// 3. a name in such a place is a table, or a schema if a dot follows;
// 4. a name behind WITH, RECURSIVE or a comma that goes on with AS and a parenthesis is a CTE.
class Finder {
 public:
  explicit Finder(const std::vector<Token>& tokens) : tokens_(tokens) { levels_.push_back({}); }

  std::vector<TableReference> run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) look();
    while (!levels_.empty()) leave();
    std::vector<TableReference> found;
    for (const Reference& reference : references_) {
      const Token& token = tokens_[reference.token];
      found.push_back({token_name(token), token.offset, means_cte(reference)});
    }
    return found;
  }

 private:
  void look() {
    const Token& token = tokens_[at_];
    Level& level = levels_.back();
    if (token.is_symbol('(')) return enter();
    if (token.is_symbol(')')) return leave_one();
    if (token.is_symbol(',')) level.table_is_next = level.in_from;
    if (token.is_keyword("with") && at_ == level.begin) level.starts_with = true;
    if (is_cte_definition()) ctes_.push_back({token_name(token), level.begin, k_open});
    if (look_at_keyword(token, level)) return;
    if (token.can_be_name() && level.table_is_next) add_table();
  }

  bool look_at_keyword(const Token& token, Level& level) {
    // "IS DISTINCT FROM" compares.
    if (token.is_keyword("from") && !(at_ > 0 && tokens_[at_ - 1].is_keyword("distinct"))) {
      level.in_from = level.table_is_next = true;
      return true;
    }
    if (token.is_keyword("join")) {
      level.table_is_next = level.in_from;
      return true;
    }
    if (token.is_keyword("in")) {
      if (at_ + 1 < tokens_.size() && tokens_[at_ + 1].can_be_name()) {
        ++at_;
        add_table();
      }
      return true;
    }
    if (std::any_of(k_from_ends.begin(), k_from_ends.end(),
                    [&](std::string_view keyword) { return token.is_keyword(keyword); })) {
      level.in_from = level.table_is_next = false;
      return true;
    }
    return false;
  }

  void add_table() {
    levels_.back().table_is_next = false;
    const bool qualified = at_ + 2 < tokens_.size() && tokens_[at_ + 1].is_symbol('.');
    if (qualified) at_ += 2;
    references_.push_back({at_, qualified});
  }

  void enter() {
    const bool holds_tables = levels_.back().table_is_next;
    levels_.back().table_is_next = false;
    levels_.push_back({at_ + 1, holds_tables, holds_tables, false});
  }

  void leave_one() {
    if (levels_.size() > 1) leave();
  }

  void leave() {
    const Level& level = levels_.back();
    for (CteScope& cte : ctes_) {
      if (cte.end != k_open || cte.begin != level.begin) continue;
      cte.end = level.starts_with ? at_ : cte.begin;
    }
    levels_.pop_back();
  }

  [[nodiscard]] bool is_cte_definition() const {
    if (at_ == 0 || !tokens_[at_].can_be_name()) return false;
    const Token& before = tokens_[at_ - 1];
    if (!before.is_keyword("with") && !before.is_keyword("recursive") && !before.is_symbol(',')) {
      return false;
    }
    std::size_t next = at_ + 1;
    if (next < tokens_.size() && tokens_[next].is_symbol('(')) next = behind_parenthesis(next);
    if (next >= tokens_.size() || !tokens_[next].is_keyword("as")) return false;
    ++next;
    while (next < tokens_.size() &&
           (tokens_[next].is_keyword("not") || tokens_[next].is_keyword("materialized"))) {
      ++next;
    }
    return next < tokens_.size() && tokens_[next].is_symbol('(');
  }

  /// Of a list of column names: those hold no parentheses.
  [[nodiscard]] std::size_t behind_parenthesis(std::size_t at) const {
    while (at < tokens_.size() && !tokens_[at].is_symbol(')')) ++at;
    return at + 1;
  }

  [[nodiscard]] bool means_cte(const Reference& reference) const {
    if (reference.qualified) return false;
    const std::string name = token_name(tokens_[reference.token]);
    return std::any_of(ctes_.begin(), ctes_.end(), [&](const CteScope& cte) {
      return cte.name == name && cte.begin <= reference.token && reference.token < cte.end;
    });
  }

  static constexpr std::size_t k_open = static_cast<std::size_t>(-1);

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  std::vector<CteScope> ctes_;
  std::vector<Reference> references_;
};

}  // namespace

std::vector<TableReference> table_references(const std::vector<Token>& tokens) {
  return Finder(tokens).run();
}

}  // namespace ktstr
