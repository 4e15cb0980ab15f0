// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/record.hpp"
#include "plan.hpp"
#include "random.hpp"
#include "record_maker.hpp"

// What lies beside the sidecars of a run directory. Contents are short: nothing reads them.

namespace ktstr::sample {

struct Artifact {
  std::string name;
  std::string bytes;
};

/// The dumps and traces that a test of this record left; none for one that met no failure. `stem`
/// is "{test}-{hash}".
[[nodiscard]] std::vector<Artifact> failure_artifacts(const Record& record, const std::string& stem,
                                                      Random& random);
/// The staging file of a writer that was killed.
[[nodiscard]] Artifact staging_leftover(const std::string& stem, const std::string& json,
                                        const std::string& run_id, Random& random);
/// A dump under the name that an older producer gave it, without hash.
[[nodiscard]] Artifact unhashed_dump(const std::string& test);

// Sidecars that are not what they should be: written by another producer, or cut short.

/// The status that a reader should find.
enum class Intended { ok, drift, corrupt, unreadable };
inline constexpr std::size_t k_intended_count = 4;
[[nodiscard]] const char* intended_name(Intended intended);

struct SidecarBytes {
  std::string bytes;
  Intended intended = Intended::ok;
  const char* detail = "";  ///< what was done to it
};

/// Breaks the record contract as a producer before it did. Different `kind`s break other keys.
[[nodiscard]] SidecarBytes as_older_producer(std::string json, std::size_t kind);
/// As a producer of a later day might.
[[nodiscard]] SidecarBytes as_newer_producer(std::string json, std::size_t kind);
/// No JSON object any more.
[[nodiscard]] SidecarBytes as_corrupt(std::string json, std::size_t kind, Random& random);

struct PoolSummary {
  std::array<std::uint64_t, k_intended_count> sidecars = {};  ///< by Intended
  std::uint64_t run_directories = 0;
  std::uint64_t bytes = 0;  ///< of the sidecars
  std::string manifest;     ///< a JSON line for each sidecar
};

/// Writes a planned pool, files directly under their names. Not thread-safe.
class PoolWriter {
 public:
  PoolWriter(const Options& options, const Plan& plan, FileSystem& files)
      : options_(options), plan_(plan), files_(files) {}

  /// Error: usage if the root is there and not empty; else what the file system says.
  [[nodiscard]] Result<PoolSummary> write();

 private:
  /// One sidecar on its way to a file.
  struct Sidecar {
    std::string directory;  ///< relative to the root: run directory, job
    std::string stem;       ///< "{test}-{hash}"
    std::string run_id;
    SidecarBytes content;
  };

  Result<void> claim_root();
  Result<void> write_directory(std::size_t index);
  Result<void> write_session(std::size_t index, std::size_t rerun);
  Result<void> write_case(std::size_t index, std::size_t rerun, std::size_t case_index);
  Result<void> write_sidecar(const Sidecar& sidecar, bool is_last);
  Result<void> write_leftovers(std::size_t index, const Sidecar& sidecar, Random& random);
  Result<void> write_artifact(const std::string& directory, const Artifact& artifact);
  Result<void> write_oddities();

  [[nodiscard]] std::string job_of(const RunDirectory& directory, std::size_t case_index) const;
  [[nodiscard]] SidecarBytes damage(std::string json, std::size_t index, std::size_t case_index,
                                    Random& random) const;
  [[nodiscard]] std::string full_path(const std::string& relative) const {
    return options_.out + '/' + relative;
  }

  const Options& options_;
  const Plan& plan_;
  FileSystem& files_;
  PoolSummary summary_;
};

}  // namespace ktstr::sample
