# SPDX-License-Identifier: MIT
"""What an installation gives to other programs: headers that need nothing else, libktstr shared and
static, and the files by which pkg-config and CMake find it, wherever the installation is moved to.

KTSTR_BUILD    the build directory to install from
KTSTR_CMAKE, KTSTR_CXX   the programs that built it
README_SOURCE  README's program for harness authors
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("KTSTR_SOURCE") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("KTSTR_BUILD") or SOURCE / "build/release")
CMAKE = os.environ.get("KTSTR_CMAKE") or "cmake"
CXX = os.environ.get("KTSTR_CXX") or "c++"
README_SOURCE = os.environ.get("README_SOURCE") or str(BUILD / "tests/readme_example.cpp")
COMPILE = [CXX, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

sys.path.insert(0, str(SOURCE / "tests" / "structure"))
import cpp_scanner  # noqa: E402

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(harness CXX)
find_package(ktstr 0.1 REQUIRED COMPONENTS static)
add_library(harness_object OBJECT harness.cpp)
target_link_libraries(harness_object PRIVATE ktstr::ktstr)
add_executable(shared $<TARGET_OBJECTS:harness_object>)
target_link_libraries(shared PRIVATE ktstr::ktstr)
set_target_properties(shared PROPERTIES LINKER_LANGUAGE CXX)
add_executable(static $<TARGET_OBJECTS:harness_object>)
target_link_libraries(static PRIVATE ktstr::ktstr-static)
set_target_properties(static PROPERTIES LINKER_LANGUAGE CXX)
"""


def said(*command, **options):
    """What a command prints; its complaints are in the exception if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=200, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Installed(unittest.TestCase):
    """One installation for all tests, moved from where it was made."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = Path(tempfile.mkdtemp(prefix="ktstr-installed."))
        cls.addClassCleanup(shutil.rmtree, cls.temporary, ignore_errors=True)
        cls.first_place = cls.temporary / "first"
        said(CMAKE, "--install", BUILD, "--prefix", cls.first_place)
        cls.prefix = cls.first_place.rename(cls.temporary / "moved")
        cls.libraries = next(cls.prefix.rglob("libktstr.so")).parent
        cls.headers = sorted((cls.prefix / "include" / "ktstr").glob("*.hpp"))

    def pkg_config(self, *arguments):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig"))
        return said("pkg-config", *arguments, "ktstr", env=environment).split()

    def needed(self, program):
        return re.findall(r"NEEDED.*\[(.*)\]", said("readelf", "-d", program))

    def writes_a_result(self, program):
        """Runs README's program in a runs root of its own and reads the file that it wrote."""
        root = Path(tempfile.mkdtemp(dir=self.temporary))
        environment = {"PATH": os.defpath, "HOME": str(root), "KTSTR_RUNS_ROOT": str(root / "runs"),
                       "KTSTR_PROJECT_COMMIT": "abc1234", "KTSTR_INDEX_ARCHIVE": "off",
                       "LD_LIBRARY_PATH": str(self.libraries)}
        path = Path(said(program, env=environment, cwd=root).strip())
        record = json.loads((root / "runs" / path).read_text(encoding="utf-8"))
        self.assertEqual((record["test_name"], record["passed"], record["expected_failure"]),
                         ("wakes_up", True, True))


class Programs(Installed):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.object = cls.temporary / "harness.o"
        flags = cls.pkg_config(cls, "--cflags")
        said(*COMPILE, *flags, "-x", "c++", "-c", README_SOURCE, "-o", cls.object)

    def test_pkg_config_links_the_shared_library(self):
        program = self.temporary / "by-pkg-config"
        said(CXX, self.object, "-o", program, *self.pkg_config("--libs"))
        self.assertIn("libktstr.so.0", self.needed(program))
        self.writes_a_result(program)

    def test_pkg_config_links_the_static_library(self):
        program = self.temporary / "by-pkg-config-static"
        flags = ["-l:libktstr.a" if flag == "-lktstr" else flag
                 for flag in self.pkg_config("--static", "--libs")]
        said(CXX, self.object, "-o", program, *flags)
        self.assertNotIn("libktstr", " ".join(self.needed(program)))
        self.writes_a_result(program)

    def test_cmake_finds_and_links_both(self):
        project = self.temporary / "project"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
        shutil.copy(README_SOURCE, project / "harness.cpp")
        said(CMAKE, "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
             f"-DCMAKE_CXX_COMPILER={CXX}", "-G", "Ninja")
        said(CMAKE, "--build", project / "build")
        for name, is_shared in (("shared", True), ("static", False)):
            with self.subTest(library=name):
                program = project / "build" / name
                self.assertEqual("libktstr.so.0" in self.needed(program), is_shared)
                self.writes_a_result(program)


class Headers(Installed):
    def test_they_are_all_of_the_project(self):
        ours = sorted(path.name for path in (SOURCE / "include" / "ktstr").iterdir())
        self.assertEqual([path.name for path in self.headers], ours)

    def test_each_compiles_alone_and_reads_only_what_is_installed(self):
        for header in self.headers:
            with self.subTest(header=header.name):
                rule = said(*COMPILE, "-I", self.prefix / "include", "-x", "c++", "-M", header)
                read = {str(Path(name).resolve()) for name in rule.replace("\\\n", " ").split()[1:]}
                foreign = {name for name in read if not name.startswith(
                    (str(self.prefix.resolve()), "/usr/include/", "/usr/lib/"))}
                self.assertEqual(foreign, set())

    def test_each_shows_what_it_declares_to_users_of_the_shared_library(self):
        for header in self.headers:
            text = header.read_text(encoding="utf-8")
            if header.name == "ktstr.hpp":
                self.assertNotIn("namespace", text)  # the others, and nothing of its own
                continue
            with self.subTest(header=header.name):
                self.assertEqual(text.count("#pragma GCC visibility push(default)"), 1)
                self.assertTrue(text.endswith("\n#pragma GCC visibility pop\n"))


class Libraries(Installed):
    def exported(self):
        """Names, without parameters, of what the shared library shows."""
        listing = said("nm", "-DC", "--defined-only", self.libraries / "libktstr.so")
        symbols = (line.split(" ", 2)[2] for line in listing.splitlines())
        names = (re.sub(r"^(typeinfo|typeinfo name|vtable) for ", "", name) for name in symbols)
        return {re.split(r"[(\[@<]", name)[0] for name in names if not name.startswith("KTSTR_")}

    def declared(self):
        """Functions that the headers declare and don't define, by name."""
        names = set()
        for header in self.headers:
            names |= set(cpp_scanner.scan("", header.read_text(encoding="utf-8")).declared)
        return names | {"ktstr::Index::open", "ktstr::Index::select", "ktstr::KernelCache::lookup"}

    def test_every_function_of_the_headers_is_in_the_shared_library(self):
        self.assertGreater(len(self.declared()), 60)
        self.assertEqual(self.declared() - self.exported(), set())

    def test_nothing_of_the_inside_is_shown(self):
        words = set()
        for header in self.headers:
            words |= set(re.findall(r"\w+", header.read_text(encoding="utf-8")))
        for name in self.exported():
            parts = name.removeprefix("ktstr::").replace("~", "").split("::")
            inside = [part for part in parts if part.isidentifier() and part not in words]
            self.assertTrue(name.startswith("ktstr::") and not inside, name)

    def test_the_shared_library_bears_the_version_of_its_interface(self):
        real = (self.libraries / "libktstr.so").resolve().name
        self.assertRegex(real, r"^libktstr\.so\.0\.\d+\.\d+$")
        self.assertIn("[libktstr.so.0]", said("readelf", "-d", self.libraries / "libktstr.so"))

    def test_neither_the_build_nor_the_first_place_is_named_in_what_finds_them(self):
        files = [*self.prefix.rglob("*.cmake"), *self.prefix.rglob("*.pc")]
        self.assertEqual(len(files), 7)
        for path in files:
            text = path.read_text(encoding="utf-8")
            for place in (self.first_place, SOURCE, BUILD):
                self.assertNotIn(str(place), text, path.name)


if __name__ == "__main__":
    unittest.main()
