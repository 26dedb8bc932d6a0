"""What another program took away again is seen; what it merely wrote again is no alarm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.repair.support import applied, edit, mode, tree, values, written
from workbench.model.acts import CreateAccount, LoadAuditRules, MakeRootDirectory
from workbench.model.operations import EditLine
from workbench.model.run import RunState
from workbench.repair import lasting as lasting_module
from workbench.repair.creating import ABSENT
from workbench.repair.history import history
from workbench.repair.journal import Entry, entries
from workbench.repair.lasting import lasting, said
from workbench.repair.staged import StagedAct
from workbench.repair.undo import undo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")

# A client as clients are: it reads its config when it starts, and writes what it has in memory when it is told to.
_CLIENT = """
import json, os, sys
place, own = sys.argv[1], json.load(open(sys.argv[1]))
print("started", flush=True)
for line in sys.stdin:
    what = line.strip()
    if what == "reload":
        own = json.load(open(place))
    own["startups"] = own.get("startups", 0) + 1
    with open(place + ".tmp", "w") as file:
        json.dump(own, file)
    os.replace(place + ".tmp", place)
    print("written", flush=True)
"""


class Client:
    """A process that holds the config in memory."""

    def __init__(self, config: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._hear("started")

    def write(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        self._hear("written")

    def _hear(self, expected: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == expected

    def quit(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def config(home: Path) -> Path:
    folder = home / ".config" / "Claude"
    folder.mkdir(parents=True, mode=0o700)
    content = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "pkg", "/srv"], "env": {"API_KEY": "x"}}}}
    return written(folder, "claude_desktop_config.json", json.dumps(content).encode())


def test_g22_a_client_that_writes_what_it_had_in_memory_takes_the_repair_away(config: Path, state: Path) -> None:
    client = Client(config)
    try:
        run = applied(state, edit(config, format="json"))
        assert lasting(state) == ()
        client.write("what it has in memory")
    finally:
        client.quit()
    (lost,) = lasting(state)
    assert (lost.run.identity, lost.path, lost.cause) == (run.identity, str(config), "Claude Desktop")
    assert "no longer in place" in said(lost) and "changed by another program" in said(lost)
    assert history(state)[0].state is RunState.APPLIED


def test_a_client_that_writes_it_again_with_what_was_set_is_no_alarm(config: Path, state: Path) -> None:
    client = Client(config)
    try:
        applied(state, edit(config, format="json"))
        before = config.read_bytes()
        client.write("reload")
        assert config.read_bytes() != before
    finally:
        client.quit()
    assert lasting(state) == ()


def test_what_was_taken_out_and_is_there_again(config: Path, state: Path) -> None:
    before = config.read_bytes()
    from dataclasses import replace

    applied(state, *(replace(each, format="json") for each in values(config)))
    assert lasting(state) == ()
    config.write_bytes(before)
    assert len(lasting(state)) == 1


def test_a_mode_that_was_widened_again(home: Path, state: Path) -> None:
    file = written(home, mode=0o644)
    applied(state, mode(file))
    assert lasting(state) == ()
    file.chmod(0o644)
    (lost,) = lasting(state)
    assert lost.path == str(file) and lost.cause == ""


def test_what_was_undone_or_repaired_anew_is_not_lost(home: Path, state: Path) -> None:
    file = written(home)
    first = applied(state, edit(file))
    undo(state, first.identity)
    assert lasting(state) == ()
    applied(state, edit(file))
    second = applied(state, edit(file, "pkg@2", "pkg@1.2.3"))
    assert lasting(state) == ()
    undo(state, second.identity)
    assert lasting(state) == ()
    file.write_bytes(file.read_bytes().replace(b"pkg@1.2.3", b"pkg"))
    assert len(lasting(state)) == 1


def test_a_later_repair_of_another_value_hides_nothing(home: Path, state: Path) -> None:
    file = written(home)
    first = applied(state, edit(file))
    applied(state, values(file)[1])
    file.write_bytes(file.read_bytes().replace(b"pkg@1.2.3", b"pkg"))
    assert [lost.run.identity for lost in lasting(state)] == [first.identity]


def test_a_line_of_a_startup_file(home: Path, state: Path) -> None:
    profile = home / ".profile"
    profile.write_bytes(b"umask 022\n")
    applied(state, EditLine(str(profile), "bash", 1, "umask 022", "umask 077"))
    profile.write_bytes(b"# mine\numask 077\n")
    assert lasting(state) == ()
    profile.write_bytes(b"umask 022\n")
    (lost,) = lasting(state)
    assert lost.cause == ""


def test_a_file_that_is_gone_is_said_and_a_socket_that_is_gone_is_not(home: Path, state: Path) -> None:
    import socket

    file = written(home, mode=0o644)
    applied(state, mode(file))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(home / "socket"))
        (home / "socket").chmod(0o666)
        applied(state, mode(home / "socket"))
    (home / "socket").unlink()
    file.unlink()
    (lost,) = lasting(state)
    assert lost.path == str(file) and lost.why.endswith("is gone") and lost.seen


def test_what_cannot_be_read_is_not_called_gone(home: Path, state: Path) -> None:
    file = written(home)
    applied(state, edit(file))
    file.unlink()
    file.mkdir()
    (lost,) = lasting(state)
    assert not lost.seen and "is not known" in said(lost)


def test_nothing_is_written_and_hostile_journals_are_passed_over(home: Path, state: Path) -> None:
    assert lasting(state) == () and not state.exists()
    run = applied(state, edit(written(home)))
    before = tree(state)
    lasting(state)
    assert tree(state) == before
    (state / "runs" / run.identity / "journal.jsonl").write_text("{}\n[]\n")
    assert lasting(state) == ()
    os.chmod(state, 0o777)
    assert lasting(state) == ()


def test_g22_what_only_root_can_tell_hides_no_edit_that_is_gone(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(home)
    run = applied(state, edit(file))
    monkeypatch.setattr(lasting_module, "_asks_root", lambda each: isinstance(each, StagedAct))
    (entry,) = entries(state)
    assert isinstance(entry, Entry) and entry.planned.identity == run.identity
    rules = LoadAuditRules(("-w /etc/x -p wa -k mcp_config",))
    act = StagedAct(rules.path, rules.path, ABSENT, rules, rules.rules)
    planned = replace(entry.planned, operations=(act, *entry.planned.operations))
    monkeypatch.setattr(lasting_module, "entries", lambda _: (replace(entry, planned=planned),))
    (unseen,) = lasting(state)
    assert not unseen.seen and unseen.path == rules.path
    file.write_bytes(file.read_bytes().replace(b"pkg@1.2.3", b"pkg"))
    (lost,) = lasting(state)
    assert lost.seen and lost.path == str(file)


def test_only_the_rules_of_the_kernel_take_root_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    acts = (LoadAuditRules(()), CreateAccount("mcp-x"), MakeRootDirectory("/srv/x", "mcp-x", "mcp-x"))
    asked = [lasting_module._asks_root(StagedAct(each.path, each.path, ABSENT, each, ())) for each in acts]
    assert asked == [True, False, False]
