"""The workbench and the kernel must agree on who can read, write and replace a file."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live import support
from workbench.access import READ, WRITE, can, replaceable_at, who_can
from workbench.host.files import path_fact
from workbench.model.facts import Account, AccountFacts, SectionState

pytestmark = pytest.mark.live

OWNER = Account(61000, "owner", 61000, (61000,))
MEMBER = Account(61001, "member", 61001, (61001, 62000))
NAMED = Account(61002, "named", 61002, (61002,))
NOBODY = Account(65534, "nobody", 65534, (65534,))
ACCOUNTS = (OWNER, MEMBER, NAMED, NOBODY)

FILE_MODES = (0o600, 0o640, 0o660, 0o604, 0o606, 0o666, 0o060, 0o006, 0o077)
FOLDER_MODES = (0o700, 0o711, 0o755, 0o750, 0o775, 0o777, 0o1777, 0o776, 0o730, 0o703)
REPLACING_MODES = (0o077, 0o700, 0o755, 0o775, 0o777, 0o1777, 0o776, 0o730)
ACLS = (
    (),
    ("u:61002:rw",),
    ("u:61002:-", "g:62000:rw"),
    ("u:61002:rw", "m::r"),
    ("g:61002:r", "g:62000:w"),
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account reaches, as pytest's own is not."""
    support.require_root()
    support.require_program("setfacl")
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="access-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _as(account: Account, act: Callable[[], object]) -> object:
    """What an act gives when that account does it, in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            os.setgroups([group for group in account.groups if group != account.gid])
            os.setresgid(account.gid, account.gid, account.gid)
            os.setresuid(account.uid, account.uid, account.uid)
            os.write(write, json.dumps(act()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return json.loads(said)


def _opens(path: Path, flags: int) -> bool:
    try:
        os.close(os.open(path, flags))
    except PermissionError:
        return False
    return True


def _rights(path: Path) -> list[bool]:
    return [_opens(path, os.O_RDONLY), _opens(path, os.O_WRONLY)]


def _replaces(folder: Path, name: str) -> bool:
    """Whether the entry can be moved away and back, after the account gave itself what an owner can."""
    try:
        folder.chmod(folder.stat().st_mode & 0o7777 | 0o300)
    except PermissionError:
        pass
    try:
        os.rename(folder / name, folder / f"{name}.moved")
        os.rename(folder / f"{name}.moved", folder / name)
    except PermissionError:
        return False
    return True


def _acl(path: Path, entries: tuple[str, ...]) -> None:
    """Give exactly these entries, the mask last where one is named."""
    subprocess.run(["setfacl", "-b", str(path)], check=True)
    for entry in entries:
        subprocess.run(["setfacl", "-m", entry, str(path)], check=True)


def test_reading_and_writing_as_the_kernel_decides(place: Path) -> None:
    """Every mode of a file, alone and with every ACL, below every mode of its directory."""
    folder = place / "folder"
    folder.mkdir()
    os.chown(folder, OWNER.uid, 62000)
    cases = 0
    for number, (mode, acl) in enumerate(itertools.product(FILE_MODES, ACLS)):
        path = folder / f"file-{number}"
        path.write_text("{}")
        os.chown(path, OWNER.uid, 62000)
        path.chmod(mode)
        _acl(path, acl)
    for folder_mode, account in itertools.product(FOLDER_MODES, ACCOUNTS):
        folder.chmod(folder_mode)
        paths = sorted(folder.iterdir())
        truth = _as(account, lambda paths=paths: [_rights(path) for path in paths])  # type: ignore[misc]
        ours = [[can(account, fact, READ), can(account, fact, WRITE)] for fact in map(path_fact, paths)]
        wrong = [
            f"{path.name} {path.stat().st_mode:o} in {folder_mode:o} for {account.name}: {said}, the kernel {real}"
            for path, said, real in zip(paths, ours, truth, strict=True)  # type: ignore[call-overload]
            if said != real
        ]
        assert not wrong
        cases += len(paths)
    assert cases == len(FILE_MODES) * len(ACLS) * len(FOLDER_MODES) * len(ACCOUNTS)


@pytest.mark.parametrize("upper_owner", [0, OWNER.uid, NAMED.uid])
def test_replacing_as_the_kernel_decides(place: Path, upper_owner: int) -> None:
    """Every mode of two directories, one in the other, with three owners, and an ACL on the upper one."""
    upper, lower = place / "upper", place / "upper" / "lower"
    lower.mkdir(parents=True)
    file = lower / "mcp.json"
    file.write_text("{}")
    os.chown(file, OWNER.uid, OWNER.gid)
    os.chown(upper, upper_owner, 62000)
    os.chown(lower, OWNER.uid, 62000)
    for upper_mode, lower_mode, acl in itertools.product(REPLACING_MODES, REPLACING_MODES, ((), ("u:61002:rwx",))):
        for account in ACCOUNTS:
            # Once more for each account: the one before may have changed what it owns.
            upper.chmod(upper_mode)
            lower.chmod(lower_mode)
            if acl:
                _acl(upper, acl)
            ours = replaceable_at(account, path_fact(file)) is not None
            real = _as(account, lambda: _replaces(upper, "lower") or _replaces(lower, "mcp.json"))
            assert ours == real, f"{account.name}: {upper_mode:o}/{lower_mode:o} {acl} of {upper_owner}"
        _acl(upper, ())


def test_a_stranger_is_nobody(place: Path) -> None:
    """The audience "any account" is right about an account that is in no list: setpriv and test(1) ask the kernel."""
    support.require_program("setpriv")
    accounts = AccountFacts(SectionState("complete"), ())
    path = place / "config.json"
    path.write_text("{}")
    os.chown(path, OWNER.uid, OWNER.gid)
    for mode in (0o600, 0o644, 0o602, 0o666, 0o660):
        path.chmod(mode)
        for right, test in ((READ, "-r"), (WRITE, "-w")):
            asked = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", test, str(path)]
            real = subprocess.run(asked, check=False).returncode == 0
            assert who_can(path_fact(path), right, accounts, frozenset()).everyone is real
