"""``confirm``, ``backups`` and ``purge``, and what ``apply`` does after a repair: ask about it, and watch it."""

from __future__ import annotations

import argparse
import select
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.commands import settle, sudo_may_ask, told, workbench_of
from workbench.engine import Workbench
from workbench.exits import Exit, Unusable, complain
from workbench.model.run import Run, RunState
from workbench.options import put
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup

_LOOKS = 1.0  # seconds from one look at what was repaired to the next


def confirm(options: argparse.Namespace) -> int:
    """Keep a run that would be undone by itself otherwise."""
    workbench = workbench_of(options)
    settle(workbench)
    try:
        with sudo_may_ask():
            run = workbench.confirm(options.run)
        return told(run)
    except LookupError as error:
        complain(visible(str(error.args[0] if error.args else error), 300))
        return Exit.USAGE


def kept(workbench: Workbench, run: Run, options: argparse.Namespace) -> Run:
    """The run after its person was asked whether to keep it, where that is needed and somebody can be asked."""
    if run.state is not RunState.APPLIED or not run.plan.confirm:
        return run
    if options.keep:
        with sudo_may_ask():
            return workbench.confirm(run.identity)
    if options.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return run
    try:
        answer = _asked(workbench, run)
    except KeyboardInterrupt:
        complain(f"it still waits: keep it with: workbench confirm {run.identity}; otherwise it is undone by itself")
        raise
    if answer == "":
        return next((each for each in workbench.history() if each.identity == run.identity), run)
    with sudo_may_ask():
        return workbench.confirm(run.identity) if answer in ("y", "yes") else workbench.undo(run.identity)


def watch(workbench: Workbench, runs: Sequence[Run], options: argparse.Namespace) -> int:
    """Look for so many seconds whether the runs last. Gives 0, or the status of one that was undone by another."""
    names = {run.identity for run in runs if run.state is RunState.APPLIED}
    if not options.watch or not names:
        return Exit.CLEAN
    from workbench.repair.lasting import said

    until, unknown = time.monotonic() + options.watch, set[str]()
    while True:
        lost = [each for each in workbench.lasting() if each.run.identity in names]
        for each in lost:
            if each.run.identity not in unknown:
                complain(f"{each.run.identity} {said(each)}")
        unknown = {each.run.identity for each in lost if not each.seen}
        if any(each.seen for each in lost):
            return Exit.REFUSED
        left = until - time.monotonic()
        if left <= 0:
            return Exit.CLEAN
        time.sleep(min(left, _LOOKS))


def backups(options: argparse.Namespace) -> int:
    """List every backup that is kept: of which file, how large, how old, and whether it holds a secret. Never what."""
    found = workbench_of(options).backups()
    if options.json:
        from workbench.report.history_document import backups_as_json

        print(backups_as_json(found))
        return Exit.CLEAN
    for each in found:
        put(f"{each.run}  {_size(each.size):>9}  {_age(each.age):>8}  {_secret(each):<9}  {each.file or '?'}\n")
    if not found:
        print("no backups are kept", file=sys.stderr)
    return Exit.CLEAN


def purge(options: argparse.Namespace) -> int:
    """Delete backups: of named runs, or those with secrets, or those of an age."""
    from workbench.repair.backups import MEANING

    if bool(options.run) == (options.secrets or options.older_than is not None):
        raise Unusable("name the runs whose backups to delete, or give --secrets or --older-than DAYS")
    workbench = workbench_of(options)
    settle(workbench)
    if not workbench.read_only and not _agreed_to_purge(MEANING, agreed=options.yes):
        complain("nothing was deleted")
        return Exit.REFUSED
    try:
        done = workbench.purge(options.run, secrets=options.secrets, older_than=options.older_than)
    except LookupError as error:
        complain(visible(str(error.args[0] if error.args else error), 300))
        return Exit.USAGE
    if done.refused:
        complain(f"nothing was deleted: {done.refused}")
        return Exit.REFUSED
    for why in done.kept:
        complain(f"kept the backups of {why}")
    for run in done.runs:
        put(f"{run}  purged\n")
    put(f"deleted {done.backups} backups, {_size(done.size)}\n")
    return Exit.REFUSED if done.kept else Exit.CLEAN


def _agreed_to_purge(meaning: str, *, agreed: bool) -> bool:
    if agreed:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable(f"{meaning}. Without a terminal, agree to that beforehand with --yes")
    sys.stderr.write(f"{meaning[0].upper()}{meaning[1:]}.\nDelete them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _asked(workbench: Workbench, run: Run) -> str:
    """The answer, in small letters; "" where the time ran out or nobody answers any more."""
    print(visible(f"{run.identity}  applied. It is undone by itself unless you keep it."), file=sys.stderr)
    while True:
        left = next((left for each, left in workbench.waiting() if each.identity == run.identity), 0.0)
        sys.stderr.write(f"\rKeep it? [y/n] {left:4.0f} s ")
        sys.stderr.flush()
        if not left:
            sys.stderr.write("\n")
            return ""
        if select.select([sys.stdin], [], [], min(1.0, left))[0]:
            line = sys.stdin.readline()
            answer = line.strip().lower()
            if not line or answer in ("y", "yes", "n", "no"):
                return answer


def _secret(backup: KeptBackup) -> str:
    return {True: "SECRET", False: "-", None: "not known"}[backup.secret]


def _size(size: int) -> str:
    return f"{size} B" if size < 10_000 else f"{size / 1024:.0f} KiB"


def _age(age: float) -> str:
    for name, seconds in (("d", 86400), ("h", 3600), ("min", 60)):
        if age >= seconds:
            return f"{age / seconds:.0f} {name}"
    return f"{age:.0f} s"
