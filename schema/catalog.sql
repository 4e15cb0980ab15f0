-- SPDX-License-Identifier: MIT
-- The whole catalog as the migrations and the views build it. The program holds each database
-- against these words. After a change: KTSTR_UPDATE_SCHEMA=1 unit_database
-- --gtest_filter='*Schema.*', a build with the new words, and a look at the difference.

CREATE TABLE setting(
  key TEXT PRIMARY KEY NOT NULL,
  value
) WITHOUT ROWID;

CREATE TABLE directory(
  directory_id INTEGER PRIMARY KEY,
  run_dir TEXT NOT NULL,
  job TEXT NOT NULL,
  device INTEGER, inode INTEGER, size_bytes INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
  settled INTEGER NOT NULL DEFAULT 0 CHECK(settled IN (0, 1)),
  entry_mtime_ns INTEGER,
  has_links INTEGER NOT NULL DEFAULT 0 CHECK(has_links IN (0, 1)),
  session TEXT,
  error TEXT,
  UNIQUE(run_dir, job)
);

CREATE TABLE host(
  host_id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  host_key TEXT,
  cpu_model TEXT, cpu_vendor TEXT, total_memory_kib INTEGER,
  hugepages_total INTEGER, hugepages_free INTEGER, hugepages_size_kib INTEGER,
  thp_enabled TEXT, thp_defrag TEXT, sched_tunables TEXT,
  online_cpus INTEGER, numa_nodes INTEGER, cpufreq_governor TEXT,
  kernel_name TEXT, kernel_release TEXT, arch TEXT, kernel_cmdline TEXT,
  task_delayacct TEXT, config_task_xacct TEXT
);

CREATE TABLE sidecar(
  sidecar_id INTEGER PRIMARY KEY,
  directory_id INTEGER NOT NULL REFERENCES directory(directory_id),
  file_name TEXT NOT NULL,
  device INTEGER, inode INTEGER, size_bytes INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
  settled INTEGER NOT NULL CHECK(settled IN (0, 1)),
  is_symlink INTEGER NOT NULL CHECK(is_symlink IN (0, 1)),
  status TEXT NOT NULL CHECK(status IN ('ok', 'drift', 'corrupt', 'unreadable')),
  error_class TEXT CHECK(error_class IN ('io', 'parse')),
  error TEXT,
  id TEXT,
  file_hash TEXT,
  variant_hash TEXT,
  host_id INTEGER REFERENCES host(host_id),
  test_name TEXT, topology TEXT, scheduler TEXT, scheduler_commit TEXT, resolve_source TEXT,
  project_commit TEXT, payload TEXT, work_type TEXT,
  kernel_version TEXT, kernel_series TEXT, kernel_commit TEXT, run_source TEXT,
  verdict TEXT CHECK(verdict IN ('pass', 'fail', 'skip', 'inconclusive')),
  passed INTEGER, skipped INTEGER, inconclusive INTEGER, expected_failure INTEGER,
  vcpus INTEGER, cpu_budget INTEGER,
  timestamp TEXT, time_ns INTEGER, run_id TEXT,
  periodic_fired INTEGER, periodic_target INTEGER, cleanup_duration_ms INTEGER,
  throughput_denomination TEXT, host_dilation REAL,
  monitor_samples INTEGER, worst_spread REAL, worst_gap_ms INTEGER, total_migrations INTEGER,
  worst_migration_ratio REAL, max_imbalance_ratio REAL, max_dsq_depth INTEGER,
  stuck_count INTEGER, total_fallback INTEGER, total_keep_last INTEGER, total_iterations INTEGER,
  kvm_vcpus INTEGER,
  heap_state TEXT,
  UNIQUE(directory_id, file_name)
);

CREATE INDEX sidecar_by_verdict ON sidecar(verdict, scheduler);

CREATE INDEX sidecar_by_commit ON sidecar(project_commit, verdict);

CREATE INDEX sidecar_by_test ON sidecar(test_name);

CREATE INDEX sidecar_by_id ON sidecar(id);

CREATE INDEX sidecar_by_host ON sidecar(host_id);

CREATE INDEX sidecar_not_ok ON sidecar(status) WHERE status <> 'ok';

CREATE TABLE shape(
  shape_id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE
);

CREATE TABLE shape_metric(
  shape_id INTEGER NOT NULL REFERENCES shape(shape_id),
  metric TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY(shape_id, metric)
) WITHOUT ROWID;

CREATE TABLE series(
  sidecar_id INTEGER NOT NULL REFERENCES sidecar(sidecar_id),
  position INTEGER NOT NULL,
  shape_id INTEGER NOT NULL REFERENCES shape(shape_id),
  phase INTEGER,
  phase_label TEXT,
  cgroup TEXT,
  v0 REAL, v1 REAL, v2 REAL, v3 REAL, v4 REAL, v5 REAL, v6 REAL, v7 REAL,
  v8 REAL, v9 REAL, v10 REAL, v11 REAL, v12 REAL, v13 REAL, v14 REAL, v15 REAL,
  v16 REAL, v17 REAL, v18 REAL, v19 REAL, v20 REAL, v21 REAL, v22 REAL, v23 REAL,
  v24 REAL, v25 REAL, v26 REAL, v27 REAL, v28 REAL, v29 REAL, v30 REAL, v31 REAL,
  v32 REAL, v33 REAL, v34 REAL, v35 REAL, v36 REAL, v37 REAL, v38 REAL, v39 REAL,
  v40 REAL, v41 REAL, v42 REAL, v43 REAL, v44 REAL, v45 REAL, v46 REAL, v47 REAL,
  v48 REAL, v49 REAL, v50 REAL, v51 REAL, v52 REAL, v53 REAL, v54 REAL, v55 REAL,
  v56 REAL, v57 REAL, v58 REAL, v59 REAL, v60 REAL, v61 REAL, v62 REAL, v63 REAL,
  PRIMARY KEY(sidecar_id, position)
) WITHOUT ROWID;

CREATE TABLE kvm_series(
  sidecar_id INTEGER NOT NULL REFERENCES sidecar(sidecar_id),
  position INTEGER NOT NULL,
  shape_id INTEGER NOT NULL REFERENCES shape(shape_id),
  v0, v1, v2, v3, v4, v5, v6, v7,
  v8, v9, v10, v11, v12, v13, v14, v15,
  v16, v17, v18, v19, v20, v21, v22, v23,
  v24, v25, v26, v27, v28, v29, v30, v31,
  v32, v33, v34, v35, v36, v37, v38, v39,
  v40, v41, v42, v43, v44, v45, v46, v47,
  v48, v49, v50, v51, v52, v53, v54, v55,
  v56, v57, v58, v59, v60, v61, v62, v63,
  PRIMARY KEY(sidecar_id, position)
) WITHOUT ROWID;

CREATE TABLE verifier_program(
  sidecar_id INTEGER NOT NULL REFERENCES sidecar(sidecar_id),
  position INTEGER NOT NULL,
  program TEXT,
  verified_insns INTEGER,
  PRIMARY KEY(sidecar_id, position)
) WITHOUT ROWID;

CREATE TABLE callback(
  sidecar_id INTEGER NOT NULL REFERENCES sidecar(sidecar_id),
  position INTEGER NOT NULL,
  program TEXT,
  cnt, nsecs, nsecs_per_call REAL,
  PRIMARY KEY(sidecar_id, position)
) WITHOUT ROWID;

CREATE TABLE payload_metric(
  sidecar_id INTEGER NOT NULL REFERENCES sidecar(sidecar_id),
  invocation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  payload_index, name TEXT, value REAL, polarity TEXT, target REAL, unit TEXT, stream TEXT,
  exit_code INTEGER,
  PRIMARY KEY(sidecar_id, invocation, position)
) WITHOUT ROWID;

CREATE TABLE artifact(
  artifact_id INTEGER PRIMARY KEY,
  directory_id INTEGER NOT NULL REFERENCES directory(directory_id),
  file_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  test_name TEXT NOT NULL,
  file_hash TEXT,
  size_bytes INTEGER, mtime_ns INTEGER,
  is_symlink INTEGER NOT NULL CHECK(is_symlink IN (0, 1)),
  UNIQUE(directory_id, file_name)
);

CREATE VIEW results AS
SELECT
  s.sidecar_id AS sidecar_id,
  s.id AS id,
  d.run_dir AS run_dir,
  d.job AS job,
  s.file_name AS file_name,
  d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || s.file_name AS path,
  CASE d.job WHEN '' THEN d.session END AS session,
  s.test_name AS test_name,
  s.variant_hash AS variant_hash,
  s.file_hash AS file_hash,
  s.topology AS topology,
  s.scheduler AS scheduler,
  s.scheduler_commit AS scheduler_commit,
  s.resolve_source AS resolve_source,
  s.project_commit AS project_commit,
  s.payload AS payload,
  s.work_type AS work_type,
  s.kernel_version AS kernel_version,
  s.kernel_series AS kernel_series,
  s.kernel_commit AS kernel_commit,
  s.run_source AS run_source,
  s.verdict AS verdict,
  s.passed AS passed,
  s.skipped AS skipped,
  s.inconclusive AS inconclusive,
  s.expected_failure AS expected_failure,
  s.vcpus AS vcpus,
  s.cpu_budget AS cpu_budget,
  s.cpu_budget < s.vcpus AS overcommitted,
  s.timestamp AS timestamp,
  s.time_ns AS time_ns,
  s.run_id AS run_id,
  s.periodic_fired AS periodic_fired,
  s.periodic_target AS periodic_target,
  s.cleanup_duration_ms AS cleanup_duration_ms,
  s.throughput_denomination AS throughput_denomination,
  s.host_dilation AS host_dilation,
  h.host_key AS host_key,
  h.arch AS arch,
  h.kernel_release AS host_release,
  s.monitor_samples AS monitor_samples,
  s.worst_spread AS worst_spread,
  s.worst_gap_ms AS worst_gap_ms,
  s.total_migrations AS total_migrations,
  s.worst_migration_ratio AS worst_migration_ratio,
  s.max_imbalance_ratio AS max_imbalance_ratio,
  s.max_dsq_depth AS max_dsq_depth,
  s.stuck_count AS stuck_count,
  s.total_fallback AS total_fallback,
  s.total_keep_last AS total_keep_last,
  s.total_iterations AS total_iterations,
  s.size_bytes AS size_bytes,
  s.mtime_ns AS mtime_ns,
  s.status AS contract,
  s.error AS error
FROM sidecar s
JOIN directory d USING(directory_id)
LEFT JOIN host h USING(host_id)
WHERE s.status IN ('ok', 'drift');

CREATE VIEW pool AS SELECT * FROM results WHERE contract = 'ok';

CREATE VIEW run_dirs AS
SELECT r.run_dir AS run_dir,
  count(CASE WHEN t.status = 'ok' THEN 1 END) AS tests,
  count(CASE WHEN t.status = 'ok' AND t.verdict = 'pass' THEN 1 END) AS pass,
  count(CASE WHEN t.status = 'ok' AND t.verdict = 'fail' THEN 1 END) AS fail,
  count(CASE WHEN t.status = 'ok' AND t.verdict = 'skip' THEN 1 END) AS skip,
  count(CASE WHEN t.status = 'ok' AND t.verdict = 'inconclusive' THEN 1 END) AS inconclusive,
  count(CASE WHEN t.status = 'drift' THEN 1 END) AS drift,
  count(CASE WHEN t.status = 'corrupt' THEN 1 END) AS corrupt,
  count(CASE WHEN t.status = 'unreadable' THEN 1 END) AS unreadable,
  min(CASE WHEN t.status = 'ok' THEN nullif(t.timestamp, '') END) AS first_timestamp,
  max(CASE WHEN t.status = 'ok' THEN nullif(t.timestamp, '') END) AS last_timestamp,
  r.entry_mtime_ns AS mtime_ns,
  CASE WHEN min(CASE WHEN t.status = 'ok' THEN h.arch END) = max(CASE WHEN t.status = 'ok' THEN h.arch END) THEN min(CASE WHEN t.status = 'ok' THEN h.arch END) END AS arch,
  CASE WHEN min(CASE WHEN t.status = 'ok' THEN t.kernel_version END) = max(CASE WHEN t.status = 'ok' THEN t.kernel_version END) THEN min(CASE WHEN t.status = 'ok' THEN t.kernel_version END) END AS kernel_version,
  CASE WHEN min(CASE WHEN t.status = 'ok' THEN t.project_commit END) = max(CASE WHEN t.status = 'ok' THEN t.project_commit END) THEN min(CASE WHEN t.status = 'ok' THEN t.project_commit END) END AS project_commit,
  r.session AS session
FROM directory r
JOIN directory d ON d.run_dir = r.run_dir
LEFT JOIN sidecar t ON t.directory_id = d.directory_id
LEFT JOIN host h ON h.host_id = t.host_id
WHERE r.job = '' AND r.run_dir <> '' AND substr(r.run_dir, 1, 1) <> '.'
GROUP BY r.directory_id;

CREATE VIEW sessions AS
SELECT d.session AS session, 'unknown' AS state,
  min(nullif(t.timestamp, '')) AS first_timestamp,
  max(nullif(t.timestamp, '')) AS last_timestamp,
  count(DISTINCT d.run_dir) AS run_dirs,
  count(t.sidecar_id) AS tests,
  count(CASE WHEN t.verdict = 'pass' THEN 1 END) AS pass,
  count(CASE WHEN t.verdict = 'fail' THEN 1 END) AS fail,
  count(CASE WHEN t.verdict = 'skip' THEN 1 END) AS skip,
  count(CASE WHEN t.verdict = 'inconclusive' THEN 1 END) AS inconclusive,
  0 AS inferred, min(t.time_ns) AS first_ns, max(t.time_ns) AS last_ns
FROM directory d
LEFT JOIN sidecar t ON t.directory_id = d.directory_id AND t.status = 'ok'
WHERE d.job = '' AND d.session IS NOT NULL
GROUP BY d.session
UNION ALL
SELECT '~' || min(t.timestamp) AS session, 'unknown' AS state,
  min(nullif(t.timestamp, '')) AS first_timestamp,
  max(nullif(t.timestamp, '')) AS last_timestamp,
  count(DISTINCT d.run_dir) AS run_dirs,
  count(t.sidecar_id) AS tests,
  count(CASE WHEN t.verdict = 'pass' THEN 1 END) AS pass,
  count(CASE WHEN t.verdict = 'fail' THEN 1 END) AS fail,
  count(CASE WHEN t.verdict = 'skip' THEN 1 END) AS skip,
  count(CASE WHEN t.verdict = 'inconclusive' THEN 1 END) AS inconclusive,
  1 AS inferred, min(t.time_ns) AS first_ns, max(t.time_ns) AS last_ns
FROM (SELECT *, sum(is_first) OVER (PARTITION BY pool ORDER BY time_ns) AS number
  FROM (SELECT t.sidecar_id, t.directory_id, t.timestamp, t.time_ns, t.verdict,
      0 AS pool, t.time_ns - lag(t.time_ns, 1, 0) OVER
        (PARTITION BY 0 ORDER BY t.time_ns) > 1800000000000 AS is_first
    FROM sidecar t JOIN directory d USING(directory_id)
    WHERE t.status = 'ok' AND t.time_ns IS NOT NULL AND (d.job <> '' OR d.session IS NULL))) t
JOIN directory d USING(directory_id)
GROUP BY t.pool, t.number;

CREATE VIEW metrics AS
SELECT v.sidecar_id, s.id, s.test_name, s.scheduler, s.topology, s.kernel_version,
  s.project_commit, CASE d.job WHEN '' THEN d.session END AS session,
  v.phase, v.phase_label, v.cgroup, m.metric, CASE m.position
    WHEN 0 THEN v.v0 WHEN 1 THEN v.v1 WHEN 2 THEN v.v2 WHEN 3 THEN v.v3
    WHEN 4 THEN v.v4 WHEN 5 THEN v.v5 WHEN 6 THEN v.v6 WHEN 7 THEN v.v7
    WHEN 8 THEN v.v8 WHEN 9 THEN v.v9 WHEN 10 THEN v.v10 WHEN 11 THEN v.v11
    WHEN 12 THEN v.v12 WHEN 13 THEN v.v13 WHEN 14 THEN v.v14 WHEN 15 THEN v.v15
    WHEN 16 THEN v.v16 WHEN 17 THEN v.v17 WHEN 18 THEN v.v18 WHEN 19 THEN v.v19
    WHEN 20 THEN v.v20 WHEN 21 THEN v.v21 WHEN 22 THEN v.v22 WHEN 23 THEN v.v23
    WHEN 24 THEN v.v24 WHEN 25 THEN v.v25 WHEN 26 THEN v.v26 WHEN 27 THEN v.v27
    WHEN 28 THEN v.v28 WHEN 29 THEN v.v29 WHEN 30 THEN v.v30 WHEN 31 THEN v.v31
    WHEN 32 THEN v.v32 WHEN 33 THEN v.v33 WHEN 34 THEN v.v34 WHEN 35 THEN v.v35
    WHEN 36 THEN v.v36 WHEN 37 THEN v.v37 WHEN 38 THEN v.v38 WHEN 39 THEN v.v39
    WHEN 40 THEN v.v40 WHEN 41 THEN v.v41 WHEN 42 THEN v.v42 WHEN 43 THEN v.v43
    WHEN 44 THEN v.v44 WHEN 45 THEN v.v45 WHEN 46 THEN v.v46 WHEN 47 THEN v.v47
    WHEN 48 THEN v.v48 WHEN 49 THEN v.v49 WHEN 50 THEN v.v50 WHEN 51 THEN v.v51
    WHEN 52 THEN v.v52 WHEN 53 THEN v.v53 WHEN 54 THEN v.v54 WHEN 55 THEN v.v55
    WHEN 56 THEN v.v56 WHEN 57 THEN v.v57 WHEN 58 THEN v.v58 WHEN 59 THEN v.v59
    WHEN 60 THEN v.v60 WHEN 61 THEN v.v61 WHEN 62 THEN v.v62 WHEN 63 THEN v.v63
  END AS value
FROM series v
JOIN shape_metric m USING(shape_id)
JOIN sidecar s USING(sidecar_id)
JOIN directory d USING(directory_id);

CREATE VIEW verifier_programs AS
SELECT sidecar_id, position, program, verified_insns FROM verifier_program;

CREATE VIEW callbacks AS
SELECT sidecar_id, position, program, cnt, nsecs, nsecs_per_call FROM callback;

CREATE VIEW kvm_stats AS
SELECT sidecar_id, stat, sum, CASE vcpus WHEN 0 THEN 0 ELSE sum / vcpus END AS avg, vcpus
FROM (SELECT v.sidecar_id, m.metric AS stat, s.kvm_vcpus AS vcpus, CASE m.position
    WHEN 0 THEN v.v0 WHEN 1 THEN v.v1 WHEN 2 THEN v.v2 WHEN 3 THEN v.v3
    WHEN 4 THEN v.v4 WHEN 5 THEN v.v5 WHEN 6 THEN v.v6 WHEN 7 THEN v.v7
    WHEN 8 THEN v.v8 WHEN 9 THEN v.v9 WHEN 10 THEN v.v10 WHEN 11 THEN v.v11
    WHEN 12 THEN v.v12 WHEN 13 THEN v.v13 WHEN 14 THEN v.v14 WHEN 15 THEN v.v15
    WHEN 16 THEN v.v16 WHEN 17 THEN v.v17 WHEN 18 THEN v.v18 WHEN 19 THEN v.v19
    WHEN 20 THEN v.v20 WHEN 21 THEN v.v21 WHEN 22 THEN v.v22 WHEN 23 THEN v.v23
    WHEN 24 THEN v.v24 WHEN 25 THEN v.v25 WHEN 26 THEN v.v26 WHEN 27 THEN v.v27
    WHEN 28 THEN v.v28 WHEN 29 THEN v.v29 WHEN 30 THEN v.v30 WHEN 31 THEN v.v31
    WHEN 32 THEN v.v32 WHEN 33 THEN v.v33 WHEN 34 THEN v.v34 WHEN 35 THEN v.v35
    WHEN 36 THEN v.v36 WHEN 37 THEN v.v37 WHEN 38 THEN v.v38 WHEN 39 THEN v.v39
    WHEN 40 THEN v.v40 WHEN 41 THEN v.v41 WHEN 42 THEN v.v42 WHEN 43 THEN v.v43
    WHEN 44 THEN v.v44 WHEN 45 THEN v.v45 WHEN 46 THEN v.v46 WHEN 47 THEN v.v47
    WHEN 48 THEN v.v48 WHEN 49 THEN v.v49 WHEN 50 THEN v.v50 WHEN 51 THEN v.v51
    WHEN 52 THEN v.v52 WHEN 53 THEN v.v53 WHEN 54 THEN v.v54 WHEN 55 THEN v.v55
    WHEN 56 THEN v.v56 WHEN 57 THEN v.v57 WHEN 58 THEN v.v58 WHEN 59 THEN v.v59
    WHEN 60 THEN v.v60 WHEN 61 THEN v.v61 WHEN 62 THEN v.v62 WHEN 63 THEN v.v63
  END AS sum
  FROM kvm_series v
  JOIN shape_metric m USING(shape_id)
  JOIN sidecar s USING(sidecar_id));

CREATE VIEW payload_metrics AS
SELECT sidecar_id, payload_index, position, name, value, polarity, target, unit, stream,
  exit_code FROM payload_metric;

CREATE VIEW hosts AS
SELECT host_key, cpu_model, cpu_vendor, total_memory_kib, hugepages_total,
  hugepages_free, hugepages_size_kib, thp_enabled, thp_defrag, sched_tunables,
  online_cpus, numa_nodes, cpufreq_governor, kernel_name, kernel_release, arch,
  kernel_cmdline, task_delayacct, config_task_xacct,
  (SELECT s.heap_state FROM sidecar s
   WHERE s.host_id = h.host_id AND s.heap_state IS NOT NULL
   ORDER BY s.time_ns DESC, s.sidecar_id DESC LIMIT 1) AS heap_state
FROM host h;

CREATE VIEW artifacts AS
SELECT d.run_dir AS run_dir, t.test_name AS test_name, t.file_hash AS file_hash,
  t.kind AS kind, d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name AS path, t.size_bytes AS size_bytes,
  t.mtime_ns AS mtime_ns, t.is_symlink AS is_symlink
FROM artifact t JOIN directory d USING(directory_id);

CREATE VIEW files AS
SELECT d.run_dir AS run_dir, d.job AS job, t.file_name AS file_name, d.run_dir || '/' || CASE d.job WHEN '' THEN '' ELSE d.job || '/' END || t.file_name AS path,
  t.status AS status, t.error_class AS error_class, t.error AS error,
  t.size_bytes AS size_bytes, t.mtime_ns AS mtime_ns, t.ctime_ns AS ctime_ns,
  t.id AS id, t.is_symlink AS is_symlink, CASE d.job WHEN '' THEN d.session END AS session
FROM sidecar t JOIN directory d USING(directory_id);

CREATE VIEW about AS SELECT key, value FROM setting;
