// SPDX-License-Identifier: MIT
#pragma once

#include "ktstr/messages.hpp"

namespace ktstr {

/// The process's own, for the one warning that a process gives about an unknown project commit,
/// whichever call comes first. Thread-safe.
[[nodiscard]] OnceGate& unknown_commit_gate();

/// The same for the warning about parts that can't be in a path.
[[nodiscard]] OnceGate& refused_path_part_gate();

}  // namespace ktstr
