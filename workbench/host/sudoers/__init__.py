"""Gather the sudo policy of this host, as sudo's own tools parse it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from workbench.host.command import Output, find_program
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.sudoers import defaults, includes, names, place, policy, targets
from workbench.host.sudoers.access import FILE_LIMIT, Access, AsOneself, AsRoot
from workbench.host.sudoers.document import NotADocument, parse
from workbench.model.facts import FileFact, SectionState, Unread
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoEntry, SudoersFacts, SudoRule
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

# An own configuration of cvtsudoers could filter what it prints.
CONVERTED = ("cvtsudoers", "-c", "/dev/null", "-e", "-f", "json")
"""sudo's own tool, for the whole policy; with ``OF_TARGETS`` for the settings of target accounts alone."""
OF_TARGETS = ("-d", "runas", "-s", "privileges,aliases")

_AS_ROOT = "run the scan as root, or show it with: sudo cvtsudoers -f json {}"
_DENIED = re.compile(r"^(?:cvtsudoers: )?(.+): Permission denied$")
_REPAIR = "repair it with: sudo visudo (it names the line, and refuses to save what sudo could not read)"
_PARSED = ": parsed OK"
_MISTAKE = re.compile(
    r"(?P<path>/[^\n]*?):(?P<line>\d+)(?::\d+)?: (?P<what>.+)"
    r"|>>> (?P<old>.+): syntax error near line (?P<old_line>\d+) <<<"
)
_MOST_ERRORS = 20
_SETTINGS = re.compile(rb"^[ \t]*Defaults\b", re.MULTILINE)
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
    try:
        first = access.run(*CONVERTED, where)
        second = access.run(*CONVERTED, *OF_TARGETS, where)
    except CannotLook as missing:
        unlock = missing.unlock and "install the sudo of sudo.ws (it brings cvtsudoers)"
        raise CannotLook(missing.why, unlock) from missing
    checked = _checked(where, access)
    passwords = _passwords(access)
    reports = (checked.out + checked.err).splitlines() if checked is not None else []
    parsed = [line.removesuffix(_PARSED) for line in reports if line.endswith(_PARSED)]
    contents = access.files(tuple(dict.fromkeys((where, *parsed))))
    if first is None or second is None or contents is None:
        raise CannotLook(f"{visible(where)} may be read through sudo, when you agree", "workbench --sudo")
    around = _around(contents, access)
    if not contents:
        gap = Unread(
            "files", f"the files of {visible(where)}", "they could not be read", _AS_ROOT.format(visible(where))
        )
        around = replace(around, unread=(*around.unread, gap))
    if not parsed:
        # visudo lists nothing where it finds a mistake.
        parsed = [file.path for file in around.files if not set(file.path.rpartition("/")[2]) & {".", "~"}]
        if not access.as_root:
            contents += access.files(parsed) or []
    files = _files(contents, (where, *parsed))
    errors = _errors(first, reports)
    if first.status != 0 or (not first.out.strip() and first.err.strip()):
        message = next((line for line in first.err.splitlines() if line.strip()), "it gave no reason")
        why = f"cvtsudoers refuses the policy: {errors[0] if errors else redact(visible(message, 300))}"
        if not errors:
            raise CannotLook(why, _REPAIR)  # it may not be the policy's fault
        gap = Unread("rules", "the rules of the sudo policy", why, _REPAIR)
        state = SectionState("partial", unread=(gap, *around.unread))
        told = tuple(map(_error, errors))
        return SudoersFacts(state, files=files, folders=around.folders, listed=around.files, errors=told)
    read = _understood(first.out, second.out)
    unread = [*_denied(first.err), *(_not_understood(what) for what in dict.fromkeys(read.unknown)), *around.unread]
    shown = {file.path for file in files}
    lines = [
        line
        for fact, content in contents
        if fact.path in shown
        for line in place.rule_lines(fact.path, content.decode("utf-8", "surrogateescape"))
    ]
    refused = _refused(files, around.folders)
    unread += _settings_in(refused, contents)
    state = SectionState("partial", unread=tuple(unread)) if unread else SectionState("complete")
    return SudoersFacts(
        state,
        tuple(_finished(rule, lines, refused) for rule in read.rules),
        files,
        tuple(_shown_entry(entry, lines, refused) for entry in read.entries),
        tuple(map(_shown_default, read.defaults)),
        around.folders,
        around.files,
        tuple(map(_error, errors)),
        tuple(each for fact, content in contents if fact.path in shown for each in place.statements(fact, content)),
        passwords,
    )


def compared(first: str, second: str) -> SudoersFacts:
    """Entries and Defaults alone, of what cvtsudoers printed of a whole policy and of its settings of targets.

    They are as those of the Snapshot, so that both can be compared. Raises CannotLook where a part is not understood.
    """
    read = _understood(first, second)
    if read.unknown:
        raise CannotLook(f"{visible(read.unknown[0])} is not understood")
    entries = tuple(_shown_entry(entry, (), frozenset()) for entry in read.entries)
    return SudoersFacts(SectionState("complete"), entries=entries, defaults=tuple(map(_shown_default, read.defaults)))


def _understood(first: str, second: str) -> policy.Policy:
    try:
        document, of_targets = parse(first), parse(second) if second.strip() else {}
    except NotADocument as why:
        raise CannotLook(f"cvtsudoers could not be understood: {why}", "report it with: cvtsudoers --version") from why
    settings = defaults.read(document, of_targets)
    host = policy.Host(names.host_name(), names.host_addresses(), names.of_this_host(), datetime.now(UTC))
    return policy.read(document, settings, host)


def _passwords(access: Access) -> tuple[tuple[str, str], ...]:
    """Which accounts have a password, as far as the system's tool lists them: no hash is read."""
    try:
        answer = access.run("passwd", "-S", "-a")
    except CannotLook:
        return ()
    lines = [line.split() for line in answer.out.splitlines()] if answer is not None and answer.status == 0 else []
    return tuple((visible(words[0]), visible(words[1])) for words in lines if len(words) > 1)


def _errors(converted: Output, reports: Sequence[str]) -> list[str]:
    """What the parser says of mistakes in the policy, one line each.

    A line of the policy that it shows below may hold a secret, and is left out. An unused alias is no mistake.
    """
    lines = [line.removeprefix("cvtsudoers: ") for line in (*reports, *converted.err.splitlines())]
    said = [line for line in lines if _MISTAKE.fullmatch(line) and ": unused " not in line]
    return [redact(visible(line, 300)) for line in dict.fromkeys(said)][:_MOST_ERRORS]


def _error(line: str) -> tuple[str, int | None, str]:
    found = _MISTAKE.fullmatch(line)
    if found is None:
        return "", None, line
    return found["path"] or found["old"], int(found["line"] or found["old_line"]), found["what"] or "syntax error"


def _around(contents: Sequence[tuple[FileFact, bytes]], access: Access) -> includes.Listing:
    """What stands in the folders that the policy includes."""
    host = names.host_name()
    folders = [
        folder
        for fact, content in contents
        if fact.kind == "file"
        for folder in includes.folders(fact.path, content.decode("utf-8", "surrogateescape"), host)
    ]
    return includes.listing(folders, [fact for fact, _ in contents] if access.as_root else None)


def _denied(messages: str) -> Iterable[Unread]:
    for message in messages.splitlines():
        denied = _DENIED.match(message)
        if denied:
            path = visible(denied[1])
            yield Unread("rules", f"the sudo rules in {path}", "permission denied", "run the scan as root")


def _not_understood(what: str) -> Unread:
    return Unread("rules", visible(what), "the workbench cannot tell whom it means", "read it with: sudo visudo -c")


def _checked(where: str, access: Access) -> Output | None:
    """What visudo says of every file of the policy."""
    try:
        return access.run("visudo", "-c", "-f", where)
    except CannotLook:
        return None  # the rules are known without it; only their places stay unknown


def _files(contents: Sequence[tuple[FileFact, bytes]], listed: Sequence[str]) -> tuple[FileFact, ...]:
    """The files that make up the policy, of all that was read."""
    wanted = set(map(visible, listed))
    return tuple(fact for fact, _ in contents if fact.kind == "file" and fact.path in wanted)


def _refused(files: Sequence[FileFact], folders: Sequence[FileFact]) -> frozenset[str]:
    """The files that cvtsudoers reads and sudo does not, because someone else could have written them."""
    if not files:
        return frozenset()
    owner, group = files[0].uid, files[0].gid

    def is_refused(file: FileFact) -> bool:
        return (
            file.uid != owner
            or bool(file.mode & _WRITABLE_BY_OTHERS)
            or (bool(file.mode & _WRITABLE_BY_GROUP) and file.gid != group)
        )

    closed = {folder.path for folder in folders if is_refused(folder)}
    return frozenset(file.path for file in files if is_refused(file) or file.path.rpartition("/")[0] in closed)


def _finished(rule: SudoRule, lines: Sequence[place.Line], refused: frozenset[str]) -> SudoRule:
    found = place.find(rule, lines)
    return replace(
        rule,
        users=tuple(map(visible, rule.users)),
        hosts=tuple(map(visible, rule.hosts)),
        runas_users=tuple(map(visible, rule.runas_users)),
        runas_groups=tuple(map(visible, rule.runas_groups)),
        commands=tuple(map(targets.with_files, rule.commands)),
        file=found.file if found else "",
        line=found.number if found else None,
        here=rule.here and not (found and found.file in refused),
    )


def _settings_in(refused: frozenset[str], contents: Sequence[tuple[FileFact, bytes]]) -> Iterable[Unread]:
    """Which settings hold is not known where cvtsudoers took some from a file that sudo refuses."""
    for fact, content in contents:
        if fact.path in refused and _SETTINGS.search(content):
            why = f"{fact.path} has some, and sudo refuses that file"
            yield Unread("rules", "the settings (Defaults) of the sudo policy", why, "mend its owner and mode")


def _shown_entry(entry: SudoEntry, lines: Sequence[place.Line], refused: frozenset[str]) -> SudoEntry:
    here = entry.here
    if refused and here is not False:
        found = place.find(_as_rule(entry), lines)
        here = None if found is None else False if found.file in refused else here
    return SudoEntry(
        users=tuple(map(visible, entry.users)),
        hosts=tuple(map(visible, entry.hosts)),
        runas_users=tuple(map(visible, entry.runas_users)),
        runas_groups=tuple(map(visible, entry.runas_groups)),
        commands=tuple(map(_shown_command, entry.commands)),
        tags=tuple(redact(visible(tag)) for tag in entry.tags),
        here=here,
    )


def _as_rule(entry: SudoEntry) -> SudoRule:
    commands = tuple(SudoCommand(text.removeprefix("!"), text.startswith("!")) for text in entry.commands)
    free = "authenticate=false" in entry.tags
    return SudoRule(entry.users, entry.hosts, entry.runas_users, entry.runas_groups, commands, free)


def _shown_command(text: str) -> str:
    redacted, _ = redact_arguments(text.split(" "))
    return visible(redact(" ".join(redacted)))


def _shown_default(setting: SudoDefault) -> SudoDefault:
    return replace(
        setting,
        bound=tuple(map(_shown_command, setting.bound)),
        name=visible(setting.name),
        values=tuple(redact(visible(value)) for value in setting.values),
    )
