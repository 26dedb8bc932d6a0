"""``workbench probe SOCKET``: say what will be done, ask, do it, say what it means."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path

from workbench.exits import Exit, Unusable, complain
from workbench.options import put, state_folder
from workbench.probe.planned import BAD, PlannedProbe, carry_out, in_words, plan, shown_account, told
from workbench.probe.verdict import MEANING


def probe(options: argparse.Namespace) -> int:
    """Probe one socket and print the verdict; status 1 where a stranger gets in."""
    planned = plan(options.socket)
    if not options.yes and not _agreed(planned):
        complain("nothing was done")
        return Exit.USAGE
    done = carry_out(planned, state_folder(Path.home()))
    # A socket whose number the kernel does not tell could never be found again: nothing is missed there.
    if done.unkept and planned.target.inode:
        complain(f"the verdict could not be kept for the next scan: {done.unkept}")
    answers = {"owner": done.owner, "nobody": done.stranger}
    if options.json:
        treated = {who: asdict(answer) for who, answer in answers.items()}
        said = {"socket": done.shown, "verdict": done.verdict, "meaning": MEANING[done.verdict], "treated": treated}
        print(json.dumps(said))
    else:
        put(f"{done.verdict}: {MEANING[done.verdict]}\n")
        for who, answer in answers.items():
            put(f"  {who:<7} {in_words(answer)}\n")
    return Exit.FINDINGS if done.verdict in BAD else Exit.CLEAN


def _agreed(planned: PlannedProbe) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable("probe: connecting to a live socket is always asked for; without a terminal, agree with --yes")
    for sentence in told(planned):
        print(textwrap.fill(sentence, 110, break_long_words=False, break_on_hyphens=False), file=sys.stderr)
    print("What runs:", file=sys.stderr)
    for uid, vector in planned.commands:
        print(f"  {shown_account(uid, vector)}{shlex.join(vector)}", file=sys.stderr)
    sys.stderr.write("Probe it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
