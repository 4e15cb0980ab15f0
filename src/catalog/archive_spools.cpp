// SPDX-License-Identifier: MIT
#include "catalog/archive_spools.hpp"

#include <utility>

#include "base/hashing.hpp"
#include "catalog/archive_dump.hpp"
#include "catalog/read_sidecar.hpp"
#include "ktstr/walk.hpp"
#include "store/spool.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_versions_at_once = 64;
constexpr std::size_t k_bytes_at_once = 32 << 20;

/// None: there is nothing to be kept. An error: it may work another time, so the spool has to stay.
Result<std::optional<SpooledVersion>> read_version(const SpooledFile& spooled,
                                                   std::uint64_t most_file_bytes) {
  // What was written to it since is a later version, perhaps half of one; that has its own event.
  if (spooled.is_changed) return std::nullopt;
  auto handle = open_spooled_file(spooled);
  if (!handle && handle.error().code == ErrorCode::not_found) return std::nullopt;
  if (!handle) return fail(std::move(handle.error()));
  const auto status = (*handle)->status();
  if (status && status->stamp.size_bytes > static_cast<std::int64_t>(most_file_bytes)) {
    return std::nullopt;  // as a refresh leaves it out
  }
  const auto bytes = (*handle)->read_all(most_file_bytes);
  if (!bytes) return fail(bytes.error());
  SpooledVersion version;
  version.directory.run_dir = spooled.entry.run_dir;
  version.directory.job = spooled.entry.job;
  version.directory.session = spooled.entry.session;
  version.seen_ns = spooled.entry.captured_ns;
  DocumentKind kind = DocumentKind::sidecar;
  if (is_sidecar_filename(spooled.entry.file_name)) {
    // The entry's time: a copy has times of its own, and a link those of the last write.
    version.sidecar = prepare_sidecar(spooled.entry.file_name, spooled.entry.mtime_ns, *bytes);
  } else {
    const auto size = static_cast<std::int64_t>(bytes->size());
    version.dump.emplace();
    version.dump->row = dump_row(spooled.entry.file_name, size, spooled.entry.mtime_ns);
    version.dump->id = content_id(*bytes);
    kind = document_kind(version.dump->row.kind);
  }
  version.document =
      pack_document(*bytes, version.sidecar ? version.sidecar->content_id : version.dump->id, kind);
  return version;
}

/// True: everything was taken. False: the taker couldn't.
Result<bool> hand_over(
    const std::vector<SpooledFile>& files, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take) {
  std::vector<SpooledVersion> versions;
  std::size_t waiting_bytes = 0;
  for (const SpooledFile& spooled : files) {
    auto version = read_version(spooled, most_file_bytes);
    if (!version) return fail(std::move(version.error()));
    if (!*version) continue;
    waiting_bytes += (*version)->document.frame.size();
    versions.push_back(std::move(**version));
    if (versions.size() < k_versions_at_once && waiting_bytes < k_bytes_at_once) continue;
    if (!take(versions)) return false;
    versions.clear();
    waiting_bytes = 0;
  }
  return versions.empty() || take(versions);
}

}  // namespace

DrainReport drain_spools(
    const std::string& root, const std::vector<std::string>& owned, std::uint64_t most_file_bytes,
    const std::function<bool(const std::vector<SpooledVersion>& versions)>& take) {
  SpoolListing listing = list_spools(root);
  DrainReport report;
  report.left_alone = std::move(listing.not_ours);
  const auto note = [&](Error error) {
    if (error.code == ErrorCode::corrupt) {
      report.left_alone.push_back(std::move(error));
    } else if (!report.problem) {
      report.problem = std::move(error);
    }
  };
  const auto drain = [&](const std::string& path) {
    const auto files = read_spool(path);
    if (!files) return note(files.error());
    const auto taken = hand_over(*files, most_file_bytes, take);
    if (!taken) return note(taken.error());
    if (!*taken) return;
    if (auto removed = remove_spool(path); !removed) note(std::move(removed.error()));
  };
  for (const std::string& path : owned) drain(path);
  for (const FoundSpool& found : listing.spools) {
    if (found.is_live) continue;
    const auto claim = SpoolClaim::take(found.path);
    if (claim && *claim) drain(found.path);
  }
  return report;
}

}  // namespace ktstr
