r"""Start the server with ``umask 077``, so that its sockets and files are yours alone from the next start on.

What it looks at
----------------
The configuration entry that starts the server. Its program becomes ``/bin/sh``, which sets the umask and then becomes
the program that stood there, with the same arguments; nothing else of the entry changes, and every other byte of the
file stays::

    "command": "/bin/sh", "args": ["-c", "umask 077; exec \"$@\"", "sh", "npx", "-y", "@acme/server@1.2.3"]

The shell is replaced by the server: no process is added. Where the entry starts it through ``sudo``, ``bwrap``, ``env``
or another program that hands its umask on, this stands around all of it, and the exact rule of sudoers still fits. It
is refused where a umask set here would not reach the server: for containers, for ``su`` and others that begin a session
of their own. The steps for these are in the refusal.

What a unit starts gets a drop-in instead, ``UMask=0077``, and is restarted and watched; for a unit of your own manager
that is a file of yours. Where systemd itself makes the socket, its socket unit gets ``SocketMode=0600`` and, as
``SocketUser=``, your account. A socket that your own manager makes is yours already.

Why it matters
--------------
A new mode of the socket (``sockets/restrict-mode``) is gone when the server binds it again. The umask stays: the kernel
applies it to every socket, file and folder the server makes, before anybody can open them.

How an attacker uses it
-----------------------
Another account, or a service that was broken into, waits for the server to start again, and connects to its socket or
reads what it wrote.

How to fix it by hand
---------------------
Write the entry as above, then restart the client. For a service: ``systemctl --user edit NAME``, with ``[Service]`` and
``UMask=0077``. Look again once it runs: ``grep Umask /proc/PID/status``.

References
----------
- umask(2), sh(1), sudoers(5) "umask_override", systemd.exec(5) "UMask="
- CWE-276: Incorrect Default Permissions
- CWE-732: Incorrect Permission Assignment for Critical Resource
"""

import json
import re
from dataclasses import replace

from workbench.api import (
    ClientConfig,
    CreateFile,
    CreateRootFile,
    EditValue,
    Finding,
    Operation,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerEntry,
    ServerProcess,
    SetValue,
    Snapshot,
    UnitFact,
    changeable,
    fix,
    hands_over,
    listed,
    new_drop_in,
    not_yours,
    of_system,
    restart_of,
    restart_of_socket,
    unit_of_process,
    unit_of_socket,
    why_not_editable,
)

_SHELL = "/bin/sh"
_BEFORE = ("-c", 'umask 077; exec "$@"', "sh")
_BY_HAND = f"write it by hand: {_SHELL} -c 'umask 077; exec \"$@\"' sh COMMAND ARGUMENTS"
_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SETS_ONE = re.compile(r"\bumask\b")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|.*\\|.*\.(?:exe|cmd|bat|ps1)\Z", re.IGNORECASE | re.DOTALL)
_ENGINES = ("docker", "podman", "nerdctl", "finch", "docker-compose", "podman-compose")
_OF_WINDOWS = ("cmd", "powershell", "pwsh", "wsl")
_SESSIONS = ("su", "runuser", "doas", "pkexec", "run0")
# Its shell would read "$@" itself, and hand on nothing.
_EXPANDING = ("crush",)


@fix(
    title="Start the server with umask 077",
    repairs=("sockets/connectable-by-others", "processes/umask"),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """Two edits of each entry that starts a server of the finding; a drop-in where that is a unit of the system."""
    units = _units(finding, snapshot)
    if units:
        return _of_units(finding, units, snapshot)
    servers = _servers(finding, snapshot)
    if not servers:
        return Refusal(
            "the server that this finding is about does not run any more, so what starts it is not known",
            "start it again, then look again",
        )
    entries: dict[tuple[str, tuple[str | int, ...]], tuple[ClientConfig, ServerEntry]] = {}
    for server in servers:
        found = _entry(server, snapshot)
        if isinstance(found, Refusal):
            return found
        config, entry = found
        entries[config.path.asked, entry.pointer] = found
    operations: list[Operation] = []
    for config, entry in entries.values():
        made = _wrapped(config, entry, snapshot)
        if isinstance(made, Refusal):
            return made
        operations += made
    names = listed(list(dict.fromkeys(entry.name for _, entry in entries.values())))
    clients = listed(list(dict.fromkeys(config.client_name for config, _ in entries.values())))
    return Plan(
        fix="sockets/private-umask",
        check=finding.check,
        finding=finding.identity,
        title=f"Start {names} with umask 077 in {clients}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(operations),
        consequences=_consequences(names, clients, [config for config, _ in entries.values()]),
        later=f"when {clients} starts {'it' if len(entries) == 1 else 'them'} again",
    )


def _units(finding: Finding, snapshot: Snapshot) -> list[tuple[UnitFact, bool]]:
    """The units that start all that the finding is about, each with whether systemd makes its socket."""
    found: list[tuple[UnitFact, bool]] = []
    servers = _servers(finding, snapshot)
    for subject in (finding.subject, *finding.also):
        unit = unit_of_socket(subject.key, snapshot) if subject.kind == "socket" else None
        if unit is not None:
            found.append((unit, True))
            servers = [each for each in servers if unit_of_process(each, snapshot) is not unit]
    for server in servers:
        unit = unit_of_process(server, snapshot) if server.entry is None else None
        if unit is None:
            return []
        found.append((unit, False))
    return list(dict.fromkeys(found))


def _of_units(finding: Finding, units: list[tuple[UnitFact, bool]], snapshot: Snapshot) -> Plan | Refusal:
    operations: list[CreateRootFile | CreateFile] = []
    said: list[str] = []
    for unit, of_socket in units:
        made = _of_socket(unit, snapshot) if of_socket else _of_service(unit, snapshot)
        if isinstance(made, Refusal):
            return made
        operation, what = made
        operations.append(operation)
        said.append(what)
    names = listed(list(dict.fromkeys(unit.socket if of_socket else unit.name for unit, of_socket in units)))
    return Plan(
        fix="sockets/private-umask",
        check=finding.check,
        finding=finding.identity,
        title=f"Let systemd start {names} so that what it makes is for its account alone",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(operations),
        consequences=". ".join(dict.fromkeys(said)),
        later="" if all(map(_restarts, operations)) else "when it is started again",
    )


def _restarts(operation: CreateRootFile | CreateFile) -> bool:
    told = operation.drop_in if isinstance(operation, CreateFile) else operation
    return told is not None and told.restarts is not None


def _of_service(unit: UnitFact, snapshot: Snapshot) -> tuple[CreateRootFile | CreateFile, str] | Refusal:
    refusal = changeable(unit, snapshot, _by_hand(unit).instead)
    if refusal is not None:
        return refusal
    restarts = restart_of(unit, snapshot)
    if isinstance(restarts, Refusal):
        return restarts
    # Whether it answers is no proof: it may be that only this account is to be let in no longer.
    restarts = replace(restarts, socket="") if restarts is not None and not hands_over(unit) else None
    made = new_drop_in(unit, "90-workbench-umask", ("[Service]", "UMask=0077"), restarts, snapshot)
    if isinstance(made, Refusal):
        return made
    account = snapshot.host.user if unit.manager == "user" else unit.value("User") or "root"
    said = f"what {unit.name} makes is for its account alone ({account}): others cannot read it or connect to it"
    return made, f"{said}; {unit.name} is restarted, and what it is doing at that moment is lost" if restarts else said


def _of_socket(unit: UnitFact, snapshot: Snapshot) -> tuple[CreateRootFile | CreateFile, str] | Refusal:
    of_user, by_hand = unit.manager == "user", _by_hand(unit).instead
    refusal = not_yours(unit, snapshot, by_hand) if of_user else of_system(unit, by_hand)
    if refusal is not None:
        return refusal
    restarts = restart_of_socket(unit)
    if isinstance(restarts, Refusal):
        return restarts
    owner = unit.value("SocketUser", "Socket")
    lines = ["[Socket]", "SocketMode=0600"]
    if of_user:
        owner = snapshot.host.user  # its manager makes it, and cannot give it away
    elif not owner and snapshot.host.uid != 0 and _ACCOUNT.fullmatch(snapshot.host.user):
        # It would be root's, so that no client of yours could use it any more.
        owner = snapshot.host.user
        lines.append(f"SocketUser={owner}")
    made = new_drop_in(unit, "90-workbench-socket-mode", lines, restarts, snapshot, of_socket=True)
    if isinstance(made, Refusal):
        return made
    said = f"only {owner or 'root'} can connect to what {unit.socket} listens on"
    said += "" if of_user else "; name another with SocketUser="
    return made, f"{said}. {unit.socket} is restarted: connections that are open stay, in that moment none can be made"


def _consequences(names: str, clients: str, configs: list[ClientConfig]) -> str:
    said = (
        f"what {names} makes from the next start on is for the account alone that it runs as: other accounts and your"
        f" group cannot read it or connect to it until you let them. Restart {clients}. Files that are there already"
        " keep their mode."
    )
    if any(config.scope == "project" for config in configs):
        said += " The file belongs to a project: it is so for everybody who uses it, and without /bin/sh, as on Windows"
        said += ", the server no longer starts."
    return said


def _servers(finding: Finding, snapshot: Snapshot) -> list[ServerProcess]:
    """The running servers that the finding is about."""
    subjects = (finding.subject, *finding.also)
    keys = {subject.key for subject in subjects if subject.kind == "process"}
    sockets = {subject.key for subject in subjects if subject.kind == "socket"}
    keys |= {
        each.server for each in snapshot.sockets.sockets if each.path is not None and each.path.asked in sockets
    } - {""}
    return [server for server in snapshot.processes.servers if server.key in keys]


def _entry(server: ServerProcess, snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry] | Refusal:
    """The entry that starts a server, or what to do where another thing does."""
    if server.entry is not None:
        for config in snapshot.clients.configs:
            for entry in config.servers:
                if (config.path.asked, entry.pointer) == (server.entry.path, server.entry.pointer):
                    return (config, entry) if not entry.disabled else _gone(server)
        return _gone(server)
    unit = unit_of_process(server, snapshot)
    if unit is not None:
        return _by_hand(unit)
    if server.container:
        return Refusal(
            f"{server.label} runs in a container, where no umask of this host reaches it",
            "set umask 077 in what the container starts, such as its entry point, and make it again",
        )
    return Refusal(
        f"no client's configuration and no unit is known to start {server.label}",
        "write umask 077 before its command in the script, the unit or the session that starts it",
    )


def _gone(server: ServerProcess) -> Refusal:
    return Refusal(f"the configuration that started {server.label} does not name it any more", "quit it, look again")


def _by_hand(unit: UnitFact) -> Refusal:
    user = unit.manager == "user"
    folder = "~/.config/systemd/user" if user else "/etc/systemd/system"
    manage = "systemctl --user" if user else "sudo systemctl"
    steps = f"write [Service] and UMask=0077, each on its line, to {folder}/{unit.name}.d/umask.conf"
    if unit.socket:
        steps += f", and [Socket] and SocketMode=0600 to {folder}/{unit.socket}.d/mode.conf"
    restarted = f"{unit.name} {unit.socket}" if unit.socket else unit.name
    return Refusal(
        f"systemd starts it, as {unit.name}, with the umask of that unit",
        f"{steps}; then run: {manage} daemon-reload && {manage} restart {restarted}",
    )


def _wrapped(config: ClientConfig, entry: ServerEntry, snapshot: Snapshot) -> tuple[Operation, ...] | Refusal:
    refusal = _out_of_reach(config, entry, snapshot)
    if refusal is not None:
        return refusal
    command, places = entry.command, entry.argument_pointers
    if not command or len(places) != len(command) or not all(places):
        return Refusal(f"the command of {entry.name} is not written as a program and its arguments", _BY_HAND)
    refusal = why_not_editable(config, places[0])
    if refusal is not None:
        return refusal
    if any("<secret: " in text for text in command):
        return Refusal(
            f"an argument of {entry.name} holds a secret, and the new list of arguments would name it",
            "move the secret out of the arguments first: every account can read them while the server runs",
        )
    first = places[0]
    if isinstance(first[-1], int):
        # One list of the program and its arguments.
        own = [text for text, place in zip(command, places, strict=True) if place[:-1] == first[:-1]]
        if first[-1] != 0 or len(own) != len(command):
            return Refusal(f"the command of {entry.name} is written in two places", _BY_HAND)
        return (_grown(config, first[:-1], own, [_SHELL, *_BEFORE, *own]),)
    arguments = list(command[1:])
    holders = {place[:-1] for place in places[1:]} or {(*first[:-1], "args")}
    in_order = all(place[-1] == number for number, place in enumerate(places[1:]))
    if len(holders) != 1 or not in_order:
        return Refusal(f"the arguments of {entry.name} are not written as one list", _BY_HAND)
    return (
        EditValue(config.path.asked, config.format, first, expect=command[0], value=_SHELL),
        _grown(config, holders.pop(), arguments, [*_BEFORE, command[0], *arguments]),
    )


def _grown(config: ClientConfig, pointer: tuple[str | int, ...], old: list[str], new: list[str]) -> SetValue:
    return SetValue(config.path.asked, config.format, pointer, json.dumps(new), expect=json.dumps(old))


def _out_of_reach(config: ClientConfig, entry: ServerEntry, snapshot: Snapshot) -> Refusal | None:
    """Why a umask set around the whole command would not be the server's, and what to do instead."""
    command, wrappers = entry.command, {name.split(" ")[0] for name in entry.launch.wrappers} if entry.launch else set()
    name = entry.name
    if any(_SETS_ONE.search(text) for text in command):
        if command[: len(_BEFORE) + 1] == (_SHELL, *_BEFORE):
            return Refusal(
                f"{name} is started with umask 077 already", f"restart {config.client_name}, then look again"
            )
        return Refusal(f"the command of {name} sets a umask itself", "change that to: umask 077")
    if config.client in _EXPANDING:
        return Refusal(
            f'{config.client_name} would read "$@" itself and hand on nothing',
            "put umask 077 and the command into a script of your own, and name that as the command",
        )
    if _WINDOWS.match(command[0] if command else "") or wrappers & set(_OF_WINDOWS):
        return Refusal(
            f"{name} is a program of Windows, which has no umask", "keep its folder closed to other accounts"
        )
    if command and command[0].startswith("~"):
        return Refusal(
            f"{config.client_name} reads the ~ of {command[0]}, as no shell would there", "write the path out"
        )
    launch = entry.launch
    engine = launch is not None and (launch.image is not None or launch.container is not None)
    if engine or wrappers & set(_ENGINES):
        return Refusal(
            f"{name} runs in a container, which the engine starts with a umask of its own",
            "set it inside: --entrypoint /bin/sh IMAGE -c 'umask 077; exec \"$@\"' sh PROGRAM ARGUMENT",
        )
    if "systemd-run" in wrappers and "--scope" not in command:
        return Refusal(
            f"systemd starts {name}, with a umask of its own",
            "add its own option to the arguments, right behind systemd-run: -p UMask=0077",
        )
    if "nsjail" in wrappers:
        return Refusal(
            "it is not known whether nsjail hands on a umask", "set umask 077 inside of it, around the program"
        )
    session = next((each for each in _SESSIONS if each in wrappers), "")
    if session:
        return Refusal(
            f"{session} begins a session of another account, which may set a umask of its own",
            f"set it behind the options of {session}, around the program: sh -c 'umask 077; exec \"$@\"' sh PROGRAM",
        )
    overrides = [each for each in snapshot.sudoers.defaults if each.name == "umask_override"]
    if "sudo" in wrappers and any(each.operation != "off" for each in overrides):
        return Refusal(
            "sudo sets a umask of its own here: sudoers says umask_override",
            "let sudoers set it, with: sudo visudo, and the line: Defaults umask=0077",
        )
    return None
