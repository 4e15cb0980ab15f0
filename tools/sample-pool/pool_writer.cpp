// SPDX-License-Identifier: MIT
#include "pool_writer.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/json_text.hpp"
#include "ktstr/record_json.hpp"
#include "ktstr/variant_hash.hpp"

namespace ktstr::sample {
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
