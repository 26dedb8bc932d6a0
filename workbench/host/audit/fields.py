"""The fields of an audit rule: what their values mean, and which ones auditctl or the kernel refuses.

Only what was seen to be refused is called refused; the live tests hold every case to the real auditctl.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable

Field = tuple[str, str, str]

_DIGITS = re.compile(r"(-?)(?:0[xX]([0-9a-fA-F]{1,16})|(0[0-7]{1,22})|([0-9]{1,20}))")
OPERATORS = re.compile(r"(!=|>=|<=|&=|=|<|>|&)")
UIDS = frozenset(("uid", "euid", "suid", "fsuid", "obj_uid"))
GIDS = frozenset(("gid", "egid", "sgid", "fsgid", "obj_gid"))
_NUMBERS = frozenset(["success", "pid", "ppid", "pers", "devmajor", "devminor", "inode", "a0", "a1", "a2", "a3"])
_FREE = (
    "arch auid exe exit filetype key msgtype path dir perm sessionid saddr_fam fstype subj_user subj_role"
    " subj_type subj_sen subj_clr obj_user obj_role obj_type obj_lev_low obj_lev_high"
)
_KNOWN = frozenset(_FREE.split()) | UIDS | GIDS | _NUMBERS
_FILE_TYPES = {
    "file": stat.S_IFREG,
    "dir": stat.S_IFDIR,
    "socket": stat.S_IFSOCK,
    "link": stat.S_IFLNK,
    "character": stat.S_IFCHR,
    "block": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
}
_ARCHITECTURES = {
    **dict.fromkeys(("b64", "x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "ia64", "riscv64"), "b64"),
    **dict.fromkeys(("b32", "i386", "i486", "i586", "i686", "ppc", "s390", "arm", "armv5tejl", "armv7l"), "b32"),
    "c000003e": "b64",
    "c00000b7": "b64",
    "40000003": "b32",
}
_KEY_LIMIT = 256
_UNSET = 2**32 - 1


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """Why auditctl or the kernel does not take a line."""


def read(text: str, list_name: str) -> Field:
    """One ``-F name=value`` with its value resolved. Raises Refused."""
    parts = OPERATORS.split(text, maxsplit=1)
    if len(parts) != 3 or not parts[2]:
        raise Refused(f"-F {text}: it is not FIELD, operator and value in one word")
    name, operator, value = parts
    name = "auid" if name == "loginuid" else name
    if name not in _KNOWN:
        raise Refused(f"there is no field {name}")
    _placed(name, list_name)
    if "&" in operator and name in (*UIDS, *GIDS, "auid", "exit"):
        raise Refused(f"{name} is not compared with {operator}")
    return name, operator, _value(name, operator, value)


def _placed(name: str, list_name: str) -> None:
    if name == "msgtype" and list_name not in ("exclude", "user"):
        raise Refused("msgtype is for the lists exclude and user alone")
    if name in ("path", "dir", "perm", "exit", "success") and list_name in ("user", "exclude", "task"):
        raise Refused(f"{name} is for the list exit alone")
    if name == "fstype" and list_name != "filesystem":
        raise Refused("fstype is for the list filesystem alone")


def _value(name: str, operator: str, value: str) -> str:
    if name in UIDS or name == "auid":
        return _account(name, value)
    if name in GIDS:
        group = _number(value) or _looked_up("group", value)
        if group == "-1":
            raise Refused(f"{name}={value}: the kernel takes no such group")
        return group
    if name in _NUMBERS:
        number = _number(value)
        if not number or (name == "success" and number.startswith("-")):
            raise Refused(f"{name} takes a number, not {value}")
        return str(int(number) % 2**32) if name in ("a0", "a1", "a2", "a3") else number
    special = _SPECIAL.get(name)
    return special(name, operator, value) if special is not None else value


def _account(name: str, value: str) -> str:
    number = "-1" if value == "unset" else _number(value) or _looked_up("user", value)
    number = str(int(number) % 2**32 if int(number) != -1 else -1)  # as strtoul keeps it
    if int(number) in (-1, _UNSET):
        if name != "auid":
            raise Refused(f"{name}={value}: the kernel takes no such account")
        return "-1"
    return number


def _number(text: str) -> str:
    """The number at the beginning, as strtol reads it: what follows the digits is not looked at."""
    match = _DIGITS.match(text)
    if match is None:
        return ""
    sign, hexadecimal, octal, decimal = match.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else int(decimal)
    return str(-number if sign else number)


def _looked_up(kind: str, value: str) -> str:
    try:
        import grp
        import pwd

        return str(pwd.getpwnam(value).pw_uid if kind == "user" else grp.getgrnam(value).gr_gid)
    except (KeyError, ImportError, ValueError) as unknown:
        raise Refused(f"there is no {kind} {value}") from unknown


def _exit(name: str, operator: str, value: str) -> str:
    number = _number(value)
    if number:
        return number
    code = getattr(errno, value.removeprefix("-"), None)
    if not isinstance(code, int):
        raise Refused(f"there is no error {value}")
    return str(-code if value.startswith("-") else code)


def _perm(name: str, operator: str, value: str) -> str:
    if operator != "=" or not re.fullmatch(r"[rwxaRWXA]{1,4}", value):
        raise Refused(f"perm is = some of r, w, x and a, not {operator}{value}")
    return "".join(letter for letter in "rwxa" if letter in value.lower())


def _file_type(name: str, operator: str, value: str) -> str:
    if value not in _FILE_TYPES:
        raise Refused(f"there is no file type {value}")
    return str(_FILE_TYPES[value])


def _place(name: str, operator: str, value: str) -> str:
    if name != "exe" and operator != "=":
        raise Refused(f"{name}{operator}: the kernel compares {name} with = alone")
    if not value.startswith("/"):
        raise Refused(f"{name} takes an absolute path, not {value}")
    if name != "dir" and value.endswith("/"):
        raise Refused(f"{name} takes no name that ends in /" + ("; dir does" if name == "path" else ""))
    if missing(value) if name == "dir" else no_folder(os.path.dirname(value)):
        raise Refused(f"{value} does not exist" if name == "dir" else f"the folder of {value} does not exist")
    return value.rstrip("/") or "/"


def missing(path: str) -> bool:
    """Whether a path certainly does not exist; false where it cannot be told."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def no_folder(path: str) -> bool:
    """Whether a path is certainly no folder."""
    return missing(path) or (os.path.exists(path) and not os.path.isdir(path))


def _arch(name: str, operator: str, value: str) -> str:
    value = value.lower().removeprefix("0x")
    if value not in _ARCHITECTURES and not re.fullmatch(r"[0-9a-f]{6,8}", value):
        raise Refused(f"there is no architecture {value}")
    return _ARCHITECTURES.get(value, value)


def key(value: str) -> str:
    """A key of a length that the kernel takes. Raises Refused."""
    if len(value) > _KEY_LIMIT:
        raise Refused(f"its key is longer than {_KEY_LIMIT} characters")
    return value


_SPECIAL: dict[str, Callable[[str, str, str], str]] = {
    "exit": _exit,
    "perm": _perm,
    "filetype": _file_type,
    "path": _place,
    "dir": _place,
    "exe": _place,
    "arch": _arch,
    "key": lambda name, operator, value: key(value),
}
