// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time_text.hpp"
#include "environment/protocol.hpp"
#include "ktstr/protocol.hpp"
#include "ktstr/run.hpp"

namespace ktstr {

/// now_iso8601 by any clock.
[[nodiscard]] std::string now_iso8601(const Clock& clock);

/// What a process numbers its records with. Thread-safe; outlived by its clock.
class RunIds {
 public:
  explicit RunIds(const Clock& clock) : clock_(clock) {}

  /// Of the first call of any function here.
  [[nodiscard]] const std::string& timestamp();
  [[nodiscard]] std::string next();

 private:
  const Clock& clock_;
  std::once_flag stamped_;
  std::string timestamp_;
  std::atomic<std::uint64_t> count_ = 0;
};

// What the environment of this process says about the test run that it is, or would be, part of:
// where a sidecar would go, on which kernel, at which commits. For people and scripts that want to
// see it; a writer asks the single functions.

struct RunFact {
  std::string name;                       ///< "sidecar_dir"
  bool is_path = false;                   ///< made absolute then
  std::optional<std::string> value = {};  ///< none: not known
  std::string from = {};                  ///< the variable or rule that the value is from
  std::string error = {};                 ///< why there is none, where something is wrong
};

struct RunFactOptions {
  std::string working_directory = {};  ///< what relative paths are below
  std::optional<KconfigSetting> kconfig_suffix = {};
  // Asking git takes a while.
  std::function<std::optional<std::string>(const Variables&)> project_commit =
      detect_project_commit;
  std::function<std::optional<std::string>(const std::string&)> kernel_commit =
      detect_kernel_commit;
};

/// sidecar_dir, run_dir, kernel, kernel_version, kernel_source, kernel_commit, project_commit,
/// kernel_cache, session, run_source, kconfig_suffix, in this order. Each is looked up once.
[[nodiscard]] std::vector<RunFact> run_facts(const Variables& variables,
                                             const RunFactOptions& options);

}  // namespace ktstr
