# SPDX-License-Identifier: MIT
"""A statement keeps to its time and to its memory, whatever it is."""

import subprocess
import unittest

from bounded_scenario import COMMAND, IS_SANITIZED, MIB, BoundedScenario

MOST_BYTES = 1200 * MIB  # of the process: what SQLite may take, and a row of it as text

# Each would take hours, or more memory than there is.
ENDLESS = {
    "counting": "with recursive n(i) as (select 1 union all select i + 1 from n) "
                "select max(i) from n",
    "remembering": "with recursive n(i) as (select 1 union select i + 1 from n) "
                   "select max(i) from n",
    "a queue that grows": "with recursive n(i) as (select 1 union all select i + 1 from n union "
                          "all select i + 2 from n order by 1 desc) select max(i) from n",
    "a product": "select count(*) from metrics a, metrics b, metrics c, metrics d",
    "a row far down": "select 1 from metrics a, metrics b, metrics c limit 1 offset 1000000000000",
    "a sorted product": "select a.value from metrics a, metrics b, metrics c "
                        "order by a.metric || b.metric || c.value",
    "distinct ones of it": "select count(distinct a.metric || b.value || c.value || random()) "
                           "from metrics a, metrics b, metrics c",
    "groups of it": "select random() as r, count(*) from metrics a, metrics b, metrics c group by 1",
    "a window over it": "select sum(a.value) over (order by a.value rows between unbounded "
                        "preceding and unbounded following exclude ties) from metrics a, metrics b",
    "one text of it": "select group_concat(a.metric) from metrics a, metrics b, metrics c",
    "one array of it": "select json_group_array(json_object(a.metric, b.value)) "
                       "from metrics a, metrics b, metrics c",
    "doubled tables": "with a as (select 1 x union all select 1), b as (select 1 from a, a z), "
                      "c as (select 1 from b, b z), d as (select 1 from c, c z), e as (select 1 "
                      "from d, d z), f as (select 1 from e, e z) select count(*) from f",
    "a pattern": "select hex(zeroblob(15000000)) like '%' || hex(zeroblob(2000)) || '1'",
    "a glob": "select hex(zeroblob(15000000)) glob '*' || hex(zeroblob(2000)) || '1'",
    "a search": "select instr(hex(zeroblob(15000000)), hex(zeroblob(7000000)) || '1')",
    "a replacement": "select replace(hex(zeroblob(15000000)), hex(zeroblob(7000000)) || '1', '')",
    "a trim": "select trim(hex(zeroblob(15000000)), "
              "replace(hex(randomblob(5000000)), '0', '1') || '0')",
    "long texts for each": "select max(length(replace(hex(randomblob(8000000)), 'A', 'BC'))) "
                           "from metrics a, metrics b",
    "formatting for each": "select sum(length(printf('%20000000d', a.value))) from metrics a, "
                           "metrics b",
    "parsing for each": "select sum(json_array_length('[' || "
                        "replace(hex(zeroblob(4000000)), '00', '0,') || '0]')) from metrics a, "
                        "metrics b",
}

# Those are refused, or answered, before that.
LARGE = {
    "a blob": "select zeroblob(1000000000)",
    "random bytes": "select randomblob(1000000000)",
    "a format": "select printf('%.*c', 1000000000, 'x')",
    "a width": "select printf('%1000000000d', 1)",
    "a text that doubles": "with recursive t(x) as (select 'x' union all select x || x from t) "
                           "select max(length(x)) from t",
    "many long values": "select " + ", ".join(["hex(zeroblob(15000000))"] * 40),
    "many rows of long values": "with recursive n(i) as (select 1 union all select i + 1 from n "
                                "where i < 60) select length(x) from (select hex(zeroblob(15000000)) "
                                "|| random() as x from n order by 1)",
    "escaped long values": "select " + ", ".join(
        ["replace(hex(zeroblob(500000)), '0', char(1))"] * 3),
    "many aggregates": "select " + ", ".join(
        f"group_concat(a.metric || {i})" for i in range(50)) + " from metrics a, metrics b",
    "a deep text": "select json_valid(replace(hex(zeroblob(4000000)), '00', '['))",
    "a wide tree": "select count(*) from json_tree('[' || "
                   "replace(hex(zeroblob(8000000)), '00', '0,') || '0]')",
    "a pattern that is too long": "select 'x' like replace(hex(zeroblob(20000)), '00', '%x')",
}


class Time(BoundedScenario):
    def setUp(self):
        super().setUp()
        self.make_pool("--run-directories", 2, "--tests", 20, "--clean")
        self.refresh()

    def check(self, statement, statuses, *arguments):
        done = self.measured(*arguments, "--timeout", 1, "--root", self.root)
        self.assertIn(done.status, statuses, f"{statement}\n{done.said}")
        self.assertNotIn("terminate", done.said)
        if IS_SANITIZED:
            return done
        # A second is what was asked for; the rest is for printing on a slow, busy machine.
        self.assertLess(done.seconds, 15.0, statement)
        self.assertLess(done.peak_bytes, MOST_BYTES, statement)
        return done

    def test_an_endless_statement_ends_in_its_time(self):
        for name, statement in ENDLESS.items():
            with self.subTest(name):
                done = self.check(statement, (2, 3), "sql", statement)
                if done.status == 3:
                    self.assertRegex(done.said, "took longer|more memory")

    def test_a_large_value_is_refused_or_fits(self):
        for name, statement in LARGE.items():
            with self.subTest(name):
                self.check(statement, (0, 2, 3), "sql", statement)

    def test_an_endless_expression_ends_in_its_time(self):
        text = "hex(zeroblob(15000000)) || test_name"
        for expression in (f"{text} like '%' || hex(zeroblob(2000)) || '1'",
                           f"instr({text}, hex(zeroblob(7000000)) || '1') > 0",
                           "(select count(*) from metrics a, metrics b, metrics c) > 0"):
            for options in ((), ("--paths",), ("--count",), ("--order-by", "test_name")):
                with self.subTest(expression, options=options):
                    done = self.check(expression, (3,), "query", expression, *options)
                    self.assertIn("took longer", done.said)

    def test_a_reader_may_take_longer_than_the_statement(self):
        """Time that a pager or a pipe takes doesn't count, in the watch either."""
        statement = "select a.metric from metrics a, metrics b limit 200000"
        script = '"$0" "$@" | (sleep 2; wc -l)'
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script, COMMAND, "sql", statement, "--timeout", "1.5",
             "--root", str(self.root), "--format", "csv"],
            capture_output=True, timeout=60, env=self.environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stdout.strip(), b"200001")

    def test_what_is_sorted_goes_to_files_without_a_name(self):
        """More than fits into the memory that it may take."""
        spill = self.temporary / "spill"
        spill.mkdir()
        statement = ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)"
                     " select count(*) from (select i, hex(randomblob(50000)) as x from n "
                     "order by x)")
        done = self.measured("sql", statement, "--root", self.root, "--format", "csv",
                             env={"SQLITE_TMPDIR": str(spill)})
        self.assertEqual((done.status, done.stdout.split()[-1:]), (0, [b"3000"]), done.said)
        self.assertEqual(list(spill.iterdir()), [])
        if not IS_SANITIZED:
            self.assertLess(done.peak_bytes, 300 * MIB)


if __name__ == "__main__":
    unittest.main()
