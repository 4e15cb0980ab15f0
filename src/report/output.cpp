// SPDX-License-Identifier: MIT
#include "report/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "report/row_formatter.hpp"
#include "report/table.hpp"

namespace ktstr {

std::string facts_text(const std::vector<Fact>& facts) {
  int width = 0;
  for (const Fact& fact : facts) width = std::max(width, display_width(printable(fact.name)));
  std::string out;
  for (const Fact& fact : facts) {
    append_padded(out, printable(fact.name), width + k_gutter, false);
    out += (fact.value.empty() ? "-" : printable(fact.value)) + "\n";
  }
  return out;
}

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

Result<void> FileOutput::write(std::string_view bytes) {
  if (reader_gone_ || bytes.empty()) return {};
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) == bytes.size()) return {};
  return failed(errno);
}

Result<void> FileOutput::flush() {
  if (reader_gone_) return {};
  errno = 0;
  // The error flag is asked too: a write that failed earlier, elsewhere in the program, leaves
  // nothing to flush, and the output would be short without a word.
  if (std::fflush(stream_) == 0 && std::ferror(stream_) == 0) return {};
  return failed(errno);
}

Result<void> FileOutput::failed(int error_number) {
  if (error_number == EPIPE) {
    reader_gone_ = true;
    return {};
  }
  const int number = error_number == 0 ? EIO : error_number;
  return fail(ErrorCode::io, "cannot write the output: " + std::generic_category().message(number) +
                                 " (os error " + std::to_string(number) + ")");
}

Result<void> StringOutput::write(std::string_view bytes) {
  text_.append(bytes);
  return {};
}

}  // namespace ktstr
