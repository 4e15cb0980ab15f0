# SPDX-License-Identifier: MIT
"""A link, a FIFO, a device, a socket, a foreign directory or file in every place that the program
opens: no command waits for it, and nothing outside the runs root is another one afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from harness_test import HASH, NAME, HarnessScenario  # noqa: E402
from planted import (DEVICES, KINDS, LINKS, MUCH_LIKE_ANOTHER, changed, clear,  # noqa: E402
                     fifo, foreign_directory, foreign_file, link_to_directory, link_to_file,
                     link_to_look_alike, local_socket, look_at, make_world)
from support import COMMAND  # noqa: E402

# Seconds that a command may take on a machine that is busy with other tests, too.
LONGEST = 20
RUN = "unknown-abc1234"
SPOOL = ".ktstr-index/spool/1700000000000000000-1"
JOURNAL = ("ktstr-index spool 1\n"
           f"1\tlink\t1700000000000000000\t1700000000000000000\t3\t\t{RUN}\t\t{NAME}\n")

DUMP = f"wakes_up-{HASH}.failure-dump.json"

# Below the runs root: every name that is opened there, by whoever asks or only by who writes.
PLACES_OF_ALL = (
    ".ktstr-index", ".ktstr-index/catalog.sqlite3", ".ktstr-index/catalog.sqlite3-wal", RUN,
    f"{RUN}/job", f"{RUN}/.ktstr_run_epoch", f"{RUN}/{NAME}", f"{RUN}/{DUMP}",
    f"{RUN}/wakes_up-{HASH}.wprof.pb",
)
PLACES_OF_WRITERS = (
    ".ktstr-index/catalog.sqlite3-shm", ".ktstr-index/catalog.sqlite3-journal",
    ".ktstr-index/spool", ".ktstr-index/spool/anything", SPOOL, f"{SPOOL}.lock",
    f"{SPOOL}/journal", f"{SPOOL}/1", f"{SPOOL}/2", f"{SPOOL}/letter.txt", ".locks",
    f".locks/{RUN}.lock",
)
# Writers replace a result and take its dump away by the name, whatever has it.
REPLACED = (NAME, DUMP)

# Every command that opens something there. Each may fail, but not by a signal.
READING = [
    ["query"], ["query", "--over", "all", "--count"],
    ["query", "--check", "files", "verdict='fail'"],
    ["sql", "SELECT * FROM files"], ["list"], ["list-values"], ["list-metrics"], ["last-run"],
    ["show", "wakes_up"], ["show-host", "--run", RUN], ["explain-sidecar", "--run", RUN],
    ["replay"], ["footer"], ["info"], ["paths"],
]
WRITING = [
    ["refresh"], ["refresh", "--check", "bytes", "--traces"], ["run", "--", "true"],
    ["verify"], ["verify", "--repair"], ["snapshot", "{out}/catalog.sqlite3", "--force"],
    ["pack", "@last", "-o", "{out}/run.ktpack", "--force"],
    ["restore", RUN, "--to", "{out}/back", "--force"], ["import", "{root}"],
    ["gc", "--keep-days", "0", "--apply"], ["purge", "--where", "verdict='skip'", "--apply"],
    ["harness", "write"], ["harness", "write-skip"],
    ["harness", "suppress-dumps", "wakes_up", HASH],
    ["harness", "finalize", f"{{root}}/{RUN}/{NAME}", "--verdict", "pass"],
    ["harness", "hash", f"{{root}}/{RUN}/{NAME}"],
]
FEW = [["query"], ["refresh"], ["run", "--", "true"], ["harness", "write"], ["verify"],
       ["snapshot", "{out}/catalog.sqlite3", "--force"]]


def commands_for(place, kind):
    if kind in MUCH_LIKE_ANOTHER:
        return FEW
    return (READING if place in PLACES_OF_ALL else [["query"]]) + WRITING


def kinds_that_can_be_made():
    if os.geteuid() == 0:
        return KINDS
    return tuple(kind for kind in KINDS if kind not in DEVICES)


class PlantedScenario(HarnessScenario):
    def setUp(self):
        super().setUp()
        self.world = self.temporary / "world"
        self.out = self.temporary / "out"
        self.archive = self.temporary / "kept" / "archive.sqlite3"
        self.good = self.temporary / "good"
        self.commit_less = self.temporary / "no_repository"
        for directory in (self.world, self.out, self.commit_less):
            directory.mkdir()
        make_world(self.world)
        self.make_good_root()

    def make_good_root(self):
        """What is copied for each planting: a root with results, a catalog, a dead spool."""
        self.write(session="before")
        run = self.root / RUN
        (run / f"wakes_up-{HASH}.failure-dump.json").write_text("{}")
        (run / f"wakes_up-{HASH}.wprof.pb").write_bytes(b"trace")
        (run / "job").mkdir()
        shutil.copy(run / NAME, run / "job" / NAME)
        self.run_command("refresh", "--root", self.root)
        spool = self.root / SPOOL
        spool.mkdir(parents=True)
        (spool / "journal").write_text(JOURNAL)
        (spool / "1").write_bytes(b"{}\n")
        self.root.rename(self.good)

    def environment(self, **changes):
        values = {"KTSTR_INDEX_ARCHIVE": str(self.archive), "KTSTR_RUNS_ROOT": str(self.root),
                  "KTSTR_PROJECT_COMMIT": "abc1234", "KTSTR_RUN_EPOCH": "now",
                  "XDG_CONFIG_HOME": str(self.home / "config")}
        return super().environment(**{**values, **changes})

    def plant(self, kind, path):
        clear(path)
        kind(path, self.world)

    def fresh_root(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.good, self.root, symlinks=True)

    def attempt(self, arguments, stdin=None, env=None):
        """Runs it, whatever it says; but it ends by itself, in time, and by no signal."""
        arguments = [str(argument).format(root=self.root, out=self.out) for argument in arguments]
        record = json.dumps(self.record).encode() if stdin is None else stdin
        try:
            done = subprocess.run([COMMAND, *arguments], input=record, capture_output=True,
                                  timeout=LONGEST, cwd=self.commit_less, check=False,
                                  env=self.environment(**(env or {})))
        except subprocess.TimeoutExpired as expired:
            self.fail(f"{arguments} hung: {expired.stderr}")
        self.assertIn(done.returncode, (0, 1, 2, 3), f"{arguments}\n{done.stderr.decode()}")
        return done


class EveryPlace(PlantedScenario):
    """One test a kind, so that the one that fails says which."""

    def check_kind(self, kind):
        for place in PLACES_OF_ALL + PLACES_OF_WRITERS:
            with self.subTest(place=place, kind=kind.__name__):
                self.fresh_root()
                path = self.root / place
                self.plant(kind, path)
                planted = path.lstat()
                before = look_at(self.world)
                for arguments in commands_for(place, kind):
                    self.attempt(arguments)
                self.assertEqual(changed(before, look_at(self.world)), [])
                if kind is not foreign_file and path.name not in REPLACED:
                    self.assertEqual((path.lstat().st_ino, path.lstat().st_mode),
                                     (planted.st_ino, planted.st_mode), "what was planted is gone")


def make_test(kind):
    return lambda self: self.check_kind(kind)


for planted_kind in KINDS:
    test = make_test(planted_kind)
    if planted_kind in DEVICES:
        test = unittest.skipUnless(os.geteuid() == 0, "only root can make devices")(test)
    setattr(EveryPlace, f"test_a_{planted_kind.__name__}_in_every_place", test)


class NamedPlaces(PlantedScenario):
    """What the user names is his, links too; what can't be read is refused, and nobody waits."""

    # Kinds that never are what was asked for, whoever put them there.
    STRANGE = (fifo, *DEVICES, local_socket)

    def setUp(self):
        super().setUp()
        self.fresh_root()
        self.named = self.temporary / "named"

    def check(self, commands, statuses, kinds=STRANGE, place=None):
        place = place or self.named
        for kind in kinds:
            if kind not in kinds_that_can_be_made():
                continue
            self.plant(kind, place)
            before, planted = look_at(self.world), place.lstat()
            for arguments in commands:
                with self.subTest(kind=kind.__name__, command=arguments):
                    done = self.attempt([str(argument).replace("{named}", str(self.named))
                                         for argument in arguments])
                    self.assertIn(done.returncode, statuses, done.stderr.decode())
            self.assertEqual(changed(before, look_at(self.world)), [])
            self.assertEqual(place.lstat().st_ino, planted.st_ino, "what was planted is gone")

    def test_a_stranger_as_a_pool_to_look_at_is_refused(self):
        self.check([["query", "--in", "{named}"], ["import", "{named}"],
                    ["refresh", "--root", "{named}"],
                    ["pack", "--in", "{named}", "-o", "{out}/x"]], (2, 3))

    def test_a_stranger_as_the_archive_is_refused(self):
        archive = ["--archive", "{named}"]
        self.check([["query", "--over", "past", *archive], ["gc", "--keep-days", "1", *archive],
                    ["snapshot", "{out}/s", "--force", "--over", "past", *archive],
                    ["restore", RUN, "--to", "{out}/back", *archive],
                    ["import", "{root}", *archive],
                    ["purge", "--where", "1", "--apply", *archive]], (2, 3))
        # The catalog is made all the same, and the archive's trouble is said.
        self.check([["refresh", *archive], ["run", *archive, "--", "true"],
                    ["info", *archive]], (0, 2, 3))

    def test_a_stranger_beside_the_archive_is_no_lock_and_no_log(self):
        for suffix in (".lock", "-wal", "-shm", "-journal"):
            self.archive.unlink()
            for path in self.archive.parent.glob("archive.sqlite3-*"):
                clear(path)
            self.check([["refresh"], ["query", "--over", "past"], ["gc", "--keep-days", "1"]],
                       (0, 2, 3), (*self.STRANGE, *LINKS), Path(f"{self.archive}{suffix}"))
            clear(Path(f"{self.archive}{suffix}"))
            self.run_command("refresh", "--root", self.root)

    def test_a_stranger_as_a_named_catalog_is_refused(self):
        self.check([["query", "--catalog", "{named}"], ["refresh", "--catalog", "{named}"],
                    ["info", "--catalog", "{named}"]], (2,))

    def test_a_stranger_beside_a_pack_is_no_log(self):
        self.attempt(["refresh"])
        pack = self.temporary / "run.ktpack"
        self.attempt(["pack", "@last", "-o", pack])
        self.assertTrue(pack.is_file())
        for suffix in ("-wal", "-shm", "-journal"):
            self.check([["query", "--in", pack], ["import", pack]], (0, 2, 3),
                       (*self.STRANGE, *LINKS), Path(f"{pack}{suffix}"))
            clear(Path(f"{pack}{suffix}"))

    def test_a_stranger_as_a_sidecar_to_be_hashed_or_finalized_is_refused(self):
        self.check([["harness", "hash", "{named}"],
                    ["harness", "finalize", "{named}", "--verdict", "pass"]], (3,))

    def test_a_stranger_as_the_file_of_named_queries_is_refused(self):
        for place in (self.home / "config/ktstr-index/config.json",
                      self.commit_less / ".ktstr-index.json"):
            self.check([["query", "--named"], ["query", "@mine"]], (2, 3), place=place)
            clear(place)

    def test_a_stranger_among_the_kernels_is_passed_over(self):
        cache = self.temporary / "kernels"
        place = cache / "6.14.2-x86_64" / "metadata.json"
        env = {"KTSTR_CACHE_DIR": str(cache), "KTSTR_KERNEL": "6.14.2"}
        for kind in self.STRANGE:
            if kind in kinds_that_can_be_made():
                self.plant(kind, place)
                self.attempt(["harness", "write"], env=env)
                self.attempt(["paths", "6.14.2"], env=env)

    def test_a_stranger_in_a_tree_to_be_imported_is_left_out(self):
        source = self.temporary / "source" / "6.14-abc1234"
        source.mkdir(parents=True)
        for name in (NAME, ".ktstr_run_epoch", f"wakes_up-{HASH}.failure-dump.json"):
            self.check([["query", "--in", source.parent], ["import", source.parent]], (0, 3),
                       (*self.STRANGE, *LINKS), source / name)

    def test_a_link_in_the_way_of_a_restore_is_not_followed(self):
        self.run_command("refresh", "--root", self.root)
        self.check([["restore", RUN, "--to", "{out}/back", "--force"]], (3,),
                   (link_to_directory, link_to_look_alike, link_to_file), self.out / "back" / RUN)

    def test_a_root_that_is_a_link_is_the_users_own(self):
        link = self.temporary / "link"
        link.symlink_to(self.root)
        shutil.rmtree(self.root / ".ktstr-index")
        said = self.run_command("refresh", "--root", link).stderr.decode()
        self.assertEqual(said, "")
        self.assertTrue((self.root / ".ktstr-index/catalog.sqlite3").is_file())
        rows = self.json("query", "--root", link)["rows"]
        self.assertEqual(len(rows), 2)
        written = self.harness("write", record=self.record, env={"KTSTR_RUNS_ROOT": str(link)})
        self.assertEqual(written.stderr, b"")

    def test_a_catalog_that_is_named_by_a_link_is_the_users_own(self):
        real = self.temporary / "real.sqlite3"
        self.named.symlink_to(real)
        self.run_command("refresh", "--root", self.root, "--catalog", self.named)
        self.assertTrue(real.is_file())
        self.assertTrue(self.named.is_symlink())


class SaidInOneLine(PlantedScenario):
    """What is refused is said once, and the work is done as far as it can be."""

    def setUp(self):
        super().setUp()
        self.fresh_root()

    def assert_one_line(self, said, place):
        lines = [line for line in said.decode().splitlines() if str(place) in line]
        self.assertEqual(len(lines), 1, said.decode())

    def test_a_linked_index_directory_gives_a_catalog_in_the_cache(self):
        place = self.root / ".ktstr-index"
        self.plant(link_to_directory, place)
        self.assert_one_line(self.attempt(["refresh"]).stderr, place)
        done = self.attempt(["query", "--format", "json"])
        self.assertEqual(len(json.loads(done.stdout)["rows"]), 2)
        self.assertEqual(len(list(self.home.rglob("catalog.sqlite3"))), 1)

    def test_a_linked_directory_of_spools_is_left_alone(self):
        place = self.root / ".ktstr-index/spool"
        self.plant(link_to_directory, place)
        self.assert_one_line(self.attempt(["refresh"]).stderr, place)

    def test_a_directory_among_the_spools_that_is_none_is_left_alone(self):
        before = look_at(self.root / ".ktstr-index/spool")
        place = self.root / ".ktstr-index/spool/1600000000000000000-3"
        self.plant(foreign_directory, place)
        whole = look_at(place)
        self.assert_one_line(self.attempt(["refresh"]).stderr, place)
        self.assertEqual(look_at(place), whole)
        # The one beside it, which is ours, is read and removed.
        self.assertIn(str(self.root / SPOOL / "journal"), before)
        self.assertFalse((self.root / SPOOL).exists())

    def test_what_isnt_ours_within_a_spool_stays(self):
        place = self.root / SPOOL / "letters"
        self.plant(foreign_directory, place)
        whole = look_at(place)
        self.assert_one_line(self.attempt(["refresh"]).stderr, self.root / SPOOL)
        self.assertEqual(look_at(place), whole)
        self.assertFalse((self.root / SPOOL / "1").exists())

    def test_a_sentinel_that_is_a_link_is_not_written_and_nothing_is_cleared(self):
        place = self.root / RUN / ".ktstr_run_epoch"
        self.plant(link_to_file, place)
        other = dict(self.record, test_name="sleeps")
        done = self.attempt(["harness", "write"], stdin=json.dumps(other).encode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_one_line(done.stderr, place)
        self.assertTrue((self.root / RUN / NAME).exists())

    def test_a_linked_run_directory_is_read_but_not_written(self):
        shutil.move(self.root / RUN, self.world / "run")
        (self.root / RUN).symlink_to(self.world / "run")
        before = look_at(self.world)
        rows = json.loads(self.attempt(["query", "--format", "json"]).stdout)["rows"]
        self.assertEqual(len(rows), 2)
        for arguments in (["harness", "write"], ["harness", "suppress-dumps", "wakes_up", HASH]):
            done = self.attempt(arguments)
            self.assertEqual(done.returncode, 3)
            self.assert_one_line(done.stderr, self.root / RUN)
        self.assertEqual(changed(before, look_at(self.world)), [])
        named = {"KTSTR_SIDECAR_DIR": str(self.root / RUN)}
        self.assertEqual(self.attempt(["harness", "write"], env=named).returncode, 0)

    def test_a_linked_lock_directory_lets_nobody_write(self):
        for place in (".locks", f".locks/{RUN}.lock"):
            clear(self.root / ".locks")
            self.plant(link_to_directory, self.root / place)
            done = self.attempt(["harness", "write"])
            self.assertEqual(done.returncode, 3)
            self.assert_one_line(done.stderr, self.root / place)


class Capture(PlantedScenario):
    """It stays until it is told to end, so what is planted must not keep it from hearing."""

    def test_it_ends_when_told_to_with_a_stranger_in_every_place_of_spools(self):
        places = [".ktstr-index", ".ktstr-index/spool", SPOOL, f"{SPOOL}.lock", f"{SPOOL}/journal"]
        for place in places:
            for kind in (link_to_directory, fifo, foreign_directory, foreign_file):
                with self.subTest(place=place, kind=kind.__name__):
                    self.fresh_root()
                    self.plant(kind, self.root / place)
                    before = look_at(self.world)
                    self.capture_for_a_moment()
                    self.assertEqual(changed(before, look_at(self.world)), [])

    def capture_for_a_moment(self):
        process = subprocess.Popen([COMMAND, "capture", str(self.root)], env=self.environment(),
                                   cwd=self.commit_less, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            time.sleep(0.15)
            (self.root / RUN / "new-0123456789abcdef.ktstr.json").write_text("{}")
            time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            process.wait(LONGEST)
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    unittest.main()
