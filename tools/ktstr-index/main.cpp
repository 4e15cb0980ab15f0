// SPDX-License-Identifier: MIT
#include <csignal>

#include "program.hpp"

int main(int argc, char** argv) {
  // A reader that goes away ("| head") shows as a failed write, which the output handles.
  std::signal(SIGPIPE, SIG_IGN);
  return ktstr::run_program(argc, argv);
}
