"""Every act that has a key of its own: which key, in what words, where; and the key that holds for this person."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from textual.binding import Binding
from textual.keys import format_key

KEYS = "keys.yaml"
"""The name of the file in the person's own folder of the workbench."""

UNUSED = f"Not used of your {KEYS}"
MOST_TOLD = 3
"""Complaints in one notice."""

FIXED: Mapping[str, str] = {
    "escape": "always leads back",
    "enter": "always opens or presses what the cursor is on",
    "tab": "always goes to the next part of the screen",
    "shift+tab": "always goes to the part before",
    **dict.fromkeys(("up", "down", "left", "right"), "always moves the cursor"),
    **dict.fromkeys(("home", "end", "pageup", "pagedown", "ctrl+pageup", "ctrl+pagedown"), "always moves the cursor"),
    "ctrl+q": "always quits",
    "ctrl+c": "always copies what is selected, and else quits",
    "ctrl+z": "always stops the app, as a job of the shell that started it",
    "super+c": "always copies what is selected",
    "ctrl+h": "arrives from a terminal as backspace",
    "ctrl+i": "arrives from a terminal as tab",
    "ctrl+m": "arrives from a terminal as enter",
    "ctrl+left_square_bracket": "arrives from a terminal as escape",
}
"""Keys that no file changes: the way out, and the way round for whoever has lost it."""

_NAMES = {"escape": "esc", "pagedown": "page down", "pageup": "page up", "enter": "⏎", "backspace": "backspace"}

Places = frozenset[str]
_LISTS: Places = frozenset({"on the findings page", "on the servers page"})
_HISTORY: Places = frozenset({"on the history page"})
_ACTIVITY: Places = frozenset({"on the activity page"})
_PAGES: Places = (
    _LISTS
    | _HISTORY
    | _ACTIVITY
    | {"on the reach page", "on the report card", "on the page of what was not assessed", "on the audit trail page"}
)
_FINDINGS: Places = frozenset({"on the findings page"})
_PREVIEW: Places = frozenset({"in the preview"})
_GUIDE: Places = frozenset({"in a guide"})
_BATCH: Places = frozenset({"in the list of repairs"})
_RESULTS: Places = frozenset({"at the result of a repair"})
_BATCH_RESULTS: Places = frozenset({"at the result of several repairs"})
_QUESTIONS: Places = frozenset({"at a question"})
_SMALL: Places = frozenset({"in a small window"})
_PAGED: Places = _PREVIEW | _GUIDE | _BATCH | _BATCH_RESULTS | _QUESTIONS | _SMALL
_CODE: Places = frozenset({"in the code"})
_HELP: Places = frozenset({"in the help"})
_SCREENS: Places = _PREVIEW | _GUIDE | _BATCH | _RESULTS | _BATCH_RESULTS | _QUESTIONS | _CODE
_WINDOWS: Places = _SCREENS | _HELP | _SMALL


class Act(NamedTuple):
    """What one key does: its id, its usual key as Textual names it, the words of the footer, what it does, and where.

    Two acts that share a place cannot share a key. One that ``asks`` leads to a question, and one that ``agrees``
    answers it: those never share a key, wherever they are. One that is heard ``before`` a line that is typed cannot
    be on a key that such a line needs.
    """

    id: str
    key: str
    words: str
    does: str
    places: Places
    asks: bool = False
    agrees: bool = False
    before: bool = False


_EVERY = (
    Act("help", "question_mark", "Help", "Show the keys that work here", _PAGES | _SCREENS | _HELP),
    Act("palette", "ctrl+p", "Palette", "Open the command palette", _PAGES | _WINDOWS, before=True),
    Act("quit", "q", "Quit", "Quit", _PAGES),
    Act("close", "q", "Close", "Leave this screen, and do nothing", _WINDOWS),
    Act("repair", "f", "Repair", "Repair this finding; the exact change is shown first", _LISTS, asks=True),
    Act("repair.marked", "R", "Repair marked", "Repair what is marked, or all that is safe", _PAGES, asks=True),
    Act("apply", "a", "Apply", "Apply what is shown", _PREVIEW | _BATCH, asks=True, agrees=True),
    Act("agree", "y", "Agree", "Agree to what is asked", _QUESTIONS, asks=True, agrees=True),
    Act("refuse", "n", "No", "Leave the question, and do nothing", _QUESTIONS),
    Act(
        "keep",
        "c",
        "Keep it",
        "Keep this repair, which is undone by itself otherwise",
        _HISTORY | _RESULTS,
        agrees=True,
    ),
    Act(
        "undo",
        "u",
        "Undo",
        "Undo the last repair, after a question",
        _PAGES | _RESULTS | _BATCH_RESULTS,
        asks=True,
    ),
    Act("rescan", "r", "Rescan", "Look at this host again", _PAGES),
    Act("sudo", "s", "Sudo", "Look with sudo at what only root may read, after a question", _PAGES, asks=True),
    Act("probe", "p", "Probe", "Probe whom this socket lets in, after a question", _LISTS, asks=True),
    Act("watch", "w", "Watch", "Look again by itself when this host changes, or stop that", _PAGES),
    Act("copy", "y", "Copy", "Copy the evidence of this finding to the terminal's clipboard", _LISTS),
    Act("code", "c", "Code", "Show the code of the check and of the repairs", _LISTS | _PREVIEW | _GUIDE | _CODE),
    Act("guide.verify", "v", "Verify", "Look again whether the finding is gone", _GUIDE),
    Act("guide.copy", "y", "Copy", "Copy what the steps say is to be written or run", _GUIDE),
    Act("lesson", "l", "Lesson", "Open the lesson of this finding", _LISTS),
    Act("waive", "W", "Waive", "Accept this finding for a while, with a reason", _LISTS),
    Act("export", "e", "Export", "Write the report to a file: HTML, Markdown, SARIF or JSON", _PAGES, asks=True),
    Act("zoom", "z", "Whole width", "Give this finding the whole width, or half of it", _FINDINGS),
    Act("split", "d", "Side by side", "Show the diffs in two columns, or in one again", _PREVIEW),
    Act("history", "h", "History", "Every repair that was made, each with its undo", _PAGES - _HISTORY),
    Act("filter", "slash", "Filter", "Filter the findings as you type", _FINDINGS | _ACTIVITY),
    Act("findings.mark", "space", "Mark", "Mark this finding, or take the mark away", _FINDINGS),
    Act("findings.unmark", "x", "Clear the marks", "Clear the marks", _FINDINGS),
    Act("findings.sort", "o", "Sort by the next column", "Sort by the next column", _FINDINGS),
    Act("findings.turn", "O", "Turn the order round", "Turn the order round", _FINDINGS),
    Act("findings.group", "b", "Group by area, server, severity", "Group by area, server, severity", _FINDINGS),
    Act(
        "history.undo_batch",
        "A",
        "Undo batch",
        "Undo all that stands of this batch, after a question",
        _HISTORY,
        asks=True,
    ),
    Act(
        "history.redo",
        "U",
        "Redo",
        "Make this repair again by undoing its undo; it is shown first",
        _HISTORY,
        asks=True,
    ),
    Act("history.recover", "v", "Recover", "Bring the files of an interrupted repair back", _HISTORY, asks=True),
    Act("history.purge", "x", "Purge", "Delete this backup, after a question", _HISTORY, asks=True),
    Act(
        "history.purge_secrets",
        "X",
        "Purge all with secrets",
        "Delete every backup that holds a secret, after a question",
        _HISTORY,
        asks=True,
    ),
    Act("history.backups", "b", "Backups", "Show the backups that are kept, or the repairs again", _HISTORY),
    Act("activity.copy", "c", "Copy", "Copy this line", _ACTIVITY),
    Act("activity.copy_all", "C", "Copy all", "Copy every line that is listed", _ACTIVITY),
    Act("page.findings", "1", "Findings", "Show the findings", _PAGES),
    Act("page.servers", "2", "Servers", "Show the servers of this host", _PAGES),
    Act("page.reach", "3", "Reach", "Show what each server can open", _PAGES),
    Act("page.card", "4", "Report card", "Show the report card", _PAGES),
    Act("page.gaps", "5", "Not assessed", "Show what was not assessed", _PAGES),
    Act("page.trail", "6", "Audit trail", "Show what server accounts were denied and what they started", _PAGES),
    Act("page.history", "7", "History", "Show every repair that was made, each with its undo", _PAGES),
    Act("page.activity", "8", "Activity", "Show every file that was read and every command that was run", _PAGES),
    Act("move.down", "j", "Down", "Down", _PAGES | _WINDOWS),
    Act("move.up", "k", "Up", "Up", _PAGES | _WINDOWS),
    Act("move.first", "g", "First", "First", _PAGES | _WINDOWS),
    Act("move.last", "G", "Last", "Last", _PAGES | _WINDOWS),
    Act("move.page", "space", "Page down", "A page down", _PAGED),
)
ACTS: Mapping[str, Act] = MappingProxyType({act.id: act for act in _EVERY})
"""Every act whose key can be changed, by its id."""


class Keys(NamedTuple):
    """What a file of keys holds: the keys it chose by act, and in words, with the line, what of it is not used."""

    path: str = ""
    chosen: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    complaints: tuple[str, ...] = ()

    def of(self, act: str) -> tuple[str, ...]:
        """The keys of an act, as Textual names them."""
        return self.chosen.get(act) or (ACTS[act].key,)


# One app runs in a process, and its sentences are made in many places far from it.
_in_force = [Keys()]


def use(keys: Keys) -> None:
    """Let these keys hold, in every sentence from now on."""
    _in_force[0] = keys


def in_force() -> Keys:
    """The keys that hold."""
    return _in_force[0]


def hint(act: str) -> str:
    """The key of an act, as a sentence names it: ``r``, ``/``, ``ctrl+r``."""
    return shown(in_force().of(act)[0])


def agrees(act: str) -> bool:
    """Whether an act of that id agrees to what is asked."""
    return act in ACTS and ACTS[act].agrees


def shown(key: str) -> str:
    """A key that Textual names, as it is written on a keyboard."""
    modifiers, plus, last = key.rpartition("+")
    sign = format_key(last)
    if len(sign) > 1 or last in FIXED or last in _NAMES:
        sign = _NAMES.get(last, last)
    return f"{modifiers}{plus}{sign}"


def bound(act: str, action: str, *, words: str | None = None, does: str | None = None, show: bool = True) -> Binding:
    """The binding of an act to an action of a widget. Other ``words`` come without what it does."""
    known = ACTS[act]
    if words is None:
        words, does = known.words, known.does if does is None else does
    return Binding(known.key, action, words, show=show, tooltip=does or "", id=act, priority=known.before)


def unused(keys: Keys) -> tuple[str, str]:
    """A title, and what of the file is not used, as a notice has room for it; "" where all of it is."""
    complaints = keys.complaints
    if not complaints:
        return "", ""
    left = len(complaints) - MOST_TOLD
    more = [f"and {left} more: press {hint('help')} to see them"] if left > 0 else []
    return UNUSED, "\n".join([*complaints[:MOST_TOLD], *more])
