// SPDX-License-Identifier: MIT
#pragma once

// What a scheduler's declaration puts into a record. Pure; thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ktstr/topology.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The scheduler that a test without one of its own names.
inline constexpr const char* k_default_scheduler = "eevdf";
/// The work type of a process that was told none.
inline constexpr const char* k_default_work_type = "SpinWait";

/// As a test declares it.
struct SchedulerDeclaration {
  std::string name = k_default_scheduler;
  std::vector<std::pair<std::string, std::string>> sysctls = {};  ///< dotted key, value; in order
  std::vector<std::string> kargs = {};                            ///< kernel arguments; in order
};

/// As a record has it.
struct SchedulerFingerprint {
  std::string scheduler;
  std::optional<std::string> scheduler_commit;  ///< none for every scheduler of today
  std::vector<std::string> sysctls;             ///< "sysctl.KEY=VALUE", as declared
  std::vector<std::string> kargs;
  friend bool operator==(const SchedulerFingerprint&, const SchedulerFingerprint&) = default;
};

[[nodiscard]] SchedulerFingerprint scheduler_fingerprint(const SchedulerDeclaration& declaration);

/// The hash of a test's variant before there is a record of it; the record's own hash will be the
/// same.
[[nodiscard]] std::uint64_t variant_hash_of(const Topology& topology,
                                            const SchedulerFingerprint& fingerprint,
                                            const std::optional<std::string>& payload,
                                            const std::string& work_type);

/// NAME of the first --ktstr-work-type=NAME among a process's arguments, else the default.
[[nodiscard]] std::string work_type_of_arguments(const std::vector<std::string>& arguments);

}  // namespace ktstr
#pragma GCC visibility pop
