// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ktstr/result.hpp"

namespace ktstr::sample {

struct Options {
  std::string out;       ///< the runs root to make
  std::string manifest;  ///< empty: none is written
  std::uint64_t seed = 1;
  std::size_t run_directories = 12;  ///< pairs of kernel and commit
  std::size_t tests = 40;            ///< sidecars of each run directory
  std::size_t repeats = 1;           ///< run directories of each pair
  std::size_t reruns = 0;            ///< later sessions over each run directory
  std::size_t samples = 0;           ///< wake samples per phase and cgroup; 0: about a dozen
  bool clean = false;
  bool jobs = true;
  bool describe = false;
  bool help = false;
};

/// Error: usage.
[[nodiscard]] Result<Options> parse_options(int argc, char** argv);
[[nodiscard]] std::string usage_text();

}  // namespace ktstr::sample
