// SPDX-License-Identifier: MIT
#include "catalog/archive_dump.hpp"

#include "ktstr/walk.hpp"
#include "store/dump_name.hpp"

namespace ktstr {

bool is_trace(std::string_view artifact_kind) {
  return artifact_kind.find("wprof") != std::string_view::npos;
}

DocumentKind document_kind(std::string_view artifact_kind) {
  return is_trace(artifact_kind) ? DocumentKind::wprof : DocumentKind::failure_dump;
}

void set_dump_name(ArtifactRow& row) {
  DumpName name = dump_name(row.file_name);
  row.test_name = std::move(name.test);
  row.file_hash = std::move(name.hash);
}

ArtifactRow dump_row(const std::string& file_name, std::int64_t size_bytes, std::int64_t mtime_ns) {
  ArtifactRow row;
  row.file_name = file_name;
  const auto name = classify_artifact(file_name);
  row.kind = artifact_kind_name(name ? name->kind : ArtifactKind::failure_dump);
  set_dump_name(row);
  row.size_bytes = size_bytes;
  row.mtime_ns = mtime_ns;
  return row;
}

std::string too_large_text(std::int64_t most_bytes) {
  return "larger than " + std::to_string(most_bytes >> 20) + " MiB";
}

}  // namespace ktstr
