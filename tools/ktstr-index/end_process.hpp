// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace ktstr {

/// Says the line and ends the process as it stands, without destructors and unwritten output. For
/// signal handlers, and where memory is short.
[[noreturn]] void end_process(std::string_view line, int status);

/// What nobody caught, in whatever thread, ends the process with one line and the status of what
/// could not be done, in place of an abort.
void end_cleanly_on_terminate();

/// One line about the exception that is being handled; gives the exit status for it.
[[nodiscard]] int say_uncaught();

}  // namespace ktstr
