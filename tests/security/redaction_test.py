# SPDX-License-Identifier: MIT
"""A pack tells nobody where its results were made, and nothing in it can be undone by trying."""

import contextlib
import json
import os
import re
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from archive_scenario import ArchiveScenario, example  # noqa: E402
from support import shared_data  # noqa: E402

RUN = "6.14.2-abc1234"
HASH = "0123456789abcdef"

# Kinds of private values: what of them must not be found in a pack, and the count they belong to.
KINDS = {
    "host": ("orchid7", "hosts"),
    "fqdn": ("zinnia4.lab.corp.example.com", "hosts"),
    "ipv4": ("203.0.113.77", "addresses"),
    "ipv6": ("fd12:3456::77", "addresses"),
    "mac": ("76:d4:dd:7d:4f:5d", "addresses"),
    "bare_mac": ("86d4dd7d4f5e", "addresses"),
    "mail": ("mallory@mailbox.example.org", "addresses"),
    "uuid": ("3e6be9de-8139-11d1-9106-a43f08d823a6", "ids"),
    "bare_uuid": ("4e6be9de813911d19106a43f08d823a7", "ids"),
    "disk": ("wwn-0x5000c500a1b2c3d4", "ids"),
    "path": ("/home/mallory/src/thing", "paths"),
    "windows": ("C:\\Users\\Mallory\\thing", "paths"),
    "unc": ("\\\\fileserver9\\share\\thing", "paths"),
    "token": ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "secrets"),
    "cloud_key": ("AKIAIOSFODNN7EXAMPLQ", "secrets"),
}
# Each value in four ways at least: 60 and more in all.
AROUND = ("{}", "at:{} ,", "x={}", "(see {}) then", "é {}é")
# Those that end where a word does stand right beside letters and dashes, too.
TIGHT = ("host", "ipv4", "mac", "uuid")
SPELLINGS = [(kind, around.format(value)) for kind, (value, _) in KINDS.items()
             for around in AROUND]
SPELLINGS += [(kind, around.format(KINDS[kind][0]))
              for kind in TIGHT for around in ("_{}_", "a-{}-z", "é{}é")]
SPELLINGS += [("host", "ORCHID7"), ("host", "x-Orchid7x"), ("path", "-I/home/mallory/src/thing"),
              ("path", "%/home/mallory/src/thing"), ("mac", "76-D4-DD-7D-4F-5D"),
              ("ipv6", "key:fd12:3456::77"), ("uuid", "3E6BE9DE-8139-11D1-9106-A43F08D823A6")]

# What of it would tell, in any case.
TELLTALES = ("orchid7", "zinnia4", "203.0.113", "fd12:3456", "76:d4:dd", "76-d4-dd", "86d4dd7d4f5e",
             "mallory", "3e6be9de", "4e6be9de", "5000c500", "fileserver9", "16c7e42f",
             "iosfodnn7", "hunter2")


def places(record, value):
    """The record with the value in each place where a text can stand; none breaks the contract."""
    record["payload"] = record["work_type"] = record["scheduler"] = value
    # A commit may be cut to twelve digits, as many as an address has.
    commit = "abc1234" if KINDS["bare_mac"][0] in value else value
    record["scheduler_commit"] = record["project_commit"] = record["kernel_commit"] = commit
    record["kernel_version"] = f"6.14.0-{value}"
    record["resolve_source"] = record["run_source"] = record["run_id"] = value
    record["topology"] = value
    record["sysctls"], record["kargs"] = [value], [value, f"ip={value}"]
    record["metrics"][0]["metrics"][0].update(name=value, unit=value)
    record["stats"]["cgroups"][0]["cgroup_name"] = f"/{value}"
    record["stats"]["ext_metrics"][value] = 1.5
    phase = record["stats"]["phases"][0]
    phase["label"] = value
    phase["per_cgroup"] = {f"cg {value}": each for each in list(phase["per_cgroup"].values())[:1]}
    record["stimulus_events"][0].update(label=value, op_kind=value, detail=value)
    record["verifier_stats"][0]["name"] = value
    record["host"].update(cpu_model=value, kernel_release=value, kernel_cmdline=f"x={value} psi=1")
    record["host"]["sched_tunables"]["key " + value] = value
    record["unknown"] = {"text": value, value: [value, {"deep": [[value]]}]}
    return record


class Redaction(ArchiveScenario):
    def setUp(self):
        super().setUp()
        self.file = self.temporary / "results.ktstr"
        self.elsewhere = self.temporary / "elsewhere"
        self.elsewhere.mkdir()

    def put_result(self, name, value=None, directory=RUN, **changes):
        record = json.loads(example(name, **changes))
        record["host"]["kernel_release"] = "6.13.2"
        record["host"]["kernel_cmdline"] = "psi=1"
        if value is not None:
            places(record, value)
        return self.put(f"{directory}/{name}-{HASH}.ktstr.json", json.dumps(record))

    def put_dump(self, name, content, directory=RUN):
        return self.put(f"{directory}/{name}-{HASH}.failure-dump.json", json.dumps(content))

    def pack(self, *arguments, to=None, env=None):
        return self.document("pack", *arguments, "-o", to or self.file, env=env)

    def there(self, *arguments):
        env = {"HOME": str(self.elsewhere),
               "KTSTR_INDEX_ARCHIVE": str(self.elsewhere / "archive.sqlite3")}
        return self.json(*arguments, env=env, cwd=self.elsewhere)

    def import_there(self, path):
        [row] = self.there("import", path)["rows"]
        return row["added"], row["known"], row["dumps"]

    def cells(self, path=None):
        """Every value of every table, bytes of documents aside."""
        with contextlib.closing(sqlite3.connect(path or self.file)) as pack:
            tables = [name for (name,) in pack.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [value for table in tables for row in pack.execute(f"SELECT * FROM {table}")
                    for value in row if value is not None and not isinstance(value, bytes)]

    def documents(self):
        """Every document of the pack, as its receiver gets it back."""
        self.import_there(self.file)
        with contextlib.closing(sqlite3.connect(self.elsewhere / "archive.sqlite3")) as archive:
            run_dirs = [name for (name,) in archive.execute(
                "SELECT DISTINCT run_dir FROM directory WHERE job = ''")]
        texts = []
        for number, run_dir in enumerate(run_dirs):
            back = self.elsewhere / f"back{number}"
            self.there("restore", run_dir, "--to", back)
            texts += [path.read_text() for path in back.rglob("*.json")]
        return texts

    def assert_tells_nothing(self, texts, telltales=TELLTALES):
        for text in texts:
            lower = str(text).lower()
            for telltale in telltales:
                at = lower.find(telltale)
                if at >= 0:
                    self.fail(f"{telltale}: …{lower[max(0, at - 80):at + 80]}…")


class NothingPrivate(Redaction):
    def test_no_value_in_any_place_or_spelling_is_left(self):
        self.assertGreaterEqual(len(SPELLINGS), 60)
        self.put_dump("names", {"nodename": "orchid7"})
        for number, (_, spelling) in enumerate(SPELLINGS):
            self.put_result(f"test_{number}", spelling)
            self.put_dump(f"test_{number}", {"log": f"line\n{spelling}\nmore", "at": {spelling: 1},
                                             "cgroup_path": spelling, "version": spelling})
            if "/" not in spelling and "\\" not in spelling:
                self.put(f"6.14-{spelling}/job {spelling}/on {spelling}-{HASH}.ktstr.json",
                         example(f"on {spelling}"))
        self.put(f"{RUN}/.ktstr_run_epoch", "ci-orchid7-2026")
        self.command("refresh", "--label", "host=orchid7", "--label", "at=zinnia4.lab.corp.example.com")
        document = self.pack("1 = 1")
        self.assertEqual(document["left_out"], 0)
        self.assertGreater(document["results"], len(SPELLINGS))
        self.assert_tells_nothing(self.cells())
        documents = self.documents()
        self.assertGreaterEqual(len(documents), 2 * len(SPELLINGS))
        self.assert_tells_nothing(documents)
        self.assert_tells_nothing([path.name for path in self.elsewhere.rglob("*")])
        self.assertNotIn(b"orchid7", self.file.read_bytes().lower())

    def test_redacted_records_hold_the_contract(self):
        for number, (_, spelling) in enumerate(SPELLINGS):
            self.put_result(f"test_{number}", spelling)
        self.command("refresh")
        before = self.values("SELECT DISTINCT status FROM sidecar")
        self.assertEqual(before, ["ok"])
        self.pack(RUN)
        with contextlib.closing(sqlite3.connect(self.file)) as pack:
            self.assertEqual(pack.execute("SELECT DISTINCT status FROM sidecar").fetchall(),
                             [("ok",)])
            for column in ("scheduler", "payload", "work_type"):
                # As many as there were, so that what was apart stays apart.
                [wanted] = self.values(f"SELECT count(DISTINCT {column}) FROM sidecar")
                [(got,)] = pack.execute(f"SELECT count(DISTINCT {column}) FROM sidecar")
                self.assertGreaterEqual(got, wanted - 3, column)  # spellings of one host are one

    def test_it_says_how_many_of_each_kind_were_there(self):
        wanted = dict.fromkeys(("paths", "addresses", "ids", "hosts", "secrets"), 0)
        notes = []
        for kind, (value, counted) in KINDS.items():
            if kind == "host":
                continue  # nothing marks it
            for number in range(2):
                notes.append(f"{number} {value}")
                wanted[counted] += 1
        self.put_result("alpha")
        self.put_dump("alpha", {"notes": notes, "hostname": "orchid7", "password": "hunter2",
                                "kernel_cmdline": "ro root=UUID=1 psi=1"})
        self.command("refresh")
        redacted = self.pack(RUN)["redacted"]
        wanted.update(hosts=wanted["hosts"] + 1, secrets=wanted["secrets"] + 1, boot_parameters=2)
        self.assertEqual(redacted, wanted)
        self.assertEqual(self.pack(RUN, "--force", "--with-host")["redacted"], None)

    def test_a_machine_named_anywhere_is_found_everywhere(self):
        self.put_result("first")
        self.put_dump("first", {"uts": {"nodename": "petunia"}})
        self.put_result("alpha", payload="fio_petunia", directory="6.14-petunia")
        self.put_result("beta", payload="fio_petunia", directory="6.14-petunia")
        self.command("refresh")
        self.pack("1 = 1")
        self.assert_tells_nothing(self.cells() + self.documents(), ("petunia",))
        with contextlib.closing(sqlite3.connect(self.file)) as pack:
            [(payload,)] = pack.execute("SELECT DISTINCT payload FROM sidecar WHERE test_name <> "
                                        "'first'")
            [(run_dir,)] = pack.execute("SELECT DISTINCT run_dir FROM directory WHERE run_dir "
                                        "LIKE '6.14-%' AND run_dir <> ?", (RUN,))
        self.assertRegex(payload, r"^fio_<host-[0-9a-f]{8}>$")
        self.assertEqual(run_dir.removeprefix("6.14-"), payload.removeprefix("fio_"))

    def test_a_machine_is_learned_from_every_spelling_of_a_key_and_from_names(self):
        self.put(f"{RUN}/one-{HASH}.failure-dump.json",
                 '{"remote":{"host":"zqaster1"},"x":{"Host":"zqdahlia2"},"host\\u006eame":"zqlilac3",'
                 '"log":"zqaster1 zqdahlia2 zqlilac3 ok"}')
        self.put_result("one", payload="on zqaster1 zqdahlia2 zqlilac3 zqviola4 zqtulip5 zqpeony6")
        self.put_result("two", directory=f"{RUN}/hostname=zqviola4")
        self.put(f"{RUN}/.ktstr_run_epoch", "hostname=zqtulip5")
        self.command("refresh", "--label", "note=hostname=zqpeony6")
        self.pack("1 = 1")
        self.assert_tells_nothing(self.cells() + self.documents(),
                                  ("aster1", "dahlia2", "lilac3", "viola4", "tulip5", "peony6"))

    def test_a_secret_is_not_kept_by_looking_like_a_number_or_a_commit(self):
        secrets = ("password=0xdeadbeefcafe01", "token: 0xcab1e5cab1e5cab1",
                   "api_key=0xfeedfeedfeed01", 'secret = "commit abad1dea1"')
        for number, secret in enumerate(secrets):
            self.put_result(f"test_{number}", payload=secret, topology=secret)
            self.put_dump(f"test_{number}", {"log": secret, secret: 1})
        self.command("refresh")
        self.pack("1 = 1")
        self.assert_tells_nothing(self.cells() + self.documents(),
                                  ("deadbeef", "cab1e5", "feedfeed", "abad1dea"))

    def test_an_address_with_a_small_first_number_is_found_in_what_results_go_by(self):
        self.put_result("on 5.9.12.13", payload="iperf -c 5.9.12.13",
                        directory=f"{RUN}/runner-5.9.12.13")
        self.put_dump("on 5.9.12.13", {"peer 5.9.12.13": 1}, directory=f"{RUN}/runner-5.9.12.13")
        self.command("refresh", "--label", "at=5.9.12.13")
        self.pack("1 = 1")
        self.assert_tells_nothing(self.cells() + self.documents(), ("5.9.12.13",))

    def test_what_remains_uncertain_is_said(self):
        self.put_result("alpha")
        self.command("refresh")
        said = self.command("pack", RUN, "-o", self.file).stderr.decode()
        self.assertIn("look into it before you publish", said)


class RealSidecar(Redaction):
    def test_of_the_real_one_only_the_boot_line_changes(self):
        [path] = shared_data("real").glob("*.ktstr.json")
        record = json.loads(path.read_bytes())
        self.put(f"{RUN}/{path.name}", path.read_bytes())
        self.command("refresh")
        self.pack(RUN)
        [packed] = self.documents()
        packed = json.loads(packed)
        line = record["host"]["kernel_cmdline"]
        kept = packed["host"].pop("kernel_cmdline")
        record["host"].pop("kernel_cmdline")
        self.assertEqual(packed, record)
        left_out = [word for word in line.split() if word not in kept.split()]
        self.assertTrue(left_out)
        cells = "\n".join(map(str, self.cells()))
        for word in left_out:
            if len(word) > 3:
                self.assertNotIn(word, cells)
        self.assertNotRegex(cells, re.compile(r"(?i)uuid=|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"))


class NothingToTry(Redaction):
    def test_no_id_size_or_hash_is_one_of_the_original(self):
        """Who tries every address that might have stood there finds nothing to compare with."""
        self.put_result("alpha", kargs=["ip=203.0.113.77"])
        dump = self.put_dump("alpha", {"peer": "203.0.113.77", "file": f"alpha-{HASH}.ktstr.json",
                                       "more": "x" * 54_321})
        self.command("refresh")
        originals = self.values("SELECT id FROM sidecar UNION ALL SELECT id FROM artifact")
        originals += self.values("SELECT observation_id FROM sidecar UNION ALL "
                                 "SELECT observation_id FROM artifact")
        originals += self.values("SELECT variant_hash FROM sidecar")
        sizes = self.values("SELECT size_bytes FROM document")
        self.pack(RUN)
        cells = self.cells()
        texts = "\n".join(map(str, cells + self.documents()))
        for original in originals:
            self.assertNotIn(original, texts)
        self.assertFalse(set(sizes) & {cell for cell in cells if isinstance(cell, int)})
        self.assertNotIn(dump.stat().st_size, cells)
        # The name's hash is of the same parts as the record's.
        self.assertNotIn(HASH, texts)
        with contextlib.closing(sqlite3.connect(self.file)) as pack:
            hashes = pack.execute("SELECT file_hash, variant_hash FROM sidecar").fetchall()
            dumps = pack.execute("SELECT file_hash FROM artifact WHERE test_name = 'alpha'")
            self.assertEqual(hashes[0][0], hashes[0][1])
            self.assertEqual(dumps.fetchall(), [(hashes[0][0],)])

    def test_a_name_without_bytes_says_no_size(self):
        self.put_result("alpha")
        trace = self.put(f"{RUN}/alpha-{HASH}.failure-dump.json", "not JSON: 203.0.113.77" * 2345)
        self.command("refresh")
        document = self.pack(RUN)
        self.assertEqual((document["dumps"], document["dumps_without_bytes"]), (0, 1))
        self.assertNotIn(trace.stat().st_size, self.cells())
        [row] = self.document("import", self.file)["rows"]
        self.assertEqual((row["added"], row["dumps"]), (0, 0))

    def test_the_key_never_leaves(self):
        self.put_result("alpha", payload="fio_fd12:3456::77")
        self.command("refresh")
        self.pack(RUN)
        [key] = self.values("SELECT value FROM setting WHERE key = 'substitute_key'")
        self.assertRegex(key, "^[0-9a-f]{32}$")
        self.assertNotIn(key, map(str, self.cells()))
        about = self.rows("sql", "SELECT * FROM past.about", "--over", "past")
        self.assertNotIn(key, json.dumps(about))

    def test_what_is_stored_can_be_made_from_the_pack_alone(self):
        """Whoever holds the pack alone gets the same ids and rows out of its documents."""
        self.put_result("alpha", "at 203.0.113.77")
        self.command("refresh")
        self.pack(RUN)
        with contextlib.closing(sqlite3.connect(self.file)) as pack:
            [(identifier, size, variant)] = pack.execute(
                "SELECT id, size_bytes, variant_hash FROM sidecar")
        self.documents()
        [path] = self.elsewhere.rglob("*.ktstr.json")
        self.assertEqual(path.stat().st_size, size)
        hashed = self.run_command("harness", "hash", path).stdout
        self.assertIn(variant.encode(), hashed)
        pool = self.temporary / "pool"
        (pool / "run").mkdir(parents=True)
        (pool / "run" / "a.ktstr.json").write_bytes(path.read_bytes())
        rows = self.json("query", "--select", "id", "--in", pool)["rows"]
        self.assertEqual([row["id"] for row in rows], [identifier])


class Identity(Redaction):
    """A pack's results are known again: at home, elsewhere, in other packs."""

    def make_results(self):
        self.put_dump("alpha", {"peer": "203.0.113.77", "nodename": "petunia"})
        self.put_result("alpha", kargs=["ip=203.0.113.77"])
        self.put_result("beta", payload="fio_petunia", directory="6.14-petunia")
        self.put_result("gamma")
        self.command("refresh", "--label", "pr=7")

    def test_at_home_nothing_is_doubled(self):
        self.make_results()
        self.pack("1 = 1")
        before = [self.values(f"SELECT count(*) FROM {table}")
                  for table in ("sidecar", "artifact", "document", "label")]
        for _ in range(2):
            [row] = self.document("import", self.file)["rows"]
            self.assertEqual((row["added"], row["known"], row["dumps"]), (0, 3, 0))
        after = [self.values(f"SELECT count(*) FROM {table}")
                 for table in ("sidecar", "artifact", "document", "label")]
        self.assertEqual(after, before)

    def test_two_packs_of_the_same_results_give_one_row_each(self):
        self.make_results()
        self.pack("1 = 1")
        again = self.temporary / "again"
        self.pack("beta", "alpha", to=again)
        alone = self.temporary / "alone"
        self.pack("beta", to=alone)  # in which nothing names the machine
        self.assertEqual(self.import_there(self.file), (3, 0, 1))
        self.assertEqual(self.import_there(self.file), (0, 3, 0))
        self.assertEqual(self.import_there(again), (0, 2, 0))
        self.assertEqual(self.import_there(alone), (0, 1, 0))
        self.command("refresh", "--check", "files")
        self.pack("1 = 1", "--force")
        self.assertEqual(self.import_there(self.file), (0, 3, 0))

    def test_the_same_archive_redacts_in_the_same_way(self):
        self.make_results()
        self.pack("1 = 1")
        again = self.temporary / "again"
        self.pack("1 = 1", to=again)
        ids = lambda path: sorted(cell for cell in self.cells(path)
                                  if isinstance(cell, str) and re.fullmatch("[0-9a-f]{32}", cell))
        self.assertEqual(ids(self.file), ids(again))

    def test_a_pack_of_a_pack_is_the_same(self):
        self.make_results()
        self.pack("1 = 1")
        again = self.temporary / "again"
        self.run_command("pack", "1 = 1", "-o", again, "--in", self.file)
        ids = lambda path: sorted(row["id"] for row in self.json(
            "query", "--select", "id", "--in", path)["rows"])
        self.assertEqual(ids(self.file), ids(again))
        self.assertEqual(self.import_there(self.file), (3, 0, 1))
        self.assertEqual(self.import_there(again), (0, 3, 0))

    def test_two_senders_of_one_public_result_send_the_same(self):
        self.put_result("gamma", error="see /home/mallory/x")
        env = {"KTSTR_INDEX_ARCHIVE": "off"}
        for name in ("one", "two"):
            self.pack("gamma", to=self.temporary / name, env=env)
        self.assertEqual(self.import_there(self.temporary / "one"), (1, 0, 0))
        self.assertEqual(self.import_there(self.temporary / "two"), (0, 1, 0))

    def test_what_says_more_takes_the_place_of_what_was_redacted(self):
        self.make_results()
        self.pack("1 = 1")
        whole = self.temporary / "whole"
        self.pack("1 = 1", "--with-host", to=whole)
        self.import_there(self.file)
        self.assertEqual(self.import_there(whole), (0, 3, 0))
        rows = lambda archive: sorted(row for row in archive.execute(
            "SELECT test_name, id, payload FROM sidecar"))
        with contextlib.closing(sqlite3.connect(self.elsewhere / "archive.sqlite3")) as archive:
            there = rows(archive)
            labels = archive.execute("SELECT count(*) FROM label l JOIN sidecar USING(id)")
            self.assertEqual(labels.fetchone(), (3,))
        with self.sql() as archive:
            self.assertEqual(there, rows(archive))
        self.assertEqual(self.import_there(self.file), (0, 3, 0))

    def test_different_results_are_never_taken_for_one(self):
        for name in ("alpha", "beta"):
            for number in (1, 2):
                path = self.put_result(name, payload=f"fio_203.0.113.{number}",
                                       directory=f"6.14.{number}-abc1234")
                os.utime(path, (1_764_500_000, 1_764_500_000))
        self.command("refresh")
        self.pack("1 = 1")
        self.assertEqual(self.import_there(self.file), (4, 0, 0))
        self.assertEqual(self.import_there(self.file), (0, 4, 0))


class Bounds(Redaction):
    def test_megabytes_of_near_matches_are_packed_in_time(self):
        for number, part in enumerate(("10.0.0.1-", "/home/a ", "a@", "::", "x.corp.", "eyJ",
                                       "password=", "-----BEGIN PRIVATE KEY-----", "%2f", "\\\\")):
            self.put_dump(f"test_{number}", {"log": part * (1_000_000 // len(part))})
        self.put_dump("deep", json.loads("[" * 900 + "]" * 900))
        self.put_result("alpha")
        self.command("refresh")
        # run_command's own limit of two minutes is the bound.
        self.assertEqual(self.pack(RUN)["results"], 1)


if __name__ == "__main__":
    unittest.main()
