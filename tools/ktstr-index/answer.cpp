// SPDX-License-Identifier: MIT
#include "answer.hpp"

#include "base/visible_text.hpp"
#include "database/connection.hpp"
#include "library/index.hpp"
#include "query/evidence.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

/// Hands rows through and remembers the last one's first value.
class WatchedRows : public RowSource {
 public:
  explicit WatchedRows(RowSource& rows) : rows_(rows) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_.columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override {
    auto more = rows_.next(row);
    if (more && *more && !row.empty()) {
      if (const auto* integer = std::get_if<std::int64_t>(row.data())) last_ = *integer;
    }
    return more;
  }
  [[nodiscard]] std::int64_t last_integer() const { return last_; }

 private:
  RowSource& rows_;
  std::int64_t last_ = 0;
};

/// Rows under other columns.
class RelabelledRows : public RowSource {
 public:
  RelabelledRows(std::vector<RowColumn> columns, std::unique_ptr<RowSource> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return columns_; }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override { return rows_->next(row); }

 private:
  std::vector<RowColumn> columns_;
  std::unique_ptr<RowSource> rows_;
};

}  // namespace

std::unique_ptr<RowSource> with_columns(std::vector<RowColumn> columns,
                                        std::unique_ptr<RowSource> rows) {
  return std::make_unique<RelabelledRows>(std::move(columns), std::move(rows));
}

Answer print_answer(const Context& context, OpenIndex& index, std::int64_t timeout_ns,
                    const MakeRows& make) {
  Answer answer;
  const auto printed = guarded(index.catalog_path(), [&]() -> Result<void> {
    auto rows = make_bounded(index.database(), timeout_ns, make);
    if (!rows) return fail(std::move(rows.error()));
    if (context.is_for_people()) {
      *rows = std::make_unique<ShortIdRows>(index.database(), std::move(*rows));
    }
    WatchedRows watched(**rows);
    answer.status = context.print_rows(
        watched, [&] { return index.is_stale(); }, &answer.rows);
    answer.last_integer = watched.last_integer();
    return {};
  });
  if (!printed) answer.status = context.failed(printed.error());
  return answer;
}

std::vector<Option> gate_options(GateArguments& arguments) {
  return {
      {"--expect",
       "WHAT",
       "Exit 1 unless there are none, or some; 3 where there was nothing to judge, or only part of "
       "it could be looked at",
       &arguments.expect,
       {"none", "some"}},
      {"--allow-partial", "", "With --expect: judge by what could be looked at",
       &arguments.allow_partial},
  };
}

namespace {

/// Why an answer in which nothing was found says nothing; empty if it does.
std::string why_not_judged(const OpenIndex& index, const GateArguments& gate,
                           const Evidence& evidence) {
  if (!evidence.unknown_values.empty()) {
    return "a gate can't judge by what occurs nowhere: " + evidence.unknown_values.front();
  }
  if (!evidence.has_results) return "there was nothing to judge: no result is in what was asked";
  if (gate.allow_partial) return {};
  if (index.is_partial()) return "nothing was found, but not everything was looked at";
  if (evidence.undecided > 0) {
    return "nothing was found, but results without a verdict are there: " +
           std::to_string(evidence.undecided);
  }
  if (!evidence.left_out.has_unknown()) return {};
  return "nothing was found, but nobody knows what these files say: " +
         left_out_text(evidence.left_out);
}

}  // namespace

int judged(const Context& context, OpenIndex& index, const GateArguments& gate,
           const ResultQuery& query, std::uint64_t found, int status) {
  if (status != k_done || !gate.is_gate()) return status;
  if (found > 0) return gate.expect == "some" ? k_done : k_said_no;
  const auto evidence = evidence_of(index.database(), query);
  if (!evidence) return context.failed(evidence.error());
  const std::string why = why_not_judged(index, gate, *evidence);
  if (why.empty()) return gate.expect == "none" ? k_done : k_said_no;
  const bool is_partial = evidence->has_results && evidence->unknown_values.empty();
  return context.failed({ErrorCode::busy, why, "",
                         is_partial ? "--allow-partial judges by what could be looked at" : ""});
}

void note_left_out(const Context& context, OpenIndex& index, const Filters& filters) {
  const std::string note = left_out_note(index.database(), filters);
  if (note.empty()) return;
  std::string options;
  for (const std::string& path : context.in_paths()) options += " " + shell_option("--in", path);
  const auto& root = index.named_root();
  if (root && !context.is_in()) options += " " + shell_option("--root", *root);
  const Over over = over_of(index.database());
  if (over != Over::now && !context.is_in()) {
    options += over == Over::past ? " --over past" : " --over all";
  }
  context.note(note + " (list --left-out" + options + ")");
}

void say_first(const Context& context, const std::vector<Error>& failures, const char* what) {
  constexpr std::size_t k_most_named = 10;
  for (std::size_t i = 0; i < failures.size() && i < k_most_named; ++i) {
    (void)context.failed(failures[i]);
  }
  if (failures.size() <= k_most_named) return;
  const std::string more = std::to_string(failures.size() - k_most_named);
  (void)context.failed({failures[k_most_named].code, more + " more " + what});
}

int failed_or_stopped(const Context& context, const Error& error, const StopRequest& stop) {
  const int status = context.failed(error);
  return error.code == ErrorCode::interrupted ? k_signalled + stop.signal() : status;
}

}  // namespace ktstr
