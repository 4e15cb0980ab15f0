// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "environment/host_sources.hpp"
#include "ktstr/record.hpp"

namespace ktstr {

/// Collects host contexts and remembers what a process reads only once. Thread-safe.
class HostCollector {
 public:
  /// `prefix` stands before every path that is read. `file_system` must outlive the collector.
  HostCollector(FileSystem& file_system, std::string prefix, KernelNamesSource kernel_names);

  [[nodiscard]] HostContext collect();

 private:
  [[nodiscard]] HostContext read_stable(const MemoryInfo& memory) const;
  /// A context with the remembered facts; reads them the first time.
  [[nodiscard]] HostContext remembered(const MemoryInfo& memory);

  HostFiles files_;
  KernelNamesSource kernel_names_;
  std::mutex mutex_;  ///< held while the facts are first read, so that nobody reads them twice
  std::optional<HostContext> stable_;
  std::optional<std::map<std::uint64_t, std::string>> governors_;
};

}  // namespace ktstr
