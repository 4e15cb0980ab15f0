// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/protocol.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

struct KconfigSetting {
  std::string suffix;
  std::string from;  ///< the flag or the variable
};

/// The suffix of the kernel cache's keys (see kconfig_suffix) as the user states it: the flag
/// --kconfig-suffix, else KTSTR_KCONFIG_SUFFIX, a variable of ours and not of the harness. Each
/// version of the harness has another one, so it has to be stated. None if neither is set; an empty
/// variable is unset. Error (usage): not 8 lower-case hex digits. Thread-safe as far as the
/// variables are.
[[nodiscard]] Result<std::optional<KconfigSetting>> stated_kconfig_suffix(
    const std::optional<std::string>& flag, const Variables& variables);

/// The variable's suffix for those who can't complain: one that can't be read counts as unset.
[[nodiscard]] std::optional<std::string> lenient_kconfig_suffix(const Variables& variables);

}  // namespace ktstr
