// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

namespace ktstr {

/// Owns a file descriptor and closes it when it dies; -1 is none. Not thread-safe.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  /// Gives the number away; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// write(2) until all is written. 0, else an errno. Thread-safe.
[[nodiscard]] int write_whole(int descriptor, std::string_view bytes);

}  // namespace ktstr
