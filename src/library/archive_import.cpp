// SPDX-License-Identifier: MIT
#include "library/archive_import.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/visible_text.hpp"
#include "catalog/archive_merge.hpp"
#include "catalog/connection.hpp"
#include "catalog/database_head.hpp"
#include "library/archive_import_files.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_named_at_most = 5;

bool is_same_file(const std::string& left, const std::string& right) {
  struct stat one = {};
  struct stat other = {};
  return ::stat(left.c_str(), &one) == 0 && ::stat(right.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

void label_all(Archive& archive, const ImportRequest& request, const std::string& origin) {
  ImmediateTransaction transaction(archive.database());
  for (const auto& [key, value] : request.labels) {
    SQLite::Statement put(archive.database(),
                          "INSERT OR REPLACE INTO label(id, key, value) SELECT DISTINCT t.id, ?, ? "
                          "FROM sidecar t JOIN directory d USING(directory_id) JOIN runs_root r "
                          "USING(root_id) WHERE r.path = '' AND r.origin = ?");
    put.bind(1, key);
    put.bind(2, value);
    put.bind(3, origin);
    put.exec();
  }
  transaction.commit();
}

Result<void> merge(Archive& archive, const ImportRequest& request, ImportReport& report) {
  MergeOptions options;
  if (!request.project.empty()) {
    // What belongs to no known project is of that one.
    options.project_from = k_packed_project;
    options.project_to = request.project;
  }
  options.origin = report.path;
  options.progress = request.progress;
  options.should_stop = request.should_stop;
  options.committed = [&report](const MergeReport& so_far) {
    report.added = so_far.results;
    report.known = so_far.known;
    report.dumps = so_far.artifacts;
  };
  const auto merged = merge_archive(archive.database(), report.path, options);
  if (!merged) return fail(merged.error());
  return guarded(archive.path(), [&] { label_all(archive, request, report.path); });
}

Result<void> import_archive(Archive& archive, const ImportRequest& request, ImportReport& report) {
  report.is_archive = true;
  if (is_same_file(archive.path(), report.path)) {
    return fail(ErrorCode::usage, "is the archive itself", request.path);
  }
  return merge(archive, request, report);
}

Result<void> import_files(Archive& archive, const ImportRequest& request, ImportReport& report,
                          const Clock& clock) {
  return guarded(archive.path(), [&]() -> Result<void> {
    ImportedFiles files(archive, request, report, clock);
    ImportOptions options;
    options.traces = request.with_traces;
    options.max_file_bytes = request.max_file_bytes;
    options.should_stop = request.should_stop;
    if (request.progress) {
      options.progress = [&](const ImportProgress& now) {
        request.progress(static_cast<std::int64_t>(now.files));
      };
    }
    auto read = read_import_source(
        report.path, options, [&](ImportedFile&& file) { return files.take(std::move(file)); });
    auto stored = files.flush();
    if (!read) return fail(std::move(read.error()));
    report.summary = std::move(*read);
    return stored;
  });
}

void note_left_out(std::vector<std::string>& notes, const std::string& path,
                   const LeftOut& left_out, const char* what) {
  if (left_out.count == 0) return;
  std::string text = path + ": " + std::to_string(left_out.count) + " " + what;
  for (std::size_t i = 0; i < left_out.first.size() && i < k_named_at_most; ++i) {
    const LeftOut::Item& item = left_out.first[i];
    text += "\n  " + escape_control(item.path) + ": " + escape_control(item.reason);
  }
  if (left_out.count > k_named_at_most) text += "\n  and more";
  notes.push_back(std::move(text));
}

/// Of an import that failed: what was committed before stays.
std::string kept_text(const ImportReport& report) {
  if (report.added + report.dumps + report.known + report.known_dumps == 0) {
    return "nothing of it was kept";
  }
  return "kept are " + std::to_string(report.added) + " new results and " +
         std::to_string(report.dumps) +
         " dumps that came before it failed; the same import again takes the rest";
}

}  // namespace

bool is_archive_file(const std::string& path) {
  const auto head = read_database_head(path);
  return head && head->is(Store::archive);
}

ImportReport import_path(Archive& archive, const ImportRequest& request, const Clock& clock) {
  ImportReport report;
  report.path = canonical_path(request.path);
  auto imported = is_archive_file(report.path) ? import_archive(archive, request, report)
                                               : import_files(archive, request, report, clock);
  if (!imported) report.failure = std::move(imported.error());
  return report;
}

Result<std::string> project_of_import(Archive& archive, SessionOptions options) {
  options.may_be_missing = true;
  const auto paths = find_paths(options);
  if (!paths) return fail(paths.error());
  const std::string& root = paths->root.path;
  return guarded(archive.path(), [&] { return archive.tables().project_for(root); });
}

std::vector<std::string> notes_of(const ImportReport& report) {
  std::vector<std::string> notes;
  const ImportSummary& summary = report.summary;
  const std::string path = escape_control(report.path);
  note_left_out(notes, path, summary.refused, "refused");
  note_left_out(notes, path, summary.unreadable, "unreadable");
  note_left_out(notes, path, summary.too_deep, "in run directories deeper than 3");
  if (summary.damaged) {
    notes.push_back(path + ": damaged (" + escape_control(*summary.damaged) +
                    "); what came before that is read");
  }
  if (report.failure) notes.push_back(path + ": " + kept_text(report));
  if (report.synthetic > 0) {
    notes.push_back(path + ": " + std::to_string(report.synthetic) +
                    " files of the sample generator are not archived (name an --archive for "
                    "them)");
  }
  return notes;
}

}  // namespace ktstr
