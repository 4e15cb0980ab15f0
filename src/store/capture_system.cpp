// SPDX-License-Identifier: MIT
#include "store/capture_system.hpp"

#include <sched.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

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

}  // namespace ktstr
