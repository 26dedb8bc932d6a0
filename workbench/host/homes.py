"""Whose clients are inspected: this account's, those of a folder that was named, or every account's."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context, Home
from workbench.host.files import reason

HOME_LIMIT = 1000
"""Home folders inspected at the most: a directory service may list a whole company."""


def with_home(context: Context, folder: Path) -> Context:
    """The context with the clients of one folder in the place of this account's. Raises CannotLook."""
    path = Path(os.path.abspath(folder))
    try:
        owner = path.stat().st_uid
        os.listdir(path)
    except OSError as error:
        raise reason(error) from error
    # What a variable of this session says of a client's folders holds for this account's home alone.
    environment = context.environment if _same(path, context.home) else {}
    return replace(context, home=path, homes=(Home(path, owner, environment),))


def with_every_home(context: Context) -> Context:
    """The context with the clients of every account that has a home folder of its own."""
    own = Home(context.home, context.uid, context.environment)
    others = (home for home in _homes(context) if not _same(home.path, own.path))
    return replace(context, homes=(own, *others)[:HOME_LIMIT])


def _homes(context: Context) -> Iterable[Home]:
    if context.platform == "win32":
        yield from _beside(context.home)
        return
    import pwd

    seen: set[str] = set()
    for account in pwd.getpwall():
        path = os.path.realpath(account.pw_dir)
        # A folder of another owner, such as the /bin or the /nonexistent of a service, is nobody's home.
        if path in seen or not os.path.isabs(account.pw_dir) or not _belongs(path, account.pw_uid):
            continue
        seen.add(path)
        yield Home(Path(path), account.pw_uid, {})


def _beside(home: Path) -> Iterable[Home]:
    try:
        names = sorted(os.listdir(home.parent))
    except OSError:
        return
    for name in names:
        path = home.parent / name
        if path.is_dir() and not path.is_symlink() and name.lower() not in ("public", "default", "all users"):
            yield Home(path, -1, {})


def _belongs(path: str, uid: int) -> bool:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return os.path.isdir(path) and path != "/" and status.st_uid == uid


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
