"""The first look, while there is nothing else to show: every section that is gathered, then every check."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.model.snapshot import SECTIONS
from workbench.tui.plain import plain, stacked, together
from workbench.tui.wording import MUTED

_WORDS = {
    "accounts": "local accounts and groups",
    "clients": "what MCP clients are configured to launch",
    "processes": "running MCP servers",
    "sockets": "the sockets they listen on",
    "session": "this session's umask and variables",
    "sudoers": "what sudo permits",
    "units": "systemd units that run servers",
    "containers": "containers that run servers",
    "servers": "all of it put together, server by server",
    "assets": "what is worth stealing, and who reaches it",
    "audit": "what accounts of servers were denied",
    "code": "the servers' own code",
}
_SIGNS = {
    "": ("·", MUTED),
    "started": ("›", "bold $text-accent"),
    "complete": ("✓", "$text-success"),
    "partial": ("?", "$text-warning"),
    "failed": ("!", "bold $text-error"),
    "not applicable": ("–", MUTED),
}
_LOADING = "the checks are being loaded"
_BAR = 40
_NAMED = 3  # of what is looked at, on one line
_STATES = {"": "waiting", "started": "looking", "complete": "done", "partial": "done in part"}


class LookPane(VerticalScroll):
    """What is being looked at."""

    can_focus = False
    _told: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """A line a section, and a bar for the checks."""
        yield Static(id="sections")
        yield Static(id="checking")

    def show(self, sections: dict[str, str], checked: int, checks: int, last: str) -> None:
        """Show the state of every section, and how many checks have ended."""
        told = (dict(sections), checked, checks, last)
        if told == self._told:
            return  # else all of the screen would be laid out anew, with every size it is told of
        self._told = told
        self.query_one("#sections", Static).update(stacked(_section(name, sections.get(name, "")) for name in SECTIONS))
        words = f"{checked} of {checks} checks" + (f", last {last}" if last else "") if checks else _LOADING
        filled = _BAR * checked // max(checks, 1)
        bar = together(("━" * filled, "$success"), ("━" * (_BAR - filled), "$foreground 20%"))
        self.query_one("#checking", Static).update(stacked((plain(words, "" if checked else MUTED), bar)))


def _section(name: str, state: str) -> Content:
    sign, style = _SIGNS.get(state, _SIGNS[""])
    words = _STATES.get(state, state)
    return together((f" {sign} ", style), f"{name:<11}{_WORDS.get(name, ''):<43}", (words, style or MUTED))


def in_words(sections: dict[str, str], checked: int, checks: int) -> str:
    """The same on one line."""
    if checked:
        return f"checking: {checked} of {checks}"
    looking = [name for name in SECTIONS if sections.get(name) == "started"]
    if not looking:
        return "looking at this host"
    more = f" and {len(looking) - _NAMED} more" if len(looking) > _NAMED else ""
    return f"looking at {', '.join(looking[:_NAMED])}{more}"
