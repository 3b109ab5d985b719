"""leveret definitions export, import."""

import itertools
import json
import stat

import pytest

_numbers = itertools.count(1)


@pytest.fixture
def vhost(leveret):
    vhost = f"definitions.{next(_numbers)}"
    leveret.run("vhosts", "add", vhost)
    yield vhost
    leveret.run("vhosts", "delete", "--yes", vhost)


def queue(vhost, name, **arguments):
    return {"name": name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": arguments}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "definitions.json"

    def write(**definitions):
        path.write_text(json.dumps(definitions))
        return path

    return write


def test_a_file_goes_in_and_comes_out(leveret, vhost, file, tmp_path):
    queues = [queue(vhost, "a"), queue(vhost, "b", **{"x-max-length": 3})]
    done = leveret.run("definitions", "import", file(queues=queues))
    assert done.stdout == f"+ queue {vhost}:a\n+ queue {vhost}:b\n"
    assert "imported: 2 added, 0 changed, 0 unchanged" in done.stderr
    assert leveret.run("definitions", "import", file(queues=queues)).stdout == "= 2 unchanged\n"
    out = tmp_path / "out.json"
    assert f"wrote {out}" in leveret.run("definitions", "export", "-o", out).stderr
    assert [each for each in json.loads(out.read_text())["queues"] if each["vhost"] == vhost] == queues
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    of_vhost = leveret.run("definitions", "export", "--vhost", vhost).stdout
    assert [each["name"] for each in json.loads(of_vhost)["queues"]] == ["a", "b"]
    done = leveret.run("definitions", "import", "-", "--vhost", vhost, "--json", stdin=of_vhost)
    assert json.loads(done.stdout)["counts"] == {"add": 0, "change": 0, "same": 2, "conflict": 0}


def test_a_dry_run_changes_nothing(leveret, vhost, file):
    policy = {"vhost": vhost, "name": "p", "pattern": "^a", "definition": {"max-length": 1}, "apply-to": "all", "priority": 0}
    leveret.run("definitions", "import", file(policies=[policy]))
    policy["definition"] = {"max-length": 2}
    path = file(policies=[policy], queues=[queue(vhost, "a\x1b[1m")])
    done = leveret.run("definitions", "import", path, "--dry-run")
    assert done.stdout == (
        f"~ policy {vhost}:p (definition.max-length 1 → 2)\n" + f"+ queue {vhost}:a\\x1b[1m\n"
    )
    assert "would be imported: 1 added, 1 changed, 0 unchanged" in done.stderr
    assert leveret.run("definitions", "import", path, "--dry-run").stdout == done.stdout


def test_a_conflict_refuses_all_unless_it_is_kept(leveret, vhost, file):
    leveret.run("definitions", "import", file(queues=[queue(vhost, "a", **{"x-max-length": 1})]))
    path = file(queues=[queue(vhost, "a", **{"x-max-length": 2}), queue(vhost, "b")])
    done = leveret.run("definitions", "import", path, status=73)
    assert f"! queue {vhost}:a (arguments.x-max-length 1 → 2)\n" in done.stdout
    assert "nothing was imported" in done.stderr and "--keep-conflicts" in done.stderr
    assert [each["name"] for each in leveret.json("definitions", "export", "--vhost", vhost)["queues"]] == ["a"]
    done = leveret.run("definitions", "import", path, "--keep-conflicts")
    assert "imported: 1 added, 0 changed, 0 unchanged, 1 left as they were" in done.stderr


def test_what_is_wrong_is_told_with_its_place(leveret, file, tmp_path):
    path = file(queues=[queue("/", "q"), queue("/", "q2", **{"x-max-length": -1})])
    done = leveret.run("definitions", "import", path, status=65)
    assert "queues[1].arguments.x-max-length: " in done.stderr
    path.write_text("{")
    assert "broken at line 1" in leveret.run("definitions", "import", path, status=65).stderr
    assert "cannot read" in leveret.run("definitions", "import", tmp_path / "absent", status=66).stderr
    assert "no virtual host 'absent'" in leveret.run("definitions", "export", "--vhost", "absent", status=66).stderr
    assert "cannot create" in leveret.run("definitions", "export", "-o", tmp_path / "no" / "x", status=73).stderr


def test_passwords_stay_at_home_when_they_are_to(leveret):
    with_them = leveret.json("definitions", "export")["users"]
    assert any(each["password_hash"] or each.get("leveret_password_hash") for each in with_them)
    for each in leveret.json("definitions", "export", "--no-passwords")["users"]:
        assert each["password_hash"] == "" and "leveret_password_hash" not in each
