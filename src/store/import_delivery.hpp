// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "ktstr/result.hpp"
#include "store/import_names.hpp"
#include "store/import_source.hpp"

namespace ktstr {

/// Hands the files of a source over, within the limits, and counts. Not thread-safe.
class ImportDelivery {
 public:
  ImportDelivery(const ImportOptions& options, const ImportCallback& callback)
      : options_(options), callback_(callback) {}

  /// Another name of any kind was met. Error: too many, or asked to stop.
  [[nodiscard]] Result<void> count_entry();
  [[nodiscard]] Result<void> check_stop() const;
  [[nodiscard]] bool wants(ImportKind kind) const {
    return kind != ImportKind::trace || options_.traces;
  }
  /// False, and noted, for a file whose run directory is too deep.
  [[nodiscard]] bool is_within_depth(const DirectoryPlace& place, const std::string& path);
  [[nodiscard]] Result<void> deliver(ImportedFile&& file);
  void show_progress(std::uint64_t source_bytes_read, std::uint64_t source_bytes_to_read);
  /// The next pass over the same names begins.
  void restart_count() { entries_ = 0; }

  [[nodiscard]] ImportSummary& summary() { return summary_; }

 private:
  [[nodiscard]] std::uint64_t& counter(ImportKind kind);

  const ImportOptions& options_;
  const ImportCallback& callback_;
  ImportSummary summary_;
  ImportProgress progress_;
  std::uint64_t entries_ = 0;
};

/// A file directly in the directory of this place.
[[nodiscard]] ImportedFile placed_file(ImportKind kind, const DirectoryPlace& place,
                                       std::string path, std::string file_name);
[[nodiscard]] std::string too_large_reason(std::uint64_t max_file_bytes);

/// The two kinds of source, behind read_import_source().
[[nodiscard]] Result<void> import_directory(FileSystem& files, const std::string& path,
                                            const ImportOptions& options, ImportDelivery& delivery);
[[nodiscard]] Result<void> import_tar(const std::string& path, const ImportOptions& options,
                                      ImportDelivery& delivery);

}  // namespace ktstr
