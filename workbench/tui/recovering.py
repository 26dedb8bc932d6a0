"""From an interrupted run to a machine that is as it was before it: what that does is shown before it is done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workbench.model.plan import Refusal
from workbench.model.run import Run, RunState
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.lending import as_root_if_asked
from workbench.tui.plain import plain, stacked, together
from workbench.tui.screens.dialogs import Confirm, Notice, refusal
from workbench.tui.screens.restore import recovery_question
from workbench.tui.under_way import tell_failure, tried, window
from workbench.tui.wording import MUTED, counted, moment

if TYPE_CHECKING:
    from workbench.repair.recovering import Recovering


async def offer_recovery(app: BaseApp, *, at_start: bool = False) -> None:
    """When a run was interrupted, offer to bring its files back. ``at_start`` also tell what was undone by itself."""
    runs = await tried(app, "The history could not be read", app.workbench.history)
    if at_start:
        app.tell_news(await app.deadlines.at_start(runs or ()))
    interrupted = [run for run in runs or () if run.state is RunState.STARTED]
    if not interrupted:
        return
    if app.workbench.read_only:
        words = "It can be recovered when the workbench is started without --read-only."
        await app.push_screen_wait(Notice("A repair was interrupted", words))
        return
    found = await _recovery_agreed(app)
    if not found:
        return
    failure: Exception | None = None
    async with window(app, "Recovering"):
        try:
            recover = partial(app.workbench.recover, found)
            recovered = await in_background(lambda: as_root_if_asked(app, recover), must_end=True)
            await app.main.look()
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            recovered, failure = (), error
    if failure is not None:
        await tell_failure(app, "It could not be recovered", failure)
        return
    app.deadlines.heard(run for run in recovered if run.plan.confirm)
    told = "\n\n".join(f"{run.plan.title}\n{run.state.value}. {run.message}" for run in recovered)
    all_done = all(run.state is not RunState.REFUSED for run in recovered)
    title = "Recovered" if all_done else "Not everything was recovered"
    await app.push_screen_wait(Notice(title, told or "Nothing was left to recover."))


async def _recovery_agreed(app: BaseApp) -> tuple[Recovering, ...]:
    """What recovering does, once it was shown and agreed to; nothing where it was not, and that was said."""
    failed = "What recovering does could not be worked out"
    found = await tried(app, failed, app.workbench.plan_recovery)
    agreed = found is not None
    if isinstance(found, tuple) and any(each.as_root for each in found):
        # Before anything is agreed to, sudo asks nobody for a password.
        agreed = await app.push_screen_wait(_recovery_question([each.run for each in found]))
        if agreed:
            found = await tried(app, failed, lambda: as_root_if_asked(app, app.workbench.plan_recovery))
    if isinstance(found, Refusal):
        await app.push_screen_wait(refusal(found))
        return ()
    if agreed and found:
        agreed = await app.push_screen_wait(recovery_question(found))
    if found and not agreed:
        app.tell("The interrupted repair was left as it is. It is offered again at the next start.", "warning")
    return found or () if agreed else ()


def _recovery_question(runs: list[Run]) -> Confirm:
    said = "was interrupted before it ended" if len(runs) == 1 else "were interrupted before they ended"
    lines = [plain(f"{counted(len(runs), 'repair')} {said}:"), plain("")]
    lines += [together("  ", (run.plan.title, "bold"), (f"  started {moment(run.started_at)}", MUTED)) for run in runs]
    lines += [
        plain(""),
        plain(
            "It changed something as root. What recovering does can be shown once sudo lets that be looked at; sudo may"
        ),
        plain("ask for your password. Nothing is changed before you have seen it and agreed to it."),
    ]
    return Confirm("A repair was interrupted", stacked(lines), "Look", "Later")
