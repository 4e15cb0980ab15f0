-- SPDX-License-Identifier: MIT
-- The tables behind the archive's views (src/database/views.cpp). Rows name each other by
-- local numbers, but what they are is said by ids that are derived from content, so that archives
-- of two hosts merge by set union. What hangs on a record stands in the same tables as in the
-- catalog.

-- key, value pairs: versions, the last integrity check.
CREATE TABLE setting(
  key TEXT PRIMARY KEY NOT NULL,
  value
) WITHOUT ROWID;

-- A runs root of this machine (origin ''), or (path '') what was brought in by an import.
CREATE TABLE runs_root(
  root_id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  origin TEXT NOT NULL,
  project TEXT NOT NULL,
  last_seen_ns INTEGER,
  UNIQUE(path, origin, project)
);

-- A run directory (job '') or one of its job directories.
CREATE TABLE directory(
  directory_id INTEGER PRIMARY KEY,
  root_id INTEGER NOT NULL REFERENCES runs_root(root_id),
  run_dir TEXT NOT NULL,
  job TEXT NOT NULL,
  UNIQUE(root_id, run_dir, job)
);
CREATE INDEX directory_by_name ON directory(run_dir, job);

-- The bytes of sidecars and dumps, each once however often they were seen: id is their XXH3-128.
-- stored_bytes is 0 once they were dropped; the rows stay.
CREATE TABLE document(
  document_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('sidecar', 'failure-dump', 'wprof')),
  coding TEXT NOT NULL CHECK(coding IN ('zstd', 'zstd-1')),
  is_redacted INTEGER NOT NULL DEFAULT 0 CHECK(is_redacted IN (0, 1)),
  plain_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  first_seen_ns INTEGER NOT NULL,
  UNIQUE(id, size_bytes)
);
-- Apart, so that what looks through documents doesn't pass over their bytes. coding zstd-1 is a
-- zstd frame made with dictionary 1.
CREATE TABLE document_bytes(
  document_id INTEGER PRIMARY KEY REFERENCES document(document_id),
  bytes BLOB NOT NULL
);

-- Host contexts, each once. What differs in every record of one host, the state of the writer's
-- heap, stands in the record's row. host_key is NULL where no fact is known that a reboot keeps.
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

-- One observation: a sidecar's content as it stood, or stands, under one name. observation_id is
-- the XXH3-128 of project, run directory, job, file name and content id, and of the root where the
-- root is ours. ended_ns NULL: still there when its root was last seen.
CREATE TABLE sidecar(
  sidecar_id INTEGER PRIMARY KEY,
  observation_id TEXT NOT NULL UNIQUE,
  directory_id INTEGER NOT NULL REFERENCES directory(directory_id),
  file_name TEXT NOT NULL,
  id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER,
  is_symlink INTEGER NOT NULL DEFAULT 0 CHECK(is_symlink IN (0, 1)),
  status TEXT NOT NULL CHECK(status IN ('ok', 'drift', 'corrupt')),
  error_class TEXT CHECK(error_class IN ('io', 'parse')),
  error TEXT,
  file_hash TEXT,
  session TEXT,
  first_seen_ns INTEGER NOT NULL,
  last_seen_ns INTEGER,
  ended_ns INTEGER,
  ending TEXT CHECK(ending IN ('superseded', 'vanished')),
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
  UNIQUE(directory_id, file_name, id)
);
CREATE INDEX sidecar_by_id ON sidecar(id);
CREATE INDEX sidecar_by_verdict ON sidecar(verdict, scheduler);
CREATE INDEX sidecar_by_test ON sidecar(test_name, time_ns);
CREATE INDEX sidecar_by_session ON sidecar(session);
CREATE INDEX sidecar_by_host ON sidecar(host_id);
CREATE INDEX sidecar_current ON sidecar(directory_id, file_name) WHERE ended_ns IS NULL;

-- Metric values, packed: a shape says which metric stands in which column, and records of one
-- producer share a few shapes. One row a metric cost seven times the time and twice the space.
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

-- One series: a record's whole run (phase and cgroup NULL), a cgroup, a phase, or a cgroup in a
-- phase; in several rows where it has more than 64 metrics.
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

-- Sums over the vCPUs of a record's KVM statistics, packed the same way but exact.
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

-- A failure dump, or a trace, as it stood under one name. id NULL: its bytes were not kept, and
-- why.
CREATE TABLE artifact(
  artifact_id INTEGER PRIMARY KEY,
  observation_id TEXT NOT NULL UNIQUE,
  directory_id INTEGER NOT NULL REFERENCES directory(directory_id),
  file_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  test_name TEXT NOT NULL,
  file_hash TEXT,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  is_symlink INTEGER NOT NULL DEFAULT 0 CHECK(is_symlink IN (0, 1)),
  id TEXT,
  not_kept TEXT,
  session TEXT,
  first_seen_ns INTEGER NOT NULL,
  last_seen_ns INTEGER,
  ended_ns INTEGER,
  ending TEXT CHECK(ending IN ('superseded', 'vanished')),
  UNIQUE(directory_id, file_name, size_bytes, mtime_ns)
);
CREATE INDEX artifact_by_id ON artifact(id);

-- What is known of sessions beside their results.
CREATE TABLE session(
  session TEXT NOT NULL,
  project TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('complete', 'interrupted', 'unknown')),
  started_ns INTEGER,
  ended_ns INTEGER,
  exit_status INTEGER,
  PRIMARY KEY(session, project)
) WITHOUT ROWID;

-- Words that users give results: id is the result's.
CREATE TABLE label(
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(id, key)
) WITHOUT ROWID;
CREATE INDEX label_by_value ON label(key, value);

-- What gc leaves alone: a session's token, or an expression over results.
CREATE TABLE pin(
  kind TEXT NOT NULL CHECK(kind IN ('session', 'query')),
  value TEXT NOT NULL,
  PRIMARY KEY(kind, value)
) WITHOUT ROWID;
