// SPDX-License-Identifier: MIT
#include "store/copy_bytes.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/descriptor.hpp"

namespace ktstr {

int copy_bytes(int from, int to, std::uint64_t max_bytes) {
  std::array<char, 64 * 1024> buffer{};
  std::uint64_t copied = 0;
  for (;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    copied += static_cast<std::uint64_t>(count);
    if (copied > max_bytes) return EFBIG;
    const int error = write_whole(to, {buffer.data(), static_cast<std::size_t>(count)});
    if (error != 0) return error;
  }
}

}  // namespace ktstr
