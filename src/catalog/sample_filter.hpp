// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "catalog/extract.hpp"

namespace ktstr {

/// Keeps the sample generator's results out of somebody's archive, unless he named it. Not
/// thread-safe.
class SampleFilter {
 public:
  explicit SampleFilter(bool takes_samples) : takes_samples_(takes_samples) {}

  /// Files that hold no record (nullptr), in a directory of the generator's, are its own, too; so
  /// those that hold one are to be asked about first.
  [[nodiscard]] bool refuses(const std::string& run_dir, const ExtractedRecord* record) {
    if (takes_samples_) return false;
    if (record == nullptr) return run_dirs_.contains(run_dir);
    if (record->is_synthetic) run_dirs_.insert(run_dir);
    return record->is_synthetic;
  }

 private:
  bool takes_samples_;
  std::set<std::string> run_dirs_;  ///< that hold records of the generator
};

}  // namespace ktstr
