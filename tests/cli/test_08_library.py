"""The installed library, used by a project of its own: find_package(leveret)."""

import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import LEVERET

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Where the library is installed: by the build that made the command."""
    build = pathlib.Path(LEVERET).resolve().parent
    if not (build / "CMakeCache.txt").exists():
        pytest.skip(f"{build} is not a build directory")
    if not (build / "client/lib/libleveret.a").exists():
        pytest.skip("the library's target, leveret_bundle, is not built")
    at = tmp_path_factory.mktemp("prefix")
    for part in ("client/lib", "client/cli"):
        run("cmake", "--install", build / part, "--prefix", at)
    return at


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_project_builds_on_it_and_runs(prefix, broker, tmp_path):
    compiler = shutil.which("c++")
    assert compiler, "no C++ compiler"
    run("cmake", "-S", HERE / "consumer", "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "consumer", broker.url) == "confirmed 10, sum 55\n"


def test_every_public_header_compiles_alone(prefix):
    headers = sorted((prefix / "include/leveret/lib").glob("*.h"))
    assert headers
    for header in headers:
        run("c++", "-std=c++20", "-fsyntax-only", f"-I{prefix}/include/leveret", "-x", "c++", header)


def test_no_header_of_ours_needs_boost(prefix):
    for header in (prefix / "include/leveret").rglob("*.h"):
        assert "#include <boost" not in header.read_text(), header


def test_the_installed_command_runs(prefix):
    assert os.access(prefix / "bin/leveret", os.X_OK)
    assert run(prefix / "bin/leveret", "--version").startswith("leveret ")
