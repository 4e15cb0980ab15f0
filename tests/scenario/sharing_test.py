# SPDX-License-Identifier: MIT
"""Results travel: they are imported from what holds them, looked into, and packed without a word
about where they were made."""

import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import unittest
import zipfile

from archive_scenario import ArchiveScenario, digests, example

RUN = "6.14.2-abc1234"
HASH = "0123456789abcdef"
DUMP = f"alpha-{HASH}.failure-dump.json"
UUID = "3e6be9de-8139-11d1-9106-a43f08d823a6"
ADDRESS = "203.0.113.77"


class Sharing(ArchiveScenario):
    def setUp(self):
        super().setUp()
        self.outside = self.temporary / "outside"

    def put_outside(self, path, content):
        target = self.outside / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def make_tree(self):
        """Two results and a dump, three levels down."""
        for name in ("alpha", "beta"):
            self.put_outside(f"a/b/{RUN}/{name}-{HASH}.ktstr.json", example(name))
        self.put_outside(f"a/b/{RUN}/{DUMP}", '{"schema": "single"}')

    def import_(self, *arguments, status=0):
        document = self.document("import", *arguments, status=status)
        self.check_document(document, "import")
        return document["rows"]

    def counts(self, *arguments, **options):
        return [(row["added"], row["known"], row["dumps"], row["known_dumps"])
                for row in self.import_(*arguments, **options)]

    def ids_in(self, *paths, env=None):
        inside = [word for path in paths for word in ("--in", path)]
        rows = self.json("query", "--select", "id", *inside, env=env)["rows"]
        return sorted(row["id"] for row in rows)


class Import(Sharing):
    def make_sources(self):
        self.make_tree()
        packed = [shutil.make_archive(self.temporary / "results", kind, self.outside)
                  for kind in ("gztar", "zip", "tar")]
        return [*packed, self.outside]

    def test_nested_results_come_in_once_from_whatever_holds_them(self):
        for number, source in enumerate(self.make_sources()):
            wanted = (2, 0, 1, 0) if number == 0 else (0, 2, 0, 1)
            self.assertEqual(self.counts(source), [wanted], source)
            self.assertEqual(self.counts(source), [(0, 2, 0, 1)], source)
        rows = self.rows("query", "--over", "past", "--select", "run_dir,test_name")
        self.assertEqual(sorted((row["run_dir"], row["test_name"]) for row in rows),
                         [(RUN, "alpha"), (RUN, "beta")])

    def test_what_was_imported_is_no_state_of_this_machine(self):
        self.make_tree()
        self.import_(self.outside)
        rows = self.rows("sql", "SELECT ended_ns = last_seen_ns AS same, ended_ns > mtime_ns AS "
                                "later, first_seen_ns = mtime_ns AS first, ending FROM observations "
                                "WHERE kind = 'sidecar'", "--over", "past")
        self.assertEqual(rows, [{"same": 1, "later": 1, "first": 1, "ending": None}] * 2)
        self.refresh()
        self.assertEqual(self.values("SELECT ending FROM sidecar"), [None, None])

    def test_an_imported_run_is_restored_whole(self):
        self.make_tree()
        self.import_(self.outside)
        self.document("restore", RUN, "--to", self.back)
        wanted = {path.removeprefix("a/b/"): facts
                  for path, facts in digests(self.outside).items()}
        self.assertEqual(digests(self.back), wanted)

    def test_results_that_a_refresh_has_kept_are_known(self):
        self.put(f"{RUN}/alpha-{HASH}.ktstr.json", example("alpha"))
        self.refresh()
        self.make_tree()
        self.assertEqual(self.counts(self.outside), [(1, 1, 1, 0)])
        self.assertEqual(self.values("SELECT count(*) FROM sidecar WHERE ended_ns IS NULL"), [1])

    def test_labels_are_for_all_that_it_holds(self):
        self.make_tree()
        self.import_(self.outside)
        self.import_(self.outside, "--label", "pr=123")
        rows = self.rows("query", "label.pr = '123'", "--over", "past")
        self.assertEqual(len(rows), 2)

    def test_samples_are_refused_unless_the_archive_was_named(self):
        self.make_pool("--run-directories", 2, "--tests", 3, "--clean")
        env = {"KTSTR_INDEX_ARCHIVE": ""}
        done = self.command("import", self.root, "--format", "json", env=env)
        [row] = json.loads(done.stdout)["rows"]
        self.assertEqual((row["added"], row["dumps"]), (0, 0))
        self.assertGreaterEqual(row["synthetic"], 6)
        [row] = self.import_(self.root)
        self.assertEqual(row["added"], 6)

    def test_without_an_archive_it_says_how_to_name_one(self):
        failed = self.command("import", self.root, env={"KTSTR_INDEX_ARCHIVE": "off"}, status=2)
        self.assertIn(b"--archive FILE", failed.stderr)

    def test_what_cannot_be_read_is_exit_3_and_the_rest_comes_in(self):
        self.make_tree()
        self.assertEqual(self.counts(self.temporary / "none", self.outside, status=3),
                         [(0, 0, 0, 0), (2, 0, 1, 0)])


class HostileImport(Sharing):
    def setUp(self):
        super().setUp()
        self.tar = self.temporary / "hostile.tar.gz"
        self.files = []

    def write(self):
        with tarfile.open(self.tar, "w:gz") as tar:
            for member, content in self.files:
                tar.addfile(member, io.BytesIO(content) if content else None)

    def add(self, name, content=b"", kind=tarfile.REGTYPE, target=""):
        member = tarfile.TarInfo(name)
        member.size, member.type, member.linkname = len(content), kind, target
        self.files.append((member, content))

    def test_names_that_lead_outside_and_links_are_refused(self):
        self.add(f"{RUN}/good.ktstr.json", example("good").encode())
        self.add("../evil.ktstr.json", b"{}")
        self.add("/tmp/evil.ktstr.json", b"{}")
        self.add(f"{RUN}/../../evil.ktstr.json", b"{}")
        self.add(f"{RUN}/link.ktstr.json", kind=tarfile.SYMTYPE, target="/etc/passwd")
        self.add(f"{RUN}/hard.ktstr.json", kind=tarfile.LNKTYPE, target=f"{RUN}/good.ktstr.json")
        self.write()
        before = digests(self.outside)
        [row] = self.import_(self.tar, status=3)
        self.assertEqual((row["added"], row["refused"]), (2, 4))
        self.assertEqual(digests(self.outside), before)
        self.assertEqual(sorted(self.values("SELECT file_name FROM sidecar")),
                         ["good.ktstr.json", "hard.ktstr.json"])
        said = self.command("import", self.tar, status=3).stderr.decode()
        self.assertIn("../evil.ktstr.json", said)

    def test_a_bomb_is_refused_before_it_fills_anything(self):
        self.add(f"{RUN}/bomb.ktstr.json", b" " * (150 << 20))
        self.write()
        [row] = self.import_(self.tar, status=3)
        self.assertEqual(row["added"], 0)
        self.assertLess(self.archive.stat().st_size, 4 << 20)

    def test_of_a_truncated_tar_comes_what_is_before_the_end(self):
        for number in range(50):
            self.add(f"{RUN}/test_{number}.ktstr.json", example(f"test_{number}").encode())
        self.write()
        whole = self.tar.read_bytes()
        self.tar.write_bytes(whole[:len(whole) // 2])
        [row] = self.import_(self.tar, status=3)
        self.assertTrue(0 < row["added"] < 50, row)
        self.assertIsNotNone(row["damaged"])


class LookInto(Sharing):
    def test_the_same_things_are_asked_and_nothing_is_kept(self):
        self.make_tree()
        packed = shutil.make_archive(self.temporary / "results", "gztar", self.outside)
        self.archive = self.temporary / "none" / "archive.sqlite3"
        before = digests(self.temporary)
        ids = self.ids_in(self.outside)
        self.assertEqual(len(ids), 2)
        self.assertEqual(self.ids_in(packed), ids)
        self.assertEqual(self.ids_in(packed, self.outside), ids)
        [run] = self.json("list", "--in", packed)["rows"]
        self.assertEqual((run["run"], run["tests"]), (RUN, 2))
        self.assertEqual(self.json("last-run", "--in", packed)["run_dir"], RUN)
        last = self.json("query", "--session", "@last", "--in", packed)["rows"]
        self.assertEqual(len(last), 2)
        raw = self.run_command("show", ids[0], "--raw", "--in", packed).stdout.decode()
        self.assertIn(raw, {example("alpha"), example("beta")})
        self.assertEqual(digests(self.temporary), before)
        self.assertFalse(self.archive.exists())

    def test_it_leaves_nothing_in_the_temporary_directory(self):
        self.make_tree()
        scratch = self.temporary / "scratch"
        scratch.mkdir()
        self.run_command("query", "--in", self.outside, env={"TMPDIR": str(scratch)})
        self.run_command("query", "--in", self.tar_of_nothing(), env={"TMPDIR": str(scratch)},
                         status=3)
        self.assertEqual(list(scratch.iterdir()), [])

    def tar_of_nothing(self):
        path = self.temporary / "broken.tar.gz"
        path.write_bytes(b"no tar")
        return path

    def test_commands_that_change_something_do_not_take_it(self):
        self.make_tree()
        self.command("refresh", "--in", self.outside, status=2)
        self.command("query", "--over", "past", "--in", self.outside, status=2)
        self.refresh()
        before = digests(self.temporary)
        for command in (["gc"], ["import", self.outside], ["restore", "x", "--to", self.back]):
            done = subprocess.run(
                [self.ktstr_index(), *map(str, command), "--in", str(self.archive)],
                env=self.environment(), capture_output=True, check=False, timeout=60)
            self.assertIn(done.returncode, (2, 3), command)
        self.assertEqual(digests(self.temporary), before)

    def ktstr_index(self):
        from support import COMMAND
        return COMMAND


class Pack(Sharing):
    def setUp(self):
        super().setUp()
        self.file = self.temporary / "results.ktstr"
        self.elsewhere = self.temporary / "elsewhere"
        self.elsewhere.mkdir()

    def make_private_results(self):
        record = json.loads(example("alpha", scheduler="scx_lavd"))
        record["host"]["kernel_cmdline"] = (
            f"BOOT_IMAGE=/boot/vmlinuz root=UUID={UUID} ip={ADDRESS} isolcpus=2-3 "
            "secret.option=hunter2")
        record["error"] = f"can't open {self.home}/src/scx/main.bpf.c"
        self.put(f"{RUN}/{DUMP}", json.dumps({"note": f"peer {ADDRESS}", "disk": f"UUID={UUID}"}))
        self.put(f"{RUN}/alpha-{HASH}.ktstr.json", json.dumps(record))
        self.put(f"{RUN}/beta.ktstr.json", example("beta"))
        self.put(f"{RUN}/broken.ktstr.json", f"{{ broken at {self.home}")
        self.refresh("--label", f"url=https://{ADDRESS}/job/7")

    def pack(self, *arguments, status=0):
        document = self.document("pack", *arguments, "-o", self.file, status=status)
        self.check_document(document, "pack")
        return document

    def home_elsewhere(self):
        return {"HOME": str(self.elsewhere),
                "KTSTR_INDEX_ARCHIVE": str(self.elsewhere / "archive.sqlite3")}

    def test_results_have_one_id_wherever_a_pack_is_looked_at_or_imported(self):
        self.make_private_results()
        document = self.pack(RUN)
        self.assertEqual((document["results"], document["dumps"], document["left_out"]), (2, 1, 1))
        env = self.home_elsewhere()
        ids = self.ids_in(self.file, env=env)
        self.assertEqual(len(ids), 2)
        self.assertFalse((self.elsewhere / "archive.sqlite3").exists())
        there = lambda *words: self.json(*words, env=env, cwd=self.elsewhere)["rows"]
        for wanted in ((2, 0, 1), (0, 2, 0)):
            [row] = there("import", self.file)
            self.assertEqual((row["added"], row["known"], row["dumps"]), wanted)
        rows = there("query", "--over", "past", "--select", "id")
        self.assertEqual(sorted(row["id"] for row in rows), ids)
        # And where they are from, nothing is doubled.
        self.assertEqual(self.counts(self.file), [(0, 2, 0, 0)])
        self.assertEqual(self.counts(self.root)[0][:2], (0, 3))

    def test_nothing_private_is_in_the_file(self):
        self.make_private_results()
        document = self.pack("@last", RUN)
        content = self.file.read_bytes()
        for word in (str(self.home), str(self.temporary), ADDRESS, UUID, "hunter2", "/boot/vmlinuz"):
            self.assertNotIn(word.encode(), content, word)
        for name in ("boot_parameters", "addresses"):
            self.assertGreater(document["redacted"][name], 0, document)
        with sqlite3.connect(self.file) as pack:
            [(line,)] = pack.execute("SELECT DISTINCT kernel_cmdline FROM host WHERE "
                                     "kernel_cmdline IS NOT NULL AND kernel_cmdline LIKE '%iso%'")
            self.assertEqual(line, "isolcpus=2-3")
            self.assertEqual(pack.execute("PRAGMA journal_mode").fetchone(), ("delete",))
            self.assertEqual(pack.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        for identifier in self.ids_in(self.file):
            raw = self.run_command("show", identifier, "--raw", "--in", self.file).stdout
            for word in (str(self.home), ADDRESS, UUID, "hunter2"):
                self.assertNotIn(word.encode(), raw)

    def test_without_an_archive_what_stands_is_packed(self):
        self.put(f"{RUN}/alpha-{HASH}.ktstr.json", example("alpha"))
        env = {"KTSTR_INDEX_ARCHIVE": "off"}
        self.command("pack", "alpha", "-o", self.file, env=env)
        ids = self.ids_in(self.file, env=env)
        again = self.temporary / "again.ktstr"
        self.run_command("pack", "@last", "-o", again, "--in", self.file)
        self.assertEqual(self.ids_in(again), ids)

    def test_a_strangers_views_are_not_run(self):
        self.make_private_results()
        self.pack(RUN)
        ids = self.ids_in(self.file)
        with sqlite3.connect(self.file) as pack:
            pack.executescript("DROP VIEW results; CREATE VIEW results AS SELECT 'evil' AS id;")
        pack.close()
        self.assertEqual(self.ids_in(self.file), ids)

    def test_with_host_the_bytes_are_the_very_same(self):
        self.make_private_results()
        document = self.pack("test_name = 'alpha'", "--with-host")
        self.assertIsNone(document["redacted"])
        [identifier] = self.ids_in(self.file)
        raw = self.run_command("show", identifier, "--raw", "--in", self.file).stdout
        self.assertEqual(raw, (self.root / RUN / f"alpha-{HASH}.ktstr.json").read_bytes())

    def test_a_choice_is_an_id_a_name_a_run_or_an_expression(self):
        self.make_private_results()
        [identifier] = self.values("SELECT id FROM sidecar WHERE test_name = 'beta'")
        for what, results in ((identifier[:8], 1), ("alpha", 1), (RUN, 2),
                              ("scheduler = 'scx_lavd'", 1)):
            self.assertEqual(self.pack(what, "--force")["results"], results, what)
        self.assertEqual(self.pack("alpha", "--force", "--no-dumps")["dumps"], 0)

    def test_what_cannot_be_meant_leaves_no_file(self):
        self.make_private_results()
        failed = self.command("pack", "alph", "-o", self.file, status=2)
        self.assertIn(b"did you mean alpha", failed.stderr)
        self.command("pack", "verdct = 'fail'", "-o", self.file, status=2)
        self.command("pack", "test_name = 'none'", "-o", self.file, status=3)
        self.assertFalse(self.file.exists())
        self.file.write_text("mine")
        self.command("pack", "alpha", "-o", self.file, status=3)
        self.assertEqual(self.file.read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
