"""Probe a socket, as it happens: say what will be done, ask, connect, say what it means, look again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported
from textual.content import Content

from workbench.model.plan import Refusal
from workbench.model.probe import PeerVerdict
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.lending import terminal_lent
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.replaying import nothing_live
from workbench.tui.screens.agree import Agree, Outcome
from workbench.tui.screens.dialogs import Choose, Notice
from workbench.tui.under_way import tell_failure, window
from workbench.tui.wording import ATTENTION, MUTED, heading

if TYPE_CHECKING:
    from workbench.probe.planned import PlannedProbe, Probed

_PROMPT = "The workbench waits for the probe. sudo may ask for your password now; the workbench never sees it."
_DEMO = "In the demo nothing is connected to and no command is run: it plays what the socket would answer."
_STYLES: dict[PeerVerdict, str] = {
    "validating": "bold $text-success",
    "open": "bold $text-error",
    "lazy": "bold $text-error",
}


async def probe(app: BaseApp, names: Sequence[str]) -> None:
    """Choose one of the sockets, ask, probe it, show the verdict, and look again so that it is judged."""
    if app.main.replay is not None:
        await app.push_screen_wait(Notice("Probe a socket", nothing_live(app.main.replay, "no socket can be probed")))
        return
    name = await _chosen(app, names)
    if name is None:
        return
    planned = await _planned(app, name)
    if planned is None:
        return
    if not await app.push_screen_wait(question(planned, app.workbench.read_only, demo=app.workbench.is_demo)):
        return
    done = await _carried_out(app, planned)
    if done is None:
        return
    await app.push_screen_wait(Outcome("Probe", done.shown, lambda width: stacked(_verdict(done, width))))
    await app.main.look()


async def _chosen(app: BaseApp, names: Sequence[str]) -> str | None:
    if len(names) < 2:
        return names[0] if names else None
    place = await app.push_screen_wait(Choose("Probe which socket?", [plain(name) for name in names]))
    return None if place is None else names[place]


async def _planned(app: BaseApp, name: str) -> PlannedProbe | None:
    try:
        planned = await in_background(lambda: app.workbench.plan_probe(name))
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        failure = error
    else:
        if not isinstance(planned, Refusal):
            return planned
        await _refused(app, planned)
        return None
    await tell_failure(app, "The socket could not be looked at", failure, changes=False)
    return None


async def _carried_out(app: BaseApp, planned: PlannedProbe) -> Probed | None:
    try:
        if planned.through_sudo and not app.workbench.is_demo:
            # All of it: sudo asks on the terminal whenever it likes to, which must not be while the app draws there.
            with terminal_lent(app, _PROMPT):
                done = app.workbench.probe(planned)
        else:
            async with window(app, f"Probing · {planned.target.shown}", changes=False) as shows:
                shows.begin("connecting as its owner, then as a stranger")
                done = await in_background(lambda: app.workbench.probe(planned))
    except SuspendNotSupported:
        words = "This terminal cannot be given to sudo for its question, so nothing was connected to."
        shown = shlex.join(("workbench", "probe", planned.target.shown))
        await app.push_screen_wait(Notice("Not probed", words, f"run it from a shell: {shown}"))
        return None
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        failure = error
    else:
        if not isinstance(done, Refusal):
            return done
        await _refused(app, done)
        return None
    await tell_failure(app, "The probe failed", failure, changes=False)
    return None


async def _refused(app: BaseApp, refusal: Refusal) -> None:
    await app.push_screen_wait(Notice("Not probed", f"{refusal.reason}.", refusal.instead))


def question(planned: PlannedProbe, read_only: bool, *, demo: bool = False) -> Agree:
    """The screen that says what a probe does before it does it."""

    def text(width: int) -> Content:
        first = (*plain(_DEMO, ATTENTION).wrap(width), Content("")) if demo else ()
        return stacked((*first, *_lines(planned, read_only, width)))

    return Agree("Probe a socket", planned.target.shown, text, "Probe it")


def _lines(planned: PlannedProbe, read_only: bool, width: int) -> Iterator[Content]:
    from workbench.probe.asking import PROGRAM
    from workbench.probe.planned import shown_account, told

    yield from plain("Does its server look at who connects? Only a connection can tell.", "bold").wrap(width)
    for sentence in told(planned):
        yield Content("")
        yield hanging(Content(""), plain(sentence), width)
    if planned.through_sudo:
        yield Content("")
        yield from plain("sudo may ask for your password; the workbench never sees it.").wrap(width)
    if read_only:
        yield Content("")
        words = "--read-only allows this: nothing of this machine is changed. Only the verdict is noted."
        yield from plain(words).wrap(width)
    yield Content("")
    yield heading("What runs")
    for uid, vector in planned.commands:
        account = plain(f"  {shown_account(uid, vector)}", MUTED)
        words = shlex.join("PROGRAM" if part == PROGRAM else part for part in vector)
        yield hanging(account, plain(words, "$text-accent"), width)
    yield Content("")
    yield heading("PROGRAM, all that runs as another account (the name of the socket follows it in hexadecimal)")
    for line in PROGRAM.splitlines():
        yield hanging(Content("  "), plain(line), width)


def _verdict(done: Probed, width: int) -> Iterator[Content]:
    from workbench.probe.planned import BAD, in_words
    from workbench.probe.verdict import MEANING

    sign = "✖" if done.verdict in BAD else "✓" if done.verdict == "validating" else "?"
    style = _STYLES.get(done.verdict, "bold $text-warning")
    yield hanging(plain(f"{sign} {done.verdict}  ", style), plain(MEANING[done.verdict], "bold"), width)
    yield Content("")
    yield heading("How each was treated")
    yield hanging(plain("  its owner   ", MUTED), plain(in_words(done.owner)), width)
    yield hanging(plain("  a stranger  ", MUTED), plain(in_words(done.stranger)), width)
    yield Content("")
    if done.unkept:
        words = f"The verdict could not be kept for later looks: {done.unkept}."
        yield hanging(Content.styled("! ", "$text-warning"), plain(words), width)
    else:
        words = "It is kept for this very socket as long as it stands: sockets/accepts-any-peer judges it from now on."
        yield from plain(words, MUTED).wrap(width)
