"""What the system call filter of a unit answers to the calls that its program cannot start without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook

CALLS = ("execve", "pkey_alloc")
_DEADLINE = 2.0
_ALWAYS = "@default"
Groups = Mapping[str, frozenset[str]]


def groups() -> Groups:
    """The groups of system calls that this systemd knows, each with all its calls. Empty where it does not say."""
    try:
        said = run((find_program("systemd-analyze"), "syscall-filter", "--no-pager"), _DEADLINE)
    except CannotLook:
        return {}
    members: dict[str, list[str]] = {}
    name = ""
    for line in said.out.split("\n"):
        bare = line.strip()
        if line.startswith("@"):
            name = bare
            members[name] = []
        elif bare and not bare.startswith("#") and line.startswith(" ") and name:
            members[name].append(bare)
    return {group: frozenset(_calls(group, members, set())) for group in members}


def _calls(group: str, members: Mapping[str, Sequence[str]], seen: set[str]) -> Iterable[str]:
    if group in seen:
        return
    seen.add(group)
    for member in members.get(group, ()):
        if member.startswith("@"):
            yield from _calls(member, members, seen)
        else:
            yield member


def answers(values: Sequence[str], error_number: str, known: Groups) -> tuple[tuple[str, str], ...]:
    """What a filter answers to each of CALLS: ``allowed``, ``refused`` with an error, or ``killed``.

    ``values`` are those of ``SystemCallFilter=`` in order. A call that a group decides which is not known is left out.
    """
    if not values:
        return ()
    allowing = not values[0].startswith("~")
    otherwise = "refused" if error_number and error_number != "kill" else "killed"
    unknown_group = False
    # Allowed calls of an allowing filter, refused ones of the other kind, each with its own answer.
    listed: dict[str, str] = dict.fromkeys(_members(_ALWAYS, known), "allowed") if allowing else {}
    for value in values:
        negated = value.startswith("~")
        for word in value.removeprefix("~").split():
            name, _, number = word.partition(":")
            own = ("killed" if number == "kill" else "refused") if number else ""
            unknown_group = unknown_group or (not known and name.startswith("@") and name != _ALWAYS)
            for call in _members(name, known):
                if negated or (allowing and own):
                    listed[call] = own or otherwise
                elif allowing:
                    listed[call] = "allowed"
                else:
                    listed.pop(call, None)
    found = []
    for call in CALLS:
        if call in listed:
            found.append((call, listed[call]))
        elif not unknown_group:
            found.append((call, otherwise if allowing else "allowed"))
    return tuple(found)


def _members(name: str, known: Groups) -> frozenset[str]:
    if name == _ALWAYS and name not in known:
        return frozenset(("execve",))
    return known.get(name, frozenset()) if name.startswith("@") else frozenset((name,))
