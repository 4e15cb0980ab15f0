# SPDX-License-Identifier: MIT
"""What is given away is this project's: an archive has others' results, too."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402

HASH = "0123456789abcdef"
RUN = "6.14.2-abc1234"
TOKEN = "sharedtoken1"


class PackScope(ArchiveScenario):
    """Two roots of unrelated projects in one archive: `theirs`, then `ours`, which is named."""

    def setUp(self):
        super().setUp()
        # Their times are so near that one window holds both.
        for name, second in (("theirs", 1), ("ours", 5)):
            self.root = self.temporary / name
            self.root.mkdir()
            timestamp = f"2026-07-04T21:41:0{second}Z"
            self.put(f"{RUN}/{name}-{HASH}.ktstr.json", example(name, timestamp=timestamp))
            self.put(f"{RUN}/common-{HASH}.ktstr.json",
                     example("common", timestamp=timestamp, payload=name))
            self.put(f"{RUN}/{name}-{HASH}.failure-dump.json", '{"schema": "single"}')
            self.put(f"{name}_run/.ktstr_run_epoch", TOKEN)
            self.put(f"{name}_run/{name}_token-{HASH}.ktstr.json",
                     example(f"{name}_token", timestamp=timestamp))
            self.refresh()
        self.pack = self.temporary / "results.ktstr"

    def packed(self, *what):
        """Which of the names of both projects' results the pack has, in clear."""
        self.command("pack", *what, "-o", self.pack, "--force", "--with-host")
        rows = self.json("query", "--in", self.pack, "--select", "test_name,payload")["rows"]
        return sorted(f"{row['test_name']} of {row['payload']}" if row["test_name"] == "common"
                      else row["test_name"] for row in rows)

    def refused(self, *what):
        self.pack.unlink(missing_ok=True)
        done = self.command("pack", *what, "-o", self.pack,
                            status=3 if " " in what[0] or "=" in what[0] else 2)
        self.assertFalse(self.pack.exists())
        self.assertIn(b"--all-projects", done.stderr)

    def their(self, column):
        return self.values(f"SELECT {column} FROM sidecar WHERE test_name = 'theirs'")[0]

    def inferred(self):
        return self.values("SELECT session FROM sessions WHERE session LIKE '~%:05%'")[0]

    def test_an_expression_holds_for_this_project(self):
        self.assertEqual(self.packed("verdict = 'pass' OR 1"),
                         ["common of ours", "ours", "ours_token"])
        self.refused("test_name = 'theirs'")

    def test_an_inferred_session_is_this_roots(self):
        for name in ("@1", self.inferred(), "@2"):
            with self.subTest(name=name):
                packed = self.packed(name)
                self.assertEqual([each for each in packed if each.startswith("their")], [])
        self.assertEqual(self.packed(self.inferred()), ["common of ours", "ours"])

    def test_a_token_in_both_is_this_projects(self):
        self.assertEqual(self.packed(TOKEN), ["ours_token"])
        self.assertEqual(self.packed(TOKEN, "--all-projects"), ["ours_token", "theirs_token"])

    def test_a_run_directory_is_this_projects(self):
        self.assertEqual(self.packed(RUN), ["common of ours", "ours"])
        self.refused("theirs_run")

    def test_a_result_is_this_projects(self):
        self.assertEqual(self.packed("common"), ["common of ours"])
        for name in ("theirs", f"{RUN}/theirs", f"theirs-{HASH}", self.their("id")):
            with self.subTest(name=name):
                self.refused(name)

    def test_dumps_come_with_their_results_only(self):
        document = self.document("pack", "1 = 1", "-o", self.pack)
        self.assertEqual((document["results"], document["dumps"]), (3, 1))

    def test_all_projects_are_asked_for(self):
        self.assertEqual(self.packed("1 = 1", "--all-projects"),
                         ["common of ours", "common of theirs", "ours", "ours_token", "theirs",
                          "theirs_token"])
        for name in ("theirs", self.their("id"), f"{RUN}/theirs"):
            self.assertEqual(self.packed(name, "--all-projects"), ["theirs"])
        self.assertEqual(self.packed("theirs_run", "--all-projects"), ["theirs_token"])

    def test_without_a_root_all_projects_are_asked_for_too(self):
        nowhere = self.temporary / "nowhere"
        nowhere.mkdir()
        done = self.run_command("pack", "1 = 1", "-o", self.pack, cwd=nowhere, status=3)
        self.assertIn(b"--all-projects needs no root", done.stderr)
        self.assertFalse(self.pack.exists())
        self.run_command("pack", "1 = 1", "-o", self.pack, "--all-projects", cwd=nowhere)


if __name__ == "__main__":
    unittest.main()
