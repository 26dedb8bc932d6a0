"""The running MCP servers: found in two stages, each start told once, with the facts that the checks judge.

The first stage reads the command line of every process and nothing else; only the few that could be a server are
looked into.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from workbench.host.context import Context
from workbench.host.files import AS_ROOT
from workbench.host.processes import orphans, outdated, running
from workbench.host.processes.chains import Found, client_of, find
from workbench.host.processes.entries import Configured, configured, shown
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.origin import source_of
from workbench.host.processes.programs import as_runner, program_name
from workbench.host.processes.recognise import Recogniser
from workbench.host.processes.table import Gaps, Gone, Hidden, Table
from workbench.launch import understand
from workbench.model.clients import ClientFacts, EntryReference
from workbench.model.facts import SectionState
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.secrets import redact, secrets_in_commands
from workbench.text import visible

DEPENDS = ("clients",)

_Describe = Callable[[ServerProcess, Gaps], ServerProcess]
_Settle = Callable[[tuple[ServerProcess, ...], Gaps], tuple[ServerProcess, ...]]


def gather(context: Context) -> ProcessFacts:
    """The running MCP servers of this host, oldest first."""
    clients = context.found.get("clients")
    entries = configured(clients if isinstance(clients, ClientFacts) else None)
    if context.platform == "linux":
        linux = LinuxTable(os.fspath(context.proc), context.privileged)
        return _gather(
            context,
            linux,
            linux.unreadable,
            entries,
            lambda server, gaps: _described(linux, server, gaps, context),
            lambda servers, gaps: orphans.mark(linux, servers, gaps),
        )
    from workbench.host.processes import elsewhere

    other = elsewhere.PsutilTable()
    return _gather(
        context,
        other,
        other.unreadable,
        entries,
        lambda server, gaps: elsewhere.describe(other, server, context.platform, gaps),
        lambda servers, gaps: servers,  # who holds the other end of a pipe is not told there
    )


def _described(table: LinuxTable, server: ServerProcess, gaps: Gaps, context: Context) -> ServerProcess:
    # Where no server runs nothing of this is needed: mounts, limits, filters.
    from workbench.host.processes import details

    return details.describe(table, server, gaps, context)


def _account_name(uid: int) -> str:
    from workbench.host.processes import details

    return details.account_name(uid)


def _gather(
    context: Context,
    table: Table,
    unreadable: set[int],
    entries: tuple[Configured, ...],
    describe: _Describe,
    settle: _Settle,
) -> ProcessFacts:
    gaps = Gaps()
    try:
        seen = len(table.commands())
    except OSError as error:
        return ProcessFacts(SectionState("failed", f"the processes cannot be listed: {error.strerror}", "mount /proc"))
    recogniser = Recogniser(table, entries, str(context.home))
    systemd = context.platform == "linux" and _is_systemd(table)
    found = outdated.join(table, find(table, recogniser, os.getpid(), look_at_units=systemd))
    outlines = []
    for each in found:
        try:
            outlines.append(_outline(context, table, recogniser, each))
        except (Gone, Hidden):
            continue  # it ended while it was looked at
    servers = []
    # Told apart before they are described, so that a gap names the very server it is of.
    for server in _with_distinct_keys(outlines):
        try:
            servers.append(describe(server, gaps))
        except (Gone, Hidden):
            continue
    by_reference = {each.reference: each for each in entries}
    compared = tuple(_compared(server, by_reference, context.platform) for server in servers)
    settled = settle(compared, gaps)
    _note_hidden(context, table, unreadable, recogniser, gaps)
    clients = context.found.get("clients")
    if isinstance(clients, ClientFacts) and clients.state.status == "failed":
        what = "servers that nothing but a client's configuration tells from other programs"
        gaps.add("hidden", what, f"the configurations were not read: {clients.state.reason}", clients.state.unlock)
    return ProcessFacts(
        state=SectionState("partial" if gaps.unread else "complete", unread=tuple(gaps.unread)),
        servers=settled,
        seen=seen,
        clients=running.clients(table, table.commands()),
    )


def _compared(server: ServerProcess, entries: Mapping[EntryReference, Configured], platform: str) -> ServerProcess:
    if server.entry is None or server.outdated:
        return server
    return replace(server, outdated=outdated.of_facts(server, entries[server.entry], platform))


def _outline(context: Context, table: Table, recogniser: Recogniser, found: Found) -> ServerProcess:
    recognition = found.recognition
    argv = table.command(found.pid)
    outermost = table.command(found.chain[0])
    uid = table.uids(found.pid)[1]
    script = redact(recognition.script)
    if script and not recognition.package and not os.path.isabs(script) and "/" in script and "://" not in script:
        try:
            script = os.path.normpath(os.path.join(table.working_directory(found.pid), script))
        except Hidden:
            pass
    # Before any of it is taken apart: half of a secret is no longer recognised as one.
    named = redact(recognition.package or found.image or script or found.unit or (argv[0] if argv else ""))
    named = named or table.name(found.pid)
    short = visible(_short(named))
    entry = recognition.configured
    label = short
    if entry is not None:
        label = entry.entry.name if entry.entry.name == short else f"{entry.entry.name} ({short})"
    return ServerProcess(
        key=f"{uid}:{visible(named)}",
        label=label,
        pid=found.pid,
        chain=found.chain,
        command=shown(argv),
        executable="",
        working_directory="",
        uid=uid,
        gid=-1,
        groups=(),
        account=_account_name(uid),
        started=table.started(found.pid),
        confidence=recognition.confidence,
        recognised_by=visible(redact(recognition.why)),
        entry=entry.reference if entry is not None else None,
        launch=understand(shown(as_runner(outermost) or outermost), str(context.home)),
        client=client_of(table, found.chain[0]),
        workers=found.workers,
        source=source_of(table, recogniser, found),
        outdated=found.outdated,
        # Its own first: of a secret that several of them have, the place is told in the process that is named.
        argument_secrets=secrets_in_commands(table.command(pid) for pid in reversed(found.chain)),
    )


def _short(named: str) -> str:
    last = re.split(r"[\\/]", named.rstrip("/"))[-1]
    return program_name(last) or named


def _with_distinct_keys(servers: list[ServerProcess]) -> tuple[ServerProcess, ...]:
    # The oldest of several alike keeps the plain key, so that a key does not change when one more is started.
    counts: Counter[str] = Counter()
    distinct = []
    for server in sorted(servers, key=lambda server: (server.started, server.pid)):
        counts[server.key] += 1
        number = counts[server.key]
        if number > 1:
            server = replace(server, key=f"{server.key}#{number}", label=f"{server.label} #{number}")
        distinct.append(server)
    return tuple(distinct)


def _is_systemd(table: Table) -> bool:
    try:
        return table.name(1) == "systemd"
    except (Gone, Hidden):
        return False


def _note_hidden(context: Context, table: Table, unreadable: set[int], recogniser: Recogniser, gaps: Gaps) -> None:
    unlock = "look as administrator" if context.platform == "win32" else AS_ROOT
    if context.platform == "linux" and 1 not in table.commands():
        # Every system has a process 1 and its command line is public: not to see it is to see one's own only.
        gaps.add("hidden", "the processes of other accounts", "/proc is mounted with hidepid", unlock)
    elif unreadable:
        what = f"{len(unreadable)} process{'es' if len(unreadable) > 1 else ''} of other accounts"
        gaps.add("hidden", what, "access denied", unlock)
    if recogniser.unclear:
        count = len(recogniser.unclear)
        what = f"{count} program{'s' if count > 1 else ''} of other accounts that may be MCP servers"
        gaps.add("hidden", what, "what is run cannot be looked up", unlock)
