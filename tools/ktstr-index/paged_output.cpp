// SPDX-License-Identifier: MIT
#include "paged_output.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/text.hpp"
#include "end_process.hpp"

namespace ktstr {
namespace {

/// Whether a shell would find the first word of the command.
bool is_runnable(const std::string& command, const Variables& variables) {
  const std::string_view trimmed = trim(command);
  const std::string program(trimmed.substr(0, trimmed.find(' ')));
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
  const std::string path = variables("PATH").value_or("");
  const auto directories = split(path, ':');
  return std::any_of(directories.begin(), directories.end(), [&](std::string_view directory) {
    return ::access((std::string(directory) + "/" + program).c_str(), X_OK) == 0;
  });
}

/// The pager's standard input; what the handler can see.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): handlers see nothing else
std::atomic<int> fed{-1};

/// Ctrl-C goes to the pager, too. Nothing more comes, whatever is at work here; but it has the
/// keyboard until its reader leaves it, else it would be fighting the shell for it.
extern "C" void stop_feeding(int number) {
  ::close(fed);
  while (::wait(nullptr) > 0 || errno == EINTR) {
  }
  end_process("", 128 + number);
}

}  // namespace

std::optional<std::string> find_pager(const Variables& variables) {
  std::string pager = "less";
  for (const char* name : {"PAGER", "KTSTR_INDEX_PAGER"}) {
    if (auto named = variables(name)) pager = std::move(*named);
  }
  const std::string_view word = trim(pager);
  if (word.empty() || word == "cat" || !is_runnable(pager, variables)) return std::nullopt;
  return pager;
}

PagedOutput::~PagedOutput() {
  if (pipe_ == nullptr) return;
  std::signal(SIGINT, SIG_IGN);  // there is nothing left to be stopped but the pager
  ::pclose(pipe_);
  std::signal(SIGINT, interrupt_before_);
}

void PagedOutput::start_pager() {
  // As git does: colours go through, and the screen isn't cleared.
  ::setenv("LESS", "FRX", 0);
  std::fflush(stdout);
  // This program ignores SIGPIPE, which must not be inherited: a pager may be a pipeline.
  const auto pipe_before = std::signal(SIGPIPE, SIG_DFL);
  pipe_ = ::popen(pager_.c_str(), "we");
  std::signal(SIGPIPE, pipe_before);
  if (pipe_ == nullptr) return;
  fed = ::fileno(pipe_);
  interrupt_before_ = std::signal(SIGINT, stop_feeding);
  output_ = FileOutput(pipe_);
}

Result<void> PagedOutput::write(std::string_view bytes) {
  if (height_ == 0) return output_.write(bytes);
  held_ += bytes;
  held_lines_ += static_cast<int>(std::count(bytes.begin(), bytes.end(), '\n'));
  // The last line is the shell's prompt.
  if (held_lines_ < height_) return {};
  height_ = 0;  // decided
  start_pager();
  return output_.write(std::exchange(held_, {}));
}

Result<void> PagedOutput::flush() {
  if (auto written = output_.write(std::exchange(held_, {})); !written) return written;
  height_ = 0;
  return output_.flush();
}

}  // namespace ktstr
