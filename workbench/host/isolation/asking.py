"""Ask the filters of a server what they let through, within the time that a scan may take for it."""

from __future__ import annotations

import time

from workbench.host.isolation.comparing import Reference
from workbench.host.processes.table import Gaps
from workbench.model.processes import ServerProcess

FILTER_SECONDS = 2.0
"""How long a scan may take to read filters, in all."""


def syscalls_of(server: ServerProcess, known: Reference, gaps: Gaps) -> tuple[tuple[str, str], ...]:
    """What its filters answer, as (call, answer); empty where it has none or may not be asked."""
    if not known.read_filters or server.seccomp != 2:
        return ()
    from workbench.host.isolation import filters
    from workbench.host.isolation.bpf import NotAFilter
    from workbench.host.isolation.syscalls import answers, is_known

    what = f"what the system call filters of {server.label} let through"
    machine = filters.machine()
    if not is_known(machine):
        return ()
    if not known.filters_until:
        known.filters_until = time.monotonic() + FILTER_SECONDS
    if time.monotonic() > known.filters_until:
        gaps.add("seccomp", what, f"reading filters took longer than {FILTER_SECONDS:g} s in all")
        return ()
    try:
        programs = filters.read_filters(server.pid)
        if programs not in known.answers:  # those of one profile are alike
            known.answers[programs] = answers(programs, machine, i386=filters.has_i386(), x32=filters.has_x32())
        return known.answers[programs]
    except filters.CannotRead as why:
        gaps.add("seccomp", what, str(why))
    except NotAFilter:
        gaps.add("seccomp", what, "the kernel handed out something that is no filter")
    return ()
