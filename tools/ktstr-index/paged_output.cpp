// SPDX-License-Identifier: MIT
#include "paged_output.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/text.hpp"

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
  // Else Ctrl-C would end this process and leave the pager fighting the shell for the keyboard.
  interrupt_before_ = std::signal(SIGINT, SIG_IGN);
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
