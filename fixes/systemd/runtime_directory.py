"""Give the server a folder of its own below /run, mode 0700, for the socket that it makes in a shared folder now.

In ``/tmp`` every account may make the socket first, and take what clients send to it. systemd makes
``RuntimeDirectory=`` before each start, for the account of the unit alone, and removes it afterwards: nobody can be
there first, and nobody else can get in. A drop-in of its own says ``RuntimeDirectory=``, ``RuntimeDirectoryMode=0700``
and the command of the unit once more, with the new path in the place of the old one. Where systemd itself listens, the
drop-in is one of the socket unit: ``ListenStream=`` in a folder of root's below ``/run``. Who may connect there, the
mode of the socket goes on to say. For a unit of your own manager the folder is one below ``$XDG_RUNTIME_DIR``, which
only you can enter, the drop-in is a file of yours in ``~/.config/systemd/user``, and no root is needed.

The path must stand in the command of the unit, as a word or behind an equals sign. Where it comes from a variable or
from the program itself, the steps are named instead. Clients have to be told the new path; those that name the old one
in their configuration are listed in the plan. Into a folder of mode 0700 only the account of the unit and root get.

The unit is restarted and watched; where it does not run on, or still listens in the old place, everything is put back.
What lies in the old place is only a leftover then: remove it.

To do it by hand: ``sudo systemctl edit UNIT`` (``systemctl --user edit UNIT``) with ``[Service]``,
``RuntimeDirectory=NAME``, ``RuntimeDirectoryMode=0700``, and the new path where the old one is said. See
systemd.exec(5), tmpfiles.d(5), CWE-377.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import basename

from workbench.api import (
    CreateFile,
    CreateRootFile,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    UnitFact,
    changeable,
    fix,
    listed,
    listen_paths,
    new_drop_in,
    not_yours,
    restart_of,
    restart_of_socket,
    running,
    runtime_folder,
    unit_of_process,
    unit_of_socket,
)

_NAME = "90-workbench-runtime-directory"
_FOLDER = re.compile(r"[A-Za-z0-9_.-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+")
_BY_HAND = (
    "sudo systemctl edit UNIT: [Service], RuntimeDirectory=NAME, RuntimeDirectoryMode=0700; then tell the server to"
    " listen in /run/NAME"
)
_BY_HAND_OWN = (
    "systemctl --user edit UNIT: [Service], RuntimeDirectory=NAME, RuntimeDirectoryMode=0700; then tell the server to"
    " listen in %t/NAME"
)

_Made = tuple[CreateRootFile | CreateFile, str] | Refusal


@fix(
    title="Have the server listen in a folder of its own below /run",
    repairs=("sockets/predictable-path",),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """One drop-in of the unit that listens, or of its socket."""
    old = finding.subject.key
    unit = unit_of_socket(old, snapshot)
    of_socket = unit is not None
    unit = unit or _of_process(old, snapshot)
    if unit is None:
        return Refusal(
            f"no unit of systemd is known to start what listens on {old}",
            "let it listen below $XDG_RUNTIME_DIR (/run/user/UID), which is for your account alone",
        )
    # A socket of a template is a unit of its own, and none of its instances need be told.
    own_socket = of_socket and unit.manager == "user"
    refusal = (not_yours if own_socket else changeable)(unit, snapshot, _by_hand(unit))
    if refusal is not None:
        return refusal
    made = _socket_unit(unit, old, snapshot) if of_socket else _service(unit, old, snapshot)
    if isinstance(made, Refusal):
        return made
    operation, new = made
    return Plan(
        fix="systemd/runtime-directory",
        check=finding.check,
        finding=finding.identity,
        title=f"Have {unit.socket if of_socket else unit.name} listen on {new}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(operation,),
        consequences=_consequences(unit, old, new, snapshot, of_socket=of_socket),
    )


def _of_process(path: str, snapshot: Snapshot) -> UnitFact | None:
    """The unit whose process listens on the path."""
    keys = {each.server for each in snapshot.sockets.sockets if each.path is not None and each.path.asked == path}
    units = [unit_of_process(each, snapshot) for each in snapshot.processes.servers if each.key in keys]
    return units[0] if len(units) == 1 else None


def _service(unit: UnitFact, old: str, snapshot: Snapshot) -> _Made:
    if "@" in unit.name:
        return Refusal(f"{unit.name} is a template, whose instances would share the folder", _by_hand(unit))
    folder = next(iter(unit.words("RuntimeDirectory")), "") or unit.name.removesuffix(".service")
    new = f"{runtime_folder(unit)}/{folder}/{basename(old)}"
    if not _FOLDER.fullmatch(folder) or not _PLAIN.fullmatch(new):
        return Refusal(f"no folder can be named after {unit.name}", _by_hand(unit))
    command = _command(unit, old, new)
    if isinstance(command, Refusal):
        return command
    restarts = restart_of(unit, snapshot)
    if isinstance(restarts, Refusal):
        return restarts
    if restarts is None or not running(unit):
        return Refusal(f"{unit.name} does not run any more, so nothing could be proven", "start it and look again")
    lines = ["[Service]"]
    lines += [] if unit.words("RuntimeDirectory") else [f"RuntimeDirectory={folder}"]
    lines += ["RuntimeDirectoryMode=0700", "ExecStart=", f"ExecStart={unit.prefix}{command}"]
    # It answers in another place afterwards, so that the old one is not asked.
    made = new_drop_in(unit, _NAME, lines, replace(restarts, socket=""), snapshot)
    return made if isinstance(made, Refusal) else (made, new)


def _command(unit: UnitFact, old: str, new: str) -> str | Refusal:
    """The command of the unit with the new path, where all of it can be written as it is read."""
    if unit.values("ExecStart").count("…") > 1 or "@" in unit.prefix:
        return Refusal(f"{unit.name} starts more than one command, or one under another name", _by_hand(unit))
    words = list(unit.command)
    if any(not _PLAIN.fullmatch(word) for word in words):
        return Refusal(f"the command of {unit.name} holds what cannot be written again as it stands", _by_hand(unit))
    at = [number for number, word in enumerate(words) if word == old or word.endswith(f"={old}")]
    if len(at) != 1:
        return Refusal(f"the command of {unit.name} does not say {old}: a variable or the program does", _by_hand(unit))
    words[at[0]] = words[at[0]].removesuffix(old) + new
    return " ".join(words)


def _socket_unit(unit: UnitFact, old: str, snapshot: Snapshot) -> _Made:
    folder = unit.socket.removesuffix(".socket").rstrip("@")
    new = f"{runtime_folder(unit)}/{folder}/{basename(old)}"
    others = len(unit.values("ListenStream", "Socket")) > 1 or listen_paths(unit, snapshot) != (old,)
    if others or not _FOLDER.fullmatch(folder) or not _PLAIN.fullmatch(new):
        return Refusal(
            f"{unit.socket} listens in more than one place, or no folder can be named after it", _by_hand(unit)
        )
    restarts = restart_of_socket(unit)
    if isinstance(restarts, Refusal):
        return restarts
    # Below /run it is root's, and who may connect says the mode of the socket; below /run/user nobody else can be.
    mode = "0700" if unit.manager == "user" else "0755"
    lines = ("[Socket]", "ListenStream=", f"ListenStream={new}", f"DirectoryMode={mode}")
    made = new_drop_in(unit, _NAME, lines, restarts, snapshot, of_socket=True)
    return made if isinstance(made, Refusal) else (made, new)


def _by_hand(unit: UnitFact) -> str:
    return _BY_HAND_OWN if unit.manager == "user" else _BY_HAND


def _consequences(unit: UnitFact, old: str, new: str, snapshot: Snapshot, *, of_socket: bool) -> str:
    naming = [
        f"{server.name} ({config.client_name})"
        for config in snapshot.clients.configs
        for server in config.servers
        if any(old in word for word in server.command)
    ]
    restarted = unit.socket if of_socket else unit.name
    said = [f"who connects to {old} has to use {new} from then on"]
    own = snapshot.host.user if unit.manager == "user" else unit.value("User") or "root"
    said += [] if of_socket and unit.manager == "system" else [f"only {own} and root can reach that"]
    said += [f"these name the old path: {listed(naming)}"] if naming else []
    said.append(f"{restarted} is restarted: what it is doing at that moment is lost")
    said.append(f"what is left as {old} can be removed")
    return ". ".join(said)
