// SPDX-License-Identifier: MIT
#include "capture/capture.hpp"

#include <sched.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <system_error>
#include <thread>
#include <utility>

#include "base/asked_program.hpp"
#include "capture/worker.hpp"
#include "store/run_directory_lock.hpp"

namespace ktstr {
namespace {

bool is_remote_directory(const std::string& path) {
  struct statfs raw = {};
  return ::statfs(path.c_str(), &raw) == 0 &&
         remote_file_system(static_cast<std::uint32_t>(raw.f_type)).has_value();
}

}  // namespace

CaptureSystem real_capture_system() {
  CaptureSystem system;
  system.inotify_init = [] { return ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC); };
  system.inotify_add_watch = ::inotify_add_watch;
  system.read_events = ::read;
  system.link = system_link();
  system.is_remote = is_remote_directory;
  return system;
}

/// Not SCHED_IDLE, nor a nice value. Measured on two processors (Linux 6.18), 400 versions of
/// 20 KB a second that lived for 50 ms each: with two, four and eight busy processes beside it,
/// SCHED_IDLE lost half of them and more (single wake-ups came 265 ms late), nice 19 40 to 60 %,
/// nice 10 up to 10 %, nice 5 up to 2 %, SCHED_BATCH as such one of some thousands. It would lose
/// versions just when tests run. SCHED_BATCH gives way where it matters: it interrupts nobody when
/// it wakes, and a link takes microseconds. The disk is asked for at idle class: only copies read
/// or write much at once. What fails here costs politeness only.
void give_way() {
  const sched_param parameters = {};
  static_cast<void>(::sched_setscheduler(0, SCHED_BATCH, &parameters));
  constexpr int k_who_process = 1;  // with 0: this thread
  constexpr int k_idle_class = 3 << 13;
  static_cast<void>(::syscall(SYS_ioprio_set, k_who_process, 0, k_idle_class));
}

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
