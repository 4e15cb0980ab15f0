// SPDX-License-Identifier: MIT
#include "library/index.hpp"

#include <string>
#include <utility>

#include "database/connection.hpp"
#include "ktstr/index.hpp"
#include "library/open_index.hpp"
#include "query/evidence.hpp"
#include "query/past.hpp"
#include "query/pool_values.hpp"
#include "query/result_query.hpp"
#include "query/statement.hpp"
#include "record/metric_registry.hpp"
#include "report/documents.hpp"
#include "store/walk.hpp"

namespace ktstr {

std::string left_out_note(SQLite::Database& database, const Filters& filters) {
  const auto left_out = count_left_out(database, filters);
  const std::string kinds = left_out ? left_out_text(*left_out) : std::string();
  return kinds.empty() ? kinds : "not in this answer: " + kinds;
}

Result<HostContext> run_host(SQLite::Database& database, const std::string& run,
                             const MessageSink& note) {
  const auto named = find_run(database, run);
  if (!named) return fail(named.error());
  const auto counts = count_hosts(database, *named);
  if (!counts) return fail(counts.error());
  const std::string the_run = "run '" + run + "'";
  if (counts->results == 0) return fail(ErrorCode::not_found, the_run + " has no sidecar data");
  auto found = first_host(database, *named);
  if (!found) return fail(std::move(found.error()));
  if (!*found) {
    return fail(ErrorCode::not_found,
                "none of the " + std::to_string(counts->results) + " sidecar(s) of " + the_run +
                    " has a host: the run is from before hosts were recorded");
  }
  if (counts->hosts > 1) {
    note(the_run + " has results from " + std::to_string(counts->hosts) +
         " different hosts; this is that of " + (*found)->test_name);
  }
  return std::move((*found)->host);
}

JsonObject show_host_document(const std::optional<std::string>& run, const HostContext& host) {
  JsonObject document;
  document.add("run", run).add("host", host_document(host));
  return document;
}

const std::vector<RowColumn>& MetricRows::columns() const {
  // The first five are the harness's own listing.
  static const std::vector<RowColumn> k_columns = {
      {"name", 0, 30}, {"polarity", 0, 8}, {"default_abs", 2}, {"default_rel", 2},
      {"unit", 2},     {"kind", 4, 20},    {"meaning", 3, 24}};
  return k_columns;
}

Result<bool> MetricRows::next(std::vector<Value>& row) {
  if (at_ == metric_registry().size()) return false;
  const MetricDefinition& metric = metric_registry()[at_++];
  row = {std::string(metric.name),   polarity_text({metric.polarity}), metric.default_abs,
         metric.default_rel,         std::string(metric.unit),         kind_text(metric.kind),
         std::string(metric.meaning)};
  return true;
}

ShortIdRows::ShortIdRows(SQLite::Database& database, std::unique_ptr<RowSource> rows)
    : path_(database.getFilename()), rows_(std::move(rows)), prefixes_(database) {
  if (is_past_attached(database)) past_prefixes_.emplace(database, "past");
  for (std::size_t i = 0; i < rows_->columns().size(); ++i) {
    if (rows_->columns()[i].name == "id") id_columns_.push_back(i);
  }
}

Result<bool> ShortIdRows::next(std::vector<Value>& row) {
  auto more = rows_->next(row);
  if (!more || !*more) return more;
  return guarded(path_, [&] {
    for (const std::size_t column : id_columns_) {
      auto* const id = std::get_if<std::string>(&row[column]);
      if (id == nullptr) continue;
      std::string shortest = prefixes_.shortest(*id);
      if (past_prefixes_) {
        std::string other = past_prefixes_->shortest(*id);
        if (other.size() > shortest.size()) shortest = std::move(other);
      }
      *id = std::move(shortest);
    }
    return true;
  });
}

Result<void> check_listing(const Result<std::unique_ptr<DirectoryHandle>>& opened) {
  if (!opened) return fail(opened.error());
  return (*opened)->list().map([](const auto&) {});
}

void note_unlisted_jobs(FileSystem& files, const std::string& directory, const MessageSink& note) {
  const auto opened = files.open_directory(directory);
  if (!opened) return;
  const auto entries = (*opened)->list();
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    if (!is_directory_entry(**opened, entry)) continue;
    const auto listed = check_listing((*opened)->open_directory(entry.name));
    if (!listed) {
      note("can't list " + directory + "/" + entry.name + ": " + listed.error().message +
           "; its files are not in this answer");
    }
  }
}

Result<Collection> walk_run(FileSystem& files, const WalkedRunOptions& options) {
  const auto directory = find_run_directory(files, options.root, options.run);
  if (!directory) return fail(directory.error());
  WalkOptions walk_options;
  walk_options.sink = {};  // what it would say is part of the answer
  walk_options.samples = SampleHandling::reduce;
  walk_options.max_file_bytes = options.max_file_bytes;
  Collection found = collect_with_errors(files, *directory, walk_options);
  note_unlisted_jobs(files, *directory, options.note);
  if (found.sidecars.empty() && found.parse_errors.empty() && found.io_errors.empty()) {
    return fail(ErrorCode::not_found, "no file here or one level below is named as a sidecar",
                *directory);
  }
  return found;
}

struct Index::Impl {
  OpenIndex index;
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
  OpenIndexOptions index_options;
  index_options.root = options.root;
  index_options.catalog = options.catalog;
  auto index = OpenIndex::open(index_options);
  if (!index) return fail(std::move(index.error()));
  return Index(std::make_unique<Impl>(Impl{std::move(*index)}));
}

Result<IndexRefresh> Index::refresh() {
  const auto report = impl_->index.refresh(RefreshOptions{});
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
  if (auto fresh = impl_->index.make_fresh(CheckLevel::dirs); !fresh) return fresh;
  auto rows = run_statement(impl_->index.database(), statement, 0, system_clock());
  if (!rows) return fail(std::move(rows.error()));
  return for_each_row(**rows, each);
}

Result<std::vector<std::string>> Index::paths(const std::string& expression) {
  if (auto fresh = impl_->index.make_fresh(CheckLevel::dirs); !fresh) {
    return fail(std::move(fresh.error()));
  }
  ResultQuery query;
  query.expression = expression;
  query.select = {"path"};
  query.timeout_ns = 0;
  auto rows = run(impl_->index.database(), query, system_clock());
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
