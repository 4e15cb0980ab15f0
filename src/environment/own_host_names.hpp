// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ktstr {

/// The names that this machine goes by: the kernel's, with and without its domain, /etc/hostname's,
/// and those that /etc/hosts gives to the same addresses.
[[nodiscard]] std::vector<std::string> own_host_names();

/// The names that a text like /etc/hosts gives, in lines that hold one of `known` or a loopback
/// address other than localhost's own lines.
[[nodiscard]] std::vector<std::string> host_aliases(std::string_view hosts_text,
                                                    const std::vector<std::string>& known);

}  // namespace ktstr
