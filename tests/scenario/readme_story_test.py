# SPDX-License-Identifier: MIT
"""README's story of the archive, its ten lines as they stand there."""

import hashlib
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from keeping_scenario import KeepingScenario
from support import COMMAND, SOURCE

AGAIN = """#!{python}
import json, os, pathlib, subprocess
for name in ("a", "b"):
    record = json.loads(pathlib.Path({record!r}).read_text())
    record.update(test_name=name, vcpus=8)
    subprocess.run([{command!r}, "harness", "write"], input=json.dumps(record).encode(), check=True,
                   stdout=subprocess.DEVNULL)
"""


def story():
    """The commands of the section, comments taken away."""
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    section = text.split("## Nothing is lost\n")[1].split("\n## ")[0]
    return [re.sub(r"\s+#.*", "", line[6:]) for line in section.splitlines()
            if line.startswith("    $ ")]


class Story(KeepingScenario):
    def setUp(self):
        super().setUp()
        self.root.rmdir()
        self.root = self.temporary / "pool"
        self.env = {"KTSTR_PROJECT_COMMIT": "abc1234"}
        programs = self.temporary / "programs"
        programs.mkdir()
        (programs / "ktstr-index").symlink_to(COMMAND)
        self.path = f"{programs}:{os.defpath}"

    def first_run(self):
        """Results and dumps of a session; gives their hashes by path."""
        self.root.mkdir()
        for name in ("a", "b", "c"):
            self.write(session="1111111111111111111", test_name=name)
        run_dir = self.root / "unknown-abc1234"
        for path in sorted(run_dir.glob("a-*.ktstr.json")):
            dump = run_dir / path.name.replace(".ktstr.json", ".failure-dump.json")
            dump.write_bytes(b'{"dump": "of a"}')
            os.utime(dump, ns=(path.stat().st_mtime_ns - 1_000_000,) * 2)
        record = self.temporary / "record.json"
        record.write_text(json.dumps(self.record))
        again = self.temporary / "tests-again"
        again.write_text(AGAIN.format(python=sys.executable, record=str(record), command=COMMAND))
        again.chmod(0o755)
        return self.hashes(self.root)

    @staticmethod
    def hashes(directory):
        return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in Path(directory).rglob("*.json") if ".ktstr-index" not in path.parts}

    def shell(self, lines):
        """Runs the lines in one shell; gives what each printed."""
        marked = "".join(f"{line}\necho \"=={i} $?\"\n" for i, line in enumerate(lines))
        env = self.environment(PATH=self.path, **self.env)
        done = subprocess.run(["bash", "-c", marked], capture_output=True, timeout=120, env=env,
                              cwd=self.temporary, check=False)
        text = done.stdout.decode()
        said = done.stderr.decode()
        outputs, rest = [], text
        for i in range(len(lines)):
            output, _, rest = rest.partition(f"=={i} ")
            status, _, rest = rest.partition("\n")
            self.assertEqual(status, "0", f"{lines[i]}\n{output}\n{said}")
            outputs.append(output)
        return outputs

    def test_each_line_does_what_it_says(self):
        before = self.first_run()
        self.assertEqual(len(before), 4)
        lines = story()
        self.assertEqual(len(lines), 10)
        outputs = self.shell(lines)
        self.assertFalse(self.root.exists())
        self.assertRegex(outputs[4], r"\b5\b")
        self.assertIn("fail", outputs[5])
        self.assertEqual(self.hashes(self.temporary / "back"), before)
        self.assertTrue((self.temporary / "run.ktpack").stat().st_size > 0)
        self.assertIn("fail", outputs[8])
        self.assertEqual(outputs[8].count(" fail "), 3)


if __name__ == "__main__":
    unittest.main()
