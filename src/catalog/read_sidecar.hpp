// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/tables.hpp"
#include "database/document.hpp"

namespace ktstr {

struct ReadLimits {
  std::uint64_t max_file_bytes = 256ULL << 20;
  /// Larger files are read one at a time, so that memory stays bounded.
  std::uint64_t alone_above_bytes = 32ULL << 20;
};

/// One file that has to be read.
struct SidecarToRead {
  Result<std::shared_ptr<const DirectoryHandle>> directory;
  std::string file_name;
  bool is_symlink = false;
  std::string known_content_id;  ///< '' if what is stored of the content is not to be trusted
};

struct ReadSidecar {
  PreparedFile file;
  bool same_content = false;  ///< the bytes are the known ones; `file` holds no record then
  bool vanished = false;      ///< gone since the listing; `file` holds nothing
  /// The system was short of descriptors or memory, which says nothing of the file: `file` has no
  /// status if it was not even opened, else it is unreadable.
  std::optional<Error> shortage;
  std::optional<PackedDocument> document;  ///< of new content, if it was asked for
};

/// Opens, stats the open descriptor, reads, hashes and, if the content is new, decodes and
/// extracts. Whatever is wrong with the file becomes its status. Safe on several threads at once.
[[nodiscard]] ReadSidecar read_sidecar(const SidecarToRead& wanted, const ReadLimits& limits,
                                       bool pack, const Clock& clock);

/// Sets the status from the bytes and, unless they are corrupt, what is stored of their content.
/// Throws std::bad_alloc: a lack of memory is no verdict on them.
void decode_into(PreparedFile& file, const std::string& bytes);

/// Of a file that isn't read at its place, so of its stamp only time and size are known. Throws as
/// decode_into does.
[[nodiscard]] PreparedFile prepare_sidecar(const std::string& file_name, std::int64_t mtime_ns,
                                           const std::string& bytes);

/// Sets the variant hash that the file's name carries, if one.
void set_file_hash(PreparedFile& file);

/// A file that can't be read, for a reason that is known without trying.
[[nodiscard]] PreparedFile unreadable_file(std::string file_name, bool is_symlink,
                                           std::string message);

}  // namespace ktstr
