-- SPDX-License-Identifier: MIT
-- The tables behind the views. Views are the interface (src/database/views.cpp makes them); nothing
-- outside this project may rely on a table. CHECKs instead of STRICT, so that older readers open
-- it.

-- key, value pairs: the root, versions, the last refresh.
CREATE TABLE setting(
  key TEXT PRIMARY KEY NOT NULL,
  value
) WITHOUT ROWID;

-- A run directory (job ''), one of its job directories, or the runs root itself (run_dir and job
-- ''). The stamp is what stat said before the directory was last listed; a NULL device: nothing is
-- known.
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

-- One file that is named as a sidecar. The stamp is that of the descriptor that was read; a NULL
-- device: the file has to be read and decoded, whatever its other columns say.
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
-- Which hosts are still in use.
CREATE INDEX sidecar_by_host ON sidecar(host_id);
-- What an answer leaves out or marks; empty in a good pool.
CREATE INDEX sidecar_not_ok ON sidecar(status) WHERE status <> 'ok';

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

-- Failure dumps, traces and staging files: seen, not read.
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
