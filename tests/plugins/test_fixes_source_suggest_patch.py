"""source/suggest-patch: the code that it gives is in order by the very checks that found the flaw."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import FILE, SITE, host
from tests.plugins.loading import get_check, get_fix, plugins
from workbench.code_patches import PYTHON, SCRIPT
from workbench.host.code.python import analyse
from workbench.model.code import (
    CommandUse,
    MessageHandler,
    Observations,
    PathUse,
    SecretSend,
    UnixListener,
    Unpickling,
)
from workbench.model.plan import Plan, Safety
from workbench.planning import plan
from workbench.scan import run_check

FIX = "source/suggest-patch"
LISTENER = UnixListener(SITE, "server.listen", "fixed", "/tmp/mcp.sock", unlinked_at=3)
FLAWS: list[tuple[str, dict[str, Any], str]] = [
    ("source/unvalidated-ipc-message", {"handlers": (MessageHandler(SITE, "c.recv", acts=("exec",)),)}, "schema"),
    ("source/credentials-over-ipc", {"sends": (SecretSend(SITE, "c.send", "token"),)}, "secret"),
    ("source/socket-without-mode", {"listeners": (LISTENER,)}, "private"),
    ("source/predictable-socket-path", {"listeners": (LISTENER,)}, "private"),
    ("source/unlink-then-listen", {"listeners": (LISTENER,)}, "private"),
    ("source/no-peer-check", {"listeners": (LISTENER,)}, "peer"),
    ("source/path-escape", {"paths": (PathUse(SITE, "t", "p", "open", "none"),)}, "contained"),
    ("source/command-injection", {"commands": (CommandUse(SITE, "t", "p", "os.system", "shell"),)}, "command"),
    ("source/command-injection", {"commands": (CommandUse(SITE, "t", "p", "eval", "evaluated"),)}, "evaluated"),
    ("source/command-injection", {"commands": (CommandUse(SITE, "t", "p", "run", "program"),)}, "program"),
    ("source/unpickle", {"unpicklings": (Unpickling(SITE, "pickle.loads", "c.recv"),)}, "data"),
]


def planned(check: str, observed: dict[str, Any]) -> Plan:
    snapshot = host(**observed)
    (finding,) = run_check(get_check(check), snapshot, plugins().repairs_of(check)).findings
    assert finding.repairs == (FIX,)
    made = plan(get_fix(FIX), finding, snapshot, {})
    assert isinstance(made, Plan), made
    return made


@pytest.mark.parametrize(("check", "observed", "kind"), FLAWS)
@pytest.mark.parametrize("ending", [".py", ".ts", ".mjs"])
def test_every_flaw_has_its_code_in_its_language(check: str, observed: dict[str, Any], kind: str, ending: str) -> None:
    path = FILE.replace(".py", ending)
    there = {name: (replace(seen[0], site=replace(SITE, path=path)),) for name, seen in observed.items()}
    made = planned(check, there)
    texts = PYTHON if ending == ".py" else SCRIPT
    assert made.safety is Safety.GUIDE and made.operations == ()
    assert [step.text for step in made.steps] == ["", texts[kind].replace("{parameter}", "p"), ""]
    assert f"{path}:12" in repr(made.steps[0])


def test_every_check_of_code_is_helped() -> None:
    assert set(get_fix(FIX).repairs) == {check for check in plugins().checks if check.startswith("source/")}
    assert set(PYTHON) == set(SCRIPT) == {kind for _, _, kind in FLAWS}


@pytest.mark.parametrize("kind", sorted(PYTHON))
def test_the_code_is_python(kind: str) -> None:
    text = PYTHON[kind].replace("{parameter}", "words")
    compile(text, kind, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def read(code: str) -> Observations:
    analysis = analyse(FILE, code.encode())
    assert analysis.gaps == ()
    return analysis.observations


HEAD = "import asyncio\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n"


def inside(text: str) -> str:
    return "async def main():\n" + "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (
            "source/path-escape",
            HEAD + PYTHON["contained"] + "@mcp.tool()\ndef tool(p: str):\n    return contained(p).read_text()\n",
        ),
        (
            "source/command-injection",
            HEAD
            + "@mcp.tool()\ndef tool(words: str):\n"
            + "".join(f"    {line}\n" for line in PYTHON["command"].replace("{parameter}", "words").splitlines()),
        ),
        ("source/socket-without-mode", HEAD + inside(PYTHON["private"])),
        ("source/predictable-socket-path", HEAD + inside(PYTHON["private"])),
        (
            "source/no-peer-check",
            HEAD + PYTHON["peer"] + "async def main():\n    await asyncio.start_unix_server(serve, '/srv/mcp/x')\n",
        ),
    ],
)
def test_the_code_passes_the_check_that_asked_for_it(check: str, code: str) -> None:
    observed = read(code)
    seen = {name: getattr(observed, name) for name in observed.__dataclass_fields__ if getattr(observed, name)}
    assert seen, "the check has nothing to judge"
    result = run_check(get_check(check), host(**seen))
    assert (result.findings, result.passed) == ((), 1)


@pytest.mark.parametrize("kind", sorted(PYTHON))
def test_nothing_is_found_in_the_code_that_is_given(kind: str) -> None:
    code = HEAD + "import yaml\n" + inside(PYTHON[kind].replace("{parameter}", "words"))
    observed = read(code)
    seen = {name: getattr(observed, name) for name in observed.__dataclass_fields__}
    for check in get_fix(FIX).repairs:
        if (kind, check) != ("peer", "source/no-peer-check"):
            assert run_check(get_check(check), host(**seen)).findings == (), check


@pytest.mark.parametrize("kind", sorted(SCRIPT))
def test_nothing_is_found_in_the_code_that_is_given_for_node(kind: str) -> None:
    javascript = pytest.importorskip("workbench.host.code.javascript")
    if javascript.missing() is not None:
        pytest.skip("what reads JavaScript is not installed")
    analysis = javascript.analyse("/srv/server/main.mjs", SCRIPT[kind].replace("{parameter}", "words").encode())
    assert analysis.gaps == ()
    seen = {name: getattr(analysis.observations, name) for name in analysis.observations.__dataclass_fields__}
    for check in get_fix(FIX).repairs:
        assert run_check(get_check(check), host(**seen)).findings == (), check


def test_without_a_place_there_is_no_plan() -> None:
    snapshot = host(sends=(SecretSend(SITE, "c.send", "token"),))
    (finding,) = run_check(get_check("source/credentials-over-ipc"), snapshot, (FIX,)).findings
    made = plan(get_fix(FIX), replace(finding, location=None), snapshot, {})
    assert not isinstance(made, Plan)


def test_a_program_without_an_ending_is_in_the_language_that_was_read() -> None:
    made = planned("source/unpickle", {"unpicklings": (Unpickling(SITE, "x", "y"),)})
    assert made.steps[1].text == PYTHON["data"]
    assert builders.snapshot().code.roots == ()
