// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktstr/result.hpp"

namespace ktstr {

/// One line of a block of facts.
struct Fact {
  std::string name;
  std::string value;  ///< empty: shown as "-"
};

/// "name   value" lines with the values in one column, control characters escaped. Empty for no
/// facts.
[[nodiscard]] std::string facts_text(const std::vector<Fact>& facts);

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

/// Where a renderer's text goes. Not thread-safe.
class Output {
 public:
  virtual ~Output() = default;
  /// Error (code io) if the bytes could not be stored, a full disk for one. A reader that went
  /// away is no error: from then on writes do nothing and `reader_gone` says true.
  [[nodiscard]] virtual Result<void> write(std::string_view bytes) = 0;
  /// Hands on what is buffered, and reports what failed meanwhile.
  [[nodiscard]] virtual Result<void> flush() = 0;
  /// Nobody reads any more ("| head"): stop early, quietly, with status 0.
  [[nodiscard]] virtual bool reader_gone() const { return false; }
};

/// Writes to a stdio stream, which the caller keeps and closes. The process must ignore SIGPIPE,
/// or the signal ends it before this class can see the closed pipe.
class FileOutput : public Output {
 public:
  explicit FileOutput(std::FILE* stream) : stream_(stream) {}
  [[nodiscard]] Result<void> write(std::string_view bytes) override;
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] bool reader_gone() const override { return reader_gone_; }

 private:
  [[nodiscard]] Result<void> failed(int error_number);

  std::FILE* stream_;
  bool reader_gone_ = false;
};

/// Keeps everything in memory: for tests, pagers and short texts.
class StringOutput : public Output {
 public:
  [[nodiscard]] Result<void> write(std::string_view bytes) override;
  [[nodiscard]] Result<void> flush() override { return {}; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace ktstr
