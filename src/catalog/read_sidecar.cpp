// SPDX-License-Identifier: MIT
#include "catalog/read_sidecar.hpp"

#include <cerrno>
#include <mutex>
#include <new>
#include <stdexcept>

#include "base/hashing.hpp"
#include "base/text.hpp"
#include "catalog/refresh.hpp"
#include "ktstr/index.hpp"
#include "ktstr/record.hpp"

namespace ktstr {
namespace {

void set_unreadable(PreparedFile& file, std::string message) {
  file.status = "unreadable";
  file.error_class = "io";
  file.error = std::move(message);
  // What failed once may work the next time, without any change of the stamp.
  if (file.stamp) file.stamp->settled = false;
}

/// Held while a large file is in memory.
std::unique_lock<std::mutex> alone_if_large(const Stamp& stamp, const ReadLimits& limits) {
  static std::mutex large_file;
  if (stamp.size_bytes <= static_cast<std::int64_t>(limits.alone_above_bytes)) return {};
  return std::unique_lock(large_file);
}

/// Opens and stats. None if there is nothing to read; the result says why then.
std::unique_ptr<FileHandle> open_regular(const SidecarToRead& wanted, const Clock& clock,
                                         ReadSidecar& result) {
  auto handle = wanted.directory.and_then(
      [&](const auto& directory) { return directory->open_file(wanted.file_name); });
  if (!handle && handle.error().code == ErrorCode::busy) {
    result.shortage = std::move(handle.error());
    return nullptr;
  }
  if (!handle) {
    result.vanished = handle.error().code == ErrorCode::not_found && !wanted.is_symlink;
    if (!result.vanished) set_unreadable(result.file, handle.error().message);
    return nullptr;
  }
  // The stamp before the bytes: a change while they are read shows as another stamp next time.
  const std::int64_t before_ns = clock.now_ns();
  const auto status = (*handle)->status();
  if (!status) {
    set_unreadable(result.file, status.error().message);
    return nullptr;
  }
  result.file.stamp = known_stamp(status->stamp, before_ns, clock.now_ns());
  if (status->kind == FileKind::regular) return std::move(*handle);
  set_unreadable(result.file, status->kind == FileKind::directory ? os_error(EISDIR).message
                                                                  : "not a regular file");
  return nullptr;
}

void read_content(const SidecarToRead& wanted, FileHandle& handle, const ReadLimits& limits,
                  bool pack, ReadSidecar& result) {
  const auto alone = alone_if_large(result.file.stamp->stamp, limits);
  auto bytes = handle.read_all(limits.max_file_bytes);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::busy) result.shortage = bytes.error();
    return set_unreadable(result.file, bytes.error().message);
  }
  result.file.content_id = content_id(*bytes);
  result.same_content = result.file.content_id == wanted.known_content_id;
  if (!result.same_content) decode_into(result.file, *bytes);
  // Here, where several threads read, and never for a file whose content is known.
  if (pack && !result.same_content) {
    result.document = pack_document(*bytes, result.file.content_id, DocumentKind::sidecar);
  }
}

/// One file too large for this machine must not keep the others from being indexed.
void forget_content(ReadSidecar& result) {
  result.file.record.reset();
  result.file.content_id.clear();
  result.same_content = false;
  result.document.reset();
  result.shortage = os_error(ENOMEM);
  set_unreadable(result.file, result.shortage->message);
}

}  // namespace

void set_file_hash(PreparedFile& file) {
  const auto name = classify_artifact(file.file_name);
  if (name && name->has_hash) file.file_hash = hex16(name->hash);
}

void decode_into(PreparedFile& file, const std::string& bytes) {
  const auto decoded = decode_record(bytes, SampleHandling::reduce);
  if (!decoded && decoded.error().code == ErrorCode::busy) throw std::bad_alloc();
  if (!decoded) {
    file.status = "corrupt";
    // The harness reads into a string first, so for it text that isn't UTF-8 is a failed read.
    file.error_class = is_not_utf8(decoded.error()) ? "io" : "parse";
    file.error = decoded.error().message;
    return;
  }
  file.record = extract(*decoded);
  if (decoded->contract == Contract::ok) {
    file.status = "ok";
  } else {
    file.status = "drift";
    file.error_class = "parse";
    file.error = decoded->error;
  }
}

PreparedFile prepare_sidecar(const std::string& file_name, std::int64_t mtime_ns,
                             const std::string& bytes) {
  PreparedFile file;
  file.file_name = file_name;
  file.stamp.emplace();
  file.stamp->stamp.mtime_ns = mtime_ns;
  file.stamp->stamp.size_bytes = static_cast<std::int64_t>(bytes.size());
  file.content_id = content_id(bytes);
  set_file_hash(file);
  decode_into(file, bytes);
  return file;
}

PreparedFile unreadable_file(std::string file_name, bool is_symlink, std::string message) {
  PreparedFile file;
  file.file_name = std::move(file_name);
  file.is_symlink = is_symlink;
  set_file_hash(file);
  set_unreadable(file, std::move(message));
  return file;
}

ReadSidecar read_sidecar(const SidecarToRead& wanted, const ReadLimits& limits, bool pack,
                         const Clock& clock) {
  ReadSidecar result;
  result.file.file_name = wanted.file_name;
  result.file.is_symlink = wanted.is_symlink;
  set_file_hash(result.file);
  const auto handle = open_regular(wanted, clock, result);
  if (!handle) return result;
  try {
    read_content(wanted, *handle, limits, pack, result);
  } catch (const std::bad_alloc&) {
    forget_content(result);
  } catch (const std::length_error&) {  // more than any machine has
    forget_content(result);
  }
  return result;
}

}  // namespace ktstr
