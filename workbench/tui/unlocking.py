"""Look with sudo, as it happens: show every command, ask, let sudo ask for its password, read, look again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from textual.app import SuspendNotSupported
from textual.content import Content

from workbench.asking_root import shown
from workbench.host.command import Output
from workbench.host.privileged import VECTOR_LIMIT, Vector
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import hint
from workbench.tui.lending import PROMPT, terminal_lent
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.replaying import nothing_live
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.dialogs import Notice
from workbench.tui.under_way import tell_failure, window
from workbench.tui.wording import ATTENTION, MUTED, counted, heading

_ROOT = "You are root: everything was read already, as far as anybody may."
_READ = "What only root may read was read already in this session."
_NOTHING = (
    "Nothing was kept from your account that a command of root's could read, so there is nothing to ask sudo for."
)
_DEMO = "In the demo none of these commands is run, and sudo is not asked: it shows what they would tell."


async def look_with_sudo(app: BaseApp) -> None:
    """Ask, read as root what was agreed to, and look again; what that leads to is offered, and asked for anew."""
    looker = app.main.looker
    said = _nothing_to_do(app)
    if said:
        await app.push_screen_wait(Notice("Look with sudo", said))
        return
    wanted = looker.wanted
    demo = app.workbench.is_demo
    asked = question(wanted, again=bool(looker.answers), read_only=app.workbench.read_only, demo=demo)
    if not await app.push_screen_wait(asked) or not await _sudo_agrees(app):
        return
    answers = await _read(app, wanted)
    if answers is None:
        return
    if all(answer.status != 0 for answer in answers.values()):
        # Kept, they would pass for what root was refused too, and nothing would be asked for again.
        why = next(answer.err for answer in answers.values())
        await app.push_screen_wait(Notice("Nothing was read as root", f"No command could be run: {why.strip()}"))
        return
    looker.learn(answers)
    if await app.main.look() is None:
        return
    said = f"{counted(len(answers), 'command')} read as root, and the host was looked at again."
    if demo:
        said = "No command was run: it is a demo. Its host is shown now as it is with what root alone may read."
    if looker.wanted:
        said += f" {counted(len(looker.wanted), 'more command')} would show more: press {hint('sudo')}."
    app.tell(said)


async def _sudo_agrees(app: BaseApp) -> bool:
    if app.workbench.is_demo:
        return True  # no command is run, so sudo has nothing to ask for
    title = "Nothing was read as root"
    try:
        with terminal_lent(app, PROMPT):
            refusal = app.workbench.ask_root(interactive=True)
    except SuspendNotSupported:
        words = "This terminal cannot be given to sudo for its question."
        instead = "run it from a shell: workbench --headless --sudo. It shows the same commands and asks."
        await app.push_screen_wait(Notice(title, words, instead))
        return False
    if refusal:
        words = f"{refusal[0].upper()}{refusal[1:]}. What only root may read stays not assessed."
        await app.push_screen_wait(Notice(title, words))
    return not refusal


def _nothing_to_do(app: BaseApp) -> str:
    looker = app.main.looker
    if looker.replay is not None:
        return nothing_live(looker.replay, "there is nothing to read through sudo")
    if looker.is_root:
        return _ROOT
    if app.main.report is None or looker.looking:
        return "This host is being looked at. When that is done, it is known what sudo would show."
    if not looker.wanted:
        return f"{_READ} Press {hint('rescan')} to read and look again." if looker.answers else _NOTHING
    return ""


async def _read(app: BaseApp, wanted: tuple[Vector, ...]) -> Mapping[Vector, Output] | None:
    async with window(app, f"Reading as root · {counted(len(wanted), 'command')}", changes=False) as shows:

        def read() -> Mapping[Vector, Output]:
            return app.workbench.read_as_root(wanted, lambda vector: shows.begin(shlex.join(vector)))

        answers, failure = None, None
        try:
            answers = await in_background(read)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            failure = error
    if failure is not None:
        await tell_failure(app, "It could not be read as root", failure, changes=False)
    return answers


def question(wanted: tuple[Vector, ...], *, again: bool, read_only: bool, demo: bool = False) -> Agree:
    """The screen that shows what would be run; ``again`` where others were run before."""

    def text(width: int) -> Content:
        first = (*plain(_DEMO, ATTENTION).wrap(width), Content("")) if demo else ()
        return stacked((*first, *_lines(wanted, again, read_only, width)))

    return Agree("Look with sudo", "they read and change nothing", text, "Read as root")


def _lines(wanted: tuple[Vector, ...], again: bool, read_only: bool, width: int) -> Iterator[Content]:
    words = "There is more now that only root may read." if again else "Some of this host only root may read."
    yield from plain(words, "bold").wrap(width)
    yield Content("")
    words = (
        f"To look at it, {counted(len(wanted), 'command')} will run through sudo. They read and change nothing."
        " sudo may ask for your password; the workbench never sees it."
        " Looks of this session run the same commands again as long as sudo does not ask anew."
    )
    yield from plain(words).wrap(width)
    if read_only:
        yield Content("")
        yield from plain("The workbench was started with --read-only: that allows this, for it only reads.").wrap(width)
    yield Content("")
    yield heading(f"Exactly these ({len(wanted)})")
    for vector in wanted:
        yield hanging(Content("  "), plain(shown(vector), "$text-accent"), width)
    if len(wanted) >= VECTOR_LIMIT:
        yield hanging(Content("  "), plain(f"No more than {VECTOR_LIMIT} are asked for at once.", MUTED), width)
