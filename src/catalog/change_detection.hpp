// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "base/file_system.hpp"
#include "catalog/tables.hpp"

namespace ktstr {

/// How hard a refresh looks, from not at all to reading every byte.
enum class CheckLevel {
  none,   ///< answer from the catalog as it is
  dirs,   ///< what was created, renamed or removed: how sidecars and dumps are written
  files,  ///< edits in place too: exactly what a full walk would say, if stamps don't lie
  bytes,  ///< read and hash every file
};
[[nodiscard]] std::optional<CheckLevel> check_level(std::string_view name);

enum class LookReason {
  unchanged,  ///< no look is needed
  added,      ///< never seen
  stamp,      ///< the stamp differs
  unsettled,  ///< the stamp is the same, but was too fresh to trust when it was taken
  level,      ///< this level looks at everything
  links,      ///< behind a link things change without a trace in the directory
};
[[nodiscard]] std::string_view look_reason_name(LookReason reason);

/// A stamp with its flag, from what the clock said before and after it was taken: the process may
/// have been stopped in between, so only both together say how fresh it was. Pure.
[[nodiscard]] KnownStamp known_stamp(const Stamp& stamp, std::int64_t before_ns,
                                     std::int64_t after_ns);

/// Whether to read a file, from stamps alone. Pure.
[[nodiscard]] LookReason file_look(const std::optional<KnownStamp>& known, const Stamp& current,
                                   CheckLevel level);
/// Whether to list a directory. Pure.
[[nodiscard]] LookReason directory_look(const std::optional<KnownStamp>& known,
                                        const Stamp& current, bool has_links, CheckLevel level);

}  // namespace ktstr
