// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "store/spool.hpp"

namespace ktstr {

/// The system calls whose failures a capture has to live with; tests replace them. Each is as the
/// call of that name: -1 and errno on failure.
struct CaptureSystem {
  std::function<int()> inotify_init;
  std::function<int(int inotify, const char* path, std::uint32_t mask)> inotify_add_watch;
  std::function<ssize_t(int inotify, void* into, std::size_t count)> read_events;
  LinkCall link;
  /// Other machines may write there, of which inotify says nothing.
  std::function<bool(const std::string& path)> is_remote;
};

[[nodiscard]] CaptureSystem real_capture_system();

/// Makes the calling thread one that gives way to what is being measured, but is not starved.
void give_way();

}  // namespace ktstr
