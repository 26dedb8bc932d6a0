"""Make the script of prepared operations, and run it with a real shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.repair.support import SECRET, plan
from workbench.model.finding import Evidence, Finding, Subject
from workbench.model.operations import Operation
from workbench.model.plan import Plan, Refusal
from workbench.model.severity import Severity
from workbench.repair.prepare import Prepared, prepare
from workbench.report.plan_file import document
from workbench.report.script import as_script

FINDING = Finding(
    Subject("config", "/x", "x"), Severity.HIGH, "it is open", (Evidence("closed", "open", ("ls", "-l", "/x")),)
)
SHELLS = [
    command
    for command in (["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh"], ["mksh"])
    if shutil.which(command[0])
]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a script gave."""

    status: int
    out: str
    err: str


class Script:
    """A script in a file, with a folder for its backups."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text = text
        self.folder = folder
        self.state = folder / "state"
        self.file = folder / "repair.sh"
        self.file.write_text(text, "ascii")

    def run(self, *arguments: str, shell: list[str] | None = None, tools: Path | None = None) -> Ended:
        """Run it. ``tools`` is a folder of programs that come before those of the system."""
        file = self.file
        if tools is not None:
            file = self.folder / "with-tools.sh"
            file.write_text(self.text.replace("\nPATH=", f"\nPATH={tools}:", 1))
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "XDG_STATE_HOME": str(self.state)}
        done = subprocess.run(
            [*(shell or ["sh"]), str(file), *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            cwd="/",
            start_new_session=True,
            timeout=60,
        )
        assert SECRET not in done.stdout + done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)


def prepared_of(made: Plan) -> Prepared:
    """The plan worked out; the test fails where that is refused."""
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    return worked_out


def script_of(made: Prepared, folder: Path) -> Script:
    """The script of a plan; the test fails where there is none."""
    text = as_script(document(made, {}), made, FINDING)
    assert isinstance(text, str), text
    assert SECRET not in text
    folder.mkdir(exist_ok=True)
    return Script(text, folder)


def of_operations(folder: Path, *operations: Operation) -> Script:
    """The script of these operations."""
    return script_of(prepared_of(plan(*operations)), folder)


def refused(*operations: Operation) -> Refusal:
    """Why there is no script of these operations."""
    made = prepared_of(plan(*operations))
    text = as_script(document(made, {}), made, FINDING)
    assert isinstance(text, Refusal), text
    assert text.instead
    return text


_TOOLS = ("cp", "chmod", "mv", "rm", "mkdir", "sync", "cat", "head", "tail", "ln", "rmdir")


def interfering(folder: Path, at: int, act: str) -> Path:
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


def times(tools: Path) -> int:
    """How often one of these programs was begun."""
    return len((tools / "count").read_bytes()) if (tools / "count").exists() else 0
