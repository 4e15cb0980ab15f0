// SPDX-License-Identifier: MIT
#pragma once

// The machine that a test ran on: collecting it, and showing and comparing what records hold.
// Everything here is thread-safe.

#include <optional>
#include <string>
#include <string_view>

#include "ktstr/record.hpp"

#pragma GCC visibility push(default)  // what a shared libktstr shows
namespace ktstr {

/// The machine as it is now. What can't be read is absent; it never fails. Facts that hold until a
/// reboot (CPU, memory size, topology, governors, kernel names, CONFIG_TASK_XACCT) are read at the
/// first call in the process and kept, also as absent; the rest is read at each call. `heap_state`
/// stays absent: it belongs to the harness's own allocator.
[[nodiscard]] HostContext collect_host_context();

/// All fields are equal, heap_state included (to compare two machines, clear it in both first).
/// Unknown keys of a decoded record don't count.
[[nodiscard]] bool host_equal(const HostContext& before, const HostContext& after);

/// One line, "  key: before → after", for each field that differs; governors and tunables one by
/// one. Empty if nothing differs. The harness's own form has no place for task_delayacct and
/// config_task_xacct, so neither have this and host_text: two hosts may differ in them alone.
/// Control characters of values are shown escaped, so that a line stays a line.
[[nodiscard]] std::string host_diff(const HostContext& before, const HostContext& after);

/// The host for a person: "key: value" lines, absent ones as "(unknown)".
[[nodiscard]] std::string host_text(const HostContext& host);

/// The bracketed choice of a menu such as "always [madvise] never" (thp_enabled, thp_defrag).
/// None without brackets.
[[nodiscard]] std::optional<std::string> active_thp_policy(std::string_view menu);

}  // namespace ktstr
#pragma GCC visibility pop
