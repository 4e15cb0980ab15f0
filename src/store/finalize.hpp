// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "store/run_directory_lock.hpp"
#include "store/staged_file.hpp"

namespace ktstr {

/// What a sidecar's text holds of its verdict, and the text with the final verdict in its place.
struct VerdictEdit {
  VerdictBits before;
  VerdictBits after;
  /// None if the bits are right already. Otherwise the same text, byte for byte, but for the four
  /// literals: a newer producer's keys, the order of keys and the digits of floats all stay.
  std::optional<std::string> text;
};

/// Puts the final verdict into a sidecar's text. Pure; thread-safe.
/// Error (parse): no reader of the harness would take the text; the message says why.
[[nodiscard]] Result<VerdictEdit> edit_verdict(const std::string& json, Verdict final_verdict);

struct FinalizeWrite {
  FileSystem* files = &system_file_system();
  Clock* clock = &system_clock();
  MessageSink messages = {};  ///< gets the harness's line about a file that can't be read as one
  std::uint64_t max_file_bytes = std::uint64_t{256} << 20;
  std::chrono::milliseconds lock_timeout = k_run_directory_lock_timeout;
  bool sync = false;
  bool refuse_second_inversion = false;
  ChangeObserver* observer = nullptr;
  std::function<void(WriteStep)> at_step = {};
};

/// Puts the final verdict into the sidecar at `path`, all other bytes as they are. Gives whether
/// the file was changed: one that says so already is left alone.
/// The lock of its run directory is held from reading to renaming, so that a result which a peer
/// writes meanwhile isn't replaced by an older one; only where that lock's file exists, since no
/// writer locks a directory of the operator's own choice, and where it is free within 2 s.
/// Errors: whatever reading says; parse for what is no sidecar, after a line to `messages`; those
/// of write_staged_file, and of the lock's file. Thread-safe.
[[nodiscard]] Result<bool> finalize_sidecar_file(const std::string& path, Verdict final_verdict,
                                                 const FinalizeWrite& how);

}  // namespace ktstr
