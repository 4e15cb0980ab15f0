// SPDX-License-Identifier: MIT
#pragma once

// summarize_run_artifacts of ktstr/footer.hpp over any file system; tests pass a fake one.

#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "ktstr/footer.hpp"

namespace ktstr {

[[nodiscard]] std::vector<RunDirectorySummary> summarize_run_artifacts(
    FileSystem& files, const std::string& runs_root, const FooterOptions& options);

}  // namespace ktstr
