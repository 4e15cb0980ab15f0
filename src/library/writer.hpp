// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "archive/observations.hpp"
#include "base/file_system.hpp"
#include "base/time_text.hpp"
#include "catalog/mirror.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "ktstr/run.hpp"
#include "ktstr/writer.hpp"
#include "store/pre_clear.hpp"
#include "store/staged_file.hpp"

namespace ktstr {

/// Where a record's facts about its surroundings come from; each is asked only if it is needed.
struct StampSources {
  std::function<std::optional<std::string>()> project_commit;
  std::function<std::optional<std::string>()> kernel_version;
  std::function<std::optional<std::string>()> kernel_commit;
  std::function<std::string()> timestamp;
  std::function<std::string()> run_id;
  std::function<HostContext()> host;
  std::function<std::string()> run_source;
};

/// Those of this process.
[[nodiscard]] StampSources process_stamp_sources(const Variables& variables,
                                                 const std::optional<std::string>& kconfig_suffix);

/// Puts in what `fill_in` says is missing, the run id after the timestamp. Pure but for the
/// sources.
void stamp_record(Record& record, FillIn fill_in, const StampSources& sources);

/// The record of a test that was not run: what tells the variant, its gates and its surroundings
/// are kept, with what a decoder saw of them; the verdict is "skip"; everything else is as in a new
/// record. Pure.
[[nodiscard]] Record skip_record(Record identity);

// Records as a harness in another language hands them over: JSON in which the keys that the
// environment knows may be missing.

/// A whole record. timestamp and run_id, which a complete record must have, may be missing: like
/// the optional keys they are left for FillIn::missing_keys. Error (parse): not a record even so;
/// the message has everything that is missing or wrong.
[[nodiscard]] Result<Record> parse_harness_record(const std::string& json);

/// The parts of a record that say which test and variant it is of: test_name, topology, scheduler,
/// work_type, sysctls, kargs and, where there is one, payload. Whatever else is there, as far as it
/// is readable, comes along. Error (parse): some are missing or of the wrong type; the message
/// names them.
[[nodiscard]] Result<Record> parse_harness_identity(const std::string& json);

/// The same without the test's name, for what only needs the variant.
[[nodiscard]] Result<Record> parse_harness_variant(const std::string& json);

/// What follows a writer's changes, for one call of a writing function: the catalog's mirror, and
/// the archive of what is about to go, unless that is off. Of the runs root and the files that the
/// options' variables name, shared with all other calls of this process that mean the same.
class Mirroring final : ChangeObserver {
 public:
  /// Throws what the variables throw.
  explicit Mirroring(const WriterOptions& options);

  /// Null if the options want none. Valid as long as this object.
  [[nodiscard]] ChangeObserver* observer() { return mirror_ ? this : nullptr; }

 private:
  void about_to_remove(std::span<const FileChange> files) noexcept override;
  void removed(std::span<const FileChange> files) noexcept override;
  void written(const FileChange& file) noexcept override;
  void rewritten(const FileChange& file) noexcept override;

  std::optional<CatalogMirror> mirror_;
  std::optional<ArchiveMirror> archive_;
};

// The functions of ktstr/writer.hpp with what they take from the process, for tests and for the
// catalog's mirror. These may throw what a callback throws.

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
