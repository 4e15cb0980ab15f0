// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "base/visible_text.hpp"
#include "environment/join_path.hpp"
#include "environment/variables.hpp"
#include "ktstr/kernel_cache.hpp"

namespace ktstr {
namespace {

constexpr const char* k_way_out = "set KTSTR_CACHE_DIR to an absolute path, or HOME to yours";

/// The hint says the same again for those who print it; the harness's message has it inside.
tl::unexpected<Error> refuse_home(const std::string& why) {
  return fail(ErrorCode::usage,
              "no kernel cache directory: " + why + "; KTSTR_CACHE_DIR would name one", {},
              k_way_out);
}

Result<std::string> usable_home(const Variables& variables) {
  const auto home = variables("HOME");
  if (!home || !is_valid_utf8(*home)) return refuse_home("HOME is unset or not UTF-8");
  if (home->empty()) return refuse_home("HOME is set to the empty string");
  if (*home == "/") {
    return refuse_home("HOME is `/`, which would put the cache at /.cache/ktstr");
  }
  if (home->front() != '/') {
    return refuse_home("HOME is not an absolute path: \"" + escape_control(*home) + "\"");
  }
  return *home;
}

}  // namespace

Result<std::string> kernel_cache_root(const Variables& variables) {
  if (auto named = non_empty(variables, "KTSTR_CACHE_DIR")) {
    if (is_valid_utf8(*named)) return *std::move(named);
    // Falling back would quietly use another cache than the one that was asked for.
    return fail(ErrorCode::usage, "KTSTR_CACHE_DIR contains non-UTF-8 bytes (" +
                                      std::to_string(named->size()) +
                                      " bytes): " + lossy_utf8(*named));
  }
  if (const auto cache = non_empty_utf8(variables, "XDG_CACHE_HOME")) {
    return join_path(*cache, "ktstr/kernels");
  }
  const auto home = usable_home(variables);
  if (!home) return fail(home.error());
  return join_path(*home, ".cache/ktstr/kernels");
}

}  // namespace ktstr
