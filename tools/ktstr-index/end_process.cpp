// SPDX-License-Identifier: MIT
#include "end_process.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

namespace ktstr {
namespace {

constexpr int k_failed_status = 3;

void put(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nobody is left to be told
}

/// One line, in one call, without memory.
void say(const char* what) {
  constexpr const char* k_parts[] = {"ktstr-index: ", "", "\n"};
  iovec parts[3];
  for (int i = 0; i < 3; ++i) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): writev's type is older than const
    char* const text = const_cast<char*>(i == 1 ? what : k_parts[i]);
    parts[i] = {text, std::strlen(text)};
  }
  if (::writev(STDERR_FILENO, parts, 3) < 0) return;
}

[[noreturn]] void terminate() {
  if (std::current_exception() != nullptr) {
    ::_exit(say_uncaught());
  }
  say("ended for want of a way on");
  ::_exit(k_failed_status);
}

}  // namespace

void end_process(std::string_view line, int status) {
  put(line);
  ::_exit(status);
}

void end_cleanly_on_terminate() { std::set_terminate(terminate); }

int say_uncaught() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    say("not enough memory");
  } catch (const std::length_error&) {  // more than any machine has
    say("not enough memory");
  } catch (const std::exception& exception) {
    say(exception.what());
  } catch (...) {
    say("failed without a reason");
  }
  return k_failed_status;
}

}  // namespace ktstr
