"""The page of the audit trail: what it comes to, whether it is followed, the table; words where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from workbench.model.audit import AuditFacts, ServerAccount
from workbench.model.facts import Unread
from workbench.model.snapshot import Snapshot
from workbench.recording import records
from workbench.tui.following import Watcher
from workbench.tui.keys import hint
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.trail import MOST, headline, idle
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.trail_table import TrailTable
from workbench.tui.wording import ATTENTION, MUTED, counted, heading, since

_NOT_YET = "What servers' accounts were denied and what they started shows here when this host has been looked at."
_EACCES = -13
_MOST_ACCOUNTS = 50
_NO_ACCOUNT = (
    "Servers run as you, or as root. The kernel records by account: what they do cannot be told from what you do."
)
_NO_SERVER = "No MCP server was found here, so there is nobody to be recorded."
_GIVE_ONE = (
    "give a server an account of its own (sudo -u in its config, or User= in its unit): “How to fix it by hand” of"
    " clients/no-isolation, or: workbench explain clients/no-isolation"
)


class TrailPage(Vertical):
    """Shows what a Watcher knows."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home

    def compose(self) -> ComposeResult:
        """The sum of it, and the table or words."""
        yield Static(id="trail-sum")
        with ContentSwitcher(initial="trail-said", id="trail-shown"):
            yield Page(_NOT_YET, id="trail-said")
            yield TrailTable(self._home, id="trail-table")

    def on_mount(self) -> None:
        """There is nothing to sum up yet."""
        self.query_one("#trail-sum").display = False

    def show(self, watcher: Watcher, snapshot: Snapshot, *, sudo: bool) -> None:
        """Show the rows, or say why there is none. ``sudo``: asking it would show more."""
        rows = watcher.rows or ()
        self.query_one(TrailTable).show(rows)
        total = self.query_one("#trail-sum", Static)
        total.display = bool(rows)
        shown = self.query_one("#trail-shown", ContentSwitcher)
        held = self.screen.focused is not None and self.screen.focused is shown.visible_content
        shown.current = "trail-table" if rows else "trail-said"
        if held:
            self.focus_inside()
        if rows:
            total.update(stacked((plain(headline(rows, watcher.accounts), "bold"), _standing(watcher, snapshot.audit))))
        else:
            said = list(nothing(watcher, snapshot, sudo=sudo))
            text = self.query_one("#trail-said", Page)
            text.write(lambda width: stacked(line for part in said for line in _laid(part, width)))

    def focus_inside(self) -> None:
        """Put the cursor into what is shown."""
        shown = self.query_one("#trail-shown", ContentSwitcher).visible_content
        if shown is not None:
            shown.focus()


def _standing(watcher: Watcher, audit: AuditFacts) -> Content:
    """Whether new events come in, and what is missing."""
    if not watcher.live:
        first = together((f"the events as they were, since {since(watcher.since)}; none is followed", MUTED))
    elif watcher.reading:
        first = together(("reading the audit log …", MUTED))
    elif watcher.following:
        first = together(("● live", "bold $text-success"), (": new events show here as they come", MUTED))
    elif watcher.problem:
        first = together(("? not followed: ", ATTENTION), (watcher.problem, MUTED))
    else:
        first = together(("as the last look saw it", MUTED))
    rest = [
        (f" · {watcher.fresh} new since you opened this", ATTENTION) if watcher.fresh else None,
        (f" · {idle(audit)}: nothing new is recorded", ATTENTION) if idle(audit) else None,
        (f" · the first {MOST} rows are shown", ATTENTION) if len(watcher.rows or ()) >= MOST else None,
        (f" · not all could be read: press {hint('page.gaps')}", ATTENTION)
        if _missing(audit, "events") and not watcher.problem
        else None,
    ]
    return together(first, *(part for part in rest if part is not None))


Part = tuple[str, str, str]
"""How it is laid out (a title, a gap, a label or a sentence), the label, and the words."""


def nothing(watcher: Watcher, snapshot: Snapshot, *, sudo: bool) -> Iterator[Part]:
    """Why there is no row: nothing to record with, nobody to tell apart, no right to read, or nothing that happened."""
    audit = snapshot.audit
    if audit.state.status in ("not applicable", "failed"):
        # What could not be looked at may be there all the same.
        if audit.state.status == "failed":
            yield "gap", "", "The audit trail could not be read."
        else:
            yield "title", "", "There is no audit trail on this host."
        yield "label", "because", audit.state.reason
        yield from _unlock(audit, snapshot)
        return
    accounts = watcher.accounts or audit.accounts
    if not accounts and _missing(audit, "accounts"):
        yield "gap", "", "Whether a server here has an account of its own could not be looked up."
        yield from _gaps(_missing(audit, "accounts", "rules"), sudo)
    elif not accounts:
        yield "title", "", "No server here has an account of its own."
        yield "label", "because", _NO_ACCOUNT if snapshot.servers.servers else _NO_SERVER
        yield from [("label", "to do", _GIVE_ONE)] if snapshot.servers.servers else ()
        yield from _gaps(_missing(audit, "rules"), sudo)
    elif watcher.rows is None:
        yield "gap", "", "What servers' accounts were denied could not be read."
        yield from _gaps(_missing(audit, "events"), sudo)
    else:
        who = accounts[0].name if len(accounts) == 1 else f"{len(accounts)} server accounts"
        yield "title", "", f"Nothing was recorded of {who} in the last 24 hours."
        standing = _standing(watcher, audit).plain
        yield "text", "", standing[0].upper() + standing[1:] if standing[0].isalpha() else standing
        yield from _would_be_recorded(audit, accounts)
    yield from _stopped(audit)


def _unlock(audit: AuditFacts, snapshot: Snapshot) -> Iterator[Part]:
    if audit.state.unlock:
        yield "label", "to unlock", audit.state.unlock
    elif audit.state.status == "not applicable" and snapshot.host.platform == "linux":
        yield "label", "to do", f"install auditd with your package manager, start it, and press {hint('rescan')}"


def _stopped(audit: AuditFacts) -> Iterator[Part]:
    """Why nothing is recorded now, with what starts it."""
    if audit.enabled == 0:
        yield "label", "also", "auditing is switched off in the kernel: nothing is recorded"
        yield "label", "to do", "sudo auditctl -e 1 (see audit/not-running)"
    if audit.running is False:
        yield "label", "also", "auditd does not run: what the kernel records is not kept"
        yield "label", "to do", "sudo systemctl enable --now auditd (see audit/not-running)"
    for gap in _missing(audit, "status"):
        yield "label", "unknown", f"{gap.what}: {gap.why}"


def _gaps(found: Sequence[Unread], sudo: bool) -> Iterator[Part]:
    for gap in found[:_MOST_ACCOUNTS]:
        yield "label", "unknown", f"{gap.what}: {gap.why}"
        if gap.unlock and not sudo:
            yield "label", "to unlock", gap.unlock
    if found and sudo:
        yield "label", "to unlock", f"press {hint('sudo')} to look with sudo, or start the workbench as root"


def _would_be_recorded(audit: AuditFacts, accounts: Sequence[ServerAccount]) -> Iterator[Part]:
    """Silence is good news only where a denied open would have left a trace."""
    yield "heading", "", "Would it have been recorded?"
    if not audit.listed:
        yield "text", "", "Whether a loaded rule records it is not known: the rules could not be read."
        return
    for account in accounts[:_MOST_ACCOUNTS]:
        denied = records(audit.rules, account, "openat", outcome=_EACCES)
        started = records(audit.rules, account, "execve")
        said = f"its denied opens: {_ANSWERS[denied]}; the programs it starts: {_ANSWERS[started]}"
        yield "label", account.name, said
    if len(accounts) > _MOST_ACCOUNTS:
        yield "text", "", f"and {counted(len(accounts) - _MOST_ACCOUNTS, 'more account')}"


_ANSWERS = {
    "yes": "yes, a loaded rule records them",
    "no": "no rule records them",
    "perhaps": "perhaps; it depends on the login of its processes",
}


def _laid(part: Part, width: int) -> Iterator[Content]:
    kind, label, words = part
    if kind in ("title", "gap"):
        sign = "? " if kind == "gap" else "· "
        yield hanging(Content.styled(sign, ATTENTION), plain(words, "bold"), width)
    elif kind == "heading":
        yield Content("")
        yield heading(words)
    elif kind == "label":
        first = plain(label, MUTED).truncate(20, ellipsis=True)
        yield hanging(first.pad_right(max(12 - first.cell_length, 2)), plain(words), width)
    else:
        yield from plain(words).wrap(width)


def _missing(audit: AuditFacts, *facets: str) -> tuple[Unread, ...]:
    return tuple(gap for gap in audit.state.unread if gap.facet in facets)
