"""Options and words are held to the tools themselves: what ``--help`` shows is known, and read as they read it."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.live.support import missing, require_program
from workbench.launch import understand
from workbench.launch.accounts import RUNUSER, SETPRIV, SUDO
from workbench.launch.containers import EXEC, GLOBAL, RUN
from workbench.launch.interpreters import NODE
from workbench.launch.options import NPM, UV
from workbench.launch.sandboxes import BWRAP, SYSTEMD_RUN
from workbench.launch.shells import split_words
from workbench.launch.words import Arity
from workbench.launch.wrappers import SIMPLE, TIMEOUT, UNSHARE

pytestmark = pytest.mark.live

# They run nothing, so nothing that follows them is taken for what it is not.
_RUN_NOTHING = frozenset(("-h", "--help", "-V", "--version", "-?"))
_OPTION = re.compile(r"(?<!\S)(-[A-Za-z]|--[A-Za-z][\w.-]*)(\[?=\S+)?")


def _help(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    program = _program(command[0])
    done = subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    return done.stdout + done.stderr


def _program(name: str) -> str:
    # uv is a part of the development environment, and need not be on the path.
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else require_program(name)


def _columns(text: str, start: int = 8) -> Iterator[tuple[list[str], str]]:
    """Of each line of options their names, and the placeholder of a value, "" for none: ``-e, --env list   Set …``."""
    for line in text.splitlines():
        if not re.match(rf" {{1,{start}}}-", line):
            continue
        # Two blanks or a dash end the names; what follows is prose.
        names = re.split(r"\s{2,}", line.strip())[0]
        found = list(_OPTION.finditer(names))
        if found:
            last = found[-1]
            value = (last[2] or "") or names[last.end() :].strip(" ,.")
            yield [each[1] for each in found], value


def _wrong(known: Arity, options: Iterable[tuple[Sequence[str], str]]) -> list[str]:
    """What the table does not know, or knows as something else."""
    wrong = []
    for names, value in options:
        for name in names:
            if name in _RUN_NOTHING:
                continue
            attached_only = value.startswith("[=")
            takes = 0 if not value or attached_only else len(value.split()) if name in known.more else 1
            has = known.more.get(name, 1 if name in known.valued else 0 if name in known.flags else -1)
            if has != takes:
                wrong.append(f"{name} takes {takes}, the table says {has if has >= 0 else 'nothing'}")
    return wrong


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (("docker", "run", "--help"), RUN),
        (("docker", "exec", "--help"), EXEC),
        (("docker", "--help"), GLOBAL),
        (("podman", "run", "--help"), RUN),
        (("podman", "exec", "--help"), EXEC),
        (("podman", "--help"), GLOBAL),
    ],
    ids=lambda each: " ".join(each[:-1]) if isinstance(each, tuple) else "",
)
def test_container_engines(command: tuple[str, ...], known: Arity) -> None:
    options = list(_columns(_help(*command)))
    assert len(options) > 6
    assert _wrong(known, options) == []


@pytest.mark.parametrize("command", [("uvx",), ("uv", "run"), ("uv", "tool", "run")], ids=" ".join)
def test_uv(command: tuple[str, ...]) -> None:
    # ``--quiet...`` may be given more than once.
    options = list(_columns(_help(*command, "--help").replace("...", "")))
    assert len(options) > 50
    assert _wrong(UV, options) == []


def test_npx() -> None:
    text = _help("npx", "--help")
    options: list[tuple[list[str], str]] = []
    for bracketed in re.findall(r"\[(--?[^\[\]]+)", text):
        names, _, value = bracketed.strip().partition(" ")
        options.append((names.split("|"), value))
    assert len(options) > 3
    assert _wrong(NPM, options) == []


_SETTINGS_OF_NPM = """
const { definitions } = require(process.argv[1]);
for (const [name, { type }] of Object.entries(definitions)) {
  const types = [].concat(type).filter((each) => each !== null);
  console.log(name, types.includes(Boolean) ? 0 : 1);
}
"""


def test_every_setting_of_npm_is_an_option_of_npx() -> None:
    folder = Path(_help("npm", "root", "-g").strip().splitlines()[-1]) / "npm/node_modules/@npmcli/config/lib"
    if not folder.is_dir():
        missing(f"npm keeps the definitions of its settings elsewhere than in {folder}")
    printed = _help("node", "-e", _SETTINGS_OF_NPM, str(folder / "definitions"))
    settings = [line.split() for line in printed.splitlines()]
    assert len(settings) > 100
    # Written with dots they are read from files only.
    options = [([f"--{name}"], "x" if takes == "1" else "") for name, takes in settings if "." not in name]
    assert _wrong(NPM, options) == []


def test_bwrap() -> None:
    options = list(_columns(_help("bwrap", "--help")))
    assert len(options) > 40
    assert _wrong(BWRAP, ((names, value) for names, value in options)) == []


def test_systemd_run() -> None:
    options = list(_columns(_help("systemd-run", "--help")))
    assert len(options) > 25
    # Its names are apart from their short forms by a blank alone, and a value follows an equals sign.
    assert _wrong(SYSTEMD_RUN, ((names, value if "=" in value else "") for names, value in options)) == []


def test_sudo() -> None:
    options = []
    for names, value in _columns(_help("sudo", "--help")):
        # ``-h`` is the host only where it is followed by one, and ``--preserve-env`` takes an attached list.
        if names != ["-h", "--help"] and names != ["--preserve-env"]:
            options.append((names, value))
    assert len(options) > 20
    assert _wrong(SUDO, options) == []


def test_firejail_attaches_every_value() -> None:
    names = re.findall(r"^    (--?[^\s\[=|]+)(\[?=\S+)?(?: - |,)", _help("firejail", "--help"), re.MULTILINE)
    assert len(names) > 100
    for name, value in names:
        if name in ("--", "--help", "-?"):
            continue
        option = f"{name}=x" if value else name
        launch = understand(["firejail", option, "node", "x.js"], "/home/dev")
        assert (launch.wrappers, launch.program, launch.understood) == (("firejail",), "node", True), option


@pytest.mark.parametrize(
    ("command", "known", "least"),
    [
        (("runuser", "--help"), RUNUSER, 9),
        (("su", "--help"), RUNUSER, 8),
        (("setpriv", "--help"), SETPRIV, 15),
        (("unshare", "--help"), UNSHARE, 20),
        (("timeout", "--help"), TIMEOUT, 4),
        (("setsid", "--help"), SIMPLE["setsid"], 3),
        (("stdbuf", "--help"), SIMPLE["stdbuf"], 3),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_tools_of_every_linux(command: tuple[str, ...], known: Arity, least: int) -> None:
    options = [(names, value) for names, value in _columns(_help(*command)) if not {*names} & _RUN_NOTHING]
    assert len(options) >= least
    assert _wrong(known, options) == []


def test_node_takes_the_values_of_its_options_from_the_next_word() -> None:
    names = re.findall(r"^  (?:-\w, )?(--[\w-]+)=\.\.\.", _help("node", "--help"), re.MULTILINE)
    assert len(names) > 20
    assert [name for name in names if name not in NODE.valued] == []


def test_what_an_engine_takes_for_the_image() -> None:
    """The tool itself is asked: with a storage of its own, empty, it names the image that it does not find."""
    # Podman takes no longer path than 50 characters.
    with tempfile.TemporaryDirectory(prefix="wb", dir="/tmp") as folder:
        storage = ["--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
        options = ["--pids-limit", "100", "-e", "A", "-itu", "1", "--name", "none", "--pull", "never"]
        command = [require_program("podman"), *storage, "run", *options, "localhost/workbench-none:1", "x"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    image = understand(command, "/home/dev").image
    assert image is not None
    assert (image.name, image.tag, image.argument) == ("localhost/workbench-none", "1", len(command) - 2)
    assert f"{image.text}: image not known" in done.stderr


def test_words_are_those_of_the_shell_itself() -> None:
    shell = require_program("sh")
    dice = random.Random(7)
    read = 0
    for _ in range(200):
        text = "".join(dice.choice("ab  \"\"''\\") for _ in range(dice.randrange(1, 14)))
        if text.endswith("\\"):
            continue  # at the very end a shell keeps it, and no one writes it
        done = subprocess.run(
            [shell, "-c", f"printf '%s\\0' {text}"], capture_output=True, text=True, timeout=20, check=False
        )
        words = split_words(text)
        if words is None:
            assert done.returncode != 0, text
        else:
            assert done.stdout.split("\0")[:-1] == (words or [""]), text
            read += 1
    assert read > 50
