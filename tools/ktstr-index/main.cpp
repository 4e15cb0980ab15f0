// SPDX-License-Identifier: MIT
#include <csignal>

#include "program.hpp"
#include "session_run.hpp"

int main(int argc, char** argv) {
  // A reader that goes away ("| head") shows as a failed write, which the output handles.
  std::signal(SIGPIPE, SIG_IGN);
  // Nor is a file that may not grow a reason to die: the write fails, like that on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  ktstr::end_cleanly_on_terminate();
  try {
    return ktstr::run_program(argc, argv);
  } catch (...) {
    return ktstr::say_uncaught();
  }
}
