"""Gather the audit system: its rules in the kernel and on disk, its daemon, and what servers' accounts were denied."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace

from workbench.host.audit.access import Access, AsOneself, AsRoot
from workbench.host.audit.accounts import server_accounts
from workbench.host.audit.files import rules_on_disk
from workbench.host.audit.rule import Tables, parse_listed, same
from workbench.host.audit.searching import look
from workbench.host.command import Output, find_program, run
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.audit import AuditFacts, AuditRule
from workbench.model.facts import SectionState, Unread
from workbench.model.record import record
from workbench.text import visible

WINDOW = 24 * 3600.0
RULE_LIMIT = 5000
LINE_LIMIT = 20_000
_AS_ROOT = "run the scan as root, or show it with: sudo {}"
_AGREE = "workbench --sudo"
_ROOT_ALONE = "root alone may ask the kernel for its audit rules"
_MISSING = "auditd is not installed: nothing on this host sets audit rules or keeps what they record"
_ANSWERED = ("No rules", "")


@record
class Places:
    """Where the rules files are, and the log where it is not to be the one that auditd is configured to write."""

    folder: str = "/etc/audit"
    log: str = ""


def gather(context: Context) -> AuditFacts:
    """The audit facts of this host, with the events of the last 24 hours."""
    if context.platform != "linux":
        return AuditFacts(SectionState("not applicable", "only Linux has this audit system"))
    try:
        find_program("auditctl")
    except CannotLook:
        return AuditFacts(SectionState("not applicable", _MISSING))
    return gathered(context, access_of(context), Places(), time.time())


def access_of(context: Context) -> Access:
    """The strongest way there is to ask: as root, through sudo where that is offered, else as oneself."""
    if os.geteuid() != 0 and context.privileged is not None:
        return AsRoot(context.privileged)
    return AsOneself()


def gathered(context: Context, access: Access, places: Places, now: float) -> AuditFacts:
    """The facts, as ``access`` lets them be read. ``now`` is Unix seconds."""
    unread: list[Unread] = []
    enabled, running, lost = _status(context, access, unread)
    contents = _contents(access, places, unread)
    listed = _asked(access, unread, "rules", "the audit rules that are loaded", "auditctl", "-l")
    tables = call_tables() if (contents or listed) else {}
    loaded = _loaded(listed, tables, unread) if listed is not None else None
    on_disk = rules_on_disk(contents, tables) if contents is not None else ()
    rules = joined(loaded or (), on_disk)
    accounts = server_accounts(context, rules)
    _gaps_of(context, unread)
    found = look(access, accounts, now - WINDOW, now, places.log, tables)
    unread += found.problems
    return AuditFacts(
        SectionState("partial" if unread else "complete", unread=tuple(unread)),
        rules=rules,
        listed=loaded is not None and not any(gap.facet == "rules" for gap in unread),
        files=tuple(visible(name) for name in sorted(contents)) if contents is not None else None,
        enabled=enabled,
        running=running,
        lost=lost,
        opening=_opening(),
        accounts=accounts,
        events=found.events,
        since=now - WINDOW,
    )


def _asked(access: Access, unread: list[Unread], facet: str, what: str, *command: str) -> Output | None:
    """What a program answered, or None and why not among the gaps."""
    shown = " ".join(command)
    try:
        output = access.run(*command)
    except CannotLook as why:
        unread.append(Unread(facet, what, why.why, why.unlock or _AS_ROOT.format(shown)))
        return None
    if output is None:
        unread.append(Unread(facet, what, "it may be read through sudo, when you agree", _AGREE))
    elif output.status != 0:
        unread.append(Unread(facet, what, _why(output.err), _AS_ROOT.format(shown)))
        output = None
    return output


def _why(message: str) -> str:
    if "must be root" in message:
        return _ROOT_ALONE
    if "not permitted" in message or "refused" in message:
        return "the kernel does not answer here: in a container, auditing is the host's alone"
    first = next((line for line in message.splitlines() if line.strip()), "it gave no reason")
    return f"auditctl failed: {visible(first, 200)}"


def _status(context: Context, access: Access, unread: list[Unread]) -> tuple[int | None, bool | None, int]:
    answer = _asked(access, unread, "status", "whether events are recorded", "auditctl", "-s")
    if answer is None:
        return None, None, 0
    values = dict(line.partition(" ")[::2] for line in answer.out.splitlines())
    try:
        enabled, pid, lost = (int(values[name].split(" ")[0]) for name in ("enabled", "pid", "lost"))
    except (KeyError, ValueError):
        unread.append(Unread("status", "whether events are recorded", "what auditctl says could not be understood"))
        return None, None, 0
    return enabled, pid > 0 and os.path.isdir(context.proc / str(pid)), lost


def _contents(access: Access, places: Places, unread: list[Unread]) -> dict[str, bytes] | None:
    what = f"the audit rules in {places.folder}"
    try:
        contents = access.files(places.folder)
    except CannotLook as why:
        unread.append(Unread("files", what, why.why, why.unlock or "run the scan as root"))
        return None
    if contents is None:
        unread.append(Unread("files", what, "they may be read through sudo, when you agree", _AGREE))
        return None
    if sum(content.count(b"\n") for content in contents.values()) > LINE_LIMIT:
        unread.append(Unread("files", what, f"they have more than {LINE_LIMIT} lines"))
        return None
    return dict(contents)


def _loaded(listed: Output, tables: Tables, unread: list[Unread]) -> tuple[AuditRule, ...]:
    lines = [line for line in listed.out.split("\n") if line.strip() not in _ANSWERED]
    if len(lines) > RULE_LIMIT:
        unread.append(Unread("rules", f"the audit rules after the first {RULE_LIMIT}", "they are too many to read all"))
    return tuple(parse_listed(line, tables) for line in lines[:RULE_LIMIT])


def joined(loaded: Sequence[AuditRule], on_disk: Sequence[AuditRule]) -> tuple[AuditRule, ...]:
    """The rules of the kernel, each with its place on disk where it has one, then those that are on disk alone."""
    left: dict[object, list[AuditRule]] = {}
    for rule in on_disk:
        if not rule.problem:
            left.setdefault(same(rule), []).append(rule)
    found = []
    for rule in loaded:
        places = left.get(same(rule))
        if places:
            place = places.pop(0)
            rule = replace(rule, file=place.file, line=place.line, stopped=place.stopped)
        found.append(rule)
    taken = {(rule.file, rule.line) for rule in found if rule.file}
    return (*found, *(rule for rule in on_disk if (rule.file, rule.line) not in taken))


def call_tables() -> Tables:
    """The system calls of this machine by number, as the audit system names them; none where it cannot tell."""
    tables: dict[str, dict[str, str]] = {}
    wanted: dict[str, tuple[str, ...]] = {"b64": ("ausyscall", "--dump")}
    if os.uname().machine == "x86_64":
        wanted["b32"] = ("ausyscall", "i386", "--dump")
    for arch, command in wanted.items():
        try:
            printed = run((find_program(command[0]), *command[1:]), 3.0)
        except CannotLook:
            continue
        rows = (line.split("\t") for line in printed.out.splitlines())
        names = {row[0]: row[1].strip() for row in rows if len(row) == 2 and row[0].isdigit()}
        if names:
            tables[arch] = names
    return tables


def _opening() -> tuple[str, ...]:
    """The calls that open a file here: the newer architectures do without ``open``, and auditctl refuses its name."""
    calls = ("openat", "openat2")
    return calls if os.uname().machine.startswith(("aarch64", "riscv", "loongarch")) else ("open", *calls)


def _gaps_of(context: Context, unread: list[Unread]) -> None:
    """Servers' accounts are known from other sections; where these are missing, so may be the accounts."""
    for name in ("clients", "processes"):
        section = context.found.get(name)
        if section is not None and section.state.status == "failed":
            unread.append(Unread("accounts", "the accounts of servers", section.state.reason, section.state.unlock))
