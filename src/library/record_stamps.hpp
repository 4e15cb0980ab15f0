// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ktstr/record.hpp"
#include "ktstr/variables.hpp"
#include "ktstr/writer.hpp"

namespace ktstr {

/// Where a record's facts about its surroundings come from; each is asked only if it is needed.
struct StampSources {
  std::function<std::optional<std::string>()> project_commit;
  std::function<std::optional<std::string>()> kernel_version;
  std::function<std::optional<std::string>()> kernel_commit;
  std::function<std::string()> timestamp;
  std::function<std::string()> run_id;
  std::function<HostContext()> host;
  std::function<std::string()> run_source;
};

/// Those of this process.
[[nodiscard]] StampSources process_stamp_sources(const Variables& variables,
                                                 const std::optional<std::string>& kconfig_suffix);

/// Puts in what `fill_in` says is missing, the run id after the timestamp. Pure but for the
/// sources.
void stamp_record(Record& record, FillIn fill_in, const StampSources& sources);

/// The record of a test that was not run: what tells the variant, its gates and its surroundings
/// are kept, with what a decoder saw of them; the verdict is "skip"; everything else is as in a new
/// record. Pure.
[[nodiscard]] Record skip_record(Record identity);

}  // namespace ktstr
