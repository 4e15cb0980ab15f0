// SPDX-License-Identifier: MIT
#include "catalog/scan.hpp"

#include <cerrno>

#include "base/text.hpp"
#include "catalog/read_sidecar.hpp"
#include "ktstr/walk.hpp"
#include "store/walk_internal.hpp"

namespace ktstr {
namespace {

bool is_artifact(const std::string& name) {
  const auto artifact = classify_artifact(name);
  return artifact && artifact->kind != ArtifactKind::sidecar;
}

}  // namespace

Result<DirectoryListing> list_directory(DirectoryHandle& directory, DirectoryRole role,
                                        const Clock& clock) {
  const std::int64_t before_ns = clock.now_ns();
  const auto status = directory.status();
  if (!status) return fail(status.error());
  DirectoryListing listing;
  listing.stamp = known_stamp(status->stamp, before_ns, clock.now_ns());
  auto entries = directory.list();
  if (!entries) return fail(std::move(entries.error()));

  for (DirectoryEntry& entry : *entries) {
    if (entry.kind == FileKind::symlink) listing.has_links = true;
    // The harness asks whether an entry is a directory first, in a run directory; in a job
    // directory it does not ask, and fails to read a directory that is named as a sidecar.
    if (role != DirectoryRole::job && is_directory_entry(directory, entry)) {
      listing.directories.push_back(std::move(entry.name));
    } else if (role == DirectoryRole::root) {
      continue;
    } else if (is_sidecar_filename(entry.name)) {
      listing.sidecars.push_back(std::move(entry));
    } else if (is_artifact(entry.name)) {
      listing.artifacts.push_back(std::move(entry));
    }
  }
  return listing;
}

namespace {

/// Sorts one entry that is there into the plan.
void plan_file(const DirectoryHandle& directory, const DirectoryEntry& entry,
               std::optional<FileRow> known, CheckLevel level, FilePlan& plan) {
  const bool is_link = entry.kind == FileKind::symlink;
  const auto status = directory.status_of(entry.name, FollowLinks::yes);
  const auto put_unreadable = [&](std::string message) {
    plan.unreadable.push_back(
        {unreadable_file(entry.name, is_link, std::move(message)), std::move(known)});
  };
  if (!status && status.error().code == ErrorCode::busy) {
    // Whoever reads it finds out, and knows that it says nothing of the file.
    plan.to_read.push_back({entry, std::move(known), LookReason::stamp});
    return;
  }
  if (!status) {
    // Removed since the listing: the directory's stamp will tell the next refresh.
    if (!is_link && status.error().code == ErrorCode::not_found) return;
    return put_unreadable(status.error().message);
  }
  if (status->kind == FileKind::directory) return put_unreadable(os_error(EISDIR).message);
  if (status->kind != FileKind::regular) return put_unreadable("not a regular file");

  const LookReason reason = file_look(known ? known->known : std::nullopt, status->stamp, level);
  if (reason == LookReason::unchanged && known->is_symlink == is_link) {
    ++plan.unchanged;
  } else {
    plan.to_read.push_back({entry, std::move(known), reason});
  }
}

}  // namespace

FilePlan plan_files(const DirectoryHandle& directory, const std::vector<DirectoryEntry>& entries,
                    std::vector<FileRow> known, CheckLevel level) {
  FilePlan plan;
  auto row = known.begin();
  for (const DirectoryEntry& entry : entries) {
    while (row != known.end() && row->file_name < entry.name)
      plan.gone.push_back(std::move(*row++));
    std::optional<FileRow> match;
    if (row != known.end() && row->file_name == entry.name) match = std::move(*row++);
    plan_file(directory, entry, std::move(match), level, plan);
  }
  while (row != known.end()) plan.gone.push_back(std::move(*row++));
  return plan;
}

std::vector<ArtifactRow> stat_artifacts(const DirectoryHandle& directory,
                                        const std::vector<DirectoryEntry>& entries) {
  std::vector<ArtifactRow> rows;
  for (const DirectoryEntry& entry : entries) {
    const auto name = classify_artifact(entry.name);
    const auto status = directory.status_of(entry.name, FollowLinks::yes);
    if (!name || !status || status->kind == FileKind::directory) continue;
    ArtifactRow row;
    row.file_name = entry.name;
    row.kind = artifact_kind_name(name->kind);
    row.test_name = name->test;
    if (name->has_hash) row.file_hash = hex16(name->hash);
    row.size_bytes = status->stamp.size_bytes;
    row.mtime_ns = status->stamp.mtime_ns;
    row.is_symlink = entry.kind == FileKind::symlink;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace ktstr
