"""Who may do what with a path, decided as the kernel decides it: first matching class, ACLs, every directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.model.facts import Account, AccountFacts, FileFact, PathFact
from workbench.model.record import record
from workbench.model.sockets import SocketFact

READ, WRITE, EXECUTE = 4, 2, 1
_STICKY = 0o1000
_STRANGER = Account(uid=-2, name="any other account", gid=-2, groups=(-2,))


@record
class Audience:
    """Accounts other than root and the ones left out. ``everyone`` when an account without any special group is in."""

    everyone: bool
    accounts: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.everyone or bool(self.accounts)

    def __str__(self) -> str:
        if self.everyone:
            return "any account on this machine"
        shown = ", ".join(self.accounts[:5])
        return shown if len(self.accounts) <= 5 else f"{shown} and {len(self.accounts) - 5} more"


def permits(account: Account, file: FileFact, right: int) -> bool:
    """Whether the account has ``right`` (4 read, 2 write, 1 search or execute) on this one file."""
    uid = account.uid
    if uid == 0:
        return True
    if uid == file.uid:
        return bool(file.mode >> 6 & right)
    if file.acl is None:
        if file.gid in account.groups:
            return bool(file.mode >> 3 & right)
        return bool(file.mode & right)
    for entry in file.acl.entries:
        if entry.tag == "user" and entry.id == uid:
            return bool(entry.permissions & right)
    of_groups = [entry.permissions for entry in file.acl.entries if entry.tag == "group" and entry.id in account.groups]
    if file.gid in account.groups:
        of_groups.append(file.acl.owning_group)
    if of_groups:
        return any(rights & right for rights in of_groups)
    return bool(file.mode & right)


def reaches(account: Account, path: PathFact) -> bool:
    """Whether the account may search every directory on the path."""
    for directory in path.directories:  # noqa: SIM110 - asked a hundred thousand times
        if not permits(account, directory, EXECUTE):
            return False
    return True


def can(account: Account, path: PathFact, right: int) -> bool:
    """Whether the account has ``right`` on what the path names, directories included."""
    return reaches(account, path) and permits(account, path.file, right)


def replaceable_at(account: Account, path: PathFact) -> FileFact | None:
    """The first directory on the path in which the account can put another entry in place of the one there, or None."""
    searched = True
    for place, directory in enumerate(path.directories):
        searched = searched and (account.uid == directory.uid or permits(account, directory, EXECUTE))
        if not searched:
            return None
        if account.uid != directory.uid and not permits(account, directory, WRITE):
            continue  # the owner of a directory can always give itself the right
        if not directory.mode & _STICKY or account.uid == directory.uid:
            return directory
        below = path.directories[place + 1] if place + 1 < len(path.directories) else path.file
        inside = [below, *(link for link in path.links if _parent(link.path) == directory.path)]
        if any(entry.uid == account.uid for entry in inside):
            return directory
    return None


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def who_can(path: PathFact, right: int, accounts: AccountFacts, leave_out: frozenset[int]) -> Audience:
    """Every account but root and those left out (by uid) that has ``right`` on what the path names."""
    return _audience(accounts, leave_out, lambda account: can(account, path, right))


def who_can_replace(path: PathFact, accounts: AccountFacts, leave_out: frozenset[int]) -> Audience:
    """Every account but root and those left out that can put something else in the place of the path."""
    return _audience(accounts, leave_out, lambda account: replaceable_at(account, path) is not None)


def is_replaced_socket(socket: SocketFact, path: PathFact) -> bool:
    """Whether the file at the path is another than the one the socket was bound as; False where that is not known."""
    # The kernel keeps 32 bits of the inode; on some file systems its device is not the one that stat tells.
    if not socket.bound_inode or socket.bound_device != path.file.device:
        return False
    return socket.bound_inode != path.file.inode & 0xFFFFFFFF


def others(accounts: AccountFacts, leave_out: frozenset[int]) -> Iterator[Account]:
    """Each local account but root and those left out, then a stranger with no special group."""
    for account in accounts.accounts:
        if account.uid != 0 and account.uid not in leave_out:
            yield account
    yield _STRANGER


def _audience(accounts: AccountFacts, leave_out: frozenset[int], test: Callable[[Account], bool]) -> Audience:
    admitted = [account for account in others(accounts, leave_out) if test(account)]
    everyone = any(account is _STRANGER for account in admitted)
    return Audience(everyone, tuple(account.name for account in admitted if account is not _STRANGER))
