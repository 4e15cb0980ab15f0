// SPDX-License-Identifier: MIT
#include "environment/kconfig_setting.hpp"

#include "base/visible_text.hpp"
#include "environment/variables.hpp"

namespace ktstr {
namespace {

constexpr std::size_t k_digits = 8;
constexpr const char* k_flag = "--kconfig-suffix";
constexpr const char* k_variable = "KTSTR_KCONFIG_SUFFIX";

Result<std::optional<KconfigSetting>> checked(const std::string& suffix, const char* from) {
  if (suffix.size() == k_digits &&
      suffix.find_first_not_of("0123456789abcdef") == std::string::npos) {
    return KconfigSetting{suffix, from};
  }
  return fail(ErrorCode::usage,
              std::string(from) + ": '" + escape_control(suffix) + "' is no kconfig suffix", {},
              "it is the CRC-32 of the harness's ktstr.kconfig in 8 lower-case hex digits, as "
              "cache keys have it after -kc");
}

}  // namespace

Result<std::optional<KconfigSetting>> stated_kconfig_suffix(const std::optional<std::string>& flag,
                                                            const Variables& variables) {
  if (flag) return checked(*flag, k_flag);
  if (const auto suffix = non_empty(variables, k_variable)) return checked(*suffix, k_variable);
  return std::nullopt;
}

std::optional<std::string> lenient_kconfig_suffix(const Variables& variables) {
  const auto stated = stated_kconfig_suffix(std::nullopt, variables);
  return stated && *stated ? std::optional((*stated)->suffix) : std::nullopt;
}

}  // namespace ktstr
