// SPDX-License-Identifier: MIT
#pragma once

// Queries that have a name, kept in JSON files:
//
//   {"queries": {"lavd": "verdict='fail' and scheduler='scx_lavd'",
//                "slow": ["--metric", "worst_gap_ms", "--order-by", "-worst_gap_ms"]}}
//
// A text is an expression, a list the arguments as they would stand on the command line. Other
// keys at the top belong to others and are passed over.

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"
#include "environment/places.hpp"
#include "ktstr/result.hpp"

namespace ktstr {

struct NamedQuery {
  std::string name;
  std::vector<std::string> arguments;
  std::string from;  ///< the file that has it
};

/// Those of one file's text, in its order. Error (parse): where it isn't what it should be.
[[nodiscard]] Result<std::vector<NamedQuery>> parse_named_queries(std::string_view json);

/// The user's own, of {XDG_CONFIG_HOME or HOME/.config}/ktstr-index/config.json, then those with
/// other names of the nearest .ktstr-index.json from `working_directory` up to the top of its git
/// repository (without a repository: in that directory alone). A repository can't change what a
/// name of the user's means. A file that isn't there has none. Errors: one that can't be read or
/// parsed.
[[nodiscard]] Result<std::vector<NamedQuery>> named_queries(const Variables& variables,
                                                            const std::string& working_directory,
                                                            FileSystem& files);

}  // namespace ktstr
