"""What checks say of the system, asked of the system: what sudo drops, what loads code, who can take a socket away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import builders
from tests.live import support
from tests.live.test_sockets_live import MEMBER, OWNER, as_account, judged, place, serving, socket_of
from tests.plugins.loading import run_check
from workbench.launch import understand
from workbench.model.clients import ClientFacts, LoaderVariable
from workbench.model.facts import EnvironmentEntry
from workbench.model.finding import Finding, Passed

__all__ = ["place"]
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("sockets")]

PYTHON = "/usr/bin/python3"
HOOK = {".js": "console.log('loaded')", ".py": "print('loaded')", ".sh": "echo loaded", "": "#!/bin/sh\necho loaded\n"}


@pytest.mark.parametrize(
    ("name", "value", "command", "loads"),
    [
        ("NODE_OPTIONS", "--require {hook}.js", "node {rest}/main.js", True),
        ("NODE_OPTIONS", "--import {hook}.js", "node {rest}/main.js", True),
        ("NODE_OPTIONS", "--max-old-space-size=64", "node {rest}/main.js", False),
        ("NODE_PATH", ":/usr/lib/node_modules:", "node {rest}/asks.js", False),
        ("NODE_PATH", "{here}", "node {rest}/asks.js", True),
        ("PYTHONPATH", "/usr/lib:", PYTHON + " {rest}/asks.py", True),
        ("PYTHONPATH", "{here}", PYTHON + " {rest}/asks.py", True),
        ("PYTHONPATH", "/usr/lib", PYTHON + " {rest}/asks.py", False),
        ("PYTHONSTARTUP", "{hook}.py", PYTHON + " {rest}/main.py", False),
        ("PYTHONSTARTUP", "{hook}.py", PYTHON + " -i {rest}/main.py", False),
        ("PYTHONSTARTUP", "{hook}.py", PYTHON + " -i", True),
        ("BASH_ENV", "{hook}.sh", "bash {rest}/main.sh", True),
        ("PATH", "/usr/bin:/bin:", "sh {rest}/asks.sh", True),
        ("PATH", "/usr/bin:/bin", "sh {rest}/asks.sh", False),
    ],
)
def test_which_variables_make_a_program_load_code(
    name: str, value: str, command: str, loads: bool, tmp_path: Path
) -> None:
    here, rest = tmp_path / "here", tmp_path / "rest"
    here.mkdir()
    rest.mkdir()
    for ending, text in HOOK.items():
        if not ending and name != "PATH":
            continue  # node would take it for its own
        file = here / f"hook_of_ours{ending}"
        file.write_text(text)
        file.chmod(0o755)
    for ending in (".js", ".py", ".sh"):
        (rest / f"main{ending}").write_text("")
    (rest / "asks.js").write_text("try { require('hook_of_ours') } catch {}")
    (rest / "asks.py").write_text("try:\n    import hook_of_ours\nexcept ImportError:\n    pass\n")
    (rest / "asks.sh").write_text("hook_of_ours 2>/dev/null\n")
    words = [word.format(rest=rest) for word in command.split()]
    words[0] = support.require_program(words[0])
    set_to = value.format(hook=here / "hook_of_ours", here=here)
    ran = subprocess.run(
        words,
        cwd=here,
        env={"PATH": "/usr/bin:/bin", name: set_to},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ("loaded" in ran.stdout) is loads, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("options", "variable", "passes"),
    [
        ((), "API_KEY", False),
        (("--preserve-env=OTHER",), "API_KEY", False),
        (("--preserve-env=OTHER,API_KEY",), "API_KEY", True),
        (("-E",), "API_KEY", True),
        *(
            ((), name, True)
            for name in ("LANG", "LANGUAGE", "LC_ALL", "TZ", "TERM", "COLORTERM", "DISPLAY", "LS_COLORS")
        ),
        *(((), name, False) for name in ("HTTP_PROXY", "NODE_OPTIONS", "XDG_RUNTIME_DIR")),
    ],
)
def test_sudo_drops_the_variables_of_an_entry(options: tuple[str, ...], variable: str, passes: bool) -> None:
    support.require_root()
    sudo = support.require_program("sudo")
    ran = subprocess.run(
        [sudo, "-n", *options, "-u", "nobody", "/usr/bin/env"],
        env={"PATH": os.environ["PATH"], variable: "here"},
        capture_output=True,
        text=True,
        check=True,
    )
    entry = builders.server(
        "files",
        ("sudo", "-n", *options, "-u", "nobody", "/usr/bin/mcp-files"),
        launch=understand(("sudo", "-n", *options, "-u", "nobody", "/usr/bin/mcp-files"), "/home/dev"),
        environment=(EnvironmentEntry(variable),),
    )
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([entry]),))
    said = run_check("clients/sudo-wrapper", builders.snapshot(clients=clients))
    assert (f"{variable}=here" in ran.stdout) is passes
    assert builders.kinds(said) == ({Passed} if passes else {Finding})


def test_pythons_startup_file_is_of_no_account_for_a_server() -> None:
    """It is read by an interpreter without a script alone, as the first test asks of the real one."""
    for name, kind in (("PYTHONSTARTUP", Passed), ("BASH_ENV", Finding)):
        entry = builders.server("files", ("python3", "/srv/x.py"), loaders=(LoaderVariable(name, "code"),))
        clients = ClientFacts(builders.COMPLETE, configs=(builders.config([entry]),))
        assert builders.kinds(run_check("clients/loader-override", builders.snapshot(clients=clients))) == {kind}


@pytest.mark.parametrize(("mode", "replaced"), [(0o755, False), (0o1777, False), (0o777, True), (0o775, False)])
def test_who_can_put_another_socket_in_its_place(mode: int, replaced: bool, place: Path) -> None:
    folder = place / f"open-{place.name}"
    folder.mkdir()
    os.chown(folder, OWNER.uid, OWNER.gid)
    folder.chmod(mode)
    name = folder / "mcp-files.sock"

    def take_away() -> int:
        try:
            name.rename(folder / "gone.sock")
        except OSError:
            return 1
        return 0

    with serving("python", place, str(name)):
        said = judged(socket_of(folder), "sockets/replaceable")
        assert (as_account(MEMBER, take_away) == 0) is replaced
    assert bool(builders.findings(said)) is replaced
