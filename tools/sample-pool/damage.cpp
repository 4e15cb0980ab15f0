// SPDX-License-Identifier: MIT
#include "damage.hpp"

#include <initializer_list>
#include <string_view>

namespace ktstr::sample {
namespace {

// All of these work on the writer's own layout: one key a line, two spaces a level.

/// Removes each line that holds one of the keys and isn't its object's last; false if there is
/// none.
bool remove_lines(std::string& json, std::initializer_list<std::string_view> keys) {
  bool removed = false;
  for (const std::string_view key : keys) {
    const std::string quoted = '"' + std::string(key) + "\": ";
    for (auto at = json.find(quoted); at != std::string::npos; at = json.find(quoted, at)) {
      const auto start = json.rfind('\n', at);
      const auto end = json.find('\n', at);
      const bool is_last_key = json[end - 1] != ',';
      at = is_last_key ? end : start;
      if (is_last_key) continue;
      json.erase(start, end - start);
      removed = true;
    }
  }
  return removed;
}

/// The last key of the document, so the comma before it goes too.
void remove_assertions(std::string& json) {
  const auto start = json.rfind(",\n  \"perf_delta_assertions\"");
  if (start != std::string::npos) json.replace(start, std::string::npos, "\n}");
}

/// Puts `text` in place of the value of a top-level key that fits on its line.
bool replace_value(std::string& json, std::string_view key, std::string_view text) {
  const std::string start = "\n  \"" + std::string(key) + "\": ";
  const auto at = json.find(start);
  if (at == std::string::npos) return false;
  const auto value = at + start.size();
  json.replace(value, json.find(",\n", value) - value, text);
  return true;
}

SidecarBytes drift(std::string json, const char* detail) {
  return {std::move(json), Intended::drift, detail};
}

SidecarBytes without_assertions(std::string json) {
  remove_assertions(json);
  remove_lines(json, {"expected_failure", "resolve_source"});
  return drift(std::move(json), "older: no perf_delta_assertions, no expected_failure");
}

SidecarBytes with_one_verdict(std::string json) {
  remove_lines(json, {"skipped", "inconclusive", "expected_failure"});
  const std::string_view passed = "\n  \"passed\": ";
  const auto at = json.find(passed);
  const bool was_passed = json.compare(at + passed.size(), 4, "true") == 0;
  replace_value(json, "passed", was_passed ? R"("pass")" : R"("fail")");
  json.replace(at, passed.size(), "\n  \"verdict\": ");
  return drift(std::move(json), "newer: one verdict in place of the bits");
}

}  // namespace

const char* intended_name(Intended intended) {
  constexpr const char* names[k_intended_count] = {"ok", "drift", "corrupt", "unreadable"};
  return names[static_cast<std::size_t>(intended)];
}

SidecarBytes as_older_producer(std::string json, std::size_t kind) {
  if (kind % 2 == 1 &&
      remove_lines(json, {"wake_measured", "timer_measured", "run_delay_measured",
                          "median_timer_latency_us", "p99_timer_latency_us",
                          "p999_timer_latency_us", "worst_timer_latency_us", "taobench_whole"})) {
    return drift(std::move(json), "older: cgroups without the measured flags");
  }
  return without_assertions(std::move(json));
}

SidecarBytes as_newer_producer(std::string json, std::size_t kind) {
  constexpr std::string_view k_state = "\"task_delayacct\": \"";
  if (const auto at = json.find(k_state); kind % 3 == 0 && at != std::string::npos) {
    const auto value = at + k_state.size();
    json.replace(value, json.find('"', value) - value, "boot_only");
    return drift(std::move(json), "newer: an unknown name in task_delayacct");
  }
  if (kind % 3 == 1 && replace_value(json, "cleanup_duration_ms", R"({"total": 30, "vm": 21})")) {
    return drift(std::move(json), "newer: cleanup_duration_ms is an object");
  }
  return with_one_verdict(std::move(json));
}

SidecarBytes as_corrupt(std::string json, std::size_t kind, Random& random) {
  const std::size_t half = json.size() / 2;
  const std::size_t cut = half + random.integer(0, half - 2);
  switch (kind % 4) {
    case 0:
      return {json.substr(0, cut), Intended::corrupt, "cut short"};
    case 1:
      return {"", Intended::corrupt, "empty"};
    case 2:
      // What some file systems leave after a power loss.
      return {std::string(cut, '\0'), Intended::corrupt, "all zero bytes"};
    default:
      json.insert(json.find("\"topology\"") + 1, "\xC3\x28");
      return {std::move(json), Intended::corrupt, "not UTF-8"};
  }
}

}  // namespace ktstr::sample
