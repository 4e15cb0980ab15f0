// SPDX-License-Identifier: MIT
#include "store/walk_messages.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/visible_text.hpp"

namespace ktstr {
namespace {

std::string shown(const std::string& path) { return escape_control(lossy_utf8(path)); }

}  // namespace

std::string stale_files_line(std::size_t count, const std::string& directory) {
  return fmt::format(
      "ktstr_test: skipped {} stale sidecar(s) under {} (older schema — re-run the affected tests "
      "to regenerate; `cargo ktstr stats explain-sidecar --run <run>` shows per-file detail)",
      count, shown(directory));
}

std::string unreadable_file_line(const std::string& path, const std::string& raw_error) {
  return fmt::format("ktstr_test: cannot read {}: {}", shown(path), raw_error);
}

std::optional<std::string> enriched_parse_error(const std::string& path,
                                                const std::string& raw_error) {
  const bool misses_host = raw_error.find("missing field") != std::string::npos &&
                           raw_error.find("`host`") != std::string::npos;
  if (!misses_host) return std::nullopt;
  return fmt::format(
      "ktstr_test: skipping {}: {} — the `host` field was added to SidecarResult; pre-1.0 policy "
      "is disposable-sidecar: re-run the test to regenerate this file under the current schema "
      "(no migration shim exists)",
      lossy_utf8(path), raw_error);
}

}  // namespace ktstr
