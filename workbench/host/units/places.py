"""The paths that a unit names and whether they are there, what runs its program, and its accounts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from workbench.activity import began, note
from workbench.host.context import Context
from workbench.host.units.folders import UnitFile
from workbench.model.launch import Launch
from workbench.model.units import UnitPlace, UnitSetting
from workbench.text import visible

_LISTS = ("ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths")
_PAIRS = ("BindPaths", "BindReadOnlyPaths")
_SINGLE = ("WorkingDirectory", "EnvironmentFile", "RootDirectory", "RootImage")
_CREDENTIALS = ("LoadCredential", "LoadCredentialEncrypted")
_MOST = 300
_NODE = frozenset(("node", "nodejs", "npx", "npm", "pnpm", "yarn", "tsx", "ts-node"))
_PYTHON = ("python", "pypy", "uvx", "uv")


def resolved(text: str, unit: UnitFile, context: Context) -> str:
    """A value with those specifiers replaced that can be told from the files alone; others stay as they are."""
    user = unit.manager == "user"
    runtime = f"/run/user/{context.uid}" if user else "/run"
    home = str(context.home) if user else "/root"
    known = {
        "%h": home,
        "%t": runtime,
        "%n": unit.name,
        "%p": unit.name.rpartition(".")[0].partition("@")[0],
        "%S": f"{home}/.local/state" if user else "/var/lib",
        "%C": f"{home}/.cache" if user else "/var/cache",
        "%E": f"{home}/.config" if user else "/etc",
        "%T": "/tmp",  # noqa: S108 - what the specifier stands for
    }
    if "%" not in text:
        return text
    parts = []
    for part in text.split("%%"):
        for specifier, value in known.items():
            part = part.replace(specifier, value)
        parts.append(part)
    return "%".join(parts)


def places(
    settings: Sequence[UnitSetting], program: str, launch: Launch | None, unit: UnitFile, context: Context
) -> tuple[UnitPlace, ...]:
    """Every absolute path that a unit names, in the order of its settings."""
    found: list[UnitPlace] = []
    for key, raw, optional in _named(settings):
        path = resolved(raw, unit, context)
        if path.startswith("/") and len(found) < _MOST:
            found.append(UnitPlace(key, visible(path), _exists(path), optional))
    if program.startswith("/"):
        found.append(UnitPlace("ExecStart", visible(program), _exists(program)))
        real = os.path.realpath(program)
        found += [UnitPlace("program", visible(real), _exists(real))] if real != program else []
    if launch is not None:
        if launch.script.startswith("/"):
            found.append(UnitPlace("script", visible(launch.script), _exists(launch.script)))
        found += [UnitPlace("root", root.path, _exists(root.path)) for root in launch.roots[:_MOST]]
    return tuple(dict.fromkeys(found))


def _named(settings: Sequence[UnitSetting]) -> Iterator[tuple[str, str, bool]]:
    # Of a single value the last counts; files of variables all do.
    last = {each.key: each for each in settings if each.section == "Service"}
    for each in settings:
        if each.section != "Service":
            continue
        if each.key in _LISTS or each.key in _PAIRS:
            for word in each.value.split():
                path = word.lstrip("-+")
                optional = "-" in word[: len(word) - len(path)]
                yield each.key, path.partition(":")[0] if each.key in _PAIRS else path, optional
        elif each.key in _SINGLE and (each is last[each.key] or each.key == "EnvironmentFile"):
            path = each.value.removeprefix("-")
            yield each.key, path, path != each.value
        elif each.key in _CREDENTIALS:
            yield each.key, each.value.partition(":")[2], False


def _exists(path: str) -> bool | None:
    if "%" in path or "\x00" in path or any(sign in path for sign in "*?[$"):
        return None
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return None
    return True


def runtime_of(program: str, launch: Launch | None) -> str:
    """What runs a unit's program: ``node``, ``python`` or "" for what is neither or cannot be told."""
    names = [program] if launch is None else [launch.program, program]
    if launch is not None and launch.image is not None:
        return ""  # what runs in a container is not what the unit confines
    for path in names:
        name = path.rpartition("/")[2]
        if name in _NODE or (name.startswith("node") and name[4:].isdigit()):
            return "node"
        if name.startswith(_PYTHON):
            return "python"
    interpreter = _interpreter(names[0])
    if "node" in interpreter or interpreter.endswith("tsx"):
        return "node"
    return "python" if "python" in interpreter else ""


def _interpreter(path: str) -> str:
    if not path.startswith("/"):
        return ""
    begun = began()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ""
    try:
        line = os.read(handle, 200).partition(b"\n")[0]
        note("read", path, begun, len(line))
    except OSError:
        return ""
    finally:
        os.close(handle)
    return line.decode("utf-8", "replace").strip() if line.startswith(b"#!") else ""


def missing_accounts(settings: Sequence[UnitSetting]) -> tuple[str, ...]:
    """The settings that name an account that this host does not know. A dynamic one is made when it is needed."""
    last = {each.key: each.value for each in settings if each.section == "Service"}
    if last.get("DynamicUser", "").lower() in ("1", "yes", "y", "true", "t", "on"):
        return ()
    found = []
    for key in ("User", "Group"):
        name = last.get(key, "")
        if not name or name.isdecimal() or "%" in name:
            continue
        if not is_known(key, name):
            found.append(key)
    return tuple(found)


@lru_cache(maxsize=200)
def is_known(key: str, name: str) -> bool:
    """Whether an account or a group is there. Remembered within one look: ``is_known.cache_clear()`` begins another."""
    import grp
    import pwd

    try:
        pwd.getpwnam(name) if key == "User" else grp.getgrnam(name)
    except KeyError:
        return False
    except (ValueError, OSError):
        return True  # it could not be asked
    return True


def version(folders: Sequence[str] = ("/usr/lib/systemd", "/lib/systemd", "/usr/lib64/systemd")) -> int:
    """The version of systemd (252), by its own library; 0 where that is not there."""
    import glob

    patterns = [f"{folder}/libsystemd-shared-*.so" for folder in (*folders, "/usr/lib/*/systemd")]
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            digits = Path(path).name.removeprefix("libsystemd-shared-")
            number = "".join(sign for sign in digits[:3] if sign.isdecimal())
            if len(number) == 3:
                return int(number)
    return 0
