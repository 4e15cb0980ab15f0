// SPDX-License-Identifier: MIT
#pragma once

// Asking another program a question: what it prints, by a deadline.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

struct ProgramQuestion {
  std::string program;  ///< absolute
  std::vector<std::string> arguments = {};
  std::vector<std::string> environment = {};  ///< the whole of it, NAME=value
  std::int64_t until_ns = 0;                  ///< of the steady clock
  std::size_t most_output_bytes = 1 << 20;
};

struct ProgramAnswer {
  int status = 0;
  std::string output = {};  ///< what it printed on its standard output
  bool is_cut_off = false;  ///< it had more to say, and was ended
};

/// Runs the program in "/", without input, what it says on stderr dropped, in a process group of
/// its own, which is killed when the answer is there, the deadline passes, or this thread ends.
/// Nobody else's wait() sees it, and it raises no SIGCHLD.
/// Errors: timeout, interrupted (a signal that this process holds back asks it to end), io (not to
/// be started, or ended by a signal). Thread-safe.
[[nodiscard]] Result<ProgramAnswer> ask_program(const ProgramQuestion& question);

}  // namespace ktstr
