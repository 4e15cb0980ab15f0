// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "ktstr/result.hpp"

namespace ktstr {

/// "DOING: " before the message, for an error that names its path there.
[[nodiscard]] inline tl::unexpected<Error> fail_while(const std::string& doing,
                                                      const Error& error) {
  return fail(error.code, doing + ": " + error.message, {}, error.hint);
}

}  // namespace ktstr
