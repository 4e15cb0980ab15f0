// SPDX-License-Identifier: MIT
#pragma once

// What lies beside the sidecars of a run directory. Contents are short: nothing reads them.

#include <string>
#include <vector>

#include "ktstr/record.hpp"
#include "random.hpp"

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

}  // namespace ktstr::sample
