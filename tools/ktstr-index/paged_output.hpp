// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "environment/variables.hpp"
#include "report/output.hpp"

namespace ktstr {

/// The command that shows long texts page by page: KTSTR_INDEX_PAGER, else PAGER, else less. None
/// where that is empty or "cat", or where its program isn't there.
[[nodiscard]] std::optional<std::string> find_pager(const Variables& variables);

/// Writes to standard output, a terminal of `height` lines. What doesn't fit goes through the pager
/// from its first line on; what does never starts one. Ctrl-C while there is more to come stops
/// that, and the process ends with the pager. The destructor waits until the reader has left it.
class PagedOutput : public Output {
 public:
  PagedOutput(std::string pager, int height) : pager_(std::move(pager)), height_(height) {}
  PagedOutput(const PagedOutput&) = delete;
  PagedOutput& operator=(const PagedOutput&) = delete;
  ~PagedOutput() override;

  [[nodiscard]] Result<void> write(std::string_view bytes) override;
  [[nodiscard]] Result<void> flush() override;
  [[nodiscard]] bool reader_gone() const override { return output_.reader_gone(); }

 private:
  void start_pager();

  std::string pager_;
  int height_;
  std::string held_;  ///< not more than a screen
  int held_lines_ = 0;
  std::FILE* pipe_ = nullptr;
  void (*interrupt_before_)(int) = SIG_DFL;
  FileOutput output_{stdout};
};

}  // namespace ktstr
