"""Accept the finding in view for a while: why, until when, and who answers for it. Or take back what was accepted."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from workbench.exits import Unusable
from workbench.model.finding import Finding
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import EXPIRED, LONGEST_WAIVER, Waiver, WaiverFile
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.plain import plain, stacked
from workbench.tui.replaying import no_repair, nothing_live
from workbench.tui.screens.dialogs import Notice
from workbench.tui.screens.dialogs import about as about_finding
from workbench.tui.screens.form import OTHER, Asked, Form, Given, Wrong
from workbench.tui.under_way import is_read_only
from workbench.tui.wording import MUTED

_DAYS = 90
_BACK = "Take it back"
_AGAIN = "This finding was accepted for a while"
_NAMES = {"--reason": "reason", "--until": "until", "--owner": "owner"}
_TITLE = "It was not accepted"
_NOT_TAKEN_BACK = "It was not taken back"


async def waive(app: BaseApp, finding: Finding, snapshot: Snapshot) -> None:
    """Ask, keep the waiver in the person's file or take it out, and judge what was seen anew with that."""
    if app.main.replay is not None:
        said = nothing_live(app.main.replay, "nothing can be accepted")
        await app.push_screen_wait(Notice(_TITLE, said, no_repair(app.main.replay).instead))
        return
    if await is_read_only(app, "nothing can be accepted: the waivers file would change"):
        return
    problem, path = _file(app) if not app.workbench.is_demo else ("", Path())
    if problem:
        await app.push_screen_wait(Notice(_TITLE, problem))
        return
    given = await app.push_screen_wait(form(finding, snapshot))
    if given is None:
        return
    taken_back = waived_of(finding) if given is OTHER else ""

    def write() -> str:
        from workbench.waivers.accepting import keep, made, take_back
        from workbench.waivers.file import read_usual

        if taken_back:
            if app.workbench.is_demo:
                app.accept(_without(app.workbench.accepted, taken_back))
            else:
                take_back(taken_back, path)
                app.accept(read_usual(path))
            return ""
        waiver = made(finding, snapshot, given["reason"], given["until"], given["owner"])
        if app.workbench.is_demo:
            app.accept(_in_memory(app.workbench.accepted, waiver))
            return waiver.expires
        keep(waiver, path)
        app.accept(read_usual(path))
        return waiver.expires

    try:
        until = await in_background(write, must_end=True)
    except Unusable as why:
        await app.push_screen_wait(Notice(_NOT_TAKEN_BACK if taken_back else _TITLE, str(why)))
        return
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        # No repair has failed: the history tells nothing of it, the file does.
        instead = f"look at what the file holds now: {path}" if not app.workbench.is_demo else ""
        words = f"{type(error).__name__}: {error}"
        await app.push_screen_wait(Notice(_NOT_TAKEN_BACK if taken_back else _TITLE, words, instead))
        return
    await app.main.judge_again()
    where = (
        "in this demo, until you leave it: your own waivers are untouched" if app.workbench.is_demo else f"in {path}"
    )
    if taken_back:
        app.tell(f"Taken back, {where}. It counts again.")
    else:
        app.tell(f"Accepted until {until}, {where}. Then it counts again.")


def form(finding: Finding, snapshot: Snapshot) -> Form:
    """What is asked before a finding is accepted."""
    from workbench.waivers.applying import day_of

    today = day_of(snapshot.taken_at)
    last = (today + timedelta(days=_DAYS)).isoformat() if today is not None else ""
    about = stacked(
        (
            about_finding(finding),
            plain("A waived finding is not counted in the grade. If it gets worse, it counts again.", MUTED),
        )
    )
    asked = (
        Asked("reason", "Why it is accepted", ""),
        Asked("until", "Until (the last day)", last, about=f"at most {LONGEST_WAIVER} days ahead"),
        Asked("owner", "Who answers for it", snapshot.host.user),
    )

    def wrong(given: Given) -> Wrong | None:
        from workbench.waivers.accepting import made

        try:
            made(finding, snapshot, given["reason"], given["until"], given["owner"])
        except Unusable as why:
            option, _, words = str(why).partition(": ")
            return (_NAMES[option], words) if option in _NAMES else ("", str(why))
        return None

    waiver = finding.waiver
    if finding.check == EXPIRED:
        said = "Take the waiver out of the file here, or accept the finding itself anew: filter for it, and waive it."
        return Form("This waiver has run out", stacked((about, plain(said))), asked, "Accept it", wrong, other=_BACK)
    if waiver is None:
        return Form("Accept this finding for a while", about, asked, "Accept it", wrong)
    said = f"{waiver.owner} accepted it until {waiver.expires}: {waiver.reason}"
    instead = "Accept it anew below, or take that back: then it counts again."
    return Form(_AGAIN, stacked((about, plain(said), plain(instead))), asked, "Accept it anew", wrong, other=_BACK)


def waived_of(finding: Finding) -> str:
    """The identity of the finding whose waiver this one has or is about; "" where there is none."""
    if finding.check == EXPIRED:
        return finding.subject.key
    return finding.identity if finding.waiver is not None else ""


def _in_memory(accepted: WaiverFile | None, waiver: Waiver) -> WaiverFile:
    """The waivers of the demo with one more: no file is written, least of all the person's own."""
    known = accepted if accepted is not None else WaiverFile("the memory of the demo")
    others = (each for each in known.waivers if (each.check, each.finding) != (waiver.check, waiver.finding))
    return replace(known, waivers=(*others, waiver))


def _without(accepted: WaiverFile | None, finding: str) -> WaiverFile | None:
    if accepted is None:
        return None
    return replace(accepted, waivers=tuple(each for each in accepted.waivers if each.finding != finding))


def _file(app: BaseApp) -> tuple[str, Path]:
    """Why no waiver can be added, "" where it can, and the file it is added to."""
    from workbench.waivers.file import usual_file

    accepted = app.workbench.accepted
    if accepted is None:
        return "", usual_file()
    if accepted.problem:
        return accepted.problem, Path(accepted.path)
    path = Path(accepted.path)
    # The name is shown with what acts on a terminal spelled out: then it names another file, or none.
    return "" if os.path.lexists(path) else f"the waivers file {accepted.path} is not there any more", path
