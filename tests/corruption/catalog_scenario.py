# SPDX-License-Identifier: MIT
"""A pool with a catalog for tests that damage it or its place."""

import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from independent_walk import walked_facts  # noqa: E402
from walked_scenario import WalkedScenario  # noqa: E402

# Of a file system, which zeroes a whole one after a crash of the machine.
BLOCK = 4096


class CatalogScenario(WalkedScenario):
    """A pool that was indexed, and has changed since."""

    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 3, "--tests", 4)
        self.refresh()
        self.stop_logging()
        self.change_pool()
        self.walked = walked_facts(self.root)
        self.good = self.catalog.read_bytes()

    def stop_logging(self):
        """All of the catalog in its one file."""
        database = sqlite3.connect(self.catalog)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.assertEqual(self.names_beside(), [])

    def names_beside(self):
        """What is in the indexer's directory besides the catalog."""
        return sorted(path.name for path in self.index_directory.iterdir()
                      if path != self.catalog)

    def asides(self):
        return [name for name in self.names_beside() if ".aside-" in name]

    def damage(self, content):
        for path in self.index_directory.iterdir():
            path.unlink()
        self.catalog.write_bytes(content)

    def assert_repaired(self):
        """A question is answered right, and so are a refresh and a question after it."""
        said = self.assert_right(walked=self.walked)
        self.refresh()
        again = self.assert_right("--check", "none", walked=self.walked)
        self.assertEqual(again, "", "the damage is still there")
        self.assert_sound()
        return said

    def assert_put_aside(self, content=None):
        """It was said, and what could not be used is kept under another name."""
        said = self.assert_repaired()
        self.assertIn("a new one is made", said)
        asides = [name for name in self.asides() if not name.endswith(("-wal", "-shm"))]
        self.assertEqual(len(asides), 1, said)
        self.assertIn(asides[0], said)
        if content is not None:
            self.assertEqual((self.index_directory / asides[0]).read_bytes(), content)
