// SPDX-License-Identifier: MIT
#include "store/import_source.hpp"

#include <fmt/format.h>

#include <utility>

#include "store/import_delivery.hpp"

namespace ktstr {

void LeftOut::add(std::string path, std::string reason) {
  ++count;
  if (first.size() < k_max_named) first.push_back({std::move(path), std::move(reason)});
}

Result<void> ImportDelivery::check_stop() const {
  if (options_.should_stop && options_.should_stop()) {
    return fail(ErrorCode::interrupted, "stopped");
  }
  return {};
}

Result<void> ImportDelivery::count_entry() {
  if (++entries_ > options_.max_entries) {
    return fail(ErrorCode::parse, fmt::format("holds more than {} names", options_.max_entries), {},
                "name a directory or archive that holds results only");
  }
  return check_stop();
}

bool ImportDelivery::is_within_depth(const DirectoryPlace& place, const std::string& path) {
  if (place.run_depth <= k_max_run_depth) return true;
  summary_.too_deep.add(
      path, fmt::format("its run directory is more than {} levels down", k_max_run_depth));
  return false;
}

std::uint64_t& ImportDelivery::counter(ImportKind kind) {
  switch (kind) {
    case ImportKind::failure_dump:
      return summary_.failure_dumps;
    case ImportKind::trace:
      return summary_.traces;
    case ImportKind::sidecar:
      break;
  }
  return summary_.sidecars;
}

Result<void> ImportDelivery::deliver(ImportedFile&& file) {
  const std::uint64_t bytes = file.bytes.size();
  if (summary_.bytes + bytes > options_.max_total_bytes) {
    return fail(ErrorCode::parse,
                fmt::format("holds more than {} bytes of results", options_.max_total_bytes), {},
                "import its run directories one by one");
  }
  std::uint64_t& count = counter(file.kind);
  if (auto taken = callback_(std::move(file)); !taken) return taken;
  ++count;
  summary_.bytes += bytes;
  show_progress(progress_.source_bytes_read, progress_.source_bytes_to_read);
  return {};
}

void ImportDelivery::show_progress(std::uint64_t source_bytes_read,
                                   std::uint64_t source_bytes_to_read) {
  progress_ = {summary_.files(), summary_.bytes, source_bytes_read, source_bytes_to_read};
  if (options_.progress) options_.progress(progress_);
}

ImportedFile placed_file(ImportKind kind, const DirectoryPlace& place, std::string path,
                         std::string file_name) {
  ImportedFile file;
  file.kind = kind;
  file.path = std::move(path);
  file.run_dir = place.run_dir;
  file.job = place.job;
  file.file_name = std::move(file_name);
  file.session = place.session;
  return file;
}

std::string too_large_reason(std::uint64_t max_file_bytes) {
  return fmt::format("larger than {} bytes", max_file_bytes);
}

Result<ImportSummary> read_import_source(FileSystem& files, const std::string& path,
                                         const ImportOptions& options,
                                         const ImportCallback& callback) {
  const auto status = files.status(path, FollowLinks::yes);
  if (!status) return fail(status.error());
  ImportDelivery delivery(options, callback);
  Result<void> done;
  if (status->kind == FileKind::directory) {
    done = import_directory(files, path, options, delivery);
  } else if (status->kind == FileKind::regular) {
    done = import_tar(path, options, delivery);
  } else {
    return fail(ErrorCode::parse, "is neither a directory nor a file", path);
  }
  if (!done) {
    Error error = std::move(done.error());
    if (error.path.empty() && error.code == ErrorCode::parse) error.path = path;
    return fail(std::move(error));
  }
  return std::move(delivery.summary());
}

Result<ImportSummary> read_import_source(const std::string& path, const ImportOptions& options,
                                         const ImportCallback& callback) {
  return read_import_source(system_file_system(), path, options, callback);
}

}  // namespace ktstr
