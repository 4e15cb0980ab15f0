// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <optional>
#include <string>

namespace ktstr {

/// The environment variables that say how to write to a terminal.
struct TerminalVariables {
  std::optional<std::string> columns = {};   ///< COLUMNS
  std::optional<std::string> no_color = {};  ///< NO_COLOR
  std::optional<std::string> term = {};      ///< TERM
};
/// Of this process. Not safe while another thread changes the environment.
[[nodiscard]] TerminalVariables terminal_variables();

struct Terminal {
  bool is_terminal = false;
  int width = 0;   ///< cells; 0, no limit, when it is no terminal
  int height = 0;  ///< lines; 0 when it is no terminal or doesn't say
  bool color = false;
};

/// What a stream leads to. The width is the terminal's own, else COLUMNS, else 80.
[[nodiscard]] Terminal inspect_terminal(std::FILE* stream, const TerminalVariables& variables);

/// The same from what the system said; `reported_width` 0 where it said nothing.
[[nodiscard]] Terminal terminal_from(bool is_terminal, int reported_width,
                                     const TerminalVariables& variables);

}  // namespace ktstr
