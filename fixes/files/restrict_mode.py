"""Keep other accounts out of a client configuration.

The configuration file gets the mode 0600: you read and write it, nobody else does. That also switches off whatever an
access control list granted, because the group bits of the mode are the limit (the mask) of every entry in it. Where the
finding is about a directory, the directory keeps its mode except for the right of others to write (``chmod go-w``): who
can write a directory can put another file in the place of yours, whatever mode your file has.

Only what is yours alone is touched: files of your account, and directories of your account inside your home. A
directory that several accounts are meant to share (``/tmp``, a sticky directory, the directory above your home) is
never changed, since that would break what others do there; you are told the steps instead. An administrator's
configuration stays readable, because the clients of every account must read it.

Undo gives back the old mode, and with it the old effect of the access control list. If your configuration could be
*written* by others, look through it before you start the client again: the mode keeps them out from now on, it does not
take back what they wrote. If it could be *read* and held a secret, replace the secret.

To do it by hand: ``chmod 600 FILE``, ``chmod go-w DIRECTORY``. See chmod(1), acl(5), path_resolution(7) and CWE-732.
"""

import shlex
from dataclasses import replace

from workbench.api import (
    Account,
    ClientConfig,
    FileFact,
    Finding,
    PathFact,
    Plan,
    Refusal,
    Reversal,
    Safety,
    SetMode,
    Snapshot,
    fix,
    others,
    replaceable_at,
)

_READABLE = "clients/config-readable-by-others"
_WRITABLE = "clients/config-writable-by-others"
_MANAGED = "clients/managed-policy-writable"
_STICKY, _OTHERS_WRITE = 0o1000, 0o022
_GONE = Refusal("the configuration of this finding is not in the snapshot", "scan again")


@fix(
    title="Keep other accounts out of the configuration",
    repairs=(_WRITABLE, _READABLE, _MANAGED),
    safety=Safety.SAFE,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """The mode 0600 for the file, or no writing by others for a directory on its path."""
    if finding.subject.kind == "directory":
        return _of_directory(finding, snapshot)
    config = next((each for each in snapshot.clients.configs if each.path.asked == finding.subject.key), None)
    if config is None:
        return _GONE
    file = config.path.file
    if config.scope == "managed" and finding.check == _READABLE:
        return Refusal(
            "an administrator's configuration must stay readable: the clients of every account read it",
            "move the secret out of it and replace the secret, since others could read it",
        )
    mode = file.mode & ~_OTHERS_WRITE if config.scope == "managed" else file.mode & 0o600 or 0o600
    refusal = _may_not(file, snapshot, f"chmod {mode:04o}")
    if refusal is not None:
        return refusal
    if file.kind != "file":
        return Refusal(f"{file.path} is a {file.kind}, not a regular file", "look at what it is with: ls -l")
    if mode == file.mode:
        return Refusal(
            f"the mode of {file.path} lets nobody else in: its owner or a folder above it does",
            f"look at them with: namei -l {file.path}",
        )
    return _plan(
        finding,
        f"Keep other accounts out of {file.path}",
        (_set(file, mode),),
        f"other accounts, and programs that run as them, can no longer use {file.path}",
    )


def _of_directory(finding: Finding, snapshot: Snapshot) -> Plan | Refusal:
    concerned = [config for config in snapshot.clients.configs if _on_path(finding.subject.key, config)]
    if not concerned:
        return _GONE
    closed: dict[str, FileFact] = {}
    first = next(each for each in concerned[0].path.directories if each.path == finding.subject.key)
    refusal = _may_not_close(first, snapshot)
    if refusal is not None:
        return refusal
    closed[first.path] = first
    # Behind the door that is closed there may be another, which only shows once the first is shut.
    for config in concerned:
        while (door := _door(_with(config.path, closed), snapshot)) is not None:
            if door.path in closed or _may_not_close(door, snapshot) is not None:
                break
            closed[door.path] = door
    return _plan(
        finding,
        f"Let nobody else write {' and '.join(closed)}",
        tuple(_set(directory, directory.mode & ~_OTHERS_WRITE) for directory in closed.values()),
        f"other accounts can no longer create, rename or remove entries in {' and '.join(closed)}",
    )


def _plan(finding: Finding, title: str, operations: tuple[SetMode, ...], consequences: str) -> Plan:
    return Plan(
        fix="files/restrict-mode",
        check=finding.check,
        finding=finding.identity,
        title=title,
        safety=Safety.SAFE,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=consequences,
    )


def _set(file: FileFact, mode: int) -> SetMode:
    return SetMode(file.path, mode, file.mode, file.device, file.inode)


def _may_not(file: FileFact, snapshot: Snapshot, command: str) -> Refusal | None:
    """Why this file is not ours to change."""
    if not file.exact:
        return Refusal(
            f"the name {file.path} holds characters that cannot be shown, so it cannot be named safely",
            "rename it to a name of plain characters and scan again",
        )
    if snapshot.host.uid not in (0, file.uid):
        owner = next((known.name for known in snapshot.accounts.accounts if known.uid == file.uid), f"uid {file.uid}")
        return Refusal(
            f"{file.path} belongs to {owner}, who can give everyone any right to it again",
            f"make it yours, or ask its owner; as root: {command} {shlex.quote(file.path)}",
        )
    return None


def _may_not_close(directory: FileFact, snapshot: Snapshot) -> Refusal | None:
    """Why this directory is not ours to close."""
    by_hand = f"chmod go-w {shlex.quote(directory.path)}"
    refusal = _may_not(directory, snapshot, "chmod go-w")
    if refusal is not None:
        return refusal
    if directory.mode & _STICKY:
        return Refusal(
            f"{directory.path} is a directory that accounts are meant to share",
            "move the configuration to a directory of your own",
        )
    home = snapshot.host.home.rstrip("/")
    inside = home and (directory.path == home or directory.path.startswith(f"{home}/"))
    if directory.uid != snapshot.host.uid or not inside:
        return Refusal(
            f"{directory.path} is not a directory of your own inside your home, so others may rely on writing it",
            f"if nobody does, run: {'' if directory.uid == snapshot.host.uid else 'sudo '}{by_hand}",
        )
    if not directory.mode & _OTHERS_WRITE:
        return Refusal(f"the mode of {directory.path} lets nobody else write it", "scan again")
    return None


def _on_path(directory: str, config: ClientConfig) -> bool:
    return any(each.path == directory for each in config.path.directories)


def _with(path: PathFact, closed: dict[str, FileFact]) -> PathFact:
    """The path as it will be once these directories are closed."""
    return replace(path, directories=tuple(_closed(each) if each.path in closed else each for each in path.directories))


def _closed(directory: FileFact) -> FileFact:
    acl = directory.acl
    if acl is not None:
        entries = tuple(replace(each, permissions=each.permissions & ~2) for each in acl.entries)
        acl = replace(acl, owning_group=acl.owning_group & ~2, entries=entries)
    return replace(directory, mode=directory.mode & ~_OTHERS_WRITE, acl=acl)


def _door(path: PathFact, snapshot: Snapshot) -> FileFact | None:
    """A directory in which another account can still replace what the path names."""
    accounts: list[Account] = list(others(snapshot.accounts, frozenset({0, snapshot.host.uid, path.file.uid})))
    found = (replaceable_at(account, path) for account in accounts)
    return next((directory for directory in found if directory is not None), None)
