// SPDX-License-Identifier: MIT
#include "refresh_progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ktstr {
namespace {

constexpr std::int64_t k_second_ns = 1'000'000'000;
constexpr std::int64_t k_redraw_ns = k_second_ns / 10;
constexpr std::int64_t k_line_ns = 5 * k_second_ns;
constexpr int k_bar_width = 20;

std::int64_t interval_ns(ProgressStyle style) {
  return style == ProgressStyle::bar ? k_redraw_ns : k_line_ns;
}

}  // namespace

std::string progress_text(const RefreshProgress& progress, std::int64_t elapsed_ns) {
  const std::int64_t total = std::max<std::int64_t>(progress.directories, 1);
  // The last one to be begun is still at work.
  const std::int64_t done = std::clamp<std::int64_t>(progress.directories_done - 1, 0, total);
  const auto filled = static_cast<std::size_t>(done * k_bar_width / total);
  std::string text = "[" + std::string(filled, '#') + std::string(k_bar_width - filled, '-') +
                     "] " + std::to_string(done * 100 / total) + " %  " +
                     std::to_string(progress.files_read) + " files";
  if (elapsed_ns < k_second_ns) return text;
  const double seconds = static_cast<double>(elapsed_ns) / k_second_ns;
  const double rate = static_cast<double>(progress.files_read) / seconds;
  text += ", " + std::to_string(static_cast<std::int64_t>(rate)) + "/s";
  if (done == 0) return text;
  const double left = seconds * static_cast<double>(total - done) / static_cast<double>(done);
  return text + ", " + std::to_string(std::lround(left)) + " s left";
}

RefreshProgressLine::RefreshProgressLine(ProgressStyle style, const Clock& clock)
    : style_(style),
      clock_(clock),
      started_ns_(clock.steady_ns()),
      next_ns_(started_ns_ + interval_ns(style)) {}

RefreshProgressLine::~RefreshProgressLine() {
  if (is_drawn_) std::fputs("\r\033[K", stderr);
}

void RefreshProgressLine::update(const RefreshProgress& progress) {
  if (style_ == ProgressStyle::none) return;
  const std::int64_t now_ns = clock_.steady_ns();
  if (now_ns < next_ns_) return;
  next_ns_ = now_ns + interval_ns(style_);
  const std::string text = progress_text(progress, now_ns - started_ns_);
  is_drawn_ = style_ == ProgressStyle::bar;
  std::fputs((is_drawn_ ? "\r\033[K" + text : text + "\n").c_str(), stderr);
}

}  // namespace ktstr
