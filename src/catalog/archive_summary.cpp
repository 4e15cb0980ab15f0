// SPDX-License-Identifier: MIT
#include "catalog/archive_summary.hpp"

namespace ktstr {

Result<ArchiveSummary> summarize_archive(SQLite::Database& archive) {
  return guarded(archive.getFilename(), [&] {
    const auto number = [&](const char* statement) {
      return archive.execAndGet(statement).getInt64();
    };
    ArchiveSummary summary;
    summary.file_bytes =
        number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    summary.document_bytes = number("SELECT coalesce(sum(stored_bytes), 0) FROM document");
    summary.dropped = number("SELECT count(*) FROM document WHERE stored_bytes = 0");
    summary.results = number("SELECT count(*) FROM sidecar");
    summary.dumps = number("SELECT count(*) FROM artifact");
    summary.projects = number("SELECT count(DISTINCT project) FROM runs_root");
    return summary;
  });
}

}  // namespace ktstr
