"""What ``docker run`` is told of the container it makes, by the long names of its options."""

from __future__ import annotations

import re

from workbench.launch.words import Option, Options
from workbench.model.launch import ContainerOption, ContainerOptions, LaunchMount
from workbench.secrets import redact
from workbench.text import visible

_LONG = {
    "-i": "--interactive",
    "-d": "--detach",
    "-u": "--user",
    "-m": "--memory",
    "-v": "--volume",
    "-p": "--publish",
    "-P": "--publish-all",
    "--net": "--network",
}
# What decides on what it may do. Labels, names and variables do not, and variables may hold secrets.
_KEPT_WORDS = (
    "--all-devices --attach --cap-add --cap-drop --cgroupns --cpus --device --device-cgroup-rule --gpus --group-add"
    " --ipc --mount --pid --pids-limit --privileged --read-only --rm --rootfs --runtime --security-opt --tmpfs"
    " --ulimit --use-api-socket --userns --uts --volumes-from"
)
_KEPT = frozenset((*_LONG.values(), *_KEPT_WORDS.split()))
_OPTION_LIMIT = 500


def container_options(engine: str, options: Options) -> ContainerOptions:
    """The options that say what the container may do, in the order in which they are given."""
    kept: list[ContainerOption] = []
    mounts: list[LaunchMount] = []
    for option in options.given[:_OPTION_LIMIT]:
        name = "--attach" if option.name == "-a" else _LONG.get(option.name, option.name)
        if name not in _KEPT:
            continue
        value = option.values[0] if option.values else None
        shown = visible(redact(value.text)) if value is not None else ""
        kept.append(ContainerOption(name, shown, value.index if value is not None else None))
        mount = _mount(name, option)
        if mount is not None:
            mounts.append(mount)
    return ContainerOptions(engine, tuple(kept), tuple(mounts))


def is_on(options: Options, name: str) -> bool:
    """Whether a switch is on: given last without a value, or with one that says yes."""
    last = next((option for option in reversed(options.given) if option.name == name), None)
    return last is not None and not (last.values and last.values[0].text.lower() in ("false", "f", "0"))


def _mount(name: str, option: Option) -> LaunchMount | None:
    if not option.values:
        return None
    text, index = option.values[0].text, option.values[0].index
    if name == "--volume":
        host, inside = volume(text)
        read_only = re.search(r":(?:[\w,]+,)?ro(?:,[\w,]+)?\Z", text) is not None
    elif name == "--mount":
        fields = dict(part.partition("=")[::2] for part in text.split(","))
        if fields.get("type", "volume") != "bind":
            return None
        host = fields.get("src") or fields.get("source") or ""
        inside = fields.get("dst") or fields.get("target") or fields.get("destination") or ""
        switch = fields.get("readonly", fields.get("ro"))
        read_only = switch is not None and switch not in ("false", "0")
    else:
        return None
    return LaunchMount(visible(redact(host)), visible(redact(inside)), read_only, index) if host else None


def volume(text: str) -> tuple[str, str]:
    """Host and container side of ``HOST:CONTAINER[:options]``. The host side is "" for a volume with a name or none.

    The colon of a Windows drive, and those inside of ``${X:-y}``, separate nothing.
    """
    parts: list[str] = []
    current, depth = "", 0
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        drive = letter == ":" and len(current) == 1 and current.isalpha() and text[place + 1 : place + 2] in ("\\", "/")
        if letter == ":" and depth == 0 and not (drive and len(parts) < 2):
            parts.append(current)
            current = ""
        else:
            current += letter
    parts.append(current)
    if len(parts) < 2:
        return "", parts[0]
    host = parts[0]
    is_path = host.startswith(("/", ".", "~", "$", "%", "\\")) or (len(host) > 1 and host[1] == ":")
    return (host if is_path else ""), parts[1]
