// SPDX-License-Identifier: MIT
#pragma once

// The functions of ktstr/writer.hpp with what they take from the process, for tests and for the
// catalog's mirror. These may throw what a callback throws.

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "ktstr/commit.hpp"
#include "ktstr/messages.hpp"
#include "ktstr/variables.hpp"
#include "ktstr/writer.hpp"
#include "store/change_observer.hpp"
#include "store/pre_clear.hpp"
#include "store/staged_file.hpp"

namespace ktstr {

struct WriterSurroundings {
  ChangeObserver* observer = nullptr;
  FileSystem* file_system = &system_file_system();
  Clock* clock = &system_clock();
  PreClearMemo* pre_clear_memo = &process_pre_clear_memo();
  OnceGate* unknown_commit = nullptr;     ///< null: the process's own
  OnceGate* refused_path_part = nullptr;  ///< the same
  std::function<void(WriteStep step)> at_step = {};
  /// For the directory's name and the record.
  std::function<std::optional<std::string>(const Variables&)> project_commit =
      detect_project_commit;
};

[[nodiscard]] Result<WrittenSidecar> write_sidecar(Record record, const WriterOptions& options,
                                                   const WriterSurroundings& surroundings);
[[nodiscard]] Result<WrittenSidecar> write_skip_sidecar(Record identity,
                                                        const WriterOptions& options,
                                                        const WriterSurroundings& surroundings);
[[nodiscard]] Result<FinalizeOutcome> finalize_sidecar(const std::string& path,
                                                       Verdict final_verdict,
                                                       const WriterOptions& options,
                                                       const WriterSurroundings& surroundings);
[[nodiscard]] Result<void> suppress_failure_dumps(const std::string& test_name,
                                                  const std::string& variant_hash,
                                                  const WriterOptions& options,
                                                  const WriterSurroundings& surroundings);
[[nodiscard]] std::string sidecar_directory(const WriterOptions& options,
                                            const WriterSurroundings& surroundings);

}  // namespace ktstr
