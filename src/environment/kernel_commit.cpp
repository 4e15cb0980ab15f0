// SPDX-License-Identifier: MIT
#include "ktstr/commit.hpp"
#include "ktstr/kernel.hpp"

namespace ktstr {

std::optional<std::string> kernel_commit_for_sidecar(
    const Variables& variables, const std::optional<std::string>& kconfig_suffix) {
  // Whoever started the tests has asked once for all of their processes.
  if (auto stated = stated_kernel_commit(variables)) return stated;
  const auto identifier = kernel_environment(variables);
  if (!identifier) return std::nullopt;
  KernelSourceOptions options;
  options.kconfig_suffix = kconfig_suffix;
  const auto directory = kernel_source_directory(*identifier, variables, options);
  return directory ? detect_kernel_commit(*directory) : std::nullopt;
}

}  // namespace ktstr
