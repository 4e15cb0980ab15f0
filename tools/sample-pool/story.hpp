// SPDX-License-Identifier: MIT
#pragma once

// What is planted in a pool: verdicts and effects that a question should find again. Everything
// else is noise.

#include <string>

#include "ktstr/record.hpp"
#include "plan.hpp"
#include "random.hpp"

namespace ktstr::sample {

enum class SkipKind { none, before_boot, in_vm };

struct Outcome {
  Verdict verdict = Verdict::pass;
  SkipKind skip = SkipKind::none;
  bool expected_failure = false;
};

/// Factors on a case's usual values.
struct Effects {
  double wake = 1.0;
  double iterations = 1.0;
  double migrations = 1.0;
  double run_noise = 0.03;  ///< how much whole runs differ, relative
};

/// One case in one run directory.
struct Scene {
  const Plan& plan;
  const RunDirectory& directory;
  const Session& session;
  const TestCase& test_case;
};

[[nodiscard]] Outcome outcome_of(const Scene& scene, Random& random);
[[nodiscard]] Effects effects_of(const Scene& scene);

/// For people: what is planted, where it begins, and how to tell it from noise.
[[nodiscard]] std::string describe(const Options& options, const Plan& plan);

}  // namespace ktstr::sample
