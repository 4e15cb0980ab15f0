// SPDX-License-Identifier: MIT
#include "artifacts.hpp"

#include "base/json_text.hpp"
#include "record/synthetic.hpp"

namespace ktstr::sample {
namespace {

std::string dump_text(const std::string& test, const char* schema, const char* reason) {
  std::string text = "{\n  \"schema\": ";
  append_json_string(text, schema);
  text += ",\n  \"test_name\": ";
  append_json_string(text, test);
  text += ",\n  \"is_placeholder\": true,\n  \"reason\": ";
  append_json_string(text, reason);
  text += ",\n  \"synthetic\": ";
  append_json_string(text, k_synthetic_mark);
  return text + "\n}";
}

/// As far as a trace is ever checked: long enough, and the first byte is a protobuf tag.
std::string trace_bytes(Random& random) {
  std::string bytes(4096 + random.integer(0, 2048), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.integer(0, 255));
  bytes.front() = '\x0A';
  return bytes;
}

}  // namespace

std::vector<Artifact> failure_artifacts(const Record& record, const std::string& stem,
                                        Random& random) {
  std::vector<Artifact> artifacts;
  if (!record.is_fail() && !record.expected_failure) return artifacts;
  artifacts.push_back({stem + ".failure-dump.json",
                       dump_text(record.test_name, "single", "no BPF state was captured")});
  const bool reproduced = random.chance(0.5);
  if (reproduced) {
    artifacts.push_back({stem + ".repro.failure-dump.json",
                         dump_text(record.test_name, "dual", "no BPF state was captured")});
  }
  if (random.chance(0.35)) {
    artifacts.push_back({stem + ".wprof.pb", trace_bytes(random)});
    if (reproduced) artifacts.push_back({stem + ".repro.wprof.pb", trace_bytes(random)});
  }
  return artifacts;
}

Artifact staging_leftover(const std::string& stem, const std::string& json,
                          const std::string& run_id, Random& random) {
  const std::string pid = std::to_string(random.integer(2'000, 400'000));
  const std::string writer = random.chance(0.25) ? "finalize." + pid : pid + '.' + run_id;
  return {stem + ".ktstr.json.tmp." + writer, json.substr(0, random.integer(0, json.size()))};
}

Artifact unhashed_dump(const std::string& test) {
  return {test + ".failure-dump.json", dump_text(test, "single", "written by an older producer")};
}

}  // namespace ktstr::sample
