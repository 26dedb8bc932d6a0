"""What a sudo policy comes to: whether one command line is permitted, and all that it grants, to compare two policies.

Pure functions of the facts. Where the policy names something that this host alone cannot tell (a netgroup, a digest, an
expression that is not plain), the answer is None and never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.model.facts import Account, AccountFacts
from workbench.model.record import record
from workbench.model.sudoers import SudoDefault, SudoEntry, SudoersFacts
from workbench.sudo_matching import EVERYONE, Answer, are_arguments, both, by_wildcard, is_caller, is_program, listed

_LISTS = ("env_keep", "env_check", "env_delete")
_OWN = ""


@record
class Request:
    """One command line given to sudo: by whom, as whom, and the argument vector after sudo's own options.

    ``group`` is what follows ``-g``, "" for none. ``target`` is "" for the caller's own account.
    """

    caller: Account
    target: str
    command: tuple[str, ...]
    group: str = ""


@record
class Decision:
    """What sudo decides: permitted, without a password, and with variables of the caller's choice. None: not known."""

    permitted: Answer
    passwordless: Answer = None
    set_environment: Answer = None


@record
class Grant:
    """One thing that one caller may (or, with ``permitted`` false, may not) run as one target.

    ``but_not`` are the entries after it in the same lists that take a part back: callers, targets, commands.
    ``tags`` hold the outcome of Defaults for a password, the environment and shell escapes. ``then`` are later entries
    of the policy that may decide otherwise, because sudo takes the last that matches.
    """

    user: str
    target: str
    group: str
    command: str
    permitted: bool
    hosts: tuple[str, ...]
    tags: tuple[str, ...]
    but_not: tuple[str, ...] = ()
    then: tuple[str, ...] = ()


def decide(facts: SudoersFacts, accounts: AccountFacts, request: Request) -> Decision:
    """What sudo says to a command line, as far as the facts tell: the last entry that matches counts."""
    possible: list[Decision] = []
    for entry in reversed(facts.entries):
        met = both(
            (
                entry.here,
                # Its time of validity is not compared with the clock of another machine.
                None if any(tag.startswith("notbefore=") for tag in entry.tags) else True,
                listed(entry.users, lambda item: is_caller(item, request.caller, accounts)),
                _is_target(entry, request, accounts),
            )
        )
        if met is False:
            continue
        for command in reversed(entry.commands):
            answer = both((met, _is_command(command.removeprefix("!"), request, facts)))
            if answer is False:
                continue
            possible.append(_decision(facts, accounts, entry, command, request))
            if answer:
                return _agreed(possible)
    return _agreed([*possible, Decision(False, False, False)])


def _agreed(possible: Sequence[Decision]) -> Decision:
    def one(answers: set[Answer]) -> Answer:
        return answers.pop() if len(answers) == 1 else None

    return Decision(
        one({each.permitted for each in possible}),
        one({each.passwordless for each in possible}),
        one({each.set_environment for each in possible}),
    )


def _decision(
    facts: SudoersFacts, accounts: AccountFacts, entry: SudoEntry, command: str, request: Request
) -> Decision:
    if command.startswith("!"):
        return Decision(False, False, False)
    settings = outcome(facts, accounts, request)
    tags = dict(tag.split("=", 1) for tag in entry.tags if "=" in tag)
    exempt = settings.get("exempt_group")
    # Neither root nor somebody who becomes himself, with a group that is his, is ever asked.
    himself = request.target in (_OWN, request.caller.name, f"#{request.caller.uid}")
    his_group = not request.group or is_caller(f"%{request.group}", request.caller, accounts)
    free: Answer = request.caller.uid == 0 or (himself and his_group is True)
    if not free and exempt and exempt.values:
        free = is_caller(f"%{exempt.values[0]}", request.caller, accounts)
    if not free:
        free = tags["authenticate"] == "false" if "authenticate" in tags else _is_off(settings, "authenticate")
    if "setenv" in tags:
        keeps: Answer = tags["setenv"] == "true"
    else:
        keeps = command == EVERYONE or ("setenv" in settings and settings["setenv"].operation == "on")
    return Decision(True, free, keeps)


def _is_off(settings: dict[str, SudoDefault], name: str) -> bool:
    return name in settings and settings[name].operation == "off"


def _is_target(entry: SudoEntry, request: Request, accounts: AccountFacts) -> Answer:
    name = request.target or request.caller.name
    target = next((each for each in accounts.accounts if f"#{each.uid}" == name or each.name == name), None)
    named = target or Account(-1, name, -1, ())

    def means(item: str) -> Answer:
        if item == _OWN:
            return name == request.caller.name
        answer = is_caller(item, named, accounts)
        return None if answer is False and target is None and item.startswith(("%", "#")) else answer

    user = listed(entry.runas_users, means)
    if not request.group:
        # "(:group)" lets nobody become himself without that group.
        return user if entry.runas_users != (_OWN,) or not entry.runas_groups else False
    return both((_may_change_user(user, entry, request), _may_change_group(entry, request, target, accounts)))


def _may_change_user(user: Answer, entry: SudoEntry, request: Request) -> Answer:
    if user or request.target not in (_OWN, request.caller.name):
        return user
    # With a group, everyone may stay himself. But "-u oneself" is refused where an entry names no target at all, which
    # the facts do not tell from one that names the usual target.
    return True if request.target == _OWN or entry.runas_groups or len(entry.runas_users) > 1 else None


def _may_change_group(entry: SudoEntry, request: Request, target: Account | None, accounts: AccountFacts) -> Answer:
    if target is None or any(group.startswith("!") for group in entry.runas_groups):
        return None
    if is_caller(f"%{request.group}", target, accounts):
        return True  # the target's own groups need no permission
    if entry.runas_groups:
        return listed(entry.runas_groups, lambda item: item in (EVERYONE, request.group))
    # An entry that names no target at all permits every group, one that names a user alone none.
    return None if len(entry.runas_users) == 1 else False


def _is_command(item: str, request: Request, facts: SudoersFacts) -> Answer:
    words = item.split(" ")
    digests = [word for word in words if word.startswith("sha") and ":" in word]
    words = words[len(digests) :]
    named = _named(words[0], request, facts)
    if len(words) > 1 and any("<secret: " in text for text in (item, *request.command)):
        return named and None  # what was hidden cannot be compared
    arguments = " ".join(words[1:]) if len(words) > 1 else None
    matched = both((named, are_arguments(arguments, request.command[1:])))
    return None if matched and digests else matched


def _named(pattern: str, request: Request, facts: SudoersFacts) -> Answer:
    program = request.command[0]
    if "/" in program:
        return is_program(pattern, program) if program.startswith("/") else (pattern == EVERYONE or None)
    if pattern == EVERYONE:
        return True
    path = next((each for each in reversed(facts.defaults) if each.name == "secure_path" and each.values), None)
    if path is None:
        return None if by_wildcard(pattern.rpartition("/")[2], program) is not False else False
    folders = [folder for value in path.values for folder in value.split(":") if folder]
    answers = {is_program(pattern, f"{folder.rstrip('/')}/{program}") for folder in folders}
    # The first folder that holds it decides, and the facts do not tell which one does.
    if answers <= {False}:
        return False
    return True if _found_first(pattern, program, folders, facts) else None


def _found_first(pattern: str, program: str, folders: Sequence[str], facts: SudoersFacts) -> bool:
    """Whether a rule names the program in a folder that sudo searches; another of that name is taken to be rare."""
    return pattern.startswith("/") and pattern.rpartition("/")[0] in folders and pattern.endswith(f"/{program}")


def outcome(facts: SudoersFacts, accounts: AccountFacts, request: Request) -> dict[str, SudoDefault]:
    """The settings that hold for a command line, by name; lists such as ``env_keep`` with everything added up.

    sudo applies the Defaults of commands after all others. One of which it cannot be told whether it holds is left out.
    """
    found: dict[str, SudoDefault] = {}
    for late in (False, True):
        for setting in facts.defaults:
            if (setting.scope == "command") is not late or not _holds(setting, request, facts, accounts):
                continue
            found[setting.name] = _added_up(found.get(setting.name), setting)
    return found


def _added_up(before: SudoDefault | None, setting: SudoDefault) -> SudoDefault:
    if setting.operation not in ("add", "remove"):
        return setting
    values = dict.fromkeys(before.values if before is not None else ())
    for value in setting.values:
        values.pop(value, None)
        if setting.operation == "add":
            values[value] = None
    operation = before.operation if before is not None and before.operation in ("set", "off") else setting.operation
    return SudoDefault(setting.scope, setting.bound, setting.name, operation, tuple(values), setting.here)


def _holds(setting: SudoDefault, request: Request, facts: SudoersFacts, accounts: AccountFacts) -> Answer:
    match setting.scope:
        case "everyone":
            return True
        case "host":
            return setting.here
        case "user":
            return listed(setting.bound, lambda item: is_caller(item, request.caller, accounts))
        case "runas":
            entry = SudoEntry((), (), setting.bound, (), ())
            return _is_target(entry, Request(request.caller, request.target, request.command), accounts)
        case "command":
            return listed(setting.bound, lambda item: _is_command(item, request, facts))


def grants(facts: SudoersFacts) -> frozenset[Grant]:
    """All that a policy grants and refuses, in a form in which two policies can be compared.

    Equal sets mean that nothing changed in who may run what as whom, with or without a password, on which hosts and
    with which tags. Settings that are no part of a grant (``secure_path``, ``use_pty``) are compared by
    ``facts.defaults``. Where a secret stands in a command, only its kind and length are compared.
    """
    return frozenset(
        Grant(
            user=user.removeprefix("!"),
            target=target.removeprefix("!"),
            group=group,
            command=command.removeprefix("!"),
            permitted=not any(item.startswith("!") for item in (user, target, command)),
            hosts=entry.hosts,
            tags=_tags(facts, entry, user, target, command),
            but_not=(
                *_taken_back(entry.users, user),
                *_taken_back(entry.runas_users, target),
                *_taken_back(entry.commands, command),
            ),
            # Sorted: the order of two that meet each other shows in their own grants.
            then=tuple(sorted(set(_then(facts.entries[place + 1 :], user, target, command)))),
        )
        for place, entry in enumerate(facts.entries)
        for user in entry.users
        for target in entry.runas_users
        for group in entry.runas_groups or ("",)
        for command in entry.commands
    )


def _taken_back(items: Sequence[str], item: str) -> tuple[str, ...]:
    after = items[items.index(item) + 1 :]
    return tuple(other for other in after if other.startswith("!") is not item.startswith("!"))


def _tags(facts: SudoersFacts, entry: SudoEntry, user: str, target: str, command: str) -> tuple[str, ...]:
    """The tags of an entry and, in the order in which they hold, the Defaults that may concern it."""
    tags = list(entry.tags)
    for setting in facts.defaults:
        if setting.name in ("authenticate", "exempt_group", "setenv", "env_reset", "noexec", "env_file", *_LISTS):
            concerned = {"user": user, "runas": target, "command": command}.get(setting.scope)
            if concerned is None or any(_may_overlap(concerned, bound) for bound in setting.bound):
                bound = ",".join(setting.bound)
                tags.append(f"{setting.scope} {bound}: {setting.name} {setting.operation} {' '.join(setting.values)}")
    return tuple(tags)


def _then(later: Sequence[SudoEntry], user: str, target: str, command: str) -> Iterator[str]:
    for entry in later:
        met = (
            any(_may_overlap(user, other) for other in entry.users)
            and any(_may_overlap(target, other) for other in entry.runas_users)
            and any(_may_overlap(command, other) for other in entry.commands)
        )
        if met:
            whom = f"{','.join(entry.users)} {','.join(entry.hosts)}=({','.join(entry.runas_users)}"
            yield f"{whom}:{','.join(entry.runas_groups)}) {' '.join(entry.tags)} {', '.join(entry.commands)}"


def _may_overlap(one: str, other: str) -> bool:
    """Whether two items of a list may mean the same: false only for two that are surely different."""
    one, other = one.removeprefix("!"), other.removeprefix("!")
    if one == other or EVERYONE in (one, other):
        return True
    if one.startswith("/") and other.startswith("/"):
        names = [text.partition(" ")[0].rpartition("/")[2] for text in (one, other)]
        plain = all(name and not set(name) & set("*?[\\") for name in names)
        return not plain or names[0] == names[1]
    # Two names of accounts; anything that may stand for several is taken to overlap.
    return any(text.startswith(("%", "+", "#", "^", "sha")) or text == _OWN or "/" in text for text in (one, other))
