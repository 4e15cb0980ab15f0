// SPDX-License-Identifier: MIT
#include "catalog/columns.hpp"

#include <algorithm>

namespace ktstr {
namespace {

constexpr ColumnType k_text = ColumnType::text;
constexpr ColumnType k_integer = ColumnType::integer;
constexpr ColumnType k_real = ColumnType::real;
constexpr ColumnType k_boolean = ColumnType::boolean;

constexpr ResultColumn k_columns[] = {
    {"sidecar_id", k_integer, "", "s.sidecar_id", 9,
     "local row number, for joins with other views"},
    {"id", k_text, "", "s.id", 1, "content hash, 32 hex digits; the same bytes share it"},
    {"run_dir", k_text, "", "d.run_dir", 2, "run directory, {kernel}-{project commit}"},
    {"job", k_text, "", "d.job", 5, "job directory below the run directory, '' if none"},
    {"file_name", k_text, "", "s.file_name", 8, "the sidecar's file name"},
    {"path", k_text, "",
     "d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || s.file_name", 8,
     "path of the sidecar, relative to the runs root"},
    {"session", k_text, "", "CASE d.job WHEN '' THEN d.session END", 7,
     "token of the harness invocation that wrote it, if recorded"},
    {"test_name", k_text, "", "s.test_name", 0, "bare test function name"},
    {"variant_hash", k_text, "", "s.variant_hash", 6, "16 hex digits computed from the content"},
    {"file_hash", k_text, "", "s.file_hash", 8, "16 hex digits of the file name, NULL if none"},
    {"topology", k_text, "", "s.topology", 2, "guest topology, e.g. 1n2l4c1t"},
    {"scheduler", k_text, "", "s.scheduler", 1, "scheduler under test; eevdf without an scx one"},
    {"scheduler_commit", k_text, "", "s.scheduler_commit", 7, "commit of the scheduler binary"},
    {"resolve_source", k_text, "", "s.resolve_source", 6, "how the scheduler binary was found"},
    {"project_commit", k_text, "", "s.project_commit", 3, "commit of the tested project, 7 hex"},
    {"payload", k_text, "", "s.payload", 5, "binary payload that the test declares"},
    {"work_type", k_text, "", "s.work_type", 3, "workload label, e.g. SpinWait"},
    {"kernel_version", k_text, "", "s.kernel_version", 3, "guest kernel, e.g. 6.14.2"},
    {"kernel_series", k_text, "", "s.kernel_series", 6, "its first two numbers, e.g. 6.14"},
    {"kernel_commit", k_text, "", "s.kernel_commit", 5, "commit of the kernel source tree"},
    {"run_source", k_text, "", "s.run_source", 5, "local or ci"},
    {"verdict", k_text, "", "s.verdict", 0, "pass, fail, skip or inconclusive"},
    {"passed", k_boolean, "", "s.passed", 7, "the record's own bit"},
    {"skipped", k_boolean, "", "s.skipped", 7, "the record's own bit"},
    {"inconclusive", k_boolean, "", "s.inconclusive", 7, "the record's own bit"},
    {"expected_failure", k_boolean, "", "s.expected_failure", 6,
     "a real failure was inverted; keep it out of performance questions"},
    {"vcpus", k_integer, "", "s.vcpus", 5, "guest CPUs; NULL if it never booted"},
    {"cpu_budget", k_integer, "", "s.cpu_budget", 5, "host CPUs that the guest may use"},
    {"overcommitted", k_boolean, "", "s.cpu_budget < s.vcpus", 6,
     "budget below the guest's CPUs: timings are confounded"},
    {"timestamp", k_text, "UTC", "s.timestamp", 4, "when the record was written, as it says"},
    {"time_ns", k_integer, "ns", "s.time_ns", 8, "the same, since the epoch"},
    {"run_id", k_text, "", "s.run_id", 7, "the writing process's id; not unique"},
    {"periodic_fired", k_integer, "", "s.periodic_fired", 7, "periodic snapshots taken"},
    {"periodic_target", k_integer, "", "s.periodic_target", 7, "periodic snapshots wanted"},
    {"cleanup_duration_ms", k_integer, "ms", "s.cleanup_duration_ms", 6, "host teardown time"},
    {"throughput_denomination", k_text, "", "s.throughput_denomination", 6,
     "wall or cpu_sec: what rates are per; never compare the two"},
    {"host_dilation", k_real, "", "s.host_dilation", 6, "how much the host slowed the guest"},
    {"host_key", k_text, "", "h.host_key", 6, "16 hex digits over facts that a reboot keeps"},
    {"arch", k_text, "", "h.arch", 5, "host architecture"},
    {"host_release", k_text, "", "h.kernel_release", 6, "host kernel release"},
    {"monitor_samples", k_integer, "", "s.monitor_samples", 6, "monitor samples; NULL: no monitor"},
    {"worst_spread", k_real, "%", "s.worst_spread", 4, "largest off-CPU spread of a cgroup"},
    {"worst_gap_ms", k_integer, "ms", "s.worst_gap_ms", 4, "longest scheduling gap"},
    {"total_migrations", k_integer, "", "s.total_migrations", 5, "task migrations"},
    {"worst_migration_ratio", k_real, "", "s.worst_migration_ratio", 5,
     "most migrations per iteration of a cgroup"},
    {"max_imbalance_ratio", k_real, "x", "s.max_imbalance_ratio", 5,
     "largest ratio of run-queue lengths"},
    {"max_dsq_depth", k_integer, "", "s.max_dsq_depth", 5, "deepest local dispatch queue"},
    {"stuck_count", k_integer, "", "s.stuck_count", 5,
     "samples in which a CPU's clock stood still"},
    {"total_fallback", k_integer, "", "s.total_fallback", 6, "select_cpu fallbacks"},
    {"total_keep_last", k_integer, "", "s.total_keep_last", 6,
     "dispatches that kept the last task"},
    {"total_iterations", k_integer, "", "s.total_iterations", 5, "work iterations of all workers"},
    {"size_bytes", k_integer, "bytes", "s.size_bytes", 7, "size of the file"},
    {"mtime_ns", k_integer, "ns", "s.mtime_ns", 8, "the file's modification time"},
    {"contract", k_text, "", "s.status", 6, "ok, or drift: JSON of another schema version"},
    {"error", k_text, "", "s.error", 7, "what breaks the contract, for drift"},
};

}  // namespace

std::string_view column_type_name(ColumnType type) {
  constexpr std::string_view names[] = {"text", "integer", "real", "boolean"};
  return names[static_cast<std::size_t>(type)];
}

std::span<const ResultColumn> result_columns() { return k_columns; }

const ResultColumn* find_result_column(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(k_columns), std::end(k_columns),
                   [&](const ResultColumn& column) { return column.name == name; });
  return found == std::end(k_columns) ? nullptr : found;
}

}  // namespace ktstr
