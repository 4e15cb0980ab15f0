# SPDX-License-Identifier: MIT
"""What the scenarios about the archive share: one of their own, so that samples may go in."""

import contextlib
import hashlib
import json
import os
import sqlite3
from pathlib import Path

from support import SOURCE, Scenario, shared_data


def example(name, **changes):
    record = json.loads(shared_data("example.ktstr.json").read_bytes())
    record.update(test_name=name, **changes)
    return json.dumps(record, indent=2)


def digests(root):
    """Of every file below, by path: hash of the content, and the time in nanoseconds."""
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory, name)
            if path.is_file():
                found[str(path.relative_to(root))] = (
                    hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    return found


class ArchiveScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.archive = self.temporary / "archive.sqlite3"
        self.back = self.temporary / "back"

    def environment(self, **changes):
        return super().environment(**{"KTSTR_INDEX_ARCHIVE": str(self.archive), **changes})

    def command(self, *arguments, **options):
        return self.run_command(*arguments, "--root", self.root, **options)

    def document(self, *arguments, **options):
        return self.json(*arguments, "--root", self.root, **options)

    def refresh(self, *options):
        return self.document("refresh", *options)["archive"]

    def put_at(self, path, content, mtime_s):
        target = self.put(path, content)
        os.utime(target, (mtime_s, mtime_s))
        return target

    @contextlib.contextmanager
    def sql(self):
        connection = sqlite3.connect(self.archive, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def values(self, statement):
        with self.sql() as archive:
            return [row[0] for row in archive.execute(statement)]

    def change(self, statement):
        with self.sql() as archive:
            archive.execute(statement)

    def check_document(self, document, schema):
        """Against schema/output/NAME.schema.json."""
        import jsonschema
        text = (SOURCE / "schema/output" / f"{schema}.schema.json").read_text(encoding="utf-8")
        jsonschema.validate(document, json.loads(text))
