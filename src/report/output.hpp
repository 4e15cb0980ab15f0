// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "ktstr/result.hpp"

namespace ktstr {

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
