"""``workbench probe SOCKET``: say what will be done, ask, do it, say what it means."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from workbench.exits import Exit, Unusable, complain
from workbench.options import put, state_folder
from workbench.probe.asking import Answer, ask, command
from workbench.probe.memory import remember
from workbench.probe.refusing import why_not
from workbench.probe.target import Target, find
from workbench.probe.verdict import MEANING, compare
from workbench.repair.paths import Refused

_BAD = ("open", "lazy")


def probe(options: argparse.Namespace) -> int:
    """Probe one socket and print the verdict; status 1 where a stranger gets in."""
    if sys.platform != "linux":
        raise Unusable("probe: connecting as other accounts is built for Linux only")
    target = find(options.socket)
    refusal = why_not(target.shown, target.program)
    if refusal:
        raise Unusable(f"{target.shown} is not probed: {refusal}")
    stranger = _stranger(target.uid)
    try:
        if not options.yes and not _agreed(target, stranger):
            complain("nothing was done")
            return Exit.USAGE
        answers = {"owner": ask(target.name, target.uid, target.gid), "nobody": ask(target.name, *stranger)}
    except OSError as error:
        raise Unusable(f"{target.shown} could not be probed: {error.strerror or type(error).__name__}") from error
    verdict = compare(answers["owner"], answers["nobody"])
    if target.inode:
        try:
            remember(state_folder(Path.home()), target.inode, verdict)
        except (Refused, OSError) as error:
            why = error.reason if isinstance(error, Refused) else error.strerror
            complain(f"the verdict could not be kept for the next scan: {why}")
    if options.json:
        treated = {who: asdict(answer) for who, answer in answers.items()}
        print(json.dumps({"socket": target.shown, "verdict": verdict, "meaning": MEANING[verdict], "treated": treated}))
    else:
        put(f"{verdict}: {MEANING[verdict]}\n")
        for who, answer in answers.items():
            put(f"  {who:<7} {_in_words(answer)}\n")
    return Exit.FINDINGS if verdict in _BAD else Exit.CLEAN


def _agreed(target: Target, stranger: tuple[int, int]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable("probe: connecting to a live socket is always asked for; without a terminal, agree with --yes")
    holder = f", which {target.program} listens on" if target.program else ""
    print(
        f"Two real connections will be made to {target.shown}{holder}: one as its owner (uid {target.uid}), one as a\n"
        f"stranger (uid {stranger[0]}). Each waits a moment, says one harmless word (a JSON-RPC ping) and hangs up.\n"
        "The server may log them; a socket that starts a program for each connection starts two.\n"
        "What runs:",
        file=sys.stderr,
    )
    for uid in (target.uid, stranger[0]):
        as_account = f"  as uid {uid}: " if os.geteuid() == 0 else "  "
        print(as_account + shlex.join(command(target.name, uid)), file=sys.stderr)
    sys.stderr.write("Probe it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _stranger(owner: int) -> tuple[int, int]:
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
    except KeyError:
        uid, gid = 65534, 65534
    return (uid, gid) if uid != owner else (uid - 1, gid - 1)


def _in_words(answer: Answer) -> str:
    if answer.refused:
        return f"could not connect ({answer.refused})"
    if answer.closed:
        return "was let in and closed at once"
    return f"was let in; after its first word: {answer.after}"
