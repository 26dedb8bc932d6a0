"""Run exact, read-only commands through sudo: one prompt, then one after the other. The password is sudo's business."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterable

from workbench.activity import began, note_run
from workbench.host.command import Output, find_program, run
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector

_DEADLINE = 10.0


def prompt(interactive: bool) -> str:
    """Let sudo ask for the password, on this terminal. Gives "" when it may go on, else why not."""
    try:
        sudo = find_program("sudo")
    except CannotLook as why:
        return why.why
    arguments = [sudo, "-v"] if interactive else [sudo, "-n", "-v"]
    begun = began()
    try:
        done = subprocess.run(
            arguments,
            check=False,
            stdin=None if interactive else subprocess.DEVNULL,
            stderr=None if interactive else subprocess.DEVNULL,
        )
    except OSError as error:
        return f"sudo could not be started: {error.strerror}"
    note_run(arguments, begun, done.returncode)
    return "" if done.returncode == 0 else "sudo did not agree"


def run_all(vectors: Iterable[Vector], tell: Callable[[Vector], None] | None = None) -> dict[Vector, Output]:
    """Run each command as root. One that fails, or that no longer is root's own program, has an answer that says so.

    Call ``prompt`` first: from here on sudo asks nothing.
    """
    sudo = find_program("sudo")
    answers: dict[Vector, Output] = {}
    for vector in vectors:
        if tell is not None:
            tell(vector)
        if not is_roots_own(vector[0]):
            answers[vector] = Output(126, "", f"{vector[0]} is not root's alone")
            continue
        try:
            answers[vector] = run((sudo, "-n", "--", *vector), _DEADLINE, own_session=False)
        except CannotLook as why:
            answers[vector] = Output(125, "", why.why)
    return answers


def is_roots_own(program: str) -> bool:
    """Whether only root can change a program, the folders on its path included."""
    path = os.path.realpath(program)
    while True:
        try:
            status = os.stat(path)
        except OSError:
            return False
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)
