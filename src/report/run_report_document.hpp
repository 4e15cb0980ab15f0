// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rows.hpp"
#include "ktstr/run_report.hpp"
#include "report/json_document.hpp"

namespace ktstr {

/// The report as `last-run --format json` prints it. `run_dir`: none for a directory that was read
/// by its path; `path`: none where there is no run at all. Pure; thread-safe.
[[nodiscard]] JsonObject run_report_document(const RunReport& report,
                                             const std::optional<std::string>& run_dir,
                                             const std::optional<std::string>& path);

/// The lines by scenario, topology and work type as one table.
[[nodiscard]] const std::vector<RowColumn>& gauntlet_columns();
[[nodiscard]] std::vector<std::vector<Value>> gauntlet_rows(const RunReport& report);

}  // namespace ktstr
