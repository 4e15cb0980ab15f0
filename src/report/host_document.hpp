// SPDX-License-Identifier: MIT
#pragma once

#include "ktstr/record.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// The host as a sidecar has it: the record's keys in their order, absent ones left out. Pure;
/// thread-safe.
[[nodiscard]] JsonObject host_document(const HostContext& host);

}  // namespace ktstr
