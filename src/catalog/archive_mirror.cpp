// SPDX-License-Identifier: MIT
#include "catalog/archive_mirror.hpp"

#include <utility>

#include "base/hashing.hpp"
#include "catalog/connection.hpp"
#include "catalog/read_sidecar.hpp"
#include "store/session_sentinel.hpp"

namespace ktstr {

SharedArchive::SharedArchive(ArchiveMirrorOptions options) : options_(std::move(options)) {}

std::optional<SharedArchive::Standing> SharedArchive::read(const FileChange& change) const {
  auto place = sidecar_place(options_.root, change.path);
  if (!place) return std::nullopt;
  auto handle = options_.file_system->open_file(change.path);
  if (!handle) return std::nullopt;
  const auto status = (*handle)->status();
  if (!status || status->kind != FileKind::regular) return std::nullopt;
  auto bytes = (*handle)->read_all(ReadLimits{}.max_file_bytes);
  if (!bytes) return std::nullopt;
  Standing standing{std::move(*place), std::nullopt, {}, std::move(*bytes), {}};
  standing.file.file_name = standing.place.file_name;
  standing.file.stamp = KnownStamp{status->stamp, false};
  standing.file.content_id = content_id(standing.bytes);
  if (standing.place.job.empty()) {
    const std::string directory = change.path.substr(0, change.path.rfind('/'));
    const auto opened = options_.file_system->open_directory(directory);
    if (opened) standing.session = read_session_sentinel(**opened).value_or(std::nullopt);
  }
  return standing;
}

SharedArchive::Remark SharedArchive::keep(std::span<const FileChange> files) {
  if (is_off_) return std::nullopt;
  std::vector<Standing> standing;
  for (const FileChange& change : files) {
    if (auto found = read(change)) standing.push_back(std::move(*found));
  }
  if (standing.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto stored = store(standing);
  if (!stored && stored.error().code == ErrorCode::corrupt && archive_) {
    stored =
        archive_->replace_damaged(stored.error().message, *options_.file_system, *options_.clock);
    if (stored) stored = store(standing);
  }
  if (!stored) return give_up(stored.error());
  if (!archive_ || !archive_->is_new() || std::exchange(is_announced_, true)) return std::nullopt;
  return archive_announcement(archive_->path());
}

/// Before the transaction: what is there already needs none.
Result<void> SharedArchive::store(std::vector<Standing>& files) {
  return guarded(options_.archive.path, [&]() -> Result<void> {
    if (auto opened = ensure_open(); !opened) return opened;
    ArchiveTables& tables = archive_->tables();
    std::vector<const Standing*> missing;
    for (Standing& standing : files) {
      const auto size = static_cast<std::int64_t>(standing.bytes.size());
      const SidecarPlace& place = standing.place;
      if (tables.has_document(standing.file.content_id, size) &&
          tables.has_observation(options_.root, place.run_dir, place.job, place.file_name,
                                 standing.file.content_id)) {
        continue;
      }
      if (prepare(standing)) missing.push_back(&standing);
    }
    if (missing.empty()) return {};
    tables.records().forget_cached_ids();
    ImmediateTransaction transaction(archive_->database());
    for (const Standing* const standing : missing) put(*standing);
    transaction.commit();
    return {};
  });
}

/// Before the transaction, too: others may be waiting for theirs. False: it is not for this
/// archive.
bool SharedArchive::prepare(Standing& standing) const {
  PreparedFile& file = standing.file;
  if (!standing.document.frame.empty()) return true;  // a second try
  set_file_hash(file);
  decode_into(file, standing.bytes);
  const bool is_sample = file.record && file.record->is_synthetic;
  if (is_sample && !options_.archive.is_named) return false;
  standing.document = pack_document(standing.bytes, file.content_id, DocumentKind::sidecar);
  return true;
}

void SharedArchive::put(const Standing& standing) {
  const PreparedFile& file = standing.file;
  ArchiveTables& tables = archive_->tables();
  const std::int64_t now_ns = options_.clock->now_ns();
  const std::int64_t root_id = tables.root_id(*root_);
  const std::int64_t directory =
      tables.directory_id(root_id, standing.place.run_dir, standing.place.job);
  tables.put_document(standing.document, now_ns);
  (void)tables.put_sidecar({directory, standing.session, now_ns}, *root_, file);
  // It is about to go; a refresh that finds it standing all the same takes that back.
  tables.end_sidecar_named(directory, file.file_name, now_ns, Ending::superseded);
}

Result<void> SharedArchive::ensure_open() {
  if (archive_) return {};
  auto opened = Archive::open(options_.archive, *options_.file_system, *options_.clock);
  if (!opened) return fail(std::move(opened.error()));
  archive_.emplace(std::move(*opened));
  root_ = ArchiveRoot{options_.root, archive_->tables().project_for(options_.root), ""};
  return {};
}

/// A lock that others hold, or a full disk, may be over the next time. All else stays as it is, and
/// would cost every write its time.
SharedArchive::Remark SharedArchive::give_up(const Error& error) {
  if (error.code != ErrorCode::busy && error.code != ErrorCode::io) {
    is_off_ = true;
    archive_.reset();
  }
  if (std::exchange(has_complained_, true)) return std::nullopt;
  return "can't keep results that are about to be replaced (" + error.text() + ")" +
         (error.hint.empty() ? "" : "; " + error.hint);
}

ArchiveMirror::ArchiveMirror(SharedArchive& archive, MessageSink sink)
    : archive_(archive), sink_(std::move(sink)) {}

// What is thrown here is a lack of memory, or comes from the sink: no reason to fail a write.
void ArchiveMirror::about_to_remove(std::span<const FileChange> files) noexcept {
  try {
    const auto remark = archive_.keep(files);
    if (remark && sink_) sink_("ktstr-index: " + *remark);
  } catch (...) {
  }
}

void ArchiveMirror::removed(std::span<const FileChange> /*files*/) noexcept {}
void ArchiveMirror::written(const FileChange& /*file*/) noexcept {}
void ArchiveMirror::rewritten(const FileChange& /*file*/) noexcept {}

}  // namespace ktstr
