// SPDX-License-Identifier: MIT
#include "report/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace ktstr {
namespace {

constexpr int k_fallback_width = 80;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int width_from_text(std::string_view text) {
  int width = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), width);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole && width > 0 ? width : 0;
}

}  // namespace

TerminalVariables terminal_variables() {
  return {variable("COLUMNS"), variable("NO_COLOR"), variable("TERM")};
}

Terminal terminal_from(bool is_terminal, int reported_width, const TerminalVariables& variables) {
  if (!is_terminal) return {};
  int width = reported_width;
  if (width <= 0 && variables.columns) width = width_from_text(*variables.columns);
  if (width <= 0) width = k_fallback_width;
  // The NO_COLOR convention: any value but the empty one.
  const bool refused = variables.no_color && !variables.no_color->empty();
  const bool dumb = variables.term && *variables.term == "dumb";
  return {true, width, 0, !refused && !dumb};
}

Terminal inspect_terminal(std::FILE* stream, const TerminalVariables& variables) {
  const int descriptor = fileno(stream);
  if (descriptor < 0 || isatty(descriptor) == 0) return {};
  winsize size{};
  const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  Terminal terminal = terminal_from(true, known ? size.ws_col : 0, variables);
  if (known) terminal.height = size.ws_row;
  return terminal;
}

}  // namespace ktstr
