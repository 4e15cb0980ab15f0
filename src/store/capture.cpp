// SPDX-License-Identifier: MIT
#include "store/capture.hpp"

#include <system_error>
#include <thread>
#include <utility>

#include "base/signals.hpp"
#include "store/capture_worker.hpp"

namespace ktstr {
struct Capture::Running {
  std::unique_ptr<CaptureWorker> worker;
  std::thread thread;
  bool is_over = false;
};

Capture::Capture(std::unique_ptr<CaptureWorker> worker) : running_(std::make_unique<Running>()) {
  running_->worker = std::move(worker);
}

Result<std::unique_ptr<Capture>> Capture::start(CaptureOptions options) {
  auto worker = std::make_unique<CaptureWorker>(std::move(options));
  if (auto begun = worker->begin(); !begun) return fail(begun.error());
  std::unique_ptr<Capture> capture(new Capture(std::move(worker)));
  Running& running = *capture->running_;
  const NoSignals held;  // they are for the command
  try {
    running.thread = std::thread([&work = *running.worker] {
      give_way();
      work.run();
    });
  } catch (const std::system_error& error) {
    return fail(ErrorCode::io, std::string("no thread to be had: ") + error.what());
  }
  return capture;
}

Capture::~Capture() { static_cast<void>(stop()); }

CaptureReport Capture::take() {
  return running_->thread.joinable() ? running_->worker->take(false) : CaptureReport();
}

CaptureReport Capture::stop() {
  // If the thread was never started, its spools still have to go.
  if (running_->is_over) return {};
  if (running_->thread.joinable()) {
    running_->worker->end();
    running_->thread.join();
  }
  // By the caller's thread, which is in no hurry to give way.
  CaptureReport report = running_->worker->take(true);
  running_->is_over = true;
  return report;
}

bool Capture::has_overflowed() const { return running_->worker->has_overflowed(); }

bool Capture::is_polling() const { return running_->worker->is_polling(); }

}  // namespace ktstr
