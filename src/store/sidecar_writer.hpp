// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "ktstr/record.hpp"
#include "ktstr/writer.hpp"
#include "store/pre_clear.hpp"
#include "store/run_directory_lock.hpp"
#include "store/staged_file.hpp"

namespace ktstr {

/// Where and how a sidecar is written.
struct SidecarWrite {
  std::string directory;              ///< made where it is missing
  bool is_default_directory = false;  ///< it is locked, and cleared of earlier sessions
  std::optional<std::string> session_token = {};
  bool sync = false;
  std::chrono::milliseconds lock_timeout = k_run_directory_lock_timeout;
  ChangeObserver* observer = nullptr;
  MessageSink messages = {};
  std::string label = "sidecar";                     ///< what errors call it
  std::function<void(WriteStep step)> at_step = {};  ///< for tests
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
  PreClearMemo* pre_clear_memo = &process_pre_clear_memo();
};

/// Writes the record as it is, under its lock if the directory has one, and remembers the path for
/// this thread's take_last_sidecar_path(). Thread-safe. Errors: see write_sidecar.
[[nodiscard]] Result<WrittenSidecar> write_sidecar_file(const Record& record,
                                                        const SidecarWrite& how);

/// An error (usage) for what can't be part of a file's name: nothing at all, a slash, a control
/// character, what is not UTF-8.
[[nodiscard]] Result<void> check_test_name(const std::string& test_name);

/// See the public function of this name. No lock is taken, as in the harness.
[[nodiscard]] Result<void> suppress_failure_dumps(FileSystem& files, const std::string& directory,
                                                  bool is_default_directory,
                                                  const std::string& test_name,
                                                  std::uint64_t variant_hash,
                                                  ChangeObserver* observer);

}  // namespace ktstr
