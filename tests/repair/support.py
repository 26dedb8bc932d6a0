"""Files to repair, and fingerprints of whole folders to prove what was and was not changed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
from pathlib import Path
from typing import Any

from workbench.model.operations import EditValue, Operation, RemoveValue, SetMode, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import Run
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply

ACL = "system.posix_acl_access"
DEFAULT_ACL = "system.posix_acl_default"
SECRET = "q9Xz72LmPw04RtYvBn51KdHs"
POINTER = ("mcpServers", "files", "args", 1)


def config(secret: str = SECRET) -> bytes:
    """A config as a person keeps it: comments, CRLF, a byte order mark, odd spacing, a secret."""
    text = """{
    // tools I use
    "mcpServers": {
        "files": {"command": "npx",   "args": ["-y", "pkg", "/srv/data"],
                  "env": {"API_KEY": "%s"}},
    },
}
"""
    return b"\xef\xbb\xbf" + (text % secret).replace("\n", "\r\n").encode()


def written(folder: Path, name: str = "mcp.json", content: bytes | None = None, mode: int = 0o600) -> Path:
    """A config file in the folder."""
    file = folder / name
    file.write_bytes(config() if content is None else content)
    file.chmod(mode)
    return file


def edit(file: Path, value: str = "pkg@1.2.3", expect: str = "pkg", **more: Any) -> EditValue:
    """Pin the package of ``config``."""
    return EditValue(str(file), more.get("format", "jsonc"), more.get("pointer", POINTER), expect, value)


def values(file: Path) -> tuple[RemoveValue, SetValue]:
    """Take the variables of ``config``'s server out, the secret among them, and switch the server off."""
    server = ("mcpServers", "files")
    return (
        RemoveValue(str(file), "jsonc", (*server, "env")),
        SetValue(str(file), "jsonc", (*server, "disabled"), "true"),
    )


def mode(file: Path, wanted: int = 0o600) -> SetMode:
    """Set the mode of the file as it is now."""
    status = file.lstat()
    return SetMode(str(file), wanted, stat.S_IMODE(status.st_mode), status.st_dev, status.st_ino)


def plan(*operations: Operation) -> Plan:
    """A plan of these operations."""
    return Plan("area/fix", "area/check", "0123456789abcdef", "Repair it", Safety.SAFE, Reversal.FULL, operations)


def prepared(*operations: Operation) -> Prepared:
    """The operations worked out; the test fails where that is refused."""
    made = prepare(plan(*operations))
    assert isinstance(made, Prepared), made
    return made


def refusal(*operations: Operation) -> Refusal:
    """Why the operations are refused; the test fails where they are not."""
    made = prepare(plan(*operations))
    assert isinstance(made, Refusal), made
    return made


def applied(state: Path, *operations: Operation) -> Run:
    """Prepare and apply, verified by nothing but the change itself."""
    return apply(prepared(*operations), state, lambda: "")


def tree(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything below a folder: kind, mode, owner, links, bytes, attributes and access control lists."""
    found: dict[str, tuple[Any, ...]] = {}
    for place in [folder, *sorted(folder.rglob("*"))]:
        status = place.lstat()
        attributes: dict[str, bytes] = {}
        content = ""
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(place)
        else:
            attributes = {name: os.getxattr(place, name) for name in os.listxattr(place)}
            if stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(place.read_bytes()).hexdigest()
        found[str(place.relative_to(folder))] = (
            stat.filemode(status.st_mode),
            status.st_uid,
            status.st_gid,
            status.st_nlink if stat.S_ISREG(status.st_mode) else 0,
            content,
            attributes,
        )
    return found


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list in the kernel's form: (tag, permissions, id) with the base entries added."""
    base = [(0x01, 6, 0xFFFFFFFF), (0x04, 0, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    ordered = sorted([*base, *entries])
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in ordered)


def journal_text(state: Path) -> str:
    """Every journal below the state folder."""
    return "\n".join(place.read_text() for place in sorted(state.glob("runs/*/journal.jsonl")))


def records(state: Path, run: str) -> list[str]:
    """The names of the records of a run."""
    lines = (state / "runs" / run / "journal.jsonl").read_text().splitlines()
    return [json.loads(line)["record"] for line in lines]
