"""Who a list of a sudo policy means, decided as sudo decides it: from the end, the last entry that matches counts."""

from __future__ import annotations

import fnmatch
import functools
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

from workbench.model.record import record

EVERYONE = "ALL"
OWN_ACCOUNT = ""
_SHAPES = {
    "username": "{}",
    "usergroup": "%{}",
    "userid": "#{}",
    "usergid": "%#{}",
    "netgroup": "+{}",
    "nonunixgroup": "%:{}",
    "nonunixgid": "%:#{}",
    "hostname": "{}",
    "networkaddr": "{}",
    "command": "{}",
}


class UnknownShape(ValueError):  # noqa: N818 - it is an answer, not an error
    """An entry of a kind that this workbench does not know."""


def entries(listed: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The entries of a list as sudoers writes them: ``alice``, ``%group``, ``#1000``, ``+netgroup``, ``!bob``.

    Raises UnknownShape.
    """
    return tuple(_entry(item) for item in listed)


def _entry(item: Mapping[str, Any]) -> str:
    for name, shape in _SHAPES.items():
        if name in item:
            return ("!" if item.get("negated") else "") + shape.format(item[name])
    raise UnknownShape(", ".join(sorted(map(str, item))) or "an empty entry")


@record
class Directory:
    """The accounts of this host: the id of a user by name, and the members of a group by name."""

    user_id: Callable[[str], int | None]
    members: Callable[[str], frozenset[str]]

    def holds(self, group: str, user: str) -> bool:
        """Whether the account is in the group (``name`` or ``#id``)."""
        return user in self.members(group)


def of_this_host() -> Directory:
    """The accounts the system's own name service knows."""
    import grp
    import pwd

    @functools.cache
    def user_id(name: str) -> int | None:
        try:
            return pwd.getpwnam(name).pw_uid
        except (KeyError, ValueError, UnicodeError):
            return None

    @functools.cache
    def members(name: str) -> frozenset[str]:
        try:
            group = grp.getgrgid(int(name[1:])) if name.startswith("#") else grp.getgrnam(name)
        except (KeyError, ValueError, OverflowError, UnicodeError):
            return frozenset()
        primary = {account.pw_name for account in pwd.getpwall() if account.pw_gid == group.gr_gid}
        return frozenset(group.gr_mem) | primary

    return Directory(user_id, members)


def positive(listed: Sequence[str]) -> Iterator[str]:
    """The entries that are not negated."""
    return (entry for entry in listed if not entry.startswith("!"))


def covers(wider: Sequence[str], entry: str, accounts: Directory) -> bool:
    """Whether everyone that ``entry`` means is surely in the list."""
    for other in reversed(wider):
        if _means(other.removeprefix("!"), entry, accounts):
            return not other.startswith("!")
    return False


def covers_all(wider: Sequence[str], narrower: Sequence[str], accounts: Directory) -> bool:
    """Whether everyone in the narrower list is surely in the wider one."""
    return all(covers(wider, entry, accounts) for entry in positive(narrower))


def named_in_both(bound: Sequence[str], listed: Sequence[str], accounts: Directory) -> tuple[str, ...]:
    """The entries of ``bound``, with groups taken apart, that the list holds without naming them all."""
    candidates: list[str] = []
    for entry in positive(bound):
        candidates.append(entry)
        if entry.startswith("%"):
            candidates += sorted(accounts.members(entry[1:]))
    both = [
        entry
        for entry in dict.fromkeys(candidates)
        if covers(bound, entry, accounts) and covers(listed, entry, accounts)
    ]
    both += [entry for entry in positive(listed) if entry not in both and covers(bound, entry, accounts)]
    return tuple(both)


def _means(wider: str, entry: str, accounts: Directory) -> bool:
    if wider in (EVERYONE, entry):
        return True
    if entry == EVERYONE or entry.startswith(("+", "%")):
        return False
    if wider.startswith("#"):
        return wider[1:].isdigit() and accounts.user_id(entry) == int(wider[1:])
    if entry.startswith("#"):
        return entry[1:].isdigit() and accounts.user_id(wider) == int(entry[1:])
    if wider.startswith("%") and not wider.startswith("%:"):
        return accounts.holds(wider[1:], entry)
    return False


def on_this_host(hosts: Sequence[str], host: str, addresses: Sequence[str]) -> bool | None:
    """Whether a host list means this machine; None where that takes a netgroup to tell."""
    for entry in reversed(hosts):
        name = entry.removeprefix("!")
        if name.startswith("+"):
            return None
        if _is_this_host(name, host, addresses):
            return not entry.startswith("!")
    return False


def _is_this_host(name: str, host: str, addresses: Sequence[str]) -> bool:
    if name == EVERYONE:
        return True
    import ipaddress  # few policies name a host

    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        own = host if "." in name else host.partition(".")[0]
        return fnmatch.fnmatchcase(own.lower(), name.lower())
    return any(ipaddress.ip_address(address) in network for address in addresses)


def host_name() -> str:
    """This machine's name as sudo sees it."""
    return socket.gethostname()


def host_addresses() -> Sequence[str]:
    """The addresses of this machine's interfaces."""
    return _Addresses()


class _Addresses(Sequence[str]):
    """Looked up when the first of them is asked for: few policies name an address, and psutil is slow to import."""

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return _addresses()[place]

    def __len__(self) -> int:
        return len(_addresses())


@functools.cache
def _addresses() -> tuple[str, ...]:
    import psutil

    found: list[str] = []
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                found.append(address.address.partition("%")[0])
    return tuple(found)
