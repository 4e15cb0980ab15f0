// SPDX-License-Identifier: MIT
#pragma once

// Libraries that are opened when they are first needed: linking them would cost every process the
// time to load them, and most never call them.

#include <dlfcn.h>

#include <memory>

namespace ktstr {

struct CloseDynamicLibrary {
  void operator()(void* handle) const { ::dlclose(handle); }
};
using DynamicLibrary = std::unique_ptr<void, CloseDynamicLibrary>;

/// Null if there is none of that name. Thread-safe.
[[nodiscard]] inline DynamicLibrary open_library(const char* file_name) {
  return DynamicLibrary(::dlopen(file_name, RTLD_NOW | RTLD_LOCAL));
}

/// Puts the function of that name into the slot, which has its type; false if there is none.
template <class Function>
[[nodiscard]] bool find_function(const DynamicLibrary& library, const char* name, Function& slot) {
  slot = reinterpret_cast<Function>(::dlsym(library.get(), name));
  return slot != nullptr;
}

}  // namespace ktstr
