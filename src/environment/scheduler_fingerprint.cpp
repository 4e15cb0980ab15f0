// SPDX-License-Identifier: MIT
#include "ktstr/scheduler_fingerprint.hpp"

#include <string_view>

#include "ktstr/variant_hash.hpp"

namespace ktstr {

SchedulerFingerprint scheduler_fingerprint(const SchedulerDeclaration& declaration) {
  SchedulerFingerprint fingerprint;
  fingerprint.scheduler = declaration.name;
  for (const auto& [key, value] : declaration.sysctls) {
    std::string line = "sysctl.";
    line += key;
    line += '=';
    line += value;
    fingerprint.sysctls.push_back(std::move(line));
  }
  fingerprint.kargs = declaration.kargs;
  return fingerprint;
}

std::uint64_t variant_hash_of(const Topology& topology, const SchedulerFingerprint& fingerprint,
                              const std::optional<std::string>& payload,
                              const std::string& work_type) {
  VariantParts parts;
  parts.topology = topology.label();
  parts.scheduler = fingerprint.scheduler;
  parts.payload = payload;
  parts.work_type = work_type;
  parts.sysctls = fingerprint.sysctls;
  parts.kargs = fingerprint.kargs;
  return variant_hash(parts);
}

std::string work_type_of_arguments(const std::vector<std::string>& arguments) {
  constexpr std::string_view k_option = "--ktstr-work-type=";
  for (const std::string& argument : arguments) {
    if (argument.compare(0, k_option.size(), k_option) == 0) {
      return argument.substr(k_option.size());
    }
  }
  return k_default_work_type;
}

}  // namespace ktstr
