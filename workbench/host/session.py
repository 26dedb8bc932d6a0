"""The session that starts the workbench: its umask, the names in its environment, and the files that it begins with."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping

from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.startup import startup_files
from workbench.model.facts import EnvironmentEntry, SectionState, Unread
from workbench.model.session import SessionFacts
from workbench.secrets import environment_entry

_STATUS_LIMIT = 1024 * 1024
_MOUNTS_LIMIT = 16 * 1024 * 1024
_HIDEPID = re.compile(r"(?:^|,)hidepid=(?!0(?:,|$)|off(?:,|$))")
_ASKING = threading.Lock()


def gather(context: Context) -> SessionFacts:
    """The umask and environment of this session, and the startup files of the inspected accounts."""
    unread: tuple[Unread, ...] = ()
    umask: int | None = None
    if context.platform == "linux":
        try:
            umask = _umask_from_status(read_bounded(context.proc / "self" / "status", _STATUS_LIMIT))
        except CannotLook as error:
            unread = (Unread("umask", "the umask of this session", error.why, error.unlock),)
        else:
            if umask is None:
                unread = (Unread("umask", "the umask of this session", "this kernel does not tell it", "Linux 4.7"),)
    elif context.platform != "win32":  # where new files get the access list of their folder instead
        umask = _umask_by_setting()
    startup, not_read = startup_files(context)
    unread += not_read
    return SessionFacts(
        state=SectionState("partial" if unread else "complete", unread=unread),
        umask=umask,
        environment=environment_entries(context.environment),
        processes_hidden=_processes_hidden(context),
        startup=startup,
    )


def environment_entries(environment: Mapping[str, str]) -> tuple[EnvironmentEntry, ...]:
    """The variables by name, sorted, each with the secret it holds (never its value)."""
    return tuple(environment_entry(name, environment[name]) for name in sorted(environment))


def _processes_hidden(context: Context) -> bool | None:
    """Whether /proc keeps the command lines of other accounts' processes to itself: see hidepid in proc(5)."""
    if context.platform != "linux":
        return None
    try:
        mounts = read_bounded(context.proc / "self" / "mountinfo", _MOUNTS_LIMIT).decode("utf-8", "surrogateescape")
    except CannotLook:
        return None
    hidden = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) > 8 and fields[4] == "/proc" and "-" in fields:
            # The last mount on a place is the one that is seen.
            hidden = bool(_HIDEPID.search(",".join([fields[5], *fields[fields.index("-") + 1 :]])))
    return hidden


def _umask_from_status(status: bytes) -> int | None:
    for line in status.splitlines():
        if line.startswith(b"Umask:"):
            return int(line.split()[1], 8)
    return None


def _umask_by_setting() -> int:
    # Without /proc a process learns its umask only by setting it, and it counts for every thread. So the value set for
    # that instant is the strictest one: a file that another thread makes just then comes out too private, never too
    # open. Forking a child to ask would be worse: a fork in a program with threads can lock up.
    with _ASKING:
        umask = os.umask(0o077)
        os.umask(umask)
    return umask
