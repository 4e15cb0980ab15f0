// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ktstr/messages.hpp"
#include "ktstr/record.hpp"
#include "ktstr/result.hpp"
#include "report/json_document.hpp"

namespace SQLite {
class Database;
}

namespace ktstr {

/// The host of the run's first result that has one, from a fresh catalog. `note` gets a line if the
/// run is from several hosts. Errors: usage (no such run), not_found (no results, no host).
[[nodiscard]] Result<HostContext> run_host(SQLite::Database& database, const std::string& run,
                                           const MessageSink& note);

/// The document of `show-host`; no run: this machine. Pure; thread-safe.
[[nodiscard]] JsonObject show_host_document(const std::optional<std::string>& run,
                                            const HostContext& host);

}  // namespace ktstr
