// SPDX-License-Identifier: MIT

// The views of make_over_views.

#include "database/views.hpp"
#include "query/past.hpp"

namespace ktstr {
namespace {

// The path of a file below its root, for a table t that has file_name and a directory d.
constexpr const char* k_path =
    "d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name";

constexpr const char* k_places =
    "JOIN past.directory d USING(directory_id) JOIN past.runs_root r USING(root_id)";

constexpr const char* k_observed = "day, first_seen_ns, last_seen_ns, ended_ns, ending";
constexpr const char* k_not_observed =
    "strftime('%Y-%m-%d', coalesce(time_ns, mtime_ns) / 1000000000, 'unixepoch') AS day, "
    "NULL AS first_seen_ns, NULL AS last_seen_ns, NULL AS ended_ns, NULL AS ending";

/// A view whose rows hang on a sidecar's, and its other columns.
struct ChildView {
  const char* name;
  const char* columns;
};
constexpr ChildView k_children[] = {
    {"metrics",
     "id, test_name, scheduler, topology, kernel_version, project_commit, session, phase, "
     "phase_label, cgroup, metric, value"},
    {"verifier_programs", "position, program, verified_insns"},
    {"callbacks", "position, program, cnt, nsecs, nsecs_per_call"},
    {"kvm_stats", "stat, sum, avg, vcpus"},
    {"payload_metrics",
     "payload_index, position, name, value, polarity, target, unit, stream, exit_code"},
};

constexpr const char* k_host_columns =
    "h.host_key, h.cpu_model, h.cpu_vendor, h.total_memory_kib, h.hugepages_total, "
    "h.hugepages_free, h.hugepages_size_kib, h.thp_enabled, h.thp_defrag, h.sched_tunables, "
    "h.online_cpus, h.numa_nodes, h.cpufreq_governor, h.kernel_name, h.kernel_release, h.arch, "
    "h.kernel_cmdline, h.task_delayacct, h.config_task_xacct";

// Whether the catalog has the archive's row: the same content under the same name.
constexpr const char* k_not_now =
    "NOT EXISTS (SELECT 1 FROM main.directory md CROSS JOIN main.sidecar ms\n"
    "    WHERE md.run_dir = %d.run_dir AND md.job = %d.job AND ms.directory_id = md.directory_id\n"
    "      AND ms.file_name = %t.file_name AND ms.id = %t.id)";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Of an observation in table `row` and its directory in table `place`.
std::string not_now(const std::string& row, const std::string& place) {
  return replaced(replaced(k_not_now, "%d.", place + "."), "%t.", row + ".");
}

class OverViews {
 public:
  OverViews(Over over, const PastScope& scope) : over_(over), scope_(scope) {}

  std::vector<OverView> run() {
    if (over_ != Over::now) {
      add("results", results());
      add("pool", "SELECT * FROM results WHERE contract = 'ok'");
      add("run_dirs", run_dirs());
      add("sessions", sessions());
      for (const ChildView& child : k_children) add(child.name, children(child));
      add("hosts", hosts());
      add("artifacts", artifacts());
      add("files", files());
      add("result_files", result_files());
    }
    add("observations", "SELECT * FROM past.observations o" + where({project_is("o.project")}));
    add("labels", labels());
    return std::move(views_);
  }

 private:
  void add(const std::string& name, const std::string& select) {
    views_.push_back({name, "CREATE TEMP VIEW " + name + " AS\n" + select});
  }

  [[nodiscard]] bool with_now() const { return over_ == Over::all; }

  /// "" if all projects are meant.
  [[nodiscard]] std::string project_is(const std::string& column) const {
    if (!scope_.project) return {};
    return column + " = '" + replaced(*scope_.project, "'", "''") + "'";
  }

  static std::string where(const std::vector<std::string>& conditions) {
    std::string text;
    for (const std::string& condition : conditions) {
      if (!condition.empty()) text += (text.empty() ? "\nWHERE " : "\n  AND ") + condition;
    }
    return text;
  }

  [[nodiscard]] std::string if_with_now(const std::string& condition) const {
    return with_now() ? condition : std::string();
  }

  [[nodiscard]] std::string results() const {
    std::string names;
    std::string past = with_now() ? "-sidecar_id AS sidecar_id" : "sidecar_id";
    for (const ResultColumn& column : result_columns()) {
      names.append(names.empty() ? "" : ", ").append(column.name);
      if (column.name != "sidecar_id") past.append(", ").append(column.name);
    }
    std::string select = "SELECT " + past + ",\n  " + k_observed + "\nFROM past.results p" +
                         where({project_is("project"), if_with_now(not_now("p", "p"))});
    if (!with_now()) return select;
    return "SELECT " + names + ",\n  " + k_not_observed + "\nFROM main.results\nUNION ALL\n" +
           select;
  }

  [[nodiscard]] std::string children(const ChildView& child) const {
    const std::string name = child.name;
    const std::string columns = child.columns;
    std::string owner;
    if (scope_.project || with_now()) {
      owner = std::string("EXISTS (SELECT 1 FROM past.sidecar t ") + k_places +
              where({"t.sidecar_id = c.sidecar_id", project_is("r.project"),
                     if_with_now(not_now("t", "d"))}) +
              ")";
    }
    const std::string id = with_now() ? "-c.sidecar_id AS sidecar_id" : "sidecar_id";
    std::string past =
        "SELECT " + id + ", " + columns + "\nFROM past." + name + " c" + where({owner});
    if (!with_now()) return past;
    return "SELECT sidecar_id, " + columns + " FROM main." + name + "\nUNION ALL\n" + past;
  }

  [[nodiscard]] std::string hosts() const {
    std::string used;
    if (scope_.project) {
      used = std::string("EXISTS (SELECT 1 FROM past.sidecar t ") + k_places +
             where({"t.host_id = h.host_id", project_is("r.project")}) + ")";
    }
    std::string past =
        std::string("SELECT ") + k_host_columns +
        ",\n  (SELECT t.heap_state FROM past.sidecar t\n"
        "   WHERE t.host_id = h.host_id AND t.heap_state IS NOT NULL\n"
        "   ORDER BY t.time_ns DESC, t.sidecar_id DESC LIMIT 1) AS heap_state\nFROM past.host h" +
        where({used, if_with_now("h.digest NOT IN (SELECT digest FROM main.host)")});
    return with_now() ? "SELECT * FROM main.hosts\nUNION ALL\n" + past : past;
  }

  [[nodiscard]] std::string artifacts() const {
    const std::string known =
        "NOT EXISTS (SELECT 1 FROM main.directory md CROSS JOIN main.artifact ma\n"
        "    WHERE md.run_dir = d.run_dir AND md.job = d.job AND\n"
        "      ma.directory_id = md.directory_id AND ma.file_name = t.file_name AND\n"
        "      ma.size_bytes = t.size_bytes AND ma.mtime_ns = t.mtime_ns)";
    std::string past = std::string(
                           "SELECT d.run_dir AS run_dir, t.test_name AS test_name,\n"
                           "  t.file_hash AS file_hash, t.kind AS kind, ") +
                       k_path +
                       " AS path,\n  t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
                       "  t.is_symlink AS is_symlink\nFROM past.artifact t " +
                       k_places + where({project_is("r.project"), if_with_now(known)});
    return with_now() ? "SELECT * FROM main.artifacts\nUNION ALL\n" + past : past;
  }

  [[nodiscard]] std::string files() const {
    std::string past =
        std::string("SELECT d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name,\n  ") +
        k_path +
        " AS path, t.status AS status, t.error_class AS error_class,\n"
        "  t.error AS error, t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns,\n"
        "  NULL AS ctime_ns, t.id AS id, t.is_symlink AS is_symlink, t.session AS session\n"
        "FROM past.sidecar t " +
        k_places + where({project_is("r.project"), if_with_now(not_now("t", "d"))});
    return with_now() ? "SELECT * FROM main.files\nUNION ALL\n" + past : past;
  }

  /// Whether something readable came in its place, in the same directory of this machine: of what
  /// was imported, nobody knows the order.
  [[nodiscard]] std::string is_replaced() const {
    constexpr const char* k_readable = "status IN ('ok', 'drift')";
    std::string sql =
        std::string("r.origin = '' AND (EXISTS (SELECT 1 FROM past.sidecar o\n") +
        "    WHERE o.directory_id = t.directory_id AND o.file_name = t.file_name\n"
        "      AND t.ended_ns IS NOT NULL AND o.first_seen_ns > t.first_seen_ns AND o." +
        k_readable + ")";
    if (with_now()) {
      sql += " OR d.root_id = " + std::to_string(scope_.root_id) +
             " AND EXISTS (SELECT 1 FROM main.directory md CROSS JOIN main.sidecar ms\n"
             "    WHERE md.run_dir = d.run_dir AND md.job = d.job AND\n"
             "      ms.directory_id = md.directory_id AND ms.file_name = t.file_name AND ms." +
             k_readable + ")";
    }
    return sql + ")";
  }

  /// What results are named by, and what is left out; not for the public.
  [[nodiscard]] std::string result_files() const {
    const auto select = [](const char* id, const char* session, const std::string& is_replaced) {
      return "SELECT " + std::string(id) +
             " AS sidecar_id, t.id AS id, d.run_dir AS run_dir,\n"
             "  d.job AS job, t.file_name AS file_name, t.status AS status, t.error AS error,\n"
             "  t.verdict AS verdict, t.test_name AS test_name, t.file_hash AS file_hash,\n"
             "  t.variant_hash AS variant_hash, t.mtime_ns AS mtime_ns, " +
             session + " AS session,\n  " + is_replaced + " AS is_replaced\n";
    };
    std::string past =
        select(with_now() ? "-t.sidecar_id" : "t.sidecar_id", "t.session", is_replaced()) +
        "FROM past.sidecar t " + k_places +
        where({project_is("r.project"), if_with_now(not_now("t", "d"))});
    if (!with_now()) return past;
    return select("t.sidecar_id", k_catalog_session, "0") +
           "FROM main.sidecar t JOIN main.directory d USING(directory_id)\nUNION ALL\n" + past;
  }

  [[nodiscard]] std::string labels() const {
    std::string owner;
    if (scope_.project) {
      owner = std::string("EXISTS (SELECT 1 FROM past.sidecar t ") + k_places +
              where({"t.id = l.id", project_is("r.project")}) + ")";
    }
    return "SELECT l.id AS id, l.key AS key, l.value AS value FROM past.label l" + where({owner});
  }

  [[nodiscard]] static std::string count_where(const std::string& condition) {
    return "count(CASE WHEN " + condition + " THEN 1 END)";
  }
  [[nodiscard]] static std::string verdict_counts(const std::string& status) {
    std::string sql;
    for (const char* verdict : {"pass", "fail", "skip", "inconclusive"}) {
      sql += ", " + count_where(status + "verdict = '" + verdict + "'") + " AS " + verdict;
    }
    return sql;
  }
  [[nodiscard]] static std::string shared(const std::string& column) {
    const std::string value = "CASE WHEN status = 'ok' THEN " + column + " END";
    return "CASE WHEN min(" + value + ") = max(" + value + ") THEN min(" + value + ") END AS " +
           column;
  }

  /// Of each file's name only what stood there last, so that the numbers are those of the
  /// directory's last state. What is there now is the last state of its directory.
  [[nodiscard]] std::string run_dirs() const {
    const std::string is_not_here =
        "NOT (d.root_id = " + std::to_string(scope_.root_id) +
        " AND EXISTS (SELECT 1 FROM main.directory m WHERE m.run_dir = d.run_dir))";
    std::string past =
        "SELECT run_dir, " + count_where("status = 'ok'") + " AS tests" +
        verdict_counts("status = 'ok' AND ") + ",\n  " + count_where("status = 'drift'") +
        " AS drift, " + count_where("status = 'corrupt'") +
        " AS corrupt, 0 AS unreadable,\n"
        "  min(CASE WHEN status = 'ok' THEN nullif(timestamp, '') END) AS first_timestamp,\n"
        "  max(CASE WHEN status = 'ok' THEN nullif(timestamp, '') END) AS last_timestamp,\n"
        "  max(mtime_ns) AS mtime_ns,\n  " +
        shared("arch") + ",\n  " + shared("kernel_version") + ",\n  " + shared("project_commit") +
        ",\n  " + shared("session") +
        "\nFROM (SELECT d.root_id AS root_id, d.run_dir AS run_dir, t.status, t.verdict,\n"
        "    t.timestamp, t.mtime_ns, h.arch, t.kernel_version, t.project_commit, t.session,\n"
        "    row_number() OVER (PARTITION BY t.directory_id, t.file_name ORDER BY\n"
        "      t.ended_ns IS NULL DESC, t.ended_ns DESC, t.first_seen_ns DESC,\n"
        "      t.sidecar_id DESC) AS newness\n  FROM past.sidecar t " +
        k_places + " LEFT JOIN past.host h USING(host_id)" +
        where(
            {project_is("r.project"), "substr(d.run_dir, 1, 1) <> '.'", if_with_now(is_not_here)}) +
        ")\nWHERE newness = 1\nGROUP BY root_id, run_dir";
    return with_now() ? "SELECT * FROM main.run_dirs\nUNION ALL\n" + past : past;
  }

  /// The results that sessions are made of, as table t.
  [[nodiscard]] std::string session_results() const {
    const std::string columns =
        "SELECT d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name, %s AS session,\n"
        "    t.timestamp AS timestamp, t.time_ns AS time_ns, t.mtime_ns AS mtime_ns,\n"
        "    t.verdict AS verdict, %p AS pool";
    const auto select = [&](const char* session, const std::string& pool) {
      return replaced(replaced(columns, "%s", session), "%p", pool);
    };
    std::string past =
        select("t.session", "d.root_id") + "\n  FROM past.sidecar t " + k_places +
        where({"t.status = 'ok'", project_is("r.project"), if_with_now(not_now("t", "d"))});
    if (!with_now()) return past;
    return select(k_catalog_session, std::to_string(scope_.root_id)) +
           "\n  FROM main.sidecar t JOIN main.directory d USING(directory_id)\n"
           "  WHERE t.status = 'ok'\n  UNION ALL\n  " +
           past;
  }

  [[nodiscard]] static std::string session_columns() {
    return "min(nullif(timestamp, '')) AS first_timestamp,\n"
           "  max(nullif(timestamp, '')) AS last_timestamp, count(DISTINCT run_dir) AS run_dirs,\n"
           "  count(*) AS tests" +
           verdict_counts("");
  }

  /// A retry within a session has replaced its earlier attempts, as it did on the disk. Without a
  /// token, results of less than half an hour from one to the next are a session.
  [[nodiscard]] std::string sessions() const {
    const std::string state = "coalesce((SELECT max(n.state) FROM past.session n" +
                              where({"n.session = t.session", project_is("n.project")}) +
                              "), 'unknown')";
    std::string sql =
        "SELECT session, " + state + " AS state,\n  " + session_columns() +
        ",\n  0 AS inferred, min(time_ns) AS first_ns, max(time_ns) AS last_ns\nFROM (SELECT *,\n"
        "    row_number() OVER (PARTITION BY session, pool, run_dir, job, file_name\n"
        "      ORDER BY mtime_ns DESC) AS newness\n  FROM (" +
        session_results() +
        ")\n  WHERE session IS NOT NULL) t\nWHERE newness = 1\nGROUP BY session\nUNION ALL\n"
        "SELECT '~' || min(timestamp) AS session, 'unknown' AS state,\n  " +
        session_columns() +
        ",\n  1 AS inferred, min(time_ns) AS first_ns, max(time_ns) AS last_ns\n"
        "FROM (SELECT *, sum(is_first) OVER (PARTITION BY pool ORDER BY time_ns) AS number\n"
        "  FROM (SELECT *, time_ns - lag(time_ns, 1, 0) OVER\n"
        "      (PARTITION BY pool ORDER BY time_ns) > " +
        std::to_string(k_session_gap_ns) + " AS is_first\n    FROM (" + session_results() +
        ")\n    WHERE session IS NULL AND time_ns IS NOT NULL))\nGROUP BY pool, number";
    if (!with_now()) return sql;
    // Those that have left nothing, so far.
    return sql +
           "\nUNION ALL\nSELECT * FROM main.sessions n WHERE n.tests = 0 AND n.session NOT IN\n"
           "  (SELECT session FROM past.sidecar WHERE session IS NOT NULL)";
  }

  Over over_;
  const PastScope& scope_;
  std::vector<OverView> views_;
};

}  // namespace

std::vector<OverView> over_views(Over over, const PastScope& scope) {
  return OverViews(over, scope).run();
}

}  // namespace ktstr
