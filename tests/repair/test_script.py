"""The script of a plan does what the workbench does, takes it back, and leaves everything else alone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.plugins import startup_files
from tests.plugins.loading import get_fix, make_plan
from tests.plugins.repairing import findings, seen
from tests.repair.scripts import SHELLS, Script, of_operations, prepared_of, refused, script_of
from tests.repair.support import ACL, DEFAULT_ACL, SECRET, acl, config, edit, mode, plan, tree, values, written
from workbench.model.clients import EntryReference
from workbench.model.plan import EditLine, EditValue, Operation, Plan, RemoveValue, SetValue
from workbench.model.processes import ProcessFacts
from workbench.planning import plan as planned_by
from workbench.repair.prepare import Prepared
from workbench.repair.transaction import apply
from workbench.report.plan_file import document
from workbench.report.script import as_script
from workbench.report.script.forms import step
from workbench.report.script.pieces import pieces
from workbench.report.script.shell import assigned, comment, printed, quoted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


def proven(home: Path, script: Script, made: Prepared) -> None:
    """Apply, again, undo, again; then the workbench itself: each leaves the very same tree."""
    before = tree(home)
    looked = script.run()
    assert (looked.status, looked.err) == (0, "") and "Nothing was done" in looked.out
    assert tree(home) == before and not script.state.exists()
    done = script.run("apply")
    assert (done.status, done.err) == (0, ""), done
    after = tree(home)
    assert after != before
    for operation, content in zip(made.operations, made.contents, strict=True):
        if content:
            assert Path(operation.real).read_bytes() == content
    again = script.run("apply")
    assert again.status == 0 and "nothing was changed" in again.out
    assert tree(home) == after
    for place in (script.state, *script.state.rglob("*")):
        assert place.stat().st_mode & 0o077 == 0, place
    back = script.run("undo")
    assert (back.status, back.err) == (0, ""), back
    assert tree(home) == before
    assert "nothing was changed" in script.run("undo").out
    assert tree(home) == before
    assert script.run("apply").status == 0 and tree(home) == after
    assert script.run("undo").status == 0 and tree(home) == before
    by_workbench = apply(prepared_of(made.plan), home.parent / "journal", lambda: "")
    assert by_workbench.state == "applied", by_workbench.message
    assert tree(home) == after


# --- Every fix there is ---


def _of_config(fix: str, check: str, place: str, text: Any, **answers: str) -> Callable[[Path], Plan]:
    def make(home: Path) -> Plan:
        write(home / place, text(home) if callable(text) else text)
        snapshot = seen(home)
        found = next(each for each in findings(check, snapshot) if fix in each.repairs)
        made = planned_by(get_fix(fix), found, snapshot, answers)
        assert isinstance(made, Plan), made
        return made

    return make


def _of_startup(fix: str, check: str, name: str, text: str, shell: str) -> Callable[[Path], Plan]:
    def make(home: Path) -> Plan:
        write(home / name, text).chmod(0o644)
        made = startup_files.planned(fix, check, startup_files.looked_at(home, shell))
        assert isinstance(made, Plan), made
        return made

    return make


def _private_umask(home: Path) -> Plan:
    # The secret stands between the two edits.
    text = f'{{"mcpServers": {{"a": {{"command": "npx", "env": {{"API_KEY": "{SECRET}"}}, "args": ["-y", "x"]}}}}}}'
    write(home / ".cursor/mcp.json", text)
    snapshot = seen(home)
    place, entry = snapshot.clients.configs[0], snapshot.clients.configs[0].servers[0]
    server = builders.process(entry=EntryReference(place.path.asked, entry.pointer, "a"))
    running = builders.snapshot(clients=snapshot.clients, processes=ProcessFacts(builders.COMPLETE, (server,)))
    made = make_plan("sockets/private-umask", findings("processes/umask", running)[0], running)
    assert isinstance(made, Plan), made
    return made


def _mode_of_a_file(home: Path) -> Plan:
    return plan(mode(written(home, mode=0o666)))


def _mode_of_a_folder(home: Path) -> Plan:
    (home / "sub").mkdir()
    (home / "sub").chmod(0o2775)
    return plan(mode(home / "sub", 0o700))


def _mode_of_a_socket(home: Path) -> Plan:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(home / "mcp.sock"))
    (home / "mcp.sock").chmod(0o777)
    return plan(mode(home / "mcp.sock"))


_SECRET_ENV = {"API_KEY": SECRET}
_BROAD = "@modelcontextprotocol/server-filesystem@2025.8.21"
FIXES: dict[str, Callable[[Path], Plan]] = {
    "clients/narrow-root": _of_config(
        "clients/narrow-root",
        "clients/broad-root",
        ".cursor/mcp.json",
        lambda home: {"mcpServers": {"a": {"command": "npx", "args": ["-y", _BROAD, str(home)], "env": _SECRET_ENV}}},
    ),
    "clients/pin-version": _of_config(
        "clients/pin-version",
        "clients/unpinned-package",
        ".codex/config.toml",
        f'[mcp_servers.a]\ncommand = "npx"\nargs = ["-y", "pkg"] # mine\nenv = {{ API_KEY = "{SECRET}" }}\n',
        version="1.2.3",
    ),
    "clients/remove-server": _of_config(
        "clients/remove-server",
        "clients/shell-server",
        ".claude.json",
        {"mcpServers": {"a": {"command": "npx", "args": ["-y", "mcp-server-commands"], "env": _SECRET_ENV}}, "n": 1},
    ),
    "clients/remove-server, a switch": _of_config(
        "clients/remove-server",
        "clients/plain-http",
        ".config/goose/config.yaml",
        "extensions:\n  far:\n    type: sse\n    uri: http://mcp.example.com/mcp\n    enabled: true # on\n",
    ),
    "clients/remove-auto-approve": _of_config(
        "clients/remove-auto-approve",
        "clients/auto-approve",
        ".roo/mcp.json",
        {"mcpServers": {"a": {"command": "x", "alwaysAllow": ["*"], "env": _SECRET_ENV}}},
    ),
    "files/restrict-mode": _mode_of_a_file,
    "files/restrict-mode, a folder": _mode_of_a_folder,
    "sockets/restrict-mode": _mode_of_a_socket,
    "sockets/private-umask": _private_umask,
    "session/private-umask": _of_startup(
        "session/private-umask", "session/umask", ".profile", f"a=1\numask 022 # as ever\nX_TOKEN={TOKEN}\n", "/bin/sh"
    ),
    "session/private-umask, a new line": _of_startup(
        "session/private-umask", "session/umask", ".bashrc", "\ufeff# caf\u00e9\na='b'\n", "/bin/bash"
    ),
    "secrets/shell-startup": _of_startup(
        "secrets/shell-startup",
        "secrets/in-shell-startup",
        ".bashrc",
        f"umask 077\nexport A_TOKEN={TOKEN}\nb=2\nexport API_KEY={SECRET}\n",
        "/bin/bash",
    ),
}


@pytest.mark.parametrize("name", FIXES)
def test_each_fix_as_a_script_is_as_the_workbench_does_it(name: str, home: Path, tmp_path: Path) -> None:
    made = prepared_of(FIXES[name](home))
    assert made.plan.fix in (name.partition(",")[0], "area/fix")
    script = script_of(made, tmp_path / "script")
    assert TOKEN not in script.text
    proven(home, script, made)


def test_no_fix_is_forgotten_here() -> None:
    from tests.plugins.loading import plugins

    # A fix of another kind of operation has a test of its own, or its script is refused.
    known = {name.partition(",")[0] for name in FIXES}
    assert known <= set(plugins().fixes)


# --- Operations, shells, names ---

_FIRST = ("mcpServers", "files", "args", 0)
OPERATIONS: dict[str, Callable[[Path], tuple[Operation, ...]]] = {
    "a string": lambda file: (edit(file),),
    "values around a secret": values,
    "two edits on both sides of a secret": lambda file: (
        edit(file),
        SetValue(str(file), "jsonc", ("mcpServers", "files", "disabled"), "true"),
    ),
    "nothing but a removal": lambda file: (RemoveValue(str(file), "jsonc", ("mcpServers", "files", "env")),),
    "every byte that a shell reads": lambda file: (
        edit(file, 'it\'s "$(touch /tmp/never)" `id` %s %% \\n \\047 é \U0001f600 !x ~ $IFS'),
    ),
    "a new value that looks like an option": lambda file: (edit(file, "-n"), edit(file, "--", "-y", pointer=_FIRST)),
}


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_shell_writes_the_same_bytes(name: str, shell: list[str], home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    other = written(home, "other.json", mode=0o666)
    operations = OPERATIONS[name](file)
    made = prepared_of(plan(*operations, mode(other)))
    script, before = script_of(made, tmp_path / "script"), tree(home)
    done = script.run("apply", shell=shell)
    assert (done.status, done.err) == (0, ""), done
    assert file.read_bytes() == made.contents[0] and other.stat().st_mode & 0o777 == 0o600
    assert script.run("undo", shell=shell).status == 0
    assert tree(home) == before


HOSTILE = [
    "it's",
    '"; touch never; "',
    "$(touch never)",
    "`touch never`",
    "-rf",
    "a\nb",
    "a\n",
    "\n# x\ntouch never\n",
    "back\\slash\\n%s%d",
    "*",
    "caf\u00e9 \udcff",
    "\x1b[2J",
    "a'\n'; touch never; '",
    "{a,b}",
    "~",
    "!",
    " ",
    "=x",
]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_no_name_is_more_than_a_name(shell: list[str], home: Path, tmp_path: Path) -> None:
    """The names are those of real folders and files; a plan refuses those that cannot be shown before this does."""
    for number, name in enumerate(HOSTILE):
        folder = os.fsencode(home) + b"/" + os.fsencode(name)
        os.mkdir(folder)
        file = os.fsdecode(folder + b"/" + os.fsencode(f"f{name}"))
        with open(file, "wb") as opened:
            opened.write(config())
        os.chmod(file, 0o600)
        script = _of_hostile(file, tmp_path / f"script{number}")
        before = tree(home)
        done = script.run("apply", shell=shell)
        assert done.status == 0, (name, done)
        assert Path(file).read_bytes() == config().replace(b'"pkg"', b'"pkg@1.2.3"'), name
        assert script.run("undo", shell=shell).status == 0
        assert tree(home) == before
        assert not list(home.rglob("never")) and not Path("/never").exists()
        os.remove(file)


def _of_hostile(file: str, folder: Path) -> Script:
    """The script of one edit of a file whose name no plan would take."""
    from dataclasses import replace

    plain = written(folder.parent, f"{folder.name}.json")
    made = prepared_of(plan(edit(plain)))
    (staged,) = made.operations
    from workbench.repair.fingerprint import read
    from workbench.repair.paths import spot

    with spot(file) as place:
        fingerprint, _ = read(place)
    moved: Any = replace(staged, path=file, real=file, before=fingerprint)
    hostile = replace(made, operations=(moved,), changes=tuple(replace(each, words=file) for each in made.changes))
    plain.unlink()
    text = as_script(document(hostile, {}), hostile, _finding(file))
    assert isinstance(text, str), text
    assert all(line.startswith("#") for line in text.split("\n\n# Only programs")[0].split("\n"))
    folder.mkdir()
    return Script(text, folder)


def _finding(text: str) -> Any:
    from dataclasses import replace

    from tests.repair.scripts import FINDING
    from workbench.model.finding import Evidence

    return replace(FINDING, summary=text, evidence=(Evidence(text, text, ("ls", text)),))


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_any_bytes_come_out_as_they_went_in(shell: list[str]) -> None:
    samples = [bytes(range(256)), b"\x0012\x007", b"-n\n-e\n", b"%d\\c\\0101", b"'\"'\n", b"a\r\nb\rc\n\n", b"--"]
    for sample in samples:
        done = subprocess.run([*shell, "-c", "\n".join(printed(sample))], capture_output=True, check=True)
        assert done.stdout == sample
        name = sample.replace(b"\0", b"") + b"\n\n"
        text = f'{assigned("a", name)}\nprintf %s "$a"'
        done = subprocess.run([*shell, "-c", text], capture_output=True, check=True)
        assert done.stdout == name
    for text in ("it's", "$(id)", "`id`", "é\n", "\\"):
        shown = subprocess.check_output([*shell, "-c", f"printf %s {quoted(text)}"], text=True)
        assert shown.replace("\\x0a", "\n").replace("\\xe9", "é") == text


def test_a_comment_stays_one_whatever_it_says() -> None:
    for text in ("a\nrm -rf x", "a\r\nb", "a\u2028b", "\x1b[2J", "x" * 500, "a\x85b\x0bc", ""):
        assert all(line.startswith("#") and line.isascii() and line.isprintable() for line in comment(text))


# --- What it refuses ---


def _another_byte(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _a_link(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def _a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _a_folder_behind_a_link(file: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))
    file.parent.symlink_to("moved")


def _in_another_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))
    file.parent.mkdir()
    shutil.copy2(file.parent.with_name("moved") / file.name, file)


DRIFT: list[Callable[[Path], None]] = [
    _another_byte,
    _a_link,
    _a_folder_behind_a_link,
    _in_another_folder,
    lambda file: file.chmod(0o644),
    lambda file: file.unlink(),
    lambda file: os.link(file, file.with_name("second")),
    _a_pipe,
]


@pytest.mark.parametrize("drift", DRIFT)
def test_what_changed_since_is_left_alone(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    (home / "sub").mkdir()
    first, file = written(home, "first.json"), written(home / "sub")
    script = of_operations(tmp_path / "script", edit(first), edit(file))
    drift(file)
    before = tree(home)
    ended = script.run("apply")
    assert ended.status == 5 and "nothing was changed" in ended.err, ended
    assert tree(home) == before and not script.state.exists()


@pytest.mark.parametrize("drift", DRIFT)
def test_undo_leaves_alone_what_changed_since(drift: Callable[[Path], None], home: Path, tmp_path: Path) -> None:
    (home / "sub").mkdir()
    first, file = written(home, "first.json"), written(home / "sub")
    script = of_operations(tmp_path / "script", edit(first), edit(file))
    assert script.run("apply").status == 0
    drift(file)
    before = tree(home)
    ended = script.run("undo")
    assert ended.status == 5 and "nothing was changed" in ended.err, ended
    assert tree(home) == before


def test_a_backup_that_is_gone_or_damaged_is_not_put_back(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    assert script.run("apply").status == 0
    before = tree(home)
    (backup,) = (place for place in script.state.rglob("1") if place.is_file())
    backup.write_bytes(b"{}")
    ended = script.run("undo")
    assert ended.status == 5 and "no backup" in ended.err
    backup.unlink()
    assert script.run("undo").status == 5
    assert tree(home) == before


def test_the_folder_of_the_backups_must_be_ours_alone(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    digest = next(line.partition("=")[2] for line in script.text.split("\n") if line.startswith("digest="))
    store = script.state / "workbench" / "scripts" / digest
    before = tree(home)
    store.mkdir(parents=True)
    store.chmod(0o755)
    ended = script.run("apply")
    assert ended.status == 5 and "not yours alone" in ended.err
    store.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    store.symlink_to(tmp_path / "elsewhere")
    assert script.run("apply").status == 5
    assert tree(home) == before


def test_a_socket_that_ended_is_no_obstacle(home: Path, tmp_path: Path) -> None:
    made = prepared_of(_mode_of_a_socket(home))
    script = script_of(made, tmp_path / "script")
    assert script.run("apply").status == 0
    (home / "mcp.sock").unlink()
    ended = script.run("undo")
    assert ended.status == 0 and "has ended" in ended.out
    assert script.run("apply").status == 5
    again = socket.socket(socket.AF_UNIX)
    again.bind(str(home / "mcp.sock"))
    os.utime(home / "mcp.sock", (1, 1))
    ended = script.run("undo")
    assert ended.status == 5 and "replaced" in ended.err


def test_a_reader_that_goes_away_leaves_nothing_half_done(home: Path, tmp_path: Path) -> None:
    files = [written(home, f"{number}.json") for number in range(3)]
    script = of_operations(tmp_path / "script", *map(edit, files))
    before = tree(home)
    reading, writing = os.pipe()
    os.close(reading)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", script.file, "apply"], stdout=writing, stderr=subprocess.DEVNULL, env=environment, check=False
    )
    os.close(writing)
    assert done.returncode != 0 and tree(home) == before


def test_words_that_it_does_not_know(home: Path, tmp_path: Path) -> None:
    script = of_operations(tmp_path / "script", edit(written(home)))
    before = tree(home)
    for word in ("aply", "--help", "apply;", "look"):
        assert script.run(word).status == 5
    assert tree(home) == before


# --- What has no script ---


def test_a_kind_without_a_form_is_refused_in_words(home: Path) -> None:
    class StagedOther:
        path = "/x"

    from workbench.repair.paths import Refused

    with pytest.raises(Refused, match="this plan has no script form: what it does with /x"):
        step(1, StagedOther(), b"")


def test_a_folder_that_others_can_write(home: Path) -> None:
    file = written(home)
    home.chmod(0o777)
    assert "other accounts can write" in refused(edit(file)).reason
    assert "other accounts can write" in refused(mode(written(home, "a", mode=0o666))).reason
    home.chmod(0o1777)
    assert isinstance(as_script(*_document(edit(file))), str)


def _document(*operations: Operation) -> tuple[Any, Any, Any]:
    made = prepared_of(plan(*operations))
    return document(made, {}), made, _finding("x")


def test_attributes_and_access_lists_are_kept(home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    try:
        os.setxattr(file, "user.mine", b"1")
        os.setxattr(file, ACL, acl((0x02, 4, 4321)))
    except OSError:
        pytest.skip("this file system keeps no attributes")
    made = prepared_of(plan(edit(file)))
    script = script_of(made, tmp_path / "script")
    assert "--preserve=mode,ownership,xattr" in script.text
    proven(home, script, made)


def test_what_a_folder_gives_new_files_is_not_given(home: Path, tmp_path: Path) -> None:
    file = written(home, mode=0o640)
    try:
        os.setxattr(home, DEFAULT_ACL, acl((0x02, 6, 4321)))
    except OSError:
        pytest.skip("this file system keeps no access lists")
    made = prepared_of(plan(edit(file)))
    proven(home, script_of(made, tmp_path / "script"), made)


def test_a_read_only_file_and_every_odd_mode(home: Path, tmp_path: Path) -> None:
    for number, bits in enumerate((0o400, 0o444, 0o660, 0o2750, 0o4755, 0o666)):
        file = written(home, f"{number}.json", mode=bits)
        made = prepared_of(plan(edit(file)))
        proven(home, script_of(made, tmp_path / f"script{number}"), made)


def test_a_secret_in_new_bytes_is_refused(home: Path) -> None:
    from workbench.repair.paths import Refused

    before = config()
    change = edit(Path("/x"), f"--key={SECRET}")
    after = before.replace(b'"pkg"', f'"--key={SECRET}"'.encode())
    with pytest.raises(Refused, match="looks like a secret"):
        pieces(before, after, (change,))


def test_pieces_name_nothing_between_two_edits() -> None:
    before = json.dumps({"a": "x", "secret": "S" * 50, "b": "y"}).encode()
    edits = (
        EditValue("/x", "json", ("b",), "y", "why"),
        EditValue("/x", "json", ("a",), "x", "longer than it was"),
    )
    after = before.replace(b'"y"', b'"why"').replace(b'"x"', b'"longer than it was"')
    made = pieces(before, after, edits)
    assert b"S" not in b"".join(piece for piece in made if isinstance(piece, bytes))
    lines = b"one\ntwo S\nthree\n"
    line_edits = (EditLine("/x", "environment", 1, "one", "1"), EditLine("/x", "environment", 3, "three", "3"))
    made = pieces(lines, b"1\ntwo S\n3\n", line_edits)
    assert [piece for piece in made if isinstance(piece, bytes)] == [b"1", b"3"]


# --- A sudden end, and tools that fail ---

_TOOLS = ("cp", "chmod", "mv", "rm", "mkdir", "sync", "cat", "head", "tail")


def _tools(folder: Path, at: int, act: str) -> Path:
    """Programs that count how often they are begun, and do something else at one time."""
    tools = folder / f"tools{at}"
    tools.mkdir()
    for name in _TOOLS:
        real = shutil.which(name, path="/usr/bin:/bin")
        program = tools / name
        program.write_text(
            f"#!/bin/bash\nprintf x >>{tools}/count\n"
            f'test "$(/usr/bin/stat -c %s {tools}/count)" -eq {at} && {act}\nexec {real} "$@"\n'
        )
        program.chmod(0o755)
    return tools


def _count(tools: Path) -> int:
    return len((tools / "count").read_bytes()) if (tools / "count").exists() else 0


@pytest.mark.parametrize("word", ["apply", "undo"])
def test_killed_at_any_point_every_file_is_the_old_or_the_new_one(word: str, home: Path, tmp_path: Path) -> None:
    files = [written(home, "a.json"), written(home, "b.json", mode=0o640)]
    last = written(home, "c.json", mode=0o666)
    script = of_operations(tmp_path / "script", *map(edit, files), mode(last))
    before, old, new = tree(home), config(), config().replace(b'"pkg"', b'"pkg@1.2.3"')
    for at in range(1, 200):
        if word == "undo":
            assert script.run("apply").status == 0
        tools = _tools(tmp_path, at, "kill -KILL -- -$(ps -o pgid= $$ | tr -d ' ')")
        ended = script.run(word, tools=tools)
        assert {file.read_bytes() for file in files} <= {old, new}
        assert all(file.stat().st_mode & 0o7777 in (0o600, 0o640) for file in files)
        if at % 2:
            finished = script.run("apply")
            assert finished.status == 0, (at, finished)
            assert {file.read_bytes() for file in files} == {new}
        back = script.run("undo")
        assert back.status == 0, (at, back)
        assert tree(home) == before, at
        if _count(tools) < at:
            assert ended.status == 0
            assert at > 10
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("act", ["exit 1", "kill -TERM $PPID", "kill -INT -- -$(ps -o pgid= $$ | tr -d ' ')"])
def test_what_fails_halfway_is_put_back(act: str, home: Path, tmp_path: Path) -> None:
    files = [written(home, "a.json"), written(home, "b.json", mode=0o640)]
    last = written(home, "c.json", mode=0o666)
    script = of_operations(tmp_path / "script", *map(edit, files), mode(last))
    before = tree(home)
    failures = 0
    for at in range(1, 200):
        tools = _tools(tmp_path, at, act)
        ended = script.run("apply", tools=tools)
        if ended.status == 0:
            assert script.run("undo").status == 0
        else:
            failures += 1
        assert tree(home) == before, (at, ended)
        if _count(tools) < at:
            assert failures > 5
            return
    pytest.fail("it never came to an end")
