"""What is shown of a line that systemd drops: its key, its value where that cannot be a secret, systemd's reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workbench.host.files import CannotLook, read_bounded
from workbench.host.units.analysis import Message
from workbench.host.units.unit_file import Assignment, assignment_at, assignments
from workbench.model.units import IgnoredLine
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_FILE_LIMIT = 1024 * 1024
# Settings whose values are words, numbers and paths. Of all others (Environment=, ExecStart=, …) no value is shown.
_PLAIN = re.compile(
    r"(?:Private|Protect|Restrict|CapabilityBoundingSet|AmbientCapabilities|SystemCall|NoNewPrivileges|LockPersonality"
    r"|Memory|Limit|Tasks|CPU|IO|BlockIO|Read(?:Only|Write)|Inaccessible|ExecPaths|NoExecPaths|Bind|Device|IPAddress"
    r"|UMask|User|Group|Dynamic|Supplementary|RemoveIPC|KeyringMode|ProcSubset|Root|TemporaryFileSystem|Runtime|State"
    r"|Cache|Logs|Configuration|WorkingDirectory|Restart|Type|Kill|Timeout|OOM|Nice|Standard(?:Input|Output|Error)\Z"
    r"|SocketBind|Delegate|SecureBits|SELinux|AppArmor|Smack|Mount|StartLimit|Slice|After|Before|Wants|Requires)"
)
_WITHOUT_VALUE = re.compile(
    r"Unknown (?:key(?: name)?|lvalue|section) '[A-Za-z][A-Za-z0-9-]*'(?: in section '?\[?[A-Za-z-]+\]?'?)?"
    r"|Missing '='|Assignment outside of section|Invalid environment assignment|Invalid syntax|Unbalanced quoting"
    r"|[A-Za-z]+= path is not absolute"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")


def shown(messages: Sequence[Message], known: Mapping[str, str]) -> tuple[IgnoredLine, ...]:
    """The dropped lines, safe to show. ``known`` are the texts of files that were read, by path."""
    contents = dict(known)
    parsed: dict[str, list[Assignment]] = {}
    for message in messages:
        if message.path not in contents:
            contents[message.path] = _content(message.path)
        if message.path not in parsed:
            parsed[message.path] = list(assignments(contents[message.path]))
    return tuple(dict.fromkeys(_shown(message, parsed[message.path], contents[message.path]) for message in messages))


def _content(path: str) -> str:
    try:
        return read_bounded(path, _FILE_LIMIT).decode("utf-8", "surrogateescape")
    except CannotLook:
        return ""


def _shown(message: Message, parsed: Sequence[Assignment], content: str) -> IgnoredLine:
    found = assignment_at(parsed, message.line)
    if found is not None and _PLAIN.match(found.key):
        reason = _without_comment(message.text)
        text = f"{found.key}={_without_comment(found.value)}"
        # UserPassword= begins like a setting and is none: it is dropped, and stands there all the same.
        reason, text = redact(reason), redact_arguments([text])[0][0]
    else:
        known = _WITHOUT_VALUE.match(message.text)
        reason = f"{known[0]}, ignoring" if known else "systemd cannot use its value and ignores the line"
        text = _key_of(found, content, message.line)
    return IgnoredLine(visible(message.path), found.first if found else message.line, visible(reason), visible(text))


def _key_of(found: Assignment | None, content: str, line: int) -> str:
    if found is not None:
        return f"{found.key}=…" if _WORD.match(found.key) else ""
    lines = content.split("\n")
    bare = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return bare if bare.startswith("[") or (_PLAIN.match(bare) and _WORD.match(bare)) else ""


def _without_comment(text: str) -> str:
    # What stands behind "#" is a person's prose; it may be anything, and that it is there is what matters.
    value, mark, _ = text.partition(" #")
    return f"{value.rstrip()} # …" if mark else text
