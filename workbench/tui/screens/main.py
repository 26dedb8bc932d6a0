"""The main screen: the grade, the pages, and everything about the finding or the server that is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, OptionList, Tab, Tabs

from workbench.engine import Workbench
from workbench.model.finding import Finding
from workbench.model.report import CheckResult, Report
from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.inventory import Inventory, inventory
from workbench.tui.messages import CheckEnded, RepairAsked, SectionChanged
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.findings_page import FindingsPage, nothing_found, tab_label
from workbench.tui.widgets.grade_box import GradeBox
from workbench.tui.widgets.pages import PAGES, Page, card_page, gaps, gaps_page
from workbench.tui.widgets.progress import in_words
from workbench.tui.widgets.room import TooSmall, has_room
from workbench.tui.widgets.server_pane import AboutList, FindingAsked, ServerPane, ServerText
from workbench.tui.widgets.servers import ServersList, ServersPage
from workbench.tui.wording import moment

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

_NOTHING_YET = "What is found shows here as soon as a check finds it."


class MainScreen(Roomy, Screen[None]):
    """Looks at the host and shows the report. ``replay`` is judged instead of the host where it is given."""

    CSS_PATH = "main.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Back to where you came from"),
        Binding("f", "repair", "Repair", tooltip="Repair this finding; the exact change is shown first"),
        Binding("r", "rescan", "Rescan", tooltip="Look at this host again"),
        Binding("u", "undo", "Undo", tooltip="Undo the last repair, after a question"),
        Binding("h", "history", "History", tooltip="Every repair that was made, each with its undo"),
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("q", "app.quit", "Quit"),
        *(Binding(page.key, f"page('{page.name}')", page.shows, show=False) for page in PAGES),
    ]
    AUTO_FOCUS = ""
    app: WorkbenchApp

    def __init__(self, workbench: Workbench, replay: Snapshot | None) -> None:
        super().__init__()
        self.workbench = workbench
        self.replay = replay
        self.snapshot: Snapshot | None = None
        self.report: Report | None = None
        self._home = replay.host.home if replay is not None else visible(str(workbench.context.home))
        self.looking = False
        self._inventory: Inventory | None = None
        self._from_server = False
        self._generation = 0
        self._sections: dict[str, str] = {}
        self._streamed: list[CheckResult] = []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The way back is there only where there is one; a repair where a finding is selected."""
        if action == "back" and not (self._reading or self._from_server or self._in_server):
            return False
        if action == "repair" and self.has_class("-servers") and self._selected is None:
            return None
        return super().check_action(action, parameters)

    @property
    def _reading(self) -> bool:
        return self.has_class("-reading") and not self.has_class("-wide")

    @property
    def _in_server(self) -> bool:
        return isinstance(self.focused, AboutList | ServerText)

    @property
    def _page(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ""

    @property
    def _selected(self) -> Finding | None:
        # Only what is in view may be repaired.
        if self._page != "servers":
            return self.query_one(FindingsList).selected
        in_view = self.has_class("-wide") or self._reading
        return self.query_one(ServerPane).finding if in_view else None

    def compose(self) -> ComposeResult:
        """The head, the pages on the left, the detail on the right."""
        yield GradeBox(id="grade")
        yield Tabs(*(Tab(page.title, id=f"tab-{page.name}") for page in PAGES), id="tabs")
        with Horizontal(id="body"):
            with ContentSwitcher(initial="findings", id="pages"):
                yield FindingsPage(self._home, id="findings")
                yield ServersPage(id="servers")
                yield Page("The report card comes when every check has spoken.", id="card")
                yield Page("What could not be looked at shows here when every check has spoken.", id="gaps")
            yield DetailPane(self._home, id="detail")
            yield ServerPane(id="server")
        yield Footer(show_command_palette=False)
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin the first look."""
        self.query_one(DetailPane).show_nothing(_NOTHING_YET)
        self._show_progress()
        # The first picture comes first: the threads of a look would hold it up.
        self.call_after_refresh(self.action_rescan)

    @work(exclusive=True, group="look")
    async def action_rescan(self) -> None:
        """Look again and show what is there now."""
        await self.look()

    async def look(self) -> Report | None:
        """Look at the host and judge it, both in the background; None when that failed or a later look overtook it."""
        self._generation += 1
        generation = self._generation
        self._sections, self._streamed = {}, []
        self.looking = True
        self._show_progress()

        def section_changed(section: str, state: str) -> None:
            self.post_message(SectionChanged(generation, section, state))

        def check_ended(result: CheckResult) -> None:
            self.post_message(CheckEnded(generation, result))

        def look_and_judge() -> tuple[Snapshot, Report]:
            seen = self.replay or self.workbench.look(section_changed)
            return seen, self.workbench.judge(seen, check_ended)

        try:
            seen, report = await in_background(look_and_judge)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            if self._is_awaited(generation):
                self.looking = False
                self._show_failure(error)
            return None
        if not self._is_awaited(generation):
            return None
        self.looking = False
        self.snapshot, self.report = seen, report
        self._show_report(seen, report)
        return report

    def on_section_changed(self, message: SectionChanged) -> None:
        """Show which collector is at work."""
        if self._is_awaited(message.generation):
            self._sections[message.section] = message.state
            self._show_progress()

    def on_check_ended(self, message: CheckEnded) -> None:
        """Show a check's findings as soon as it has them; during a later look the old list stays until the end."""
        if not self._is_awaited(message.generation):
            return
        self._streamed.append(message.result)
        self._show_progress()
        if self.report is None and message.result.findings:
            self.call_after_refresh(self._stream)

    @on(OptionList.OptionHighlighted, "#list")
    def show_finding(self) -> None:
        """Show the finding under the cursor."""
        self._show_selected()

    @on(OptionList.OptionHighlighted, "#servers-list")
    def show_server(self) -> None:
        """Show the server under the cursor."""
        self._show_server()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go one step further: to the detail where it is not shown yet, to what can be done with it where it is."""
        if not has_room(self.app.size):
            return
        if not self.has_class("-wide"):
            self.read()
        elif isinstance(event.option_list, ServersList):
            self.query_one(ServerPane).focus_next()
        else:
            self.action_repair()

    @on(FindingsList.Pointed)
    @on(ServersList.Pointed)
    def read(self) -> None:
        """Show the detail alone where there is no room for both."""
        if not self.has_class("-wide"):
            self.add_class("-reading")
            (self.query_one(ServerText) if self._page == "servers" else self.query_one(DetailPane)).focus()
            self.refresh_bindings()

    @on(FindingAsked)
    def go_to_finding(self, message: FindingAsked) -> None:
        """Show a finding about a server among the findings; Escape leads back to the server."""
        if not has_room(self.app.size):
            return
        if not self.query_one(FindingsList).choose(message.finding):
            self.app.tell("The list of findings is cut, and this one is not in it.", "warning")
            return
        self.action_page("findings")
        self._from_server = True
        self.read()
        self.refresh_bindings()

    @on(RepairAsked)
    def action_repair(self) -> None:
        """Repair the selected finding."""
        finding = self._selected
        if finding is None or self.report is None or self.snapshot is None:
            self.app.tell("There is nothing to repair yet.")
        else:
            self.app.repair(finding)

    def action_undo(self) -> None:
        """Undo the last repair."""
        self.app.undo_last()

    def action_history(self) -> None:
        """Show every repair that was made."""
        self.app.show_history()

    def action_page(self, name: str) -> None:
        """Show one of the pages."""
        self._from_server = False
        self.remove_class("-reading")
        self._turn_to(name)
        self.query_one("#tabs", Tabs).active = f"tab-{name}"
        page = self.query_one(f"#{name}")
        if isinstance(page, FindingsPage | ServersPage):
            page.focus_inside()
        else:
            page.focus()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the page of a tab that was chosen with the mouse or the arrows."""
        name = (event.tab.id or "").removeprefix("tab-")
        # Two keys in a row: what is told of the first must not undo the second.
        if name != self._page and event.tabs.active == event.tab.id:
            self._from_server = False
            self._turn_to(name)

    def action_back(self) -> None:
        """Return from the detail to the list, or from a finding to the server it is about."""
        if not self._from_server:
            self.action_page(self._page)
            return
        self.action_page("servers")
        self.read()
        self.query_one(ServerPane).focus_next()

    def _turn_to(self, name: str) -> None:
        self.query_one("#pages", ContentSwitcher).current = name
        self.set_class(name == "servers", "-servers")
        self.refresh_bindings()

    def _is_awaited(self, generation: int) -> bool:
        # A message may be heard after the report that came behind it, and a report come when the app is being closed.
        return self.looking and self.is_running and generation == self._generation

    def _stream(self) -> None:
        if self.report is not None:
            return
        findings = (finding for result in self._streamed for finding in result.findings)
        self._show_findings(sorted(findings, key=_worst_first))

    def _show_findings(self, findings: list[Finding]) -> None:
        page = self.query_one(FindingsPage)
        page.show(findings, stay_first=self.report is None)
        if self.focused is None:
            page.focus_inside()
        self._label("findings", tab_label(len(findings)))

    def _show_report(self, seen: Snapshot, report: Report) -> None:
        findings = list(report.findings())
        self.query_one(GradeBox).show(report)
        self.query_one("#card", Page).write(card_page(report))
        self.query_one("#gaps", Page).write(gaps_page(report))
        unseen = len(gaps(report)) + len(report.broken_plugins)
        self._label("gaps", f"Not assessed {unseen}")
        self._show_findings(findings)
        self._show_servers(seen, findings)
        if findings:
            self._show_selected()
        else:
            self._say(nothing_found(unseen))
        self._show_status()

    def _show_servers(self, seen: Snapshot, findings: list[Finding]) -> None:
        self._inventory = inventory(seen, findings)
        self._label("servers", f"Servers {len(seen.servers.servers)}")
        self.query_one(ServersPage).show(self._inventory)
        self._show_server()

    def _show_server(self) -> None:
        listed = self.query_one(ServersList)
        row = listed.selected
        if row is None or self._inventory is None:
            self.query_one(ServerPane).show_nothing()
        else:
            self.query_one(ServerPane).show(row, self._inventory, f"{listed.position} of {len(listed.rows)}")
        self.refresh_bindings()

    def _label(self, name: str, words: str) -> None:
        self.query_one(f"#tab-{name}", Tab).label = words

    def _show_selected(self) -> None:
        shown = self.query_one(FindingsList)
        finding = shown.selected
        if finding is None:
            return
        place = f"{(shown.highlighted or 0) + 1} of {len(shown.findings)}"
        check = self.workbench.plugins.checks.get(finding.check)
        self.query_one(DetailPane).show(finding, check, self.workbench.fixes_for(finding), place)

    def _show_progress(self) -> None:
        checks = len(self.workbench.plugins.checks)
        last = self._streamed[-1].check if self._streamed else ""
        self.query_one(GradeBox).status(in_words(self._sections, len(self._streamed), checks))
        if self.report is None:
            self.query_one(FindingsPage).show_progress(self._sections, len(self._streamed), checks, last)

    def _show_status(self) -> None:
        if self.report is None:
            return
        marks = [f"{self.report.user} on {self.report.platform}", moment(self.report.taken_at)]
        if self.replay is not None:
            marks.append("replay")
        if self.workbench.read_only:
            marks.append("read-only")
        self.query_one(GradeBox).status(" · ".join(marks))

    def _show_failure(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"
        if self.report is None:
            self.query_one(GradeBox).waiting("This host could not be looked at")
            self.query_one(GradeBox).status("failed")
            self._label("findings", "Findings")
            self._say(f"This host could not be looked at.\n\n{words}\n\nPress r to try again.")
        else:
            self._show_status()
            self.app.tell(f"The new look failed, so this is still the last report. {words}", "error")

    def _say(self, words: str) -> None:
        self.query_one(FindingsPage).say(words)
        self.query_one(DetailPane).show_nothing("There is no finding to show.")


def _worst_first(finding: Finding) -> tuple[int, str, str, str]:
    return (-finding.severity.rank, finding.check, finding.subject.label, finding.identity)
