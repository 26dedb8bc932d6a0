"""The pipes and sockets of a process: which of them lead to another one, and whether that still lives."""

from __future__ import annotations

import os
import re
import stat
from typing import NamedTuple

from workbench.host.processes.table import answer_of

_UNIX = re.compile(r"socket:\[(\d+)\]\Z")


class OpenFile(NamedTuple):
    """One descriptor: what it is (``pipe:[12]``), and whether it was opened for reading and for writing."""

    number: int
    target: str
    readable: bool
    writable: bool


def open_files(proc: str, pid: int) -> tuple[OpenFile, ...]:
    """The descriptors of a process. Raises Gone and Hidden."""
    folder = f"{proc}/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise answer_of(error) from error
    found = []
    for name in names:
        try:
            target = os.readlink(f"{folder}/{name}")
            mode = os.lstat(f"{folder}/{name}").st_mode if target.startswith("pipe:") else 0o600
        except OSError:
            continue  # it was closed meanwhile
        found.append(OpenFile(int(name), target, bool(mode & stat.S_IRUSR), bool(mode & stat.S_IWUSR)))
    return tuple(found)


def inputs(files: tuple[OpenFile, ...], peers: dict[int, int]) -> list[str]:
    """The pipes and unix sockets by which others reach a process: its standard input, else all that lead outside."""
    first = next((each for each in files if each.number == 0), None)
    if first is not None and first.target.startswith(("pipe:", "socket:")):
        return [first.target]
    written = {each.target: each.number for each in files if each.writable}
    own = {inode for each in files if (inode := inode_of(each.target))}
    found = []
    for each in files:
        if each.target.startswith("pipe:"):
            # A program's own pipe wakes its event loop: both of its ends are here.
            if each.readable and written.get(each.target, each.number) == each.number:
                found.append(each.target)
        elif inode_of(each.target) in peers and peers[inode_of(each.target)] not in own:
            found.append(each.target)
    return found


def joined(proc: str, pid: int, other: int) -> bool:
    """Whether a pipe or a socket leads from one process to another. Raises Gone and Hidden."""
    peers = unix_peers(proc)
    theirs = {each.target for each in open_files(proc, other)}
    ends = {inode for target in theirs if (inode := inode_of(target))}
    for target in inputs(open_files(proc, pid), peers):
        if target in theirs or peers.get(inode_of(target)) in ends:
            return True
    return False


def inode_of(target: str) -> int:
    """The inode of a socket as ``fd`` names it; 0 for anything else."""
    match = _UNIX.match(target)
    return int(match[1]) if match else 0


def unix_peers(proc: str) -> dict[int, int]:
    """The other end of each connected unix socket, by inode; nothing where the kernel does not tell."""
    if proc != "/proc":
        return {}
    from workbench.host.sockets import diag

    try:
        return diag.peers()
    except OSError:
        return {}
