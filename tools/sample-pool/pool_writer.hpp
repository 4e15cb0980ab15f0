// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "artifacts.hpp"
#include "base/file_system.hpp"
#include "damage.hpp"
#include "plan.hpp"
#include "record_maker.hpp"

namespace ktstr::sample {

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
