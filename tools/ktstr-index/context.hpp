// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rows.hpp"
#include "catalog/refresh.hpp"
#include "environment/places.hpp"
#include "library/open_index.hpp"
#include "options.hpp"
#include "report/json_document.hpp"
#include "report/output.hpp"
#include "report/row_formatter.hpp"
#include "report/row_renderer.hpp"

namespace ktstr {

/// The command that shows long texts page by page: KTSTR_INDEX_PAGER, else PAGER, else less. None
/// where that is empty or "cat", or where its program isn't there.
[[nodiscard]] std::optional<std::string> find_pager(const Variables& variables);

/// Writes to standard output, a terminal of `height` lines. What doesn't fit goes through the pager
/// from its first line on; what does never starts one. Ctrl-C while there is more to come stops
/// that, and the process ends with the pager. The destructor waits until the reader has left it.
class PagedOutput : public Output {
 public:
  PagedOutput(std::string pager, int height) : pager_(std::move(pager)), height_(height) {}
  PagedOutput(const PagedOutput&) = delete;
  PagedOutput& operator=(const PagedOutput&) = delete;
  ~PagedOutput() override;

  [[nodiscard]] Result<void> write(std::string_view bytes) override;
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] bool reader_gone() const override { return output_.reader_gone(); }

 private:
  void start_pager();

  std::string pager_;
  int height_;
  std::string held_;  ///< not more than a screen
  int held_lines_ = 0;
  std::FILE* pipe_ = nullptr;
  void (*interrupt_before_)(int) = SIG_DFL;
  FileOutput output_{stdout};
};

/// "KEY=VALUE", repeatable. A key is what can stand behind "label." in an expression: letters,
/// digits and underscores, a letter first.
[[nodiscard]] ValueParser parse_label_into(
    std::vector<std::pair<std::string, std::string>>& labels);

// What every command shares: the common options, the opened index, the way out.

/// Exit status: annex "Exit status".
inline constexpr int k_done = 0;
inline constexpr int k_said_no = 1;
inline constexpr int k_usage = 2;
inline constexpr int k_failed = 3;
inline constexpr int k_signalled = 128;  ///< plus the signal's number

class Context {
 public:
  /// The options that stand before or after any command.
  [[nodiscard]] std::vector<Option> common_options();

  /// Of options that don't go together: an Error (code usage).
  [[nodiscard]] Result<void> check_options() const;

  [[nodiscard]] Format format() const { return format_; }
  [[nodiscard]] bool is_quiet() const { return quiet_; }
  [[nodiscard]] bool is_verbose() const { return verbose_ > 0; }
  [[nodiscard]] CheckLevel check_or(CheckLevel fallback) const { return check_.value_or(fallback); }
  [[nodiscard]] const ReadLimits& limits() const { return limits_; }
  [[nodiscard]] OpenIndexOptions index_options() const;
  /// Whether --archive names a file, which may not be there.
  [[nodiscard]] bool names_archive() const { return archive_ && *archive_ != "off"; }
  /// Of another pool, if there is one, which is only looked at.
  [[nodiscard]] OpenIndexOptions pool_options(const std::optional<std::string>& dir) const;
  /// True for formats that a person reads: ids are shortened there.
  [[nodiscard]] bool is_for_people() const {
    return format_ == Format::table || format_ == Format::markdown;
  }

  /// Opens the index and refreshes it as far as --check says. Its warnings go to stderr.
  [[nodiscard]] Result<OpenIndex> open(CheckLevel fallback) const;
  /// Whether --in names what to look at instead of this machine's stores.
  [[nodiscard]] bool is_in() const { return !in_.empty(); }
  [[nodiscard]] const std::vector<std::string>& in_paths() const { return in_; }
  /// The same for another pool, if there is one: its catalog is kept elsewhere, and nothing is
  /// written there.
  [[nodiscard]] Result<OpenIndex> open_pool(const std::optional<std::string>& dir,
                                            CheckLevel fallback) const;
  /// Only opens it.
  [[nodiscard]] Result<OpenIndex> open_as_is() const;
  /// For a question about the past: of a root that isn't there any more, too, whose catalog is an
  /// empty one then. Refreshed first unless only the past is asked for.
  [[nodiscard]] Result<OpenIndex> open_over(Over over, CheckLevel fallback) const;

  /// How the chosen format comes out at that terminal.
  [[nodiscard]] RenderOptions render_options(const Terminal& terminal) const;
  /// Writes rows in the chosen format; gives the exit status. `counted` gets their number.
  [[nodiscard]] int print_rows(RowSource& rows, const std::function<bool()>& stale = {},
                               std::uint64_t* counted = nullptr) const;
  /// Writes one document: the JSON for json and jsonl, else the facts.
  [[nodiscard]] int print_document(const JsonObject& document,
                                   const std::vector<Fact>& facts) const;
  /// One value for a script: the bare line, or in other formats a document of one member.
  [[nodiscard]] int print_value(const std::string& name, const std::string& value) const;
  [[nodiscard]] int print_text(std::string_view text) const;

  /// One line on stderr, unless --quiet; a line break in it is some name's, and is escaped.
  void note(std::string_view text) const;
  /// The same for a text that has line breaks of its own, but none in the names it holds.
  void note_lines(std::string_view text) const;
  /// A warning, as a note; what tells of lost evidence also where notes aren't wanted.
  void tell(const Warning& warning) const;
  /// One note about a runs root that isn't there, for commands that have an empty answer then: no
  /// runs yet is nothing to fail over.
  void note_no_root(const Error& error) const;
  /// Says what went wrong and gives the exit status for it.
  [[nodiscard]] int failed(const Error& error) const;

 private:
  [[nodiscard]] Result<OpenIndex> open_index(const OpenIndexOptions& options) const;
  [[nodiscard]] Result<OpenIndex> open_in() const;
  [[nodiscard]] Result<OpenIndex> made_fresh(Result<OpenIndex> index, CheckLevel fallback) const;
  [[nodiscard]] std::unique_ptr<Output> make_output(const Terminal& terminal) const;
  /// Puts a damaged store of ours aside, saying so. False: it is none, or it is sound.
  [[nodiscard]] bool mend_store(const std::string& path) const;
  [[nodiscard]] bool mend_archive(const ArchiveChoice& choice) const;
  void put_catalog_aside() const;

  std::optional<std::string> root_;
  std::optional<std::string> catalog_;
  std::optional<std::string> archive_;
  std::vector<std::string> in_;
  mutable std::string opened_catalog_;  ///< empty: none yet
  std::optional<CheckLevel> check_;
  Format format_ = Format::table;
  ReadLimits limits_;
  bool wide_ = false;
  bool no_color_ = false;
  bool no_pager_ = false;
  bool quiet_ = false;
  std::int64_t verbose_ = 0;
  bool excel_ = false;
};

/// Rows that are all there already.
class RowList : public RowSource {
 public:
  RowList(std::vector<RowColumn> columns, std::vector<std::vector<Value>> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  std::vector<RowColumn> columns_;
  std::vector<std::vector<Value>> rows_;
  std::size_t at_ = 0;
};

}  // namespace ktstr
