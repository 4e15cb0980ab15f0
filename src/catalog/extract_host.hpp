// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/extract.hpp"

namespace ktstr {

[[nodiscard]] HostRow extract_host(const HostContext& host);

/// The state of the writing process's heap, as JSON text; NULL without one. Every record of a host
/// has another, so it stands in the record's row and not in the host's.
[[nodiscard]] Value heap_state_json(const HostContext& host);

}  // namespace ktstr
