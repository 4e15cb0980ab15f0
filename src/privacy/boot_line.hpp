// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "privacy/private_text.hpp"

namespace ktstr {

/// A parameter of a kernel's command line that changes how it schedules: what a reader of results
/// needs to know about the machine. Dashes and underscores are the same, as they are to the kernel.
[[nodiscard]] bool is_scheduling_parameter(std::string_view name);

struct ReducedBootLine {
  std::string text;  ///< the parameters that stay, as written, in order
  std::size_t removed = 0;
};
/// Keeps the scheduling parameters whose values hold nothing private. The rest (disks, consoles,
/// addresses of log hosts) goes with its name, since a name can be as telling. Pure; thread-safe.
[[nodiscard]] ReducedBootLine reduce_boot_line(std::string_view line, const HostNames& hosts);

}  // namespace ktstr
