// SPDX-License-Identifier: MIT
#include "library/record_stamps.hpp"

#include <utility>

#include "environment/kconfig_setting.hpp"
#include "ktstr/commit.hpp"
#include "ktstr/host.hpp"
#include "ktstr/kernel.hpp"
#include "ktstr/run_directory.hpp"
#include "ktstr/run_id.hpp"
#include "record/fields.hpp"

namespace ktstr {
namespace {

bool is_unset(const std::string& text) { return text.empty(); }
bool is_unset(const std::optional<HostContext>& host) { return !host; }
bool is_unset(const std::optional<std::string>& text) { return !text || text->empty(); }

template <class T, class Source>
void fill(Record& record, T Record::*member, FillIn fill_in, const Source& source) {
  const bool is_missing =
      fill_in == FillIn::unset ? is_unset(record.*member) : !was_read(record, member);
  if (is_missing) record.*member = source();
}

}  // namespace

StampSources process_stamp_sources(const Variables& variables,
                                   const std::optional<std::string>& kconfig_suffix) {
  StampSources sources;
  sources.project_commit = [variables] { return detect_project_commit(variables); };
  sources.kernel_version = [variables] { return kernel_version(variables); };
  sources.kernel_commit = [variables, kconfig_suffix] {
    // No setting keeps a result from being written.
    return kernel_commit_for_sidecar(
        variables, kconfig_suffix ? kconfig_suffix : lenient_kconfig_suffix(variables));
  };
  sources.timestamp = [] { return now_iso8601(); };
  sources.run_id = generate_run_id;
  sources.host = collect_host_context;
  sources.run_source = [variables] { return run_source(variables); };
  return sources;
}

void stamp_record(Record& record, FillIn fill_in, const StampSources& sources) {
  if (fill_in == FillIn::nothing) return;
  fill(record, &Record::project_commit, fill_in, sources.project_commit);
  fill(record, &Record::kernel_version, fill_in, sources.kernel_version);
  fill(record, &Record::kernel_commit, fill_in, sources.kernel_commit);
  fill(record, &Record::timestamp, fill_in, sources.timestamp);
  fill(record, &Record::run_id, fill_in, sources.run_id);
  fill(record, &Record::host, fill_in, sources.host);
  fill(record, &Record::run_source, fill_in, sources.run_source);
}

Record skip_record(Record identity) {
  Record record;
  record.keys = std::move(identity.keys);
  record.test_name = std::move(identity.test_name);
  record.topology = std::move(identity.topology);
  record.scheduler = std::move(identity.scheduler);
  record.scheduler_commit = std::move(identity.scheduler_commit);
  record.project_commit = std::move(identity.project_commit);
  record.payload = std::move(identity.payload);
  record.skipped = true;
  record.work_type = std::move(identity.work_type);
  record.sysctls = std::move(identity.sysctls);
  record.kargs = std::move(identity.kargs);
  record.kernel_version = std::move(identity.kernel_version);
  record.kernel_commit = std::move(identity.kernel_commit);
  record.timestamp = std::move(identity.timestamp);
  record.run_id = std::move(identity.run_id);
  record.host = std::move(identity.host);
  record.run_source = std::move(identity.run_source);
  record.perf_delta_assertions = std::move(identity.perf_delta_assertions);
  return record;
}

}  // namespace ktstr
