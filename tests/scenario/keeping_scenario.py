# SPDX-License-Identifier: MIT
"""A harness with an archive: what the tests of keeping share."""

import json
import sqlite3
from contextlib import closing

from harness_test import HarnessScenario


class KeepingScenario(HarnessScenario):
    """A test with an archive at self.archive, which all its commands are told of."""

    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "kept" / "archive.sqlite3"

    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": str(self.archive), **changes})

    def refresh(self, *arguments, **options):
        return self.run_command("refresh", "--root", self.root, *arguments, **options)

    def kept(self, statement, *parameters):
        """Rows of the archive, by a reader that isn't ours."""
        with closing(sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True)) as database:
            return database.execute(statement, parameters).fetchall()

    def kept_ids(self):
        if not self.archive.exists():
            return []
        return [row[0] for row in self.kept("SELECT id FROM observations WHERE is_kept ORDER BY id")]

    def kept_bytes(self):
        """The bytes of every sidecar in the archive, each once."""
        ids = self.kept("SELECT DISTINCT id FROM observations WHERE is_kept AND kind = 'sidecar'")
        return {self.run_command("show", row[0], "--raw", "--over", "past", "--root", self.root)
                .stdout for row in ids}

    def assert_kept(self, *contents):
        kept = self.kept_bytes()
        for content in contents:
            self.assertIn(content, kept, f"{len(kept)} documents, and this one isn't among them")

    def assert_sound(self):
        """Opened to be written: what a killed process has left may have to be rolled back."""
        with closing(sqlite3.connect(self.archive)) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])

    def put_record(self, path, **changes):
        """A whole sidecar under that name below the root; gives its bytes."""
        record = dict(self.record, timestamp="2026-11-01T10:00:00Z", run_id="20261101T100000Z-0",
                      host=None, monitor=None, kvm_stats=None, scheduler_commit=None,
                      resolve_source=None, project_commit=None, kernel_version=None,
                      kernel_commit=None, cleanup_duration_ms=None, run_source="local")
        content = json.dumps(dict(record, **changes)).encode()
        self.put(path, content)
        return content
