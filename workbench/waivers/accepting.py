"""Accept a finding: make its waiver, and put it into the file; or take that back."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path

from workbench.exits import Unusable
from workbench.model.finding import Finding
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import EXPIRED, LONGEST_WAIVER, Waiver
from workbench.text import visible
from workbench.waivers.applying import day_of, seen_of
from workbench.waivers.file import bytes_of, usual_file


def made(finding: Finding, snapshot: Snapshot, reason: str, until: str, owner: str | None = None) -> Waiver:
    """The waiver of a finding as it stands in the snapshot, from the day of that to ``until`` (an ISO date).

    ``owner`` is the snapshot's own user where nobody else is named. Raises Unusable, naming the option that is wrong.
    """
    from pydantic import ValidationError

    from workbench.waivers.entry import Entry

    if finding.check == EXPIRED:
        raise Unusable(f"an expired waiver is not waived; renew it: workbench waive {finding.subject.key} …")
    today = day_of(snapshot.taken_at)
    if today is None:
        raise Unusable("the snapshot does not say on which day it was taken, so nothing can be accepted from it")
    try:
        entry = Entry(
            check=finding.check,
            finding=finding.identity,
            reason=reason,
            owner=snapshot.host.user if owner is None else owner,
            accepted=today.isoformat(),
            expires=_last_day(until, today).isoformat(),
            severity=finding.severity,
            seen=list(seen_of(finding)),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"--{first['loc'][0]}: " if first["loc"] else ""
        raise Unusable(f"{name}{visible(first['msg'].removeprefix('Value error, '), 200)}") from error
    return entry.waiver(None)


def keep(waiver: Waiver, path: Path) -> None:
    """Put the waiver into the file, in the place of an older one of the same finding. Raises Unusable."""
    from workbench.waivers.writing import with_waiver

    place = Path(os.path.abspath(path))  # noqa: PTH100 - links must stay, to be refused
    before = bytes_of(place) if os.path.lexists(place) else b""
    _write(place, with_waiver(before, waiver, visible(str(path))), before, "nothing was accepted")


def take_back(finding: str, path: Path) -> None:
    """Take the waiver of the finding with that identity out of the file. Raises Unusable."""
    from workbench.waivers.writing import without_waiver

    place = Path(os.path.abspath(path))  # noqa: PTH100 - links must stay, to be refused
    before = bytes_of(place)
    _write(place, without_waiver(before, finding, visible(str(path))), before, "nothing was taken back")


def _write(place: Path, content: bytes, before: bytes, so: str) -> None:
    from workbench.repair.own_file import make_own_folder, write_own_file
    from workbench.repair.paths import Refused

    try:
        if place == usual_file():
            make_own_folder(place.parent)
        write_own_file(place, content, instead_of=before)
    except Refused as why:
        raise Unusable(f"{why.reason}; {so}") from why


def _last_day(text: str, today: date) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        until = date.fromisoformat(text)
    except ValueError as error:
        raise Unusable(f"--until: {visible(text, 40)!r} is no day, such as {today.year + 1}-01-31") from error
    try:
        last = today + timedelta(days=LONGEST_WAIVER)
    except OverflowError:
        last = date.max
    if not today <= until <= last:
        raise Unusable(f"--until: a waiver holds for at most {LONGEST_WAIVER} days; name a day from {today} to {last}")
    return until
