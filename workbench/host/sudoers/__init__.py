"""Gather the sudo policy of this host, as sudo's own tools parse it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.host.command import Output, find_program
from workbench.host.context import Context
from workbench.host.files import CannotLook, path_fact, read_bounded
from workbench.host.sudoers import defaults, names, place, policy
from workbench.host.sudoers.access import FILE_LIMIT, Access, AsOneself, AsRoot
from workbench.host.sudoers.document import NotADocument, parse
from workbench.model.facts import FileFact, PathFact, SectionState, Unread
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_AS_ROOT = "run the scan as root, or show it with: sudo cvtsudoers -f json {}"
_DENIED = re.compile(r"^(?:cvtsudoers: )?(.+): Permission denied$")
_REPAIR = "repair it with: sudo visudo (it names the line, and refuses to save what sudo could not read)"
_PARSED = ": parsed OK"
_WRITABLE_BY_GROUP, _WRITABLE_BY_OTHERS = 0o020, 0o002


def gather(context: Context) -> SudoersFacts:
    """The rules of the sudo policy, or why they cannot be known.

    An unprivileged account cannot read the policy; then nothing is guessed.
    """
    if context.platform == "win32":
        return SudoersFacts(SectionState("not applicable", "Windows has no sudoers"))
    try:
        find_program("sudo")
    except CannotLook:
        return SudoersFacts(SectionState("not applicable", "sudo is not installed"))
    where = str(context.sudoers)
    unlock = _AS_ROOT.format(visible(where))
    try:
        read_bounded(context.sudoers, FILE_LIMIT)
    except CannotLook as why:
        if why.absent:
            return SudoersFacts(SectionState("not applicable", f"there is no {visible(where)}: sudo permits nothing"))
        if context.privileged is None:
            return SudoersFacts(SectionState("failed", f"{visible(where)} cannot be read: {why.why}", unlock))
        access: Access = AsRoot(context.privileged)
    else:
        access = AsOneself()
    try:
        return _gathered(where, access)
    except CannotLook as why:
        return SudoersFacts(SectionState("failed", why.why, why.unlock or unlock))


def _gathered(where: str, access: Access) -> SudoersFacts:
    # An own configuration of cvtsudoers could filter what it prints.
    base = ("cvtsudoers", "-c", "/dev/null", "-e", "-f", "json")
    try:
        first = access.run(*base, where)
        second = access.run(*base, "-d", "runas", "-s", "privileges,aliases", where)
    except CannotLook as missing:
        unlock = missing.unlock and "install the sudo of sudo.ws (it brings cvtsudoers)"
        raise CannotLook(missing.why, unlock) from missing
    listed = _listed(where, access)
    contents = access.files(listed)
    if first is None or second is None or contents is None:
        raise CannotLook(f"{visible(where)} may be read through sudo, when you agree", "workbench --sudo")
    whole, of_targets = _converted(first), _converted(second)
    try:
        document, targets = parse(whole.out), parse(of_targets.out) if of_targets.out.strip() else {}
    except NotADocument as why:
        raise CannotLook(f"cvtsudoers could not be understood: {why}", "report it with: cvtsudoers --version") from why
    settings = defaults.read(document, targets)
    host = policy.Host(names.host_name(), names.host_addresses(), names.of_this_host(), datetime.now(UTC))
    read = policy.read(document, settings, host)
    unread = [*_denied(whole.err), *(_not_understood(what) for what in dict.fromkeys(read.unknown))]
    files, lines = _files(contents)
    refused = _refused(files)
    rules = tuple(_finished(rule, lines, refused) for rule in read.rules)
    state = SectionState("partial", unread=tuple(unread)) if unread else SectionState("complete")
    return SudoersFacts(state, rules, files)


def _converted(output: Output) -> Output:
    if output.status != 0 or (not output.out.strip() and output.err.strip()):
        message = next((line for line in output.err.splitlines() if line.strip()), "it gave no reason")
        raise CannotLook(f"cvtsudoers refuses the policy: {visible(message, 300)}", _REPAIR)
    return output


def _denied(messages: str) -> Iterable[Unread]:
    for message in messages.splitlines():
        denied = _DENIED.match(message)
        if denied:
            path = visible(denied[1])
            yield Unread("rules", f"the sudo rules in {path}", "permission denied", "run the scan as root")


def _not_understood(what: str) -> Unread:
    return Unread("rules", visible(what), "the workbench cannot tell whom it means", "read it with: sudo visudo -c")


def _listed(where: str, access: Access) -> tuple[str, ...]:
    """Every file of the policy as visudo lists them."""
    try:
        checked = access.run("visudo", "-c", "-f", where)
    except CannotLook:
        checked = None  # the rules are known without it; only their places stay unknown
    reports = (checked.out + checked.err).splitlines() if checked is not None else []
    return tuple(dict.fromkeys((where, *(line.removesuffix(_PARSED) for line in reports if line.endswith(_PARSED)))))


def _files(contents: Sequence[tuple[FileFact, bytes]]) -> tuple[tuple[FileFact, ...], list[place.Line]]:
    """The files of the policy, and the lines in them that may be rules."""
    lines: list[place.Line] = []
    for file, content in contents:
        lines += place.rule_lines(file.path, content.decode("utf-8", "surrogateescape"))
    return tuple(file for file, _ in contents), lines


def _refused(files: Sequence[FileFact]) -> frozenset[str]:
    """The files that cvtsudoers reads and sudo does not, because someone else could have written them."""
    if not files:
        return frozenset()
    owner, group = files[0].uid, files[0].gid
    return frozenset(
        file.path
        for file in files
        if file.kind == "file"
        and (
            file.uid != owner
            or file.mode & _WRITABLE_BY_OTHERS
            or (file.mode & _WRITABLE_BY_GROUP and file.gid != group)
        )
    )


def _finished(rule: SudoRule, lines: Sequence[place.Line], refused: frozenset[str]) -> SudoRule:
    found = place.find(rule, lines)
    return replace(
        rule,
        users=tuple(map(visible, rule.users)),
        hosts=tuple(map(visible, rule.hosts)),
        runas_users=tuple(map(visible, rule.runas_users)),
        runas_groups=tuple(map(visible, rule.runas_groups)),
        commands=tuple(_command(command) for command in rule.commands),
        file=found.file if found else "",
        line=found.number if found else None,
        here=rule.here and not (found and found.file in refused),
    )


def _command(command: SudoCommand) -> SudoCommand:
    program, *arguments = command.text.split(" ")
    redacted, _ = redact_arguments([program, *arguments])
    return replace(command, text=visible(redact(" ".join(redacted))), target=_target(program))


def _target(program: str) -> PathFact | None:
    if not program.startswith("/") or program.endswith(os.sep):
        return None
    try:
        fact = path_fact(Path(program))
    except CannotLook:
        return None
    return fact if fact.file.kind == "file" else None
