// SPDX-License-Identifier: MIT
#include "ktstr/index.hpp"

#include "library/session.hpp"
#include "query/result_query.hpp"
#include "query/statement.hpp"

namespace ktstr {

struct Index::Impl {
  Session session;
};

namespace {

/// Calls `each` with every row until it has enough.
Result<void> for_each_row(RowSource& rows, const std::function<bool(const IndexRow&)>& each) {
  std::vector<Value> row;
  while (true) {
    const auto more = rows.next(row);
    if (!more) return fail(more.error());
    if (!*more || !each(row)) return {};
  }
}

}  // namespace

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<Index> Index::open(const IndexOptions& options) {
  SessionOptions session_options;
  session_options.root = options.root;
  session_options.catalog = options.catalog;
  auto session = Session::open(session_options);
  if (!session) return fail(std::move(session.error()));
  return Index(std::make_unique<Impl>(Impl{std::move(*session)}));
}

Result<IndexRefresh> Index::refresh() {
  const auto report = impl_->session.refresh(RefreshOptions{});
  if (!report) return fail(report.error());
  if (!report->unreadable_directories.empty()) return fail(report->unreadable_directories.front());
  if (!report->not_looked_at.empty()) return fail(report->not_looked_at.front());
  return IndexRefresh{report->files_added,          report->files_changed,
                      report->files_removed,        report->files_moved,
                      report->status.at("ok"),      report->status.at("drift"),
                      report->status.at("corrupt"), report->status.at("unreadable")};
}

Result<void> Index::select(const std::string& statement,
                           const std::function<bool(const IndexRow&)>& each) {
  if (auto fresh = impl_->session.make_fresh(CheckLevel::dirs); !fresh) return fresh;
  auto rows = run_statement(impl_->session.database(), statement, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return for_each_row(**rows, each);
}

Result<std::vector<std::string>> Index::paths(const std::string& expression) {
  if (auto fresh = impl_->session.make_fresh(CheckLevel::dirs); !fresh) {
    return fail(std::move(fresh.error()));
  }
  ResultQuery query;
  query.expression = expression;
  query.select = {"path"};
  query.timeout_ns = 0;
  auto rows = run(impl_->session.database(), query, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  std::vector<std::string> paths;
  auto read = for_each_row(**rows, [&](const IndexRow& row) {
    if (const auto* path = std::get_if<std::string>(row.data())) paths.push_back(*path);
    return true;
  });
  if (!read) return fail(std::move(read.error()));
  return paths;
}

}  // namespace ktstr
