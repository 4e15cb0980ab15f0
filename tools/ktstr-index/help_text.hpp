// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "options.hpp"

namespace ktstr {

/// Help of a command, at most 80 columns wide as long as names and examples are. `path` are the
/// names from the program's down to the command's; a single one is the program itself.
[[nodiscard]] std::string help_text(const Program& program, const Command& command,
                                    const std::vector<std::string>& path);

/// Lines of at most `width` cells, broken at spaces; every line but the first begins with `indent`
/// spaces, which count. Paragraphs, separated by an empty line, stay apart.
[[nodiscard]] std::string wrapped(const std::string& text, int indent, int width);

}  // namespace ktstr
