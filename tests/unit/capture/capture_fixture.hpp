// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "capture/capture.hpp"
#include "support/temporary_directory.hpp"

namespace ktstr::test {

/// A capture of the root "{directory}/root", and what it kept.
class Capturing : public ::testing::Test {
 protected:
  Capturing() { options_.roots = {root()}; }

  [[nodiscard]] std::string root() const { return directory_.path("root"); }
  [[nodiscard]] std::string path(const std::string& name) const { return root() + '/' + name; }

  void start() {
    options_.on_kept = [this](const CaptureEvent&) { ++told_; };
    auto capture = Capture::start(options_);
    ASSERT_TRUE(capture) << capture.error().text();
    capture_ = std::move(*capture);
  }
  void start_with_root() {
    std::filesystem::create_directories(path("run"));
    start();
  }
  /// As the harness writes: under another name first.
  void put(const std::string& name, const std::string& bytes) const {
    const std::string staged = directory_.write("root/" + name + ".tmp.1", bytes);
    std::filesystem::rename(staged, path(name));
  }
  void put_in_place(const std::string& name, const std::string& bytes) const {
    directory_.write("root/" + name, bytes);
  }
  /// Until so many files were kept, or something is wrong.
  void wait_for(int count) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (told_ < count && std::chrono::steady_clock::now() < end) pause(1);
    ASSERT_GE(told_, count);
  }
  static void pause(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  }

  /// "RUN/NAME" or "RUN/JOB/NAME", and all bytes that it had. Links that were written to in place
  /// don't count.
  using Kept = std::map<std::string, std::set<std::string>>;
  Kept stop() {
    report_ = capture_->stop();
    return read(report_.roots.at(0));
  }
  Kept read(const CaptureRootReport& report) {
    Kept kept;
    if (!report.spool) return kept;
    auto files = read_spool(report.spool->path());
    EXPECT_TRUE(files);
    for (const SpooledFile& file : *files) {
      if (file.is_changed) continue;
      const SpoolEntry& entry = file.entry;
      std::ifstream stream(file.path, std::ios::binary);
      kept[entry.run_dir + '/' + (entry.job.empty() ? "" : entry.job + '/') + entry.file_name]
          .insert({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
    }
    files_ = std::move(*files);
    return kept;
  }
  [[nodiscard]] const CaptureRootReport& root_report() const { return report_.roots.at(0); }

  TemporaryDirectory directory_;
  CaptureOptions options_;
  std::atomic<int> told_ = 0;
  std::unique_ptr<Capture> capture_;
  CaptureReport report_;
  std::vector<SpooledFile> files_;  ///< of the last read()
};

}  // namespace ktstr::test
