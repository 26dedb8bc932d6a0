"""``workbench servers``: the inventory alone, without a plugin loaded or another program asked about anything."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from workbench.exits import Exit
from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.model.snapshot import Snapshot
from workbench.options import context_of, put, replayed

SECTIONS = ("accounts", "clients", "processes", "sockets", "units", "containers", "servers", "assets")
"""The sections of the Snapshot that tell which servers there are, and what each could open."""


def inventory(context: Context) -> Snapshot:
    """The Snapshot with the sections that tell which servers there are; the others say they were not asked for."""
    return gather(replace(context, assess=False), only=SECTIONS)


def _look(context: Context, options: argparse.Namespace) -> Snapshot:
    if not options.sudo:
        return inventory(context)
    from workbench.asking_root import look_with_sudo

    return look_with_sudo(lambda given: inventory(replace(context, privileged=given)), agreed=options.yes)


def print_servers(options: argparse.Namespace) -> int:
    """Print every MCP server of this host, or of a snapshot file, once."""
    with undisturbed():
        return _print(options)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For one answer and the end: without looking for what could be thrown away, and with few changes of the thread.

    Nobody waits at a screen meanwhile, and of the collectors one does nearly all of the work.
    """
    was_on, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(0.05)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_on:
            gc.enable()


def _print(options: argparse.Namespace) -> int:
    snapshot = replayed(options) or _look(context_of(options), options)
    if options.json:
        from workbench.report.servers import as_json

        print(as_json(snapshot))
    else:
        from workbench.report.servers_text import as_text

        if options.demo:
            from workbench.demo import WORDS

            put(f"{WORDS}\n\n")
        put(as_text(snapshot))
    return Exit.CLEAN
