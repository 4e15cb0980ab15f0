// SPDX-License-Identifier: MIT
#pragma once

// An archive with results in it, without a pool or a refresh.

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "archive/archive.hpp"
#include "base/file_system.hpp"
#include "base/hashing.hpp"
#include "catalog/read_sidecar.hpp"
#include "ktstr/host.hpp"
#include "support/fake_clock.hpp"
#include "support/small_records.hpp"

namespace ktstr::test {

/// One sidecar, or one dump if `kind` says so.
struct SeenFile {
  std::string run_dir = "6.14-abc1234";
  std::string job = {};
  std::string file_name;
  std::string bytes;
  std::optional<std::string> session = {};
  std::int64_t seen_ns = 1'000;
};

class FilledArchive {
 public:
  explicit FilledArchive(const std::string& path, ArchiveRoot root = {"/pool", "project", ""})
      : archive_(opened(path)), root_(std::move(root)) {}

  [[nodiscard]] Archive& archive() { return archive_; }
  [[nodiscard]] SQLite::Database& database() { return archive_.database(); }
  [[nodiscard]] ArchiveTables& tables() { return archive_.tables(); }
  [[nodiscard]] const ArchiveRoot& root() const { return root_; }

  /// Its content id.
  std::string put(const SeenFile& seen) {
    ImmediateTransaction transaction(database());
    PreparedFile file;
    file.file_name = seen.file_name;
    file.content_id = content_id(seen.bytes);
    file.stamp.emplace().stamp.size_bytes = static_cast<std::int64_t>(seen.bytes.size());
    file.stamp->stamp.mtime_ns = 500;
    set_file_hash(file);
    decode_into(file, seen.bytes);
    tables().put_document(pack_document(seen.bytes, file.content_id, DocumentKind::sidecar),
                          seen.seen_ns);
    tables().put_sidecar(sighting(seen), root_, file);
    transaction.commit();
    return file.content_id;
  }

  std::string put_dump(const SeenFile& seen) {
    ImmediateTransaction transaction(database());
    KeptArtifact artifact;
    artifact.id = content_id(seen.bytes);
    artifact.row.file_name = seen.file_name;
    artifact.row.kind = "failure-dump";
    artifact.row.size_bytes = static_cast<std::int64_t>(seen.bytes.size());
    artifact.row.mtime_ns = 500;
    tables().put_document(pack_document(seen.bytes, artifact.id, DocumentKind::failure_dump),
                          seen.seen_ns);
    tables().put_artifact(sighting(seen), root_, artifact);
    transaction.commit();
    return artifact.id;
  }

  /// `count` results of a host, with metrics, named NAME-0.ktstr.json and so on.
  void fill(int count, const std::string& name) {
    for (int i = 0; i < count; ++i) {
      Record record = small_record(name + std::to_string(i));
      record.host.emplace();
      record.host->kernel_release = "6.14.2";
      put({"6.14-" + std::to_string(i % 7), i % 5 == 0 ? "job" : "",
           name + "-" + std::to_string(i) + ".ktstr.json", encode_record(record), "session",
           1'000 + i});
    }
  }

  void set_seen(std::int64_t seen_ns) {
    ImmediateTransaction transaction(database());
    tables().set_root_seen(tables().root_id(root_), seen_ns);
    transaction.commit();
  }

  /// Everything into the one file.
  void close_log() { archive_.sync(); }

 private:
  static Archive opened(const std::string& path) {
    FakeClock clock;
    ArchiveOptions options;
    options.path = path;
    auto archive = Archive::open(options, system_file_system(), clock);
    if (!archive) throw std::runtime_error(archive.error().text());
    return std::move(*archive);
  }

  [[nodiscard]] Sighting sighting(const SeenFile& seen) {
    Sighting sighting;
    sighting.directory_id = tables().directory_id(tables().root_id(root_), seen.run_dir, seen.job);
    sighting.session = seen.session;
    sighting.seen_ns = seen.seen_ns;
    return sighting;
  }

  Archive archive_;
  ArchiveRoot root_;
};

}  // namespace ktstr::test
