// SPDX-License-Identifier: MIT
#include "database/views.hpp"

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
    {"session", k_text, "", k_catalog_session, 7,
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

namespace {

// The path of a file below the root, for a table t that has file_name and a directory d.
constexpr const char* k_path =
    "d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name";

/// The session of a row of sidecar s: in the catalog it is that of its directory, whose sentinel
/// doesn't speak for job directories; in the archive it was written down with the observation.
std::string session_of(Store store) {
  return store == Store::archive ? "s.session" : k_catalog_session;
}

std::string results_sql(Store store) {
  std::string sql = "CREATE VIEW results AS\nSELECT";
  const char* separator = "\n  ";
  for (const ResultColumn& column : result_columns()) {
    sql += separator;
    sql += column.name == "session" ? session_of(store) : std::string(column.expression);
    sql += " AS ";
    sql += column.name;
    separator = ",\n  ";
  }
  if (store == Store::archive) sql += archive_result_columns();
  sql += "\nFROM sidecar s\nJOIN directory d USING(directory_id)\n";
  if (store == Store::archive) sql += "JOIN runs_root r USING(root_id)\n";
  return sql + "LEFT JOIN host h USING(host_id)\nWHERE s.status IN ('ok', 'drift')";
}

/// "CASE position WHEN 0 THEN v0 …": the value that a shape's position points at.
std::string pick_value() {
  std::string sql = "CASE m.position";
  for (int i = 0; i < k_series_width; ++i) {
    const std::string number = std::to_string(i);
    sql += i % 4 == 0 ? "\n    " : " ";
    sql.append("WHEN ").append(number).append(" THEN v.v").append(number);
  }
  return sql + "\n  END";
}

std::string metrics_sql(Store store) {
  return "CREATE VIEW metrics AS\n"
         "SELECT v.sidecar_id, s.id, s.test_name, s.scheduler, s.topology, s.kernel_version,\n"
         "  s.project_commit, " +
         session_of(store) +
         " AS session,\n"
         "  v.phase, v.phase_label, v.cgroup, m.metric, " +
         pick_value() +
         " AS value\n"
         "FROM series v\n"
         "JOIN shape_metric m USING(shape_id)\n"
         "JOIN sidecar s USING(sidecar_id)\n"
         "JOIN directory d USING(directory_id)";
}

std::string kvm_stats_sql() {
  // The average is the harness's: an integer division by all vCPUs, those without the key too.
  return "CREATE VIEW kvm_stats AS\n"
         "SELECT sidecar_id, stat, sum, CASE vcpus WHEN 0 THEN 0 ELSE sum / vcpus END AS avg, "
         "vcpus\n"
         "FROM (SELECT v.sidecar_id, m.metric AS stat, s.kvm_vcpus AS vcpus, " +
         pick_value() +
         " AS sum\n"
         "  FROM kvm_series v\n"
         "  JOIN shape_metric m USING(shape_id)\n"
         "  JOIN sidecar s USING(sidecar_id))";
}

/// The value that all accepted rows share, those that don't know it left aside; NULL if they
/// disagree.
std::string shared_value(const std::string& column) {
  const std::string value = "CASE WHEN t.status = 'ok' THEN " + column + " END";
  return "CASE WHEN min(" + value + ") = max(" + value + ") THEN min(" + value + ") END";
}

std::string count_where(const std::string& condition) {
  return "count(CASE WHEN " + condition + " THEN 1 END)";
}

std::string verdict_counts(const std::string& status) {
  std::string sql;
  for (const char* verdict : {"pass", "fail", "skip", "inconclusive"}) {
    sql += "  " + count_where(status + "t.verdict = '" + verdict + "'") + " AS " + verdict + ",\n";
  }
  return sql;
}

std::string run_dirs_sql(Store store) {
  const bool is_archive = store == Store::archive;
  // One row a run directory, job directories included in its counts. `tests` and the verdicts count
  // what the harness would load, so they add up.
  return "CREATE VIEW run_dirs AS\n"
         "SELECT r.run_dir AS run_dir,\n"
         "  " +
         count_where("t.status = 'ok'") + " AS tests,\n" + verdict_counts("t.status = 'ok' AND ") +
         "  " + count_where("t.status = 'drift'") + " AS drift,\n  " +
         count_where("t.status = 'corrupt'") + " AS corrupt,\n  " +
         count_where("t.status = 'unreadable'") +
         " AS unreadable,\n"
         "  min(CASE WHEN t.status = 'ok' THEN nullif(t.timestamp, '') END) AS first_timestamp,\n"
         "  max(CASE WHEN t.status = 'ok' THEN nullif(t.timestamp, '') END) AS last_timestamp,\n"
         "  " +
         (is_archive ? "NULL" : "r.entry_mtime_ns") + " AS mtime_ns,\n  " + shared_value("h.arch") +
         " AS arch,\n  " + shared_value("t.kernel_version") + " AS kernel_version,\n  " +
         shared_value("t.project_commit") + " AS project_commit,\n  " +
         (is_archive ? shared_value("t.session") : "r.session") +
         " AS session\nFROM directory r\nJOIN directory d ON d.run_dir = r.run_dir" +
         (is_archive ? " AND d.root_id = r.root_id\n" : "\n") +
         "LEFT JOIN sidecar t ON t.directory_id = d.directory_id\n"
         "LEFT JOIN host h ON h.host_id = t.host_id\n"
         "WHERE r.job = '' AND r.run_dir <> '' AND substr(r.run_dir, 1, 1) <> '.'\n"
         "GROUP BY r.directory_id";
}

/// What a session's row says of its results t.
std::string session_columns() {
  return "  min(nullif(t.timestamp, '')) AS first_timestamp,\n"
         "  max(nullif(t.timestamp, '')) AS last_timestamp,\n"
         "  count(DISTINCT d.run_dir) AS run_dirs,\n"
         "  count(t.sidecar_id) AS tests,\n" +
         verdict_counts("");
}

/// Results without a token, those of one session by their times: less than half an hour from one to
/// the next. Named by its first one's time, after a mark that no token has.
std::string inferred_sessions_sql(Store store) {
  const std::string tokenless =
      store == Store::archive ? "t.session IS NULL" : "(d.job <> '' OR d.session IS NULL)";
  const std::string pool = store == Store::archive ? "d.root_id" : "0";
  return "SELECT '~' || min(t.timestamp) AS session, 'unknown' AS state,\n" + session_columns() +
         "  1 AS inferred, min(t.time_ns) AS first_ns, max(t.time_ns) AS last_ns\n"
         "FROM (SELECT *, sum(is_first) OVER (PARTITION BY pool ORDER BY time_ns) AS number\n"
         "  FROM (SELECT t.sidecar_id, t.directory_id, t.timestamp, t.time_ns, t.verdict,\n"
         "      " +
         pool +
         " AS pool, t.time_ns - lag(t.time_ns, 1, 0) OVER\n"
         "        (PARTITION BY " +
         pool + " ORDER BY t.time_ns) > " + std::to_string(k_session_gap_ns) +
         " AS is_first\n"
         "    FROM sidecar t JOIN directory d USING(directory_id)\n"
         "    WHERE t.status = 'ok' AND t.time_ns IS NOT NULL AND " +
         tokenless +
         ")) t\n"
         "JOIN directory d USING(directory_id)\n"
         "GROUP BY t.pool, t.number";
}

std::string catalog_sessions_sql() {
  // Whether a session ran to its end is not on disk; nothing here pretends to know.
  return "SELECT d.session AS session, 'unknown' AS state,\n" + session_columns() +
         "  0 AS inferred, min(t.time_ns) AS first_ns, max(t.time_ns) AS last_ns\n"
         "FROM directory d\n"
         "LEFT JOIN sidecar t ON t.directory_id = d.directory_id AND t.status = 'ok'\n"
         "WHERE d.job = '' AND d.session IS NOT NULL\n"
         "GROUP BY d.session";
}

/// A retry within the session has replaced its earlier attempts, as it did on the disk.
std::string archive_sessions_sql() {
  return "SELECT t.session AS session, coalesce(max(n.state), 'unknown') AS state,\n" +
         session_columns() +
         "  0 AS inferred, min(t.time_ns) AS first_ns, max(t.time_ns) AS last_ns\n"
         "FROM sidecar t\n"
         "JOIN directory d USING(directory_id)\n"
         "JOIN runs_root r USING(root_id)\n"
         "LEFT JOIN session n ON n.session = t.session AND n.project = r.project\n"
         "WHERE t.session IS NOT NULL AND t.status = 'ok' AND NOT EXISTS (SELECT 1 FROM sidecar l\n"
         "  WHERE l.directory_id = t.directory_id AND l.file_name = t.file_name\n"
         "    AND l.session = t.session AND l.mtime_ns > t.mtime_ns)\n"
         "GROUP BY t.session";
}

std::string sessions_sql(Store store) {
  return "CREATE VIEW sessions AS\n" +
         (store == Store::archive ? archive_sessions_sql() : catalog_sessions_sql()) +
         "\nUNION ALL\n" + inferred_sessions_sql(store);
}

}  // namespace

std::vector<ViewDefinition> view_definitions(Store store) {
  const std::string path = k_path;
  std::vector<ViewDefinition> views = {
      {"results", results_sql(store)},
      {"pool", "CREATE VIEW pool AS SELECT * FROM results WHERE contract = 'ok'"},
      {"run_dirs", run_dirs_sql(store)},
      {"sessions", sessions_sql(store)},
      {"metrics", metrics_sql(store)},
      {"verifier_programs",
       "CREATE VIEW verifier_programs AS\n"
       "SELECT sidecar_id, position, program, verified_insns FROM verifier_program"},
      {"callbacks",
       "CREATE VIEW callbacks AS\n"
       "SELECT sidecar_id, position, program, cnt, nsecs, nsecs_per_call FROM callback"},
      {"kvm_stats", kvm_stats_sql()},
      {"payload_metrics",
       "CREATE VIEW payload_metrics AS\n"
       "SELECT sidecar_id, payload_index, position, name, value, polarity, target, unit, stream,\n"
       "  exit_code FROM payload_metric"},
      {"hosts",
       "CREATE VIEW hosts AS\n"
       "SELECT host_key, cpu_model, cpu_vendor, total_memory_kib, hugepages_total,\n"
       "  hugepages_free, hugepages_size_kib, thp_enabled, thp_defrag, sched_tunables,\n"
       "  online_cpus, numa_nodes, cpufreq_governor, kernel_name, kernel_release, arch,\n"
       "  kernel_cmdline, task_delayacct, config_task_xacct,\n"
       "  (SELECT s.heap_state FROM sidecar s\n"
       "   WHERE s.host_id = h.host_id AND s.heap_state IS NOT NULL\n"
       "   ORDER BY s.time_ns DESC, s.sidecar_id DESC LIMIT 1) AS heap_state\n"
       "FROM host h"},
      {"artifacts",
       "CREATE VIEW artifacts AS\n"
       "SELECT d.run_dir AS run_dir, t.test_name AS test_name, t.file_hash AS file_hash,\n"
       "  t.kind AS kind, " +
           path +
           " AS path, t.size_bytes AS size_bytes,\n"
           "  t.mtime_ns AS mtime_ns, t.is_symlink AS is_symlink\n"
           "FROM artifact t JOIN directory d USING(directory_id)"},
      {"files",
       "CREATE VIEW files AS\n"
       "SELECT d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name, " +
           path +
           " AS path,\n"
           "  t.status AS status, t.error_class AS error_class, t.error AS error,\n"
           "  t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns, " +
           (store == Store::archive ? "NULL" : "t.ctime_ns") +
           " AS ctime_ns,\n"
           "  t.id AS id, t.is_symlink AS is_symlink, " +
           (store == Store::archive ? "t.session" : session_of(store)) +
           " AS session\n"
           "FROM sidecar t JOIN directory d USING(directory_id)"},
      // Answers are pasted into reports; the key that makes a pack's substitutes is nobody's.
      {"about", std::string("CREATE VIEW about AS SELECT key, value FROM setting") +
                    (store == Store::archive ? " WHERE key <> 'substitute_key'" : "")},
  };
  if (store == Store::archive) append_archive_views(views);
  return views;
}

namespace {

/// Of an observation t in directory d of runs_root r: where and when it was seen.
constexpr const char* k_seen =
    "t.observation_id AS observation_id, r.project AS project, r.path AS root,\n"
    "  r.origin AS origin, d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name";

/// While it stands, it was last seen when its root was.
constexpr const char* k_times =
    "t.first_seen_ns AS first_seen_ns,\n"
    "  coalesce(t.last_seen_ns, r.last_seen_ns, t.first_seen_ns) AS last_seen_ns,\n"
    "  t.ended_ns AS ended_ns, t.ending AS ending";

/// In UTC: of the record, or of the file where that has no time.
std::string day_of(const std::string& table) {
  return "strftime('%Y-%m-%d', coalesce(" + table + "time_ns, " + table +
         "mtime_ns) / 1000000000, 'unixepoch')";
}

constexpr const char* k_is_kept =
    "EXISTS (SELECT 1 FROM document c WHERE c.id = t.id AND c.stored_bytes > 0) AS is_kept";

std::string observations_sql() {
  const std::string places = "\nFROM (directory d JOIN runs_root r USING(root_id)) JOIN ";
  return std::string("CREATE VIEW observations AS\nSELECT ") + k_seen +
         ",\n  'sidecar' AS kind, t.id AS id, t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
         "  t.session AS session,\n"
         "  (SELECT json_group_object(key, value) FROM label WHERE label.id = t.id) AS labels,\n "
         " " +
         k_times + ",\n  h.host_key AS host_key, " + day_of("t.") +
         " AS day, t.sidecar_id AS sidecar_id,\n  " + k_is_kept + places +
         "sidecar t USING(directory_id) LEFT JOIN host h USING(host_id)\nUNION ALL\nSELECT " +
         k_seen +
         ",\n  t.kind AS kind, t.id AS id, t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
         "  t.session AS session, NULL AS labels,\n  " +
         k_times +
         ",\n  NULL AS host_key, strftime('%Y-%m-%d', t.mtime_ns / 1000000000, 'unixepoch') AS "
         "day,\n"
         "  NULL AS sidecar_id,\n  " +
         k_is_kept + places + "artifact t USING(directory_id)";
}

}  // namespace

std::string archive_result_columns() {
  return ",\n  s.observation_id AS observation_id,\n  r.project AS project,\n  r.path AS root,\n "
         " " +
         day_of("s.") +
         " AS day,\n  s.first_seen_ns AS first_seen_ns,\n"
         "  coalesce(s.last_seen_ns, r.last_seen_ns, s.first_seen_ns) AS last_seen_ns,\n"
         "  s.ended_ns AS ended_ns,\n  s.ending AS ending";
}

void append_archive_views(std::vector<ViewDefinition>& views) {
  views.push_back({"observations", observations_sql()});
  views.push_back({"labels", "CREATE VIEW labels AS SELECT id, key, value FROM label"});
  views.push_back(
      {"documents",
       "CREATE VIEW documents AS\n"
       "SELECT id, kind, size_bytes, stored_bytes, is_redacted, first_seen_ns FROM document"});
  views.push_back({"pins", "CREATE VIEW pins AS SELECT kind, value FROM pin"});
}

}  // namespace ktstr
