"""The page of the blast radius: what it comes to, the matrix, what its signs mean; words where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from workbench.model.facts import SectionState
from workbench.tui.keys import hint
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.reach import KINDS, SIGNS, Matrix, beside, headline
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.reach_table import ReachTable, columns
from workbench.tui.wording import ATTENTION, MUTED, counted, heading

_NOT_YET = "What each server can open shows here when this host has been looked at."
_LOOKED_FOR = (
    "Private keys, cloud and package credentials, tokens of code hosts, browser profiles, password stores, the sockets"
    " of container engines and key agents, secrets of the system, databases on the loopback, the configs of other"
    " clients, and shell histories: as far as they are there."
)


class ReachPage(Vertical):
    """Shows a Matrix."""

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._known: Matrix | None = None

    def compose(self) -> ComposeResult:
        """The sum of it, the matrix or words, and the signs."""
        yield Static(id="reach-sum")
        with ContentSwitcher(initial="reach-said", id="reach-shown"):
            yield Page(_NOT_YET, id="reach-said")
            yield ReachTable(id="reach-table")
        yield Static(id="reach-signs")

    def on_mount(self) -> None:
        """There is nothing to sum up yet."""
        self._show_table(False)

    def on_resize(self, event: events.Resize) -> None:
        """Explain the heads that are shown at this width."""
        self._explain()

    def show(self, known: Matrix) -> None:
        """Show the matrix of a look, or say why there is none."""
        self._known = known
        self.query_one(ReachTable).show(known)
        there = bool(known.kinds and known.rows)
        self._show_table(there)
        if there:
            gap = (
                f"; not all could be looked for: press {hint('page.gaps')}"
                if known.facts.state.status == "partial"
                else ""
            )
            first, second = plain(headline(known), "bold"), together((beside(known), MUTED), (gap, ATTENTION))
            self.query_one("#reach-sum", Static).update(stacked((first, second)))
            self._explain()
        else:
            self.query_one("#reach-said", Page).write(lambda width: stacked(nothing(known, width)))

    def focus_inside(self) -> None:
        """Put the cursor into what is shown."""
        shown = self.query_one("#reach-shown", ContentSwitcher).visible_content
        if shown is not None:
            shown.focus()

    def _show_table(self, there: bool) -> None:
        self.query_one("#reach-shown", ContentSwitcher).current = "reach-table" if there else "reach-said"
        self.set_class(not there, "-nothing")

    def _explain(self) -> None:
        if self._known is not None and self._known.kinds:
            width = max((self.size.width or 80) - 2, 30)
            self.query_one("#reach-signs", Static).update(stacked(_signs(self._known, width)))


def _signs(known: Matrix, width: int) -> Iterator[Content]:
    yield _flowing(SIGNS, width)
    if not columns(known, width).spelled:
        # A head that begins or ends what it stands for explains itself; room is short where these are shown.
        heads = ((KINDS[kind][0], kind) for kind in known.kinds)
        unclear = [(head, kind) for head, kind in heads if not kind.startswith(head) and not kind.endswith(head)]
        yield _flowing([(head, kind.removesuffix(" credential")) for head, kind in unclear], width)


def _flowing(pairs: Sequence[tuple[str, str]], width: int) -> Content:
    lines = [Content("")]
    for sign, words in pairs:
        part = together((sign, "bold"), (f" {words}", MUTED))
        if lines[-1] and lines[-1].cell_length + 2 + part.cell_length > width:
            lines.append(Content(""))
        lines[-1] += (Content("  ") if lines[-1] else Content("")) + part
    return stacked(lines)


def nothing(known: Matrix, width: int) -> Iterator[Content]:
    """Why there is no matrix: it could not be made, there is nothing to steal, or nobody to open it."""
    state = known.facts.state
    if state.status in ("failed", "not applicable"):
        words = "What the servers can open could not be worked out."
        yield hanging(Content.styled("? ", ATTENTION), plain(words, "bold"), width)
        if state.reason:
            yield hanging(plain("because    ", MUTED), plain(state.reason), width)
        if state.unlock:
            yield hanging(plain("to unlock  ", MUTED), plain(state.unlock), width)
        return
    if not known.facts.assets:
        as_far = " in what could be looked at" if state.status == "partial" else ""
        yield from plain(f"Nothing worth stealing was found{as_far}.", "bold").wrap(width)
        yield from _gap(state, width)
        yield Content("")
        yield heading("What was looked for")
        yield from plain(_LOOKED_FOR).wrap(width)
        return
    so = "so nothing here is within one's reach."
    if known.unlisted:
        so = f"but not everything could be looked at: there may be one. Press {hint('page.gaps')} to see what."
    yield from plain(f"No server that is started on this host was found, {so}").wrap(width)
    if known.remote:
        yield from plain(f"{counted(known.remote, 'server')} of other machines can open nothing here.").wrap(width)
    yield from _gap(state, width)
    yield Content("")
    yield heading(f"What a server would find here ({len(known.facts.assets)})")
    for kind, count in zip(known.kinds, known.most, strict=True):
        yield plain(f"  {count:>3}  {kind}")


def _gap(state: SectionState, width: int) -> Iterator[Content]:
    if state.status == "partial":
        yield hanging(
            Content.styled("? ", ATTENTION),
            plain(f"Not everything could be looked at: press {hint('page.gaps')}."),
            width,
        )
