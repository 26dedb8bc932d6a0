"""A plan as a POSIX shell script that a person can read, which does the same as ``workbench apply``, and undoes it.

It holds no secret and not the whole of any file: new bytes are put between parts of the file as it is. Before anything
is done everything must be as it was when the script was made, by digest, mode and owner.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING

from workbench.model.finding import Finding
from workbench.model.plan import Refusal
from workbench.report.lines import wrapped
from workbench.report.script.shell import comment, comment_lines, quoted

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared
    from workbench.report.plan_file import PlanDocument

_NOT_PROVEN = (
    "The workbench would look again by itself and roll back what did not help; the script cannot. Look yourself, with"
    " workbench --headless"
)
_NOTHING_KNOWN = "Nothing is known that would."


def as_script(made: PlanDocument, prepared: Prepared, finding: Finding) -> str | Refusal:
    """The whole script, ASCII only, or why this plan cannot be one."""
    from workbench.repair.paths import Refused, words
    from workbench.repair.staged import StagedFile, moves_secrets
    from workbench.report.script.forms import step

    if not prepared.operations:
        return Refusal("these are steps for you to take, and no script takes them", "read them with workbench plan")
    if moves_secrets(prepared.operations):
        # Even its digest would let it be guessed, where the file that it goes to holds nothing else.
        return Refusal("it moves a secret, which no script may hold", "use workbench apply, which never names it")
    try:
        steps = [
            step(number, operation, content)
            for number, (operation, content) in enumerate(zip(prepared.operations, prepared.contents, strict=True), 1)
        ]
    except Refused as why:
        return Refusal(why.reason, why.instead)
    except OSError as error:
        return Refusal(f"a file of the plan cannot be examined: {words(error)}")
    lines = ["#!/bin/sh", *_said(made, finding), *_SETTINGS, f"digest={made.digest}", f"account={os.geteuid()}"]
    lines.append(f"steps='{' '.join(str(number) for number in range(1, len(steps) + 1))}'")
    for number, (change, functions) in enumerate(zip(made.changes, steps, strict=True), 1):
        lines += ["", *comment(f"Step {number}: {change.words}")]
        lines += comment_lines(change.diff.split("\n") if change.diff else [], "    ")
        lines += functions
    lines += [
        "",
        "# shellcheck disable=SC2016 # what is quoted is to be shown as it is",
        "explain() {",
        *(f"    say {quoted(line)}" for line in _explained(made)),
        "}",
        "",
    ]
    made_anew = any(isinstance(operation, StagedFile) for operation in prepared.operations)
    return "\n".join(lines) + "\n" + (_library("new_file.sh") if made_anew else "") + _library("library.sh")


def _library(name: str) -> str:
    return resources.files("workbench.report.script").joinpath(name).read_text("ascii")


_SETTINGS = (
    "",
    "# Only programs of the system, the same words for every language, and new files for you alone.",
    'if test -n "${ZSH_VERSION-}"; then emulate sh; fi',
    "set -u",
    "umask 077",
    "PATH=/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin",
    "LC_ALL=C",
    "export PATH LC_ALL",
    "unset IFS",
    "",
)


def _said(made: PlanDocument, finding: Finding) -> Iterator[str]:
    yield from comment(made.title)
    yield "#"
    yield from comment(f"Because: {finding.severity.upper()} {finding.summary}")
    yield from comment(f"Finding {made.finding} of {made.check}; fix {made.fix}; class {made.safety.value}")
    yield from comment(f"Plan {made.digest}")
    yield from comment(
        f"Made by workbench {made.workbench} for the account and the machine that it was made on, and no other."
    )
    yield "#"
    yield "#   sh THIS           say what it would do and how everything is now; nothing is done"
    yield "#   sh THIS apply     do it"
    yield "#   sh THIS undo      bring back what was there before"
    yield "#"
    for number, change in enumerate(made.changes, 1):
        yield from comment(f"{number}. {change.words}", "  ")
    yield "#"
    yield from comment(f"What may stop working: {made.consequences or _NOTHING_KNOWN}")
    if made.later:
        yield from comment(f"It takes effect {made.later}.")
    if made.keeps:
        yield from comment(f"Undo does not bring back: {made.keeps}")
    yield "#"
    yield from comment(
        "How it goes: every file must be as it was when this was made, or nothing is done at all. What stands there now"
        " is kept in $XDG_STATE_HOME/workbench/scripts (or ~/.local/state/workbench/scripts), for you alone. A new file"
        " is written beside the old one, with its mode, owner and access list, compared with what was promised, and"
        " put in its place in one step. A file that is not there is made under a passing name, and given its own only"
        " where nothing has that; undo removes it if it is as it was made, with the folders that were made for it, if"
        " they are empty. If a step fails, those before it are put back. Quit the programs that write"
        " these files first: between the last look and the swap lies a moment."
    )
    yield "#"
    yield from comment(_NOT_PROVEN + "; by hand:")
    for evidence in finding.evidence:
        if evidence.command:
            yield from comment(shlex.join(evidence.command), "  ")
    yield from comment("workbench undo and workbench history do not know of this script.")


def _explained(made: PlanDocument) -> Iterator[str]:
    yield made.title
    for number, change in enumerate(made.changes, 1):
        yield from wrapped(f"{number}. {change.words}", "  ", "     ")
    yield from wrapped(f"What may stop working: {made.consequences or _NOTHING_KNOWN}", "  ", "    ")
    if made.later:
        yield from wrapped(f"It takes effect {made.later}.", "  ", "    ")
