// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.hpp"
#include "base/rows.hpp"
#include "catalog/summary.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "query/filters.hpp"
#include "report/json_document.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// "not in this answer: …", of what the filters could have matched; empty if the answer leaves
/// nothing out, or can't be asked.
[[nodiscard]] std::string left_out_note(SQLite::Database& database, const Filters& filters);

/// The host of the run's first result that has one, from a fresh catalog. `note` gets a line if the
/// run is from several hosts. Errors: usage (no such run), not_found (no results, no host).
[[nodiscard]] Result<HostContext> run_host(SQLite::Database& database, const std::string& run,
                                           const MessageSink& note);

/// The document of `show-host`; no run: this machine. Pure; thread-safe.
[[nodiscard]] JsonObject show_host_document(const std::optional<std::string>& run,
                                            const HostContext& host);

/// The metric registry as rows, in its order.
class MetricRows : public RowSource {
 public:
  [[nodiscard]] const std::vector<RowColumn>& columns() const override;
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override;

 private:
  std::size_t at_ = 0;
};

/// Rows with each id in the column `id` cut to the shortest prefix that names its result, in an
/// archive that is attached, too.
class ShortIdRows : public RowSource {
 public:
  /// Throws SQLite::Exception.
  ShortIdRows(SQLite::Database& database, std::unique_ptr<RowSource> rows);

  [[nodiscard]] const std::vector<RowColumn>& columns() const override { return rows_->columns(); }
  [[nodiscard]] Result<bool> next(std::vector<Value>& row) override;

 private:
  std::string path_;
  // Before the prefixes, whose statements must end before the guard that the rows hold.
  std::unique_ptr<RowSource> rows_;
  IdPrefixes prefixes_;
  std::optional<IdPrefixes> past_prefixes_;
  std::vector<std::size_t> id_columns_;
};

struct WalkedRunOptions {
  std::string root;
  std::string run;  ///< RUN-DIR or RUN-DIR/JOB
  std::uint64_t max_file_bytes = 256ULL << 20;
  MessageSink note = {};  ///< gets a line for each job that can't be listed; must be there
};

/// Reads the files of one run below a root, without a catalog. Errors: those of
/// find_run_directory; not_found if no file is named as a sidecar.
[[nodiscard]] Result<Collection> walk_run(FileSystem& files, const WalkedRunOptions& options);

/// Nothing, or why the entries of what was opened can't be had.
[[nodiscard]] Result<void> check_listing(const Result<std::unique_ptr<DirectoryHandle>>& opened);

/// A line for each job directory that can't be listed: a walk passes over it without a word.
void note_unlisted_jobs(FileSystem& files, const std::string& directory, const MessageSink& note);

}  // namespace ktstr
