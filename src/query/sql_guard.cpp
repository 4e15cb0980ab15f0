// SPDX-License-Identifier: MIT
#include "query/sql_guard.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "database/connection.hpp"
#include "database/views.hpp"

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

namespace {

// Steps of SQLite's machine between two looks at the clock: about 10 us.
constexpr int k_steps_between_looks = 1000;
// Of one value. Keeps zeroblob() and the like from taking all memory before the clock is asked.
constexpr int k_largest_value_bytes = 64 << 20;
// Each % of a pattern may try every place of a text again.
constexpr int k_longest_pattern_bytes = 4096;

// Those that load code, or read and write files where a shell has added them.
constexpr const char* k_refused_functions[] = {"load_extension", "fts3_tokenizer", "readfile",
                                               "writefile",      "edit",           "zipfile"};
// sqlite_schema is reported as sqlite_master.
constexpr const char* k_other_readable[] = {"sqlite_master", "json_each", "json_tree"};

std::string refusal_text(int action, const std::string& name) {
  switch (action) {
    case SQLITE_READ:
      return name + " can't be read: only the views can";
    case SQLITE_FUNCTION:
      return "the function " + name + " is refused";
    case SQLITE_PRAGMA:
      return "PRAGMA is refused";
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return "ATTACH and DETACH are refused";
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transactions are refused";
    default:
      return "only reading the views is allowed";
  }
}

}  // namespace

std::vector<std::string> view_names() {
  std::vector<std::string> names;
  for (const ViewDefinition& view : view_definitions(Store::catalog)) names.push_back(view.name);
  return names;
}

std::vector<std::string> past_view_names() {
  std::vector<std::string> names;
  const std::vector<std::string> others = view_names();
  for (const ViewDefinition& view : view_definitions(Store::archive)) {
    const bool is_other = std::find(others.begin(), others.end(), view.name) == others.end();
    if (is_other) names.push_back(view.name);
  }
  return names;
}

bool has_schema(SQLite::Database& database, const std::string& name) {
  return sqlite3_txn_state(database.getHandle(), name.c_str()) >= 0;
}

std::string schema_file(SQLite::Database& database, const std::string& name) {
  const char* path = sqlite3_db_filename(database.getHandle(), name.c_str());
  return path == nullptr ? "" : path;
}

struct ReadOnlyGuard::State {
  State(SQLite::Database& opened, std::int64_t limit_ns, const Clock& time)
      : database(opened), timeout_ns(limit_ns), clock(time), paused_at_ns(time.steady_ns()) {
    // A limit beyond the end of time is none.
    if (__builtin_add_overflow(paused_at_ns, timeout_ns, &deadline_ns)) timeout_ns = 0;
    for (std::string& name : view_names()) views.insert(std::move(name));
    for (std::string& name : past_view_names()) views.insert(std::move(name));
  }

  void read_schema();
  void install();
  void uninstall() const;
  int authorize(int action, const std::string& first, const std::string& second,
                const std::string& through);
  [[nodiscard]] bool is_allowed(int action, const std::string& first, const std::string& second,
                                const std::string& through) const;
  int look_at_clock() {
    timed_out = timeout_ns > 0 && clock.steady_ns() >= deadline_ns;
    return timed_out ? 1 : 0;
  }

  SQLite::Database& database;
  std::int64_t timeout_ns;
  const Clock& clock;
  std::int64_t paused_at_ns;
  std::int64_t deadline_ns = 0;  ///< moves on while nothing runs
  std::set<std::string> views;
  std::set<std::string> tables;  ///< in lower case
  std::string refusal;
  bool timed_out = false;
  int double_quoted_strings = 1;
  int largest_value_bytes = -1;
  int longest_pattern_bytes = -1;
};

void ReadOnlyGuard::State::read_schema() {
  // The first use of a table-valued function defines its columns, which the authorizer would take
  // for a change of the schema. Raw calls: a schema that can't be read is the statement's failure
  // to report, not ours.
  sqlite3* handle = database.getHandle();
  sqlite3_exec(handle, "SELECT 1 FROM json_each('0'), json_tree('0')", nullptr, nullptr, nullptr);
  const auto add = [](void* context, int, char** values, char**) {
    if (values[0] != nullptr) {
      static_cast<State*>(context)->tables.insert(lower_ascii(values[0]));
    }
    return 0;
  };
  for (const char* schema : {"main", "past"}) {
    if (!has_schema(database, schema)) continue;
    const std::string sql =
        std::string("SELECT name FROM ") + schema + ".sqlite_master WHERE type = 'table'";
    sqlite3_exec(handle, sql.c_str(), add, this, nullptr);
  }
  // Temporary ones are views, too, and some of them are not for the public.
  sqlite3_exec(handle, "SELECT name FROM sqlite_temp_master", add, this, nullptr);
  for (const std::string& view : views) tables.erase(view);
}

void ReadOnlyGuard::State::install() {
  sqlite3* handle = database.getHandle();
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, -1, &double_quoted_strings);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  largest_value_bytes = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, k_largest_value_bytes);
  longest_pattern_bytes =
      sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, k_longest_pattern_bytes);
  sqlite3_set_authorizer(
      handle,
      [](void* context, int action, const char* first, const char* second, const char*,
         const char* through) {
        const auto text = [](const char* from) { return std::string(from == nullptr ? "" : from); };
        return static_cast<State*>(context)->authorize(action, text(first), text(second),
                                                       text(through));
      },
      this);
  sqlite3_progress_handler(
      handle, k_steps_between_looks,
      [](void* context) { return static_cast<State*>(context)->look_at_clock(); }, this);
}

void ReadOnlyGuard::State::uninstall() const {
  sqlite3* handle = database.getHandle();
  sqlite3_progress_handler(handle, 0, nullptr, nullptr);
  sqlite3_set_authorizer(handle, nullptr, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, largest_value_bytes);
  sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, longest_pattern_bytes);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, double_quoted_strings, nullptr);
}

bool ReadOnlyGuard::State::is_allowed(int action, const std::string& first,
                                      const std::string& second, const std::string& through) const {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return true;
    case SQLITE_FUNCTION:
      return std::find(std::begin(k_refused_functions), std::end(k_refused_functions),
                       lower_ascii(second)) == std::end(k_refused_functions);
    case SQLITE_READ:
      // A read of no column is also what a view gives for a table that it joins; forbidden_table()
      // is there for the rest of them.
      return second.empty() || views.contains(first) || views.contains(through) ||
             std::find(std::begin(k_other_readable), std::end(k_other_readable), first) !=
                 std::end(k_other_readable);
    default:
      return false;
  }
}

int ReadOnlyGuard::State::authorize(int action, const std::string& first, const std::string& second,
                                    const std::string& through) {
  if (is_allowed(action, first, second, through)) return SQLITE_OK;
  if (refusal.empty()) refusal = refusal_text(action, action == SQLITE_FUNCTION ? second : first);
  return SQLITE_DENY;
}

ReadOnlyGuard::ReadOnlyGuard(SQLite::Database& database, std::int64_t timeout_ns,
                             const Clock& clock)
    : state_(std::make_unique<State>(database, timeout_ns, clock)) {
  state_->read_schema();
  state_->install();
}

ReadOnlyGuard::~ReadOnlyGuard() { state_->uninstall(); }

SQLite::Database& ReadOnlyGuard::database() const { return state_->database; }
std::int64_t ReadOnlyGuard::timeout_ns() const { return state_->timeout_ns; }
void ReadOnlyGuard::begin_step() {
  if (state_->timeout_ns > 0) {
    state_->deadline_ns += state_->clock.steady_ns() - state_->paused_at_ns;
  }
}
void ReadOnlyGuard::end_step() {
  if (state_->timeout_ns > 0) state_->paused_at_ns = state_->clock.steady_ns();
}
bool ReadOnlyGuard::timed_out() const { return state_->timed_out; }
std::string ReadOnlyGuard::take_refusal() { return std::exchange(state_->refusal, {}); }

std::optional<SqlProblem> ReadOnlyGuard::forbidden_table(const std::vector<Token>& tokens) const {
  for (const TableReference& reference : table_references(tokens)) {
    if (reference.is_cte || !state_->tables.contains(reference.name)) continue;
    return SqlProblem{refusal_text(SQLITE_READ, reference.name), reference.offset};
  }
  return std::nullopt;
}

}  // namespace ktstr
