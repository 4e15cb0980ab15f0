// SPDX-License-Identifier: MIT
#pragma once

// Taking what was captured into the archive, for the commands that capture.

#include <functional>
#include <string>
#include <vector>

#include "context.hpp"
#include "environment/locations.hpp"
#include "store/capture.hpp"

namespace ktstr {

/// Where the command's options and the environment put the archive.
[[nodiscard]] ArchiveChoice chosen_archive_of(const Context& context);

/// Refreshes the catalog of the root in `options` and archives what it reads, spools first. What
/// goes wrong is only said. Nothing happens where there is no root yet, nor where the catalog can't
/// be opened: whoever asks it next hears why.
void keep_results(const Context& context, const SessionOptions& options, const KeepOptions& keep,
                  const std::function<bool()>& should_stop = {});

/// The spool's path, if there is one. Its report has to live until it was read.
[[nodiscard]] std::vector<std::string> spools_of(const CaptureRootReport& report);

}  // namespace ktstr
