// SPDX-License-Identifier: MIT
#include "environment/kernel_commit_of.hpp"
#include "ktstr/commit.hpp"

namespace ktstr {

std::optional<std::string> kernel_commit_of(const std::string& identifier,
                                            const Variables& variables,
                                            const KernelSourceOptions& options) {
  const auto directory = kernel_source_directory(identifier, variables, options);
  return directory ? detect_kernel_commit(*directory) : std::nullopt;
}

std::optional<std::string> kernel_commit_for_sidecar(
    const Variables& variables, const std::optional<std::string>& kconfig_suffix) {
  // Whoever started the tests has asked once for all of their processes.
  if (auto stated = stated_kernel_commit(variables)) return stated;
  const auto identifier = kernel_environment(variables);
  if (!identifier) return std::nullopt;
  KernelSourceOptions options;
  options.kconfig_suffix = kconfig_suffix;
  return kernel_commit_of(*identifier, variables, options);
}

}  // namespace ktstr
