# SPDX-License-Identifier: MIT
"""A scenario that compares the catalog with an independent walk of the files."""

import json
import sqlite3
import time

from independent_walk import STATEMENT, catalog_facts, walked_facts
from support import Scenario


class WalkedScenario(Scenario):
    @property
    def index_directory(self):
        return self.root / ".ktstr-index"

    @property
    def catalog(self):
        return self.index_directory / "catalog.sqlite3"

    def settle(self):
        """Stamps are trusted when they are more than 3 s old."""
        time.sleep(3.2)

    def refresh(self, *options, **more):
        return self.json("refresh", "--root", self.root, *options, **more)

    def asked_facts(self, *options, **more):
        """(what the catalog says, stderr). The command must end with status 0."""
        done = self.run_command("sql", STATEMENT, "--root", self.root, "--format", "json",
                                *options, **more)
        return catalog_facts(json.loads(done.stdout)["rows"]), done.stderr.decode()

    def assert_right(self, *options, walked=None, **more):
        """The catalog says what the files say; gives what was said on stderr."""
        facts, said = self.asked_facts(*options, **more)
        self.assert_same_facts(facts, walked_facts(self.root) if walked is None else walked)
        return said

    def assert_same_facts(self, facts, walked):
        if facts == walked:
            return
        only = [fact for fact in facts if fact not in walked]
        lost = [fact for fact in walked if fact not in facts]
        self.fail(f"the catalog alone says {only}\nthe files alone say {lost}\n"
                  f"{len(facts)} facts against {len(walked)}")

    def assert_sound(self, catalog=None):
        """SQLite finds nothing wrong with the catalog, and no row without its parent."""
        database = sqlite3.connect(f"file:{catalog or self.catalog}?mode=rw", uri=True)
        try:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
        finally:
            database.close()

    def a_record(self):
        """One of the pool's good records."""
        for path in sorted(self.root.glob("[!.]*/*.ktstr.json")):
            try:
                return json.loads(path.read_bytes())
            except ValueError:
                continue
        raise AssertionError("no record in the pool")

    def change_pool(self):
        """What people and harnesses do between two refreshes. Needs three run directories."""
        record = self.a_record()
        first, second, third = sorted(self.root.glob("[!.]*"))[:3]
        name = sorted(first.glob("*.ktstr.json"))[0].name
        self.put(f"{first.name}/{name}", json.dumps({**record, "test_name": "replaced"}))
        self.put(f"{first.name}/added.ktstr.json", json.dumps({**record, "test_name": "added"}))
        self.put(f"{first.name}/cut.ktstr.json", json.dumps(record)[:300])
        sorted(second.glob("*.ktstr.json"))[0].unlink()
        self.put(f"{second.name}/job/in_job.ktstr.json", json.dumps({**record, "skipped": True}))
        self.put(f"{second.name}/.ktstr_run_epoch", "another session")
        third.rename(third.with_name("renamed"))
        older = {key: value for key, value in record.items() if key != "perf_delta_assertions"}
        self.put("new/older.ktstr.json", json.dumps(older))
        self.put("new/a-0123456789abcdef.failure-dump.json", "{}")
