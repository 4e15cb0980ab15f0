// SPDX-License-Identifier: MIT
#include "pool_writer.hpp"

#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <string_view>

#include "base/text.hpp"
#include "ktstr/record.hpp"
#include "record/record.hpp"

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

namespace {

// One sidecar of so many that play no part in the story is not as it should be.
constexpr std::size_t k_drift_every = 53;
constexpr std::size_t k_corrupt_every = 89;
constexpr std::size_t k_unreadable_every = 499;

std::string manifest_line(const std::string& path, const SidecarBytes& content) {
  std::string line = "{\"path\":";
  append_json_string(line, path);
  line += ",\"status\":";
  append_json_string(line, intended_name(content.intended));
  line += ",\"detail\":";
  append_json_string(line, content.detail);
  return line + "}\n";
}

bool plays_a_part(const TestCase& test_case) {
  return test_case.role != Role::ordinary || test_case.work_type == "FutexPingPong";
}

}  // namespace

Result<PoolSummary> PoolWriter::write() {
  if (auto claimed = claim_root(); !claimed) return fail(claimed.error());
  for (std::size_t i = 0; i < plan_.directories.size(); ++i) {
    if (auto written = write_directory(i); !written) return fail(written.error());
  }
  if (!options_.clean) {
    if (auto written = write_oddities(); !written) return fail(written.error());
  }
  summary_.run_directories = plan_.directories.size();
  return std::move(summary_);
}

Result<void> PoolWriter::claim_root() {
  auto root = files_.open_directory(options_.out);
  if (!root && root.error().code == ErrorCode::not_found) {
    return files_.create_directories(options_.out);
  }
  if (!root) return fail(root.error());
  auto entries = (*root)->list();
  if (!entries) return fail(entries.error());
  if (entries->empty()) return {};
  return fail(ErrorCode::usage, "not empty; a pool needs a directory of its own", options_.out);
}

Result<void> PoolWriter::write_directory(std::size_t index) {
  const RunDirectory& directory = plan_.directories[index];
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string job = job_of(directory, i);
    const std::string path = directory.name + (job.empty() ? "" : '/' + job);
    if (auto made = files_.create_directories(full_path(path)); !made) return made;
  }
  for (std::size_t rerun = 0; rerun <= options_.reruns; ++rerun) {
    if (auto written = write_session(index, rerun); !written) return written;
  }
  return {};
}

Result<void> PoolWriter::write_session(std::size_t index, std::size_t rerun) {
  const RunDirectory& directory = plan_.directories[index];
  auto written = files_.write_file(full_path(directory.name + "/.ktstr_run_epoch"),
                                   session_token(options_, plan_, directory, rerun));
  for (std::size_t i = 0; written && i < plan_.cases.size(); ++i) {
    written = write_case(index, rerun, i);
  }
  return written;
}

Result<void> PoolWriter::write_case(std::size_t index, std::size_t rerun, std::size_t case_index) {
  const RunDirectory& directory = plan_.directories[index];
  const TestCase& test_case = plan_.cases[case_index];
  const Scene scene{plan_, directory, plan_.sessions[directory.session], test_case};
  const Record record = make_record(scene, options_, rerun);
  Random random(derive_seed(derive_seed(options_.seed, index), case_index));

  Sidecar sidecar;
  const std::string job = job_of(directory, case_index);
  sidecar.directory = directory.name + (job.empty() ? "" : '/' + job);
  sidecar.stem = test_case.test + '-' + variant_hash_text(variant_hash(record));
  sidecar.run_id = record.run_id;
  sidecar.content = damage(encode_record(record), index, case_index, random);
  const bool is_last = rerun == options_.reruns;
  if (auto written = write_sidecar(sidecar, is_last); !written) return written;
  if (options_.clean || !is_last) return {};
  for (const Artifact& artifact : failure_artifacts(record, sidecar.stem, random)) {
    if (auto written = write_artifact(sidecar.directory, artifact); !written) return written;
  }
  return case_index == 0 ? write_leftovers(index, sidecar, random) : Result<void>();
}

SidecarBytes PoolWriter::damage(std::string json, std::size_t index, std::size_t case_index,
                                Random& random) const {
  if (options_.clean || plays_a_part(plan_.cases[case_index])) return {std::move(json)};
  const std::size_t ordinal = index * plan_.cases.size() + case_index;
  if (ordinal % k_unreadable_every == 153) {
    return {"", Intended::unreadable, "a link to nothing"};
  }
  if (ordinal % k_corrupt_every == 37) {
    return as_corrupt(std::move(json), ordinal / k_corrupt_every, random);
  }
  if (ordinal % k_drift_every != 21) return {std::move(json)};
  // Old producers wrote old directories.
  return index < plan_.directories.size() / 2
             ? as_older_producer(std::move(json), ordinal / k_drift_every)
             : as_newer_producer(std::move(json), ordinal / k_drift_every);
}

Result<void> PoolWriter::write_sidecar(const Sidecar& sidecar, bool is_last) {
  const std::string path = sidecar.directory + '/' + sidecar.stem + ".ktstr.json";
  if (is_last) {
    ++summary_.sidecars[static_cast<std::size_t>(sidecar.content.intended)];
    summary_.bytes += sidecar.content.bytes.size();
    if (!options_.manifest.empty()) summary_.manifest += manifest_line(path, sidecar.content);
  }
  if (sidecar.content.intended != Intended::unreadable) {
    return files_.write_file(full_path(path), sidecar.content.bytes);
  }
  const std::string target = "../archived/" + sidecar.stem + ".ktstr.json";
  if (::symlink(target.c_str(), full_path(path).c_str()) != 0 && errno != EEXIST) {
    return fail(os_error(errno, full_path(path)));
  }
  return {};
}

Result<void> PoolWriter::write_leftovers(std::size_t index, const Sidecar& sidecar,
                                         Random& random) {
  const std::string& directory = plan_.directories[index].name;
  if (index % 4 == 1) {
    const Artifact left =
        staging_leftover(sidecar.stem, sidecar.content.bytes, sidecar.run_id, random);
    if (auto written = write_artifact(directory, left); !written) return written;
  }
  if (index > 0) return {};
  return write_artifact(directory, unhashed_dump("yield_loop_no_starvation"));
}

Result<void> PoolWriter::write_artifact(const std::string& directory, const Artifact& artifact) {
  return files_.write_file(full_path(directory + '/' + artifact.name), artifact.bytes);
}

/// A session that never got to its first test, and the lock files of all directories.
Result<void> PoolWriter::write_oddities() {
  auto made = files_.create_directories(full_path(std::string(k_steady_kernel) + "-unknown"));
  if (!made) return made;
  if (made = files_.create_directories(full_path(".locks")); !made) return made;
  for (const RunDirectory& directory : plan_.directories) {
    made = files_.write_file(full_path(".locks/" + directory.name + ".lock"), "");
    if (!made) return made;
  }
  return {};
}

std::string PoolWriter::job_of(const RunDirectory& directory, std::size_t case_index) const {
  const bool has_jobs =
      options_.jobs && !options_.clean && plan_.sessions[directory.session].from_ci;
  if (!has_jobs || case_index % 3 == 0) return {};
  return "shard-" + std::to_string(case_index % 3);
}

}  // namespace ktstr::sample
