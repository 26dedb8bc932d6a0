"""Close a container that a client's configuration starts: which words of its ``docker run`` go, and which come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from workbench.expressions import expression
from workbench.launch import understand
from workbench.launch.container_options import volume
from workbench.launch.container_runs import ContainerRun, container_run, is_on, places, values
from workbench.launch.images import normal_image, parse_image
from workbench.launch.words import Option
from workbench.model.clients import ServerEntry
from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.snapshot import Snapshot

USER_ASKED = {
    "label": "The account inside, as UID:GID",
    "help": "Numbers. Your own where folders of yours are mounted, else one that nothing belongs to.",
}
WRITABLE_ASKED = {
    "label": "Folders inside that it may write, separated by colons",
    "help": "In memory, and empty at each start. Volumes stay as they are.",
}
MEMORY_ASKED = {"label": "How much memory it may have", "help": "Such as 512m or 2g."}
PROCESSES_ASKED = {"label": "How many processes and threads it may have"}
"""What each fix that closes a container asks."""
NOBODY = "65532:65532"
"""An account inside of a container to which nothing belongs."""

Items = tuple[int | str, ...]
"""What a command line becomes: new words, and the places of those that stay."""

_NO = ("false", "f", "0")
_BY_HAND = "close it by hand: workbench explain clients/container-flags"
GIVEN_BY_DOCKER = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
"""What an engine gives by itself: to ask for one of these opens nothing more."""
ENGINE_SOCKET = expression(r"/(?:docker|podman|containerd|crio|buildkitd)\.sock/?\Z")
_DEVICE = expression(r"/dev/(?:mem|kmem|port|sd[a-z]|nvme|vd[a-z]|xvd|dm-|mapper|disk|loop)")
UNCONFINED = frozenset(
    ("seccomp=unconfined", "apparmor=unconfined", "label=disable", "systempaths=unconfined", "unmask=ALL")
)
_NAMESPACES = ("--network", "--net", "--pid", "--ipc", "--userns", "--uts", "--cgroupns")
_SWITCHES = ("--privileged", "--use-api-socket", "--all-devices")
_VOLUMES = ("-v", "--volume", "--mount")
_NUMBER = expression(r"[1-9][0-9]{0,9}(?::[0-9]{1,10})?")
_SIZE = expression(r"[1-9][0-9]{0,15}[bkmg]?", re.IGNORECASE)
_DIGEST = expression(r"sha256:[0-9a-f]{64}")
_COUNT = expression(r"[1-9][0-9]{0,6}")
_INSIDE = expression(r"(?:/[A-Za-z0-9_.@+-]+)+")


@record
class Closing:
    """How a container is to be closed. ``user`` is ``UID`` or ``UID:GID``; ``writable`` are folders inside that are
    kept in memory; ``profile`` is a file, ``image`` a name with a digest, each "" for as it is; ``own_account`` keeps
    the account of a rootless Podman inside.
    """

    user: str
    network: bool
    memory: str
    processes: str
    writable: tuple[str, ...]
    take_out: bool
    profile: str = ""
    image: str = ""
    own_account: bool = False


def docker_run(entry: ServerEntry) -> ContainerRun | Refusal:
    """The ``docker run`` of an entry, where every word of it is understood."""
    launch = entry.launch
    if launch is None or launch.container is None:
        return Refusal(f"{entry.name} is not started by docker run or podman run", "close it where it is started")
    run = container_run(entry.command)
    if run is None:
        return Refusal(
            f"not every word of how {entry.name} is started is understood, or something else starts its engine",
            _BY_HAND,
        )
    if is_on(run, "-d", "--detach") or values(run, "--cidfile"):
        return Refusal(f"--detach or --cidfile is among the options of {entry.name}: nobody speaks to it", _BY_HAND)
    if entry.environment_files:
        return Refusal(f"the variables of {entry.name} come from a file, and are not known here by name", _BY_HAND)
    if any(re.search(r"[${}%]", word) for word in (*run.engine, entry.command[run.image])):
        return Refusal(f"the engine or the image of {entry.name} is named by a variable", "write it out")
    return run


def closed(entry: ServerEntry, run: ContainerRun, how: Closing) -> Items | Refusal:
    """What the command line of an entry becomes. Every word that has nothing to do with it stays."""
    wrong = _wrong(how, run)
    if wrong:
        return wrong
    gone: set[int] = set()
    for option in run.options:
        if _opens(option, how) or _is_replaced(option, run, how):
            if any(other is not option and places(other) & places(option) for other in run.options):
                word = entry.command[min(places(option))]
                return Refusal(f"{word} is several options in one word", "write them apart, and look again")
            gone |= places(option)
    again = _without_terminal(entry, run)
    gone |= {place for place, text in again.items() if not text}
    left = replace(run, options=tuple(option for option in run.options if not places(option) & gone))
    new = list(_missing(left, how))
    items: list[int | str] = list(range(run.first))
    items += new
    items += [again.get(place, place) for place in range(run.first, run.image) if place not in gone]
    named = how.image and how.image != entry.command[run.image]
    items.append(how.image if named else run.image)
    items += range(run.image + 1, len(entry.command))
    return tuple(items)


def _without_terminal(entry: ServerEntry, run: ContainerRun) -> dict[int, str]:
    """The words that ask for a terminal, each without that, "" where nothing is left: no client gives it one."""
    words: dict[int, str] = {}
    for option in run.options:
        if option.name not in ("-t", "--tty") or option.word is None:
            continue
        place = option.word.index
        beside = [other for other in run.options if other is not option and place in places(other)]
        if not any(other.values for other in beside):
            words[place] = entry.command[place].replace("t", "") if beside else ""
    return words


def with_profile(entry: ServerEntry, run: ContainerRun, profile: str) -> Items | Refusal:
    """What the command line of an entry becomes with another system call profile, and what that cannot do without."""
    named = [option for option in run.options if option.name == "--security-opt" and _rule(option) == "seccomp"]
    if not named:
        return Refusal(f"{entry.name} names no profile any more", "quit its client, start it again, and look again")
    old = named[-1].values[0]
    attached = entry.command[old.index] != old.text
    given = f"--security-opt=seccomp={profile}" if attached else f"seccomp={profile}"
    off = [option for option in run.options if _is_off(option)]
    gone = {place for option in (*off, *named[:-1]) for place in places(option)}
    held = any(_rule(option) == "no-new-privileges" and option not in off for option in run.options)
    items: list[int | str] = list(range(run.first))
    items += () if held else ("--security-opt", "no-new-privileges")
    items += [given if at == old.index else at for at in range(run.first, len(entry.command)) if at not in gone]
    return tuple(items)


def with_command(entry: ServerEntry, items: Items, home: str) -> ServerEntry:
    """The entry as it is with another command line. Where the new words stand in a document is not told."""
    command = tuple(entry.command[item] if isinstance(item, int) else item for item in items)
    pointers = tuple(entry.argument_pointers[item] if isinstance(item, int) else () for item in items)
    return replace(entry, command=command, argument_pointers=pointers, launch=understand(command, home))


def known_digest(entry: ServerEntry, run: ContainerRun, snapshot: Snapshot) -> str:
    """The image of an entry with the digest that it has here, "" where none is known or it has one already."""
    text = entry.command[run.image]
    image = parse_image(text)
    if image.digest or re.fullmatch(r"(?:sha256:)?[0-9a-f]{64}", text):
        return ""
    wanted = normal_image(text)
    digests = {
        digest.partition("@")[2]
        for container in snapshot.containers.containers
        if container.image and normal_image(container.image) == wanted
        for digest in container.digests
        if normal_image(digest.partition("@")[0]).rpartition(":")[0] == wanted.rpartition(":")[0]
    }
    # Two of one name are two pulls: which of them is meant is not known.
    (digest, *others) = digests or {""}
    return f"{image.name}@{digest}" if _DIGEST.fullmatch(digest) and not others else ""


def taken_out(run: ContainerRun) -> tuple[str, ...]:
    """The options that open the container to the host, as they are written."""
    found = [option for option in run.options if _opens_at_all(option)]
    return tuple(" ".join([option.name, *(value.text for value in option.values)]) for option in found)


def own_number(uid: int, snapshot: Snapshot) -> str:
    """The account of that uid as UID:GID, or one that nothing belongs to in the place of root's."""
    account = next((each for each in snapshot.accounts.accounts if each.uid == uid), None)
    if uid <= 0:
        return NOBODY
    return f"{uid}:{account.gid if account is not None else uid}"


def folders_inside(answer: str) -> tuple[str, ...]:
    """The folders of a container that an answer names, separated by colons."""
    return tuple(filter(None, (each.strip().rstrip("/") for each in answer.split(":"))))


def wrong_limits(user: str, memory: str, processes: str, writable: tuple[str, ...]) -> Refusal | None:
    """Why no container can be given what was answered; None where it can."""
    if not _NUMBER.fullmatch(user):
        return Refusal(f"{user!r} is no number of an account other than root", "answer user=UID:GID, such as 1000:1000")
    if not _SIZE.fullmatch(memory):
        return Refusal(f"{memory!r} is no amount of memory", "answer memory with one such as 512m or 2g")
    if not _COUNT.fullmatch(processes):
        return Refusal(f"{processes!r} is no number of processes", "answer processes with one such as 100")
    if not all(_INSIDE.fullmatch(path) and not {".", ".."} & set(path.split("/")) for path in writable):
        return Refusal("a folder that it may write is not plain and absolute", "answer such as /tmp:/home/node")
    return None


def _wrong(how: Closing, run: ContainerRun) -> Refusal | None:
    wrong = wrong_limits(how.user, how.memory, how.processes, how.writable)
    if wrong is not None:
        return wrong
    if not how.network and values(run, "-p", "--publish"):
        return Refusal("it publishes ports, which takes a network", "answer network=yes, or take -p out first")
    return None


def _opens(option: Option, how: Closing) -> bool:
    return how.take_out and _opens_at_all(option)


def _opens_at_all(option: Option) -> bool:
    """Whether an option opens the container to the host, and no server of MCP should need it."""
    name, value = option.name, option.values[0].text if option.values else ""
    if name in _SWITCHES:
        return value.lower() not in _NO
    if name in _NAMESPACES:
        return value == "host"
    if name == "--security-opt":
        return value.replace(":", "=", 1) in UNCONFINED
    if name == "--cap-add":
        asked = {each.strip().upper().removeprefix("CAP_") for each in value.split(",")}
        return not asked <= GIVEN_BY_DOCKER
    if name == "--device":
        return _DEVICE.match(value) is not None
    if name == "--device-cgroup-rule":
        return re.match(r"a|[bc] \*:\*", value) is not None
    return name in _VOLUMES and ENGINE_SOCKET.search(_source(name, value)) is not None


def _source(name: str, value: str) -> str:
    if name != "--mount":
        return volume(value)[0]
    fields = dict(part.partition("=")[::2] for part in value.split(","))
    return fields.get("src") or fields.get("source") or ""


def _is_replaced(option: Option, run: ContainerRun, how: Closing) -> bool:
    """Whether an option says something of what is closed that does not close it."""
    name, value = option.name, option.values[0].text if option.values else ""
    off = bool(option.values) and value.lower() in _NO
    if name in ("-u", "--user"):
        return not _is_numbered(run)
    if name in ("--network", "--net"):
        return not how.network and value != "none"
    if name == "--security-opt":
        return _is_off(option) or (_rule(option) == "seccomp" and bool(how.profile))
    if name in ("-i", "--interactive", "--read-only"):
        return off
    if name in ("-m", "--memory", "--pids-limit"):
        return value in ("", "0", "-1")
    return False


def _rule(option: Option) -> str:
    """What a security option is about (``seccomp``), "" of another option."""
    value = option.values[0].text if option.name == "--security-opt" and option.values else ""
    return value.replace(":", "=", 1).partition("=")[0]


def _is_off(option: Option) -> bool:
    """Whether it is ``no-new-privileges:false``."""
    value = option.values[0].text if option.values else ""
    return _rule(option) == "no-new-privileges" and value.replace(":", "=", 1).partition("=")[2].lower() in _NO


def _is_numbered(run: ContainerRun) -> bool:
    """Whether it runs as a number that is not root's: a name is looked up inside of the image."""
    given = values(run, "-u", "--user")
    name = given[-1].partition(":")[0] if given else ""
    return name.isascii() and name.isdigit() and bool(name.strip("0"))


def _missing(run: ContainerRun, how: Closing) -> Iterator[str]:
    """The words that close it, for what is not closed by the options that are left."""
    if not is_on(run, "-i", "--interactive"):
        yield "-i"
    if not _is_numbered(run):
        yield from ("--user", how.user)
        if how.own_account and not values(run, "--userns"):
            yield from ("--userns", "keep-id")
    if not is_on(run, "--read-only"):
        yield "--read-only"
    held = {value.partition(":")[0].rstrip("/") for value in values(run, "--tmpfs")}
    held |= {volume(value)[1].partition(":")[0].rstrip("/") for value in values(run, "-v", "--volume")}
    for value in values(run, "--mount"):
        fields = dict(part.partition("=")[::2] for part in value.split(","))
        held |= {fields[key].rstrip("/") for key in ("dst", "target", "destination") if key in fields}
    for path in how.writable:
        if path not in held:
            yield from ("--tmpfs", path)
    dropped = {each.strip().upper() for value in values(run, "--cap-drop") for each in value.split(",")}
    if "ALL" not in dropped:
        yield from ("--cap-drop", "ALL")
    rules = {_rule(option) for option in run.options}
    if "no-new-privileges" not in rules:
        yield from ("--security-opt", "no-new-privileges")
    if how.profile and "seccomp" not in rules:
        yield from ("--security-opt", f"seccomp={how.profile}")
    if not values(run, "--pids-limit"):
        yield from ("--pids-limit", how.processes)
    if not values(run, "-m", "--memory"):
        yield from ("--memory", how.memory)
    if not how.network and not values(run, "--network", "--net"):
        yield from ("--network", "none")
