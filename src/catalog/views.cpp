// SPDX-License-Identifier: MIT
#include "catalog/views.hpp"

#include "catalog/archive_views.hpp"
#include "catalog/columns.hpp"

namespace ktstr {
namespace {

// The path of a file below the root, for a table t that has file_name and a directory d.
constexpr const char* k_path =
    "d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name";

/// The session of a row of sidecar s: in the catalog it is that of its directory, whose sentinel
/// doesn't speak for job directories; in the archive it was written down with the observation.
std::string session_of(Store store) {
  return store == Store::archive ? "s.session" : "CASE d.job WHEN '' THEN d.session END";
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
         pool +
         " ORDER BY t.time_ns) > 1800000000000 AS is_first\n"
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
           "  t.id AS id, t.is_symlink AS is_symlink\n"
           "FROM sidecar t JOIN directory d USING(directory_id)"},
      // Answers are pasted into reports; the key that makes a pack's substitutes is nobody's.
      {"about", std::string("CREATE VIEW about AS SELECT key, value FROM setting") +
                    (store == Store::archive ? " WHERE key <> 'substitute_key'" : "")},
  };
  if (store == Store::archive) append_archive_views(views);
  return views;
}

}  // namespace ktstr
