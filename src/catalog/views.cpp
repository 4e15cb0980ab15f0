// SPDX-License-Identifier: MIT
#include "catalog/views.hpp"

#include "catalog/columns.hpp"

namespace ktstr {
namespace {

// The path of a file below the root, for a table t that has file_name and a directory d.
constexpr const char* k_path =
    "d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name";

std::string results_sql() {
  std::string sql = "CREATE VIEW results AS\nSELECT";
  const char* separator = "\n  ";
  for (const ResultColumn& column : result_columns()) {
    sql += separator;
    sql += column.expression;
    sql += " AS ";
    sql += column.name;
    separator = ",\n  ";
  }
  sql +=
      "\nFROM sidecar s\nJOIN directory d USING(directory_id)\nLEFT JOIN host h USING(host_id)\n"
      "WHERE s.status IN ('ok', 'drift')";
  return sql;
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

std::string metrics_sql() {
  return "CREATE VIEW metrics AS\n"
         "SELECT v.sidecar_id, s.id, s.test_name, s.scheduler, s.topology, s.kernel_version,\n"
         "  s.project_commit, CASE d.job WHEN '' THEN d.session END AS session,\n"
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

std::string run_dirs_sql() {
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
         "  r.entry_mtime_ns AS mtime_ns,\n"
         "  " +
         shared_value("h.arch") + " AS arch,\n  " + shared_value("t.kernel_version") +
         " AS kernel_version,\n  " + shared_value("t.project_commit") +
         " AS project_commit,\n"
         "  r.session AS session\n"
         "FROM directory r\n"
         "JOIN directory d ON d.run_dir = r.run_dir\n"
         "LEFT JOIN sidecar t ON t.directory_id = d.directory_id\n"
         "LEFT JOIN host h ON h.host_id = t.host_id\n"
         "WHERE r.job = '' AND r.run_dir <> '' AND substr(r.run_dir, 1, 1) <> '.'\n"
         "GROUP BY r.directory_id";
}

std::string sessions_sql() {
  // Whether a session ran to its end is not on disk; nothing here pretends to know.
  return "CREATE VIEW sessions AS\n"
         "SELECT d.session AS session, 'unknown' AS state,\n"
         "  min(nullif(t.timestamp, '')) AS first_timestamp,\n"
         "  max(nullif(t.timestamp, '')) AS last_timestamp,\n"
         "  count(DISTINCT d.run_dir) AS run_dirs,\n"
         "  count(t.sidecar_id) AS tests,\n" +
         verdict_counts("").erase(verdict_counts("").size() - 2) +
         "\nFROM directory d\n"
         "LEFT JOIN sidecar t ON t.directory_id = d.directory_id AND t.status = 'ok'\n"
         "WHERE d.job = '' AND d.session IS NOT NULL\n"
         "GROUP BY d.session";
}

}  // namespace

std::vector<ViewDefinition> view_definitions() {
  const std::string path = k_path;
  return {
      {"results", results_sql()},
      {"pool", "CREATE VIEW pool AS SELECT * FROM results WHERE contract = 'ok'"},
      {"run_dirs", run_dirs_sql()},
      {"sessions", sessions_sql()},
      {"metrics", metrics_sql()},
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
           "  t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns, t.ctime_ns AS ctime_ns,\n"
           "  t.id AS id, t.is_symlink AS is_symlink\n"
           "FROM sidecar t JOIN directory d USING(directory_id)"},
      {"about", "CREATE VIEW about AS SELECT key, value FROM setting"},
  };
}

}  // namespace ktstr
