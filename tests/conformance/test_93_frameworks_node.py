"""Job frameworks from npm: a NestJS microservice and moleculer nodes, through a restart."""

import pathlib
import shutil
import subprocess

import pytest

FRAMEWORKS = pathlib.Path(__file__).parent / "frameworks"
STEPS = {
    "nest": ["request", "many requests", "event", "failure", "dead letter"],
    "moleculer": ["request", "many requests", "event", "failure"],
}


@pytest.fixture
def start(broker, name, tmp_path):
    """`start("nest")`: runs the framework's story with the packages of its lock file."""
    running = []

    def start(framework):
        directory = FRAMEWORKS / framework
        if not (directory / "node_modules").exists():
            install = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(install, cwd=directory, check=True, timeout=50)
        errors = open(tmp_path / f"{framework}.log", "w+", encoding="utf-8")
        running.append(
            subprocess.Popen(
                ["node", "story.js", broker.url, name(framework)],
                cwd=directory,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def _lines_until(process, last, log):
    lines = []
    while not lines or lines[-1] != last:
        line = process.stdout.readline()
        assert line, f"ended after {lines}:\n{log.read_text()}"
        lines.append(line.rstrip("\n"))
    return lines[:-1]


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_frameworks_work_and_come_back_after_a_restart(start, broker, tmp_path):
    """Both at once, because each waits some seconds before it connects again."""
    processes = {framework: start(framework) for framework in STEPS}
    for framework, process in processes.items():
        said = _lines_until(process, "restart the broker", tmp_path / f"{framework}.log")
        assert said == [f"ok {step}" for step in STEPS[framework]]
    broker.restart(same_port=True)
    for framework, process in processes.items():
        said = _lines_until(process, "ok close", tmp_path / f"{framework}.log")
        assert said == ["ok reconnect"]
