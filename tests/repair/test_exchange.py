"""The first exchange of MCP with a program that may be anything: bounded in time and size, and nothing left of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.repair import small_server
from workbench.repair.exchange import Outcome, Start, exchange


def _start(script: str, *arguments: str, **environment: str) -> Start:
    return Start((sys.executable, "-c", script, *arguments), environment, "/")


def _held(script: str, seconds: float = 10.0) -> Outcome:
    return exchange(_start(script), seconds)


def test_a_server_answers_and_is_ended(tmp_path: Path) -> None:
    file = small_server.put(tmp_path)
    outcome = exchange(Start((sys.executable, str(file)), {}, str(tmp_path)), 10.0)
    assert outcome == Outcome("", "small", "1.0", 2)


def test_what_it_prints_besides_does_not_matter(tmp_path: Path) -> None:
    greeting = "print('Welcome!'); print('{'); print('[1]'); print('{\"id\": true, \"result\": 1}', flush=True)\n"
    outcome = _held(greeting + small_server.TEXT)
    assert (outcome.failure, outcome.tools) == ("", 2)


_ANSWER = "import sys; sys.stdin.readline(); print('%s', flush=True); sys.stdin.read()"


@pytest.mark.parametrize(
    ("script", "failure", "complaint"),
    [
        ("import sys; sys.exit('no such module')", "it ended with the exit status 1", "no such module"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by the signal 9", ""),
        (
            _ANSWER % '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"not today"}}',
            "it answered initialize with an error",
            "not today",
        ),
        (_ANSWER % '{"jsonrpc":"2.0","id":1,"result":[]}', "its answer is none of MCP", ""),
        (_ANSWER % '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}}', "its answer is none of MCP", ""),
        (
            "import os, time; os.close(1); time.sleep(60)",
            "it closed its standard output without an answer",
            "",
        ),
    ],
)
def test_what_does_not_answer_is_told_apart(script: str, failure: str, complaint: str) -> None:
    outcome = _held(script)
    assert (outcome.failure, outcome.name, outcome.tools) == (failure, "", None)
    assert complaint in outcome.complaint


def test_one_that_is_silent_has_so_many_seconds() -> None:
    begun = time.monotonic()
    outcome = _held("import time; time.sleep(60)", 1.0)
    assert outcome.failure == "it did not answer within 1 seconds"
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_one_that_never_stops_printing_fills_no_memory(stream: str) -> None:
    script = f"import sys\nwhile True: sys.{stream}.write('x' * 65536)"
    outcome = _held(script, 3.0)
    assert outcome.failure in ("it prints without end, and no answer", "it did not answer within 3 seconds")
    assert len(outcome.complaint) <= 16_384


def test_an_endless_answer_is_not_looked_through() -> None:
    said = _held(
        "import json, sys; sys.stdin.readline(); m = 'namespace ' * 200_000\n"
        "print(json.dumps({'id': 1, 'error': {'message': m}}), flush=True); sys.stdin.read()"
    )
    assert said.failure == "it answered initialize with an error" and len(said.complaint) <= 16_384
    named = _held(
        "import json, sys; sys.stdin.readline(); n = 'a' * 1_000_000\n"
        "told = {'protocolVersion': 'x', 'serverInfo': {'name': n, 'version': ['1']}}\n"
        "print(json.dumps({'id': 1, 'result': told}), flush=True); sys.stdin.read()"
    )
    assert (named.failure, len(named.name), named.version) == ("", 16_384, "")


def test_no_part_of_a_line_is_kept_whose_beginning_is_gone() -> None:
    for long, kept in ((17_000, "the end\n"), (100, "secret-" + "x" * 100 + "\nthe end\n")):
        script = f"import sys; sys.stderr.write('secret-' + 'x' * {long} + '\\nthe end\\n'); sys.exit(1)"
        assert _held(script).complaint == kept


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another account")
def test_root_becomes_the_account_in_every_way_and_hands_nothing_on(tmp_path: Path) -> None:
    script = (
        "import os, sys; print(os.getresuid(), os.getresgid(), os.getgroups(), os.getsid(0) == os.getpid(),"
        " sorted(map(int, os.listdir('/proc/self/fd')))[:-1], file=sys.stderr); sys.exit(1)"
    )
    with (tmp_path / "open").open("w") as handle:
        os.set_inheritable(handle.fileno(), True)
        start = Start(("/usr/bin/python3", "-c", script), {}, "/", (12345, 12346, (12347,)))
        said = exchange(start, 10.0).complaint
    assert said.strip() == "(12345, 12345, 12345) (12346, 12346, 12346) [12347] True [0, 1, 2]"


def test_nothing_that_it_started_is_left(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = (
        "import subprocess, sys, pathlib\n"
        "p = subprocess.Popen(['sleep', '600'], stdin=subprocess.DEVNULL)\n"
        f"pathlib.Path({str(child)!r}).write_text(str(p.pid))\n"
    )
    outcome = _held(script + small_server.TEXT)
    assert outcome.failure == ""
    pid = int(child.read_text())
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)


def test_it_is_given_this_environment_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_SESSION", "1")
    script = "import os, sys; sys.exit(' '.join(sorted(os.environ)))"
    outcome = exchange(_start(script, OWN="1"), 10.0)
    assert "OWN" in outcome.complaint and "OF_THE_SESSION" not in outcome.complaint


def test_what_cannot_be_started_is_said() -> None:
    with pytest.raises(OSError):
        exchange(Start(("/nonexistent/program",), {}, "/"), 1.0)
    with pytest.raises(ValueError):
        exchange(Start((sys.executable, "a\0b"), {}, "/"), 1.0)


def test_neither_its_command_nor_its_variables_are_in_a_repr() -> None:
    shown = repr(_start("pass", "argument-of-it", KEY="value-of-it"))
    assert "argument-of-it" not in shown and "value-of-it" not in shown
