# SPDX-License-Identifier: MIT
"""Texts that somebody else chose, where they would become a part of a path."""

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402
from harness_test import HASH, NAME, HarnessScenario  # noqa: E402

HOSTILE = ["../../x", "/tmp/x", "..", "6.14/../..", "6.14\nx", "6.14\rx", "\x1b[31m6.14", "6\x7f14",
           "6.14\u0085x", "9" * 300]
METADATA = {"source": {"type": "tarball"}, "arch": "x86_64", "image_name": "bzImage",
            "built_at": "2026-04-12T10:00:00Z", "has_vmlinux": False, "vmlinux_stripped": False}


def tree(top):
    return sorted(str(path.relative_to(top)) for path in top.rglob("*"))


class PathParts(HarnessScenario):
    def setUp(self):
        super().setUp()
        # Deep enough that what leads upward still ends within the test's own directory.
        self.root = self.temporary / "a" / "b" / "c" / "ktstr"
        self.root.mkdir(parents=True)
        self.kernel = self.temporary / "kernel"
        self.kernel.mkdir()

    def written(self, env, **changes):
        """The run directory of one more write, and what was said on stderr."""
        done = self.harness("write", record={**self.record, **changes}, env=env)
        path = Path(done.stdout.decode().rstrip("\n"))
        self.assertEqual(path.name, NAME)
        self.assertEqual(path.resolve().parents[1], self.root.resolve())
        return path.parent.name, done.stderr.decode()

    def assert_refused(self, env, run_dir):
        outside = [path for path in tree(self.temporary) if not path.startswith("a/b/c/ktstr")]
        name, said = self.written(env)
        self.assertEqual(name, run_dir)
        self.assertEqual(said.count("can't be a part of a path"), 1, said)
        self.assertEqual(len(said.strip().split("\n")), 1, said)
        self.assertEqual(outside, [path for path in tree(self.temporary)
                                   if not path.startswith("a/b/c/ktstr")])
        named = self.json("paths", env={"KTSTR_RUNS_ROOT": str(self.root), **env})
        self.assertEqual(named["run_dir"]["value"], run_dir)

    def test_a_release_file_never_leads_out_of_the_root(self):
        release = self.kernel / "include/config/kernel.release"
        release.parent.mkdir(parents=True)
        env = {"KTSTR_KERNEL": str(self.kernel), "KTSTR_PROJECT_COMMIT": "abc1234"}
        for text in HOSTILE:
            with self.subTest(text=text):
                release.write_text(f"{text}\n")
                self.assert_refused(env, "unknown-abc1234")

    def test_a_kernels_metadata_never_leads_out_of_the_root(self):
        env = {"KTSTR_KERNEL": str(self.kernel), "KTSTR_PROJECT_COMMIT": "abc1234"}
        for text in [*HOSTILE, "6\x0014"]:
            with self.subTest(text=text):
                (self.kernel / "metadata.json").write_text(
                    json.dumps({"version": text, **METADATA}))
                self.assert_refused(env, "unknown-abc1234")

    def test_a_cached_kernels_metadata_never_leads_out_of_the_root(self):
        cache = self.temporary / "cache"
        (cache / "key").mkdir(parents=True)
        (cache / "key/bzImage").write_text("")
        (cache / "key/metadata.json").write_text(json.dumps({"version": "../../x", **METADATA}))
        self.assert_refused({"KTSTR_KERNEL": "key", "KTSTR_CACHE_DIR": str(cache),
                             "KTSTR_PROJECT_COMMIT": "abc1234"}, "unknown-abc1234")

    def test_a_stated_commit_never_leads_out_of_the_root(self):
        for text in HOSTILE:
            with self.subTest(text=text):
                self.assert_refused({"KTSTR_KERNEL": "6.14", "KTSTR_PROJECT_COMMIT": text},
                                    "6.14-unknown")

    def test_both_parts_are_refused_in_one_line(self):
        (self.kernel / "metadata.json").write_text(json.dumps({"version": "../x", **METADATA}))
        self.assert_refused({"KTSTR_KERNEL": str(self.kernel), "KTSTR_PROJECT_COMMIT": "../y"},
                            "unknown-unknown")

    def test_harmless_values_stay_as_they_are(self):
        for version, commit in (("6.14.2-rc3+", "abc1234-dirty"), ("", "abc1234"),
                                ("6.14 custom~1", "über"), (".6", "a.b")):
            with self.subTest(version=version):
                (self.kernel / "metadata.json").write_text(
                    json.dumps({"version": version, **METADATA}))
                name, said = self.written({"KTSTR_KERNEL": str(self.kernel),
                                           "KTSTR_PROJECT_COMMIT": commit})
                self.assertEqual((name, said), (f"{version}-{commit}", ""))

    def test_the_record_keeps_what_it_says(self):
        name, _ = self.written({"KTSTR_KERNEL": "6.14"}, kernel_version="../../x",
                               project_commit="../../y", kernel_commit="/z")
        self.assertEqual(name, "6.14-abc1234")
        record = json.loads((self.root / name / NAME).read_bytes())
        self.assertEqual((record["kernel_version"], record["project_commit"]),
                         ("../../x", "../../y"))

    def test_a_test_name_or_run_id_that_can_t_be_in_a_name_is_usage(self):
        before = tree(self.temporary)
        for text in ("../x", "a/b", "a\nb", "a\x00b", "\x1b[31m", "a\x7f", "a\u0085b"):
            with self.subTest(text=text):
                for key in ("test_name", "run_id"):
                    done = self.harness("write", record={**self.record, key: text}, status=2)
                    self.assertEqual(len(done.stderr.decode().strip().split("\n")), 1)
        self.harness("suppress-dumps", "../x", HASH, status=2)
        self.assertEqual([path for path in tree(self.temporary) if path.endswith(".json")],
                         [path for path in before if path.endswith(".json")])

    def test_a_session_token_stays_a_files_content(self):
        self.harness("write", record=self.record, session="../../x\n/y")
        self.assertEqual(next(self.root.rglob(".ktstr_run_epoch")).read_text(), "../../x\n/y")

    def test_a_run_directory_that_is_a_link_is_neither_cleared_nor_written_to(self):
        outside = self.temporary / "outside"
        outside.mkdir()
        (outside / "mine.ktstr.json").write_text("{}")
        os.symlink(outside, self.root / "6.14-abc1234")
        self.harness("write", record=self.record, env={"KTSTR_KERNEL": "6.14"}, status=3)
        self.assertEqual([path.name for path in outside.iterdir()], ["mine.ktstr.json"])

    def test_nor_is_another_run_directory_that_one_links_to(self):
        other = self.root / "other"
        other.mkdir()
        (other / "mine.ktstr.json").write_text("{}")
        os.symlink("other", self.root / "6.14-abc1234")
        self.harness("write", record=self.record, env={"KTSTR_KERNEL": "6.14"}, status=3)
        self.assertEqual([path.name for path in other.iterdir()], ["mine.ktstr.json"])


class RestoredNames(ArchiveScenario):
    def others(self):
        """All that is there but SQLite's own files and the directory to restore to."""
        return [path for path in tree(self.temporary)
                if path != "back" and not path.startswith("archive.sqlite3")]

    def test_names_that_lead_elsewhere_are_not_restored(self):
        self.put("run/a-0123456789abcdef.ktstr.json", example("a"))
        self.refresh()
        for column, text in (("run_dir", "../x"), ("run_dir", ".."), ("run_dir", "/tmp/x"),
                             ("run_dir", "a/b"), ("job", "../../x"), ("job", "..")):
            with self.subTest(column=column, text=text):
                with self.sql() as archive:
                    archive.execute("UPDATE directory SET run_dir = 'run', job = ''")
                    archive.execute(f"UPDATE directory SET {column} = ?", (text,))
                before = self.others()
                done = self.command("restore", "a", "--to", self.back, status=3)
                self.assertIn(b"refused", done.stdout)
                self.assertEqual(self.others(), before)


if __name__ == "__main__":
    unittest.main()
