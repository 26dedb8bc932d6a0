"""What can be done with the finding in view, and with those that are marked, besides its repair."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from workbench.engine import Workbench
from workbench.host.files import CannotLook
from workbench.model.finding import Finding
from workbench.model.plan import Safety
from workbench.tui.background import in_background
from workbench.tui.keys import bound
from workbench.tui.looking import Looker, Seen
from workbench.tui.replaying import nothing_live
from workbench.tui.screens.paged import PagedScreen
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.file_lines import Lines
from workbench.tui.widgets.findings import FindingsList

_REST = 0.05
BY_HAND, STEPS = "By hand", "Steps"


class ActingScreen(PagedScreen):
    """Copies a finding, shows the code and the file behind it, gives it the whole width, repairs several."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("repair.marked", "repair_marked", show=False),
        bound("copy", "copy", show=False),
        bound("code", "code", show=False),
        bound("lesson", "lesson", show=False),
        bound("waive", "waive", show=False),
        bound("export", "export", show=False),
        bound("zoom", "zoom", show=False),
    ]

    workbench: Workbench
    looker: Looker
    seen: Seen | None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a finding is in view, and where there is a width to give it."""
        if action in ("copy", "code", "waive", "lesson") and self._selected is None:
            return False
        if action == "zoom" and not (self._page == "findings" and self.has_class("-wide")):
            return False
        return super().check_action(action, parameters)

    @property
    def _selected(self) -> Finding | None:
        # Only what is in view may be repaired.
        if self._page == "servers":
            from workbench.tui.widgets.server_pane import ServerPane

            return self.query_one(ServerPane).finding if self._in_view else None
        return self.query_one(FindingsList).selected if self._page == "findings" else None

    @property
    def by_hand(self) -> bool:
        """Whether the finding in view is one that no repair is on offer for, and its lesson says what to do."""
        finding = self._selected
        if finding is None or self.workbench.fixes_for(finding):
            return False
        return finding.check in self.workbench.plugins.checks

    @property
    def guided(self) -> bool:
        """Whether all that is on offer for the finding in view is steps for the person."""
        finding = self._selected
        fixes = self.workbench.fixes_for(finding) if finding is not None else ()
        return bool(fixes) and all(fix.safety is Safety.GUIDE for fix in fixes)

    def worded(self, action: str) -> str:
        """The words of the foot for what an action does now, "" for its usual ones."""
        if action != "repair":
            return ""
        return BY_HAND if self.by_hand else STEPS if self.guided else ""

    def action_repair_marked(self) -> None:
        """Repair what is marked, or all that is safe where nothing is."""
        if self.seen is None:
            self.app.tell("There is nothing to repair yet.")
        else:
            self.app.repair_marked(self.query_one(FindingsList).marked)

    def action_copy(self) -> None:
        """Copy the evidence of the finding in view."""
        finding = self._selected
        if finding is not None:
            from workbench.tui.evidence import evidence_text

            self.app.copy_to_clipboard(evidence_text(finding))
            self.app.tell("The evidence was sent to the clipboard of your terminal. Not every terminal takes it.")

    def action_code(self) -> None:
        """Show the code of the check that found it, and of the repairs that are on offer."""
        finding = self._selected
        if finding is None:
            return
        check, fixes = self.workbench.plugins.checks.get(finding.check), self.workbench.fixes_for(finding)
        if check is None and not fixes:
            self.app.tell("The check that found this is not loaded, so there is no code to show.")
        else:
            from workbench.tui.screens.code import Code

            self.app.push_screen(Code([*([check] if check is not None else ()), *fixes]))

    def action_lesson(self) -> None:
        """Open the lesson about the finding in view."""
        self.open_lesson()

    def open_lesson(self, *, by_hand: bool = False) -> None:
        """Open the lesson about the finding in view, or its part about how to fix it ``by_hand``."""
        finding = self._selected
        if finding is None:
            return
        if self._page == "servers":
            self.go_to_finding(finding)
            if self._page != "findings":
                return
        self.read()
        pane = self.query_one(DetailPane)
        pane.focus()
        # The list first tells of the finding that it has gone to.
        self.call_after_refresh(lambda: pane.show_lesson(by_hand=by_hand))

    def action_waive(self) -> None:
        """Accept the finding in view for a while."""
        finding = self._selected
        if finding is not None:
            self.app.waive(finding)

    def action_export(self) -> None:
        """Write the report to a file."""
        self.app.export_report()

    def action_zoom(self) -> None:
        """Give the finding the whole width, or the list its half again."""
        self.toggle_class("-zoomed")
        if self.has_class("-zoomed"):
            self.query_one(DetailPane).focus()
        else:
            self.query_one(FindingsList).focus()
        self.refresh_bindings()

    def read(self) -> None:
        """See PagedScreen; the lines of the file come a moment later."""
        super().read()
        self._read_lines()

    @work(exclusive=True, group="lines")
    async def _read_lines(self) -> None:
        """Read the file behind the finding in view, once the cursor has come to rest."""
        finding, seen = self._selected, self.seen
        if finding is None or seen is None or finding.location is None or not self._in_view:
            return
        location, pane = finding.location, self.query_one(DetailPane)
        await asyncio.sleep(_REST)  # it is cancelled where the cursor goes on
        lines: Lines
        if self.looker.replay is not None:
            inside = location.line or location.pointer
            lines = nothing_live(self.looker.replay, "the lines of its files cannot be shown") if inside else None
        else:
            try:
                lines = await in_background(lambda: self.workbench.excerpt(location, seen.snapshot))
            except CannotLook as why:
                lines = f"Its lines cannot be shown: {why.why}." + (
                    f" To see them: {why.unlock}." if why.unlock else ""
                )
            except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
                lines = f"Its lines cannot be shown: {type(error).__name__}."
        if self.is_running:
            pane.show_lines(finding, lines)
