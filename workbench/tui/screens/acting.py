"""What can be done with the finding in view, and with those that are marked, besides its repair."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from workbench.engine import Workbench
from workbench.host.files import CannotLook
from workbench.model.finding import Finding
from workbench.tui.background import in_background
from workbench.tui.looking import Looker, Seen
from workbench.tui.screens.paged import PagedScreen
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.file_lines import Lines
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.server_pane import ServerPane

_ELSEWHERE = "This is a replay: the file is on another machine, or of another day."


class ActingScreen(PagedScreen):
    """Copies a finding, shows the code and the file behind it, gives it the whole width, repairs several."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "R", "repair_marked", "Repair marked", tooltip="Repair what is marked, or all that is safe", show=False
        ),
        Binding(
            "y", "copy", "Copy", tooltip="Copy the evidence of this finding to the terminal's clipboard", show=False
        ),
        Binding("c", "code", "Code", tooltip="Show the code of the check that found this", show=False),
        Binding("W", "waive", "Waive", tooltip="Accept this finding for a while, with a reason", show=False),
        Binding(
            "e", "export", "Export", tooltip="Write the report to a file: HTML, Markdown, SARIF or JSON", show=False
        ),
        Binding("z", "zoom", "Whole width", tooltip="Give this finding the whole width, or half of it", show=False),
    ]

    workbench: Workbench
    looker: Looker
    seen: Seen | None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where a finding is in view, and where there is a width to give it."""
        if action in ("copy", "code", "waive") and self._selected is None:
            return False
        if action == "repair_marked" and self._page != "findings":
            return False
        if action == "zoom" and not (self._page == "findings" and self.has_class("-wide")):
            return False
        return super().check_action(action, parameters)

    @property
    def _selected(self) -> Finding | None:
        # Only what is in view may be repaired.
        if self._page == "servers":
            return self.query_one(ServerPane).finding if self._in_view else None
        return self.query_one(FindingsList).selected if self._page == "findings" else None

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
        """Show the code of the check that found it."""
        finding = self._selected
        check = self.workbench.plugins.checks.get(finding.check) if finding is not None else None
        if check is None:
            self.app.tell("The check that found this is not loaded, so there is no code to show.")
        else:
            from workbench.tui.screens.code import Code

            self.app.push_screen(Code(check))

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
        lines: Lines
        if self.looker.replay is not None:
            lines = _ELSEWHERE if location.line or location.pointer else None
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
