"""Every screen of the app that is worth a look: how to get there, on which stage, and what it must show.

The text snapshots, the pictures and the tests of footers and colours all go through this one table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import stages
from workbench.tui.app import WorkbenchApp

Size = tuple[int, int]
Keys = tuple[str, ...]
NARROW, WIDE, TINY = (80, 24), (120, 36), (50, 10)


@dataclass(frozen=True, slots=True)
class Scene:
    """``keys`` lead to it from the scene before it; ``shows`` is on the screen when it is there.

    ``wide`` are the keys where list and detail stand side by side, where those differ. A scene whose ``name`` is ""
    is only on the way. ``held`` is one in the middle of something that does not end.
    """

    name: str
    keys: Keys = ()
    shows: str = ""
    wide: Keys | None = None
    sizes: tuple[Size, ...] = (NARROW, WIDE)
    held: bool = False

    def pressed(self, size: Size) -> Keys:
        """The keys at that size."""
        return self.keys if self.wide is None or size[0] < 100 else self.wide


@dataclass(frozen=True, slots=True)
class Walk:
    """Scenes that one app shows one after the other."""

    name: str
    stage: Callable[[], AbstractContextManager[WorkbenchApp]]
    scenes: tuple[Scene, ...]


_TYPED = tuple("sev:>=high area:sockets")
WALKS = (
    Walk(
        "findings",
        stages.staged,
        (
            Scene("main", (), "Grade F"),
            Scene("second-finding", ("j",)),
            Scene("filter-asked", ("slash",), "area:"),
            Scene("filter-typed", _TYPED, "sev:>=high area:sockets"),
            Scene("filter-kept", ("enter",)),
            Scene("filter-without-a-match", ("slash", *"zzz"), "zzz"),
            Scene("grouped", ("escape", "escape", "b"), "▾ clients"),
            Scene("group-folded", ("g", "left")),
            Scene("sorted", ("b", "b", "b", "o")),
            Scene("marked", ("o", "g", "space", "j", "space"), "2 marked"),
        ),
    ),
    Walk(
        "detail",
        stages.staged,
        (
            Scene("detail", ("enter",), "What was seen", wide=("tab",)),
            Scene("detail-further", ("pagedown",)),
            Scene("detail-end", ("G",), "References"),
            Scene("", ("1",), "Findings"),
            Scene("zoomed", ("tab", "g", "1", "z"), "What was seen", sizes=(WIDE,)),
            Scene("", ("z",), sizes=(WIDE,)),
            Scene("code", ("c",), "@check("),
            Scene("", ("escape",), "Findings"),
            Scene("copied", ("y",), "clipboard"),
        ),
    ),
    Walk(
        "servers",
        stages.staged,
        (
            Scene("servers", ("2",), "Servers"),
            Scene("servers-second", ("j", "j")),
            Scene("server-detail", ("enter",), "findings about it"),
            Scene("server-finding", ("tab", "enter"), "clients/no-isolation", wide=("enter",)),
            Scene("", ("2", "g"), "Servers"),
            Scene("", ("j", "j", "j", "j")),
            Scene("server-with-a-socket", ("enter",), "findings about it"),
            Scene("probe", ("p",), "Does its server look"),
            Scene("probe-result", ("y",), "How each was treated"),
        ),
    ),
    Walk(
        "reach",
        stages.staged,
        (
            Scene("reach", ("3",), "Reach"),
            Scene("reach-second", ("j",)),
            Scene("reach-detail", ("enter",)),
            Scene("reach-finding", ("tab", "enter")),
        ),
    ),
    Walk(
        "pages",
        stages.staged,
        (
            Scene("report-card", ("4",), "area"),
            Scene("not-assessed", ("5",), "sudo"),
            Scene("not-assessed-end", ("G",)),
            Scene("audit-trail", ("6",), "denied"),
            Scene("audit-trail-second", ("j",)),
            Scene("audit-event", ("enter",)),
        ),
    ),
    Walk(
        "history",
        stages.staged,
        (
            Scene("history", ("7",), "newest first"),
            Scene("run-detail", ("enter",)),
            Scene("history-batch", ("7", "j"), "Undo batch"),
            Scene("history-undone", ("j", "j", "j")),
            Scene("undo", ("g", "u"), "nothing has been changed yet"),
            Scene("undo-result", ("y",), "Result"),
            Scene("", ("enter",), "Findings"),
            Scene("", ("7",), "newest first"),
            Scene("backups", ("b",), "kept"),
            Scene("backup-detail", ("enter",)),
            Scene("purge", ("x",), "Purge"),
        ),
    ),
    Walk(
        "activity",
        stages.staged,
        (
            Scene("activity", ("8",), "looked up"),
            Scene("activity-filter", ("slash", *"sudo"), "sudo"),
            Scene("activity-filtered", ("enter",)),
        ),
    ),
    Walk(
        "repair",
        stages.staged,
        (
            Scene("preview", ("f",), "nothing has been changed yet"),
            Scene("result", ("a",), "Result"),
            Scene("undo-last", ("u",), "nothing has been changed yet"),
        ),
    ),
    Walk(
        "exact",
        stages.staged,
        (
            Scene("", ("slash", *"whatever carries", "enter"), "whatever carries"),
            Scene("answers", ("f",), "Show the plan"),
            Scene("preview-diff", ("enter",), "nothing has been changed yet"),
            Scene("preview-side-by-side", ("d",), sizes=(WIDE,)),
        ),
    ),
    Walk(
        "guide",
        stages.staged,
        (
            Scene("", ("slash", *"area:source", "enter"), "area:source"),
            Scene("source-detail", ("enter",), "What was seen", wide=("tab",)),
            Scene("guide", ("f",), "What you do"),
            Scene("guide-end", ("G",)),
        ),
    ),
    Walk(
        "batch",
        stages.staged,
        (
            Scene("batch", ("R",), "Repair everything that is safe"),
            Scene("batch-end", ("G",)),
            Scene("batch-result", ("a",), "applied"),
            Scene("batch-undo", ("u",), "Undo"),
        ),
    ),
    Walk(
        "windows",
        stages.staged,
        (
            Scene("help", ("question_mark",), "Keys here"),
            Scene("help-end", ("G",)),
            Scene("palette", ("escape", "ctrl+p"), "Search"),
            Scene("palette-typed", tuple("hist")),
            Scene("", ("escape",), "Findings"),
            Scene("waive", ("W",), "Accept this finding"),
            Scene("waive-wrong", ("enter",), "! it is empty"),
            Scene("", ("escape",), "Findings"),
            Scene("export", ("e",), "Export the report"),
            Scene("export-format", ("enter",)),
            Scene("", ("escape", "escape"), "Findings"),
            Scene("sudo", ("s",), "through sudo"),
            Scene("sudo-read", ("y",), "commands read as root"),
        ),
    ),
    Walk("looking", stages.looking, (Scene("looking", (), "Looking at this host", held=True),)),
    Walk("failed", stages.failing, (Scene("failed-look", (), "could not be looked at", held=True),)),
    Walk(
        "applying",
        stages.applying,
        (
            Scene("", ("f",), "nothing has been changed yet"),
            Scene("applying", ("a",), "› set the mode", held=True),
        ),
    ),
    Walk(
        "denied",
        stages.denied,
        (
            Scene("denied", (), "Ungraded"),
            Scene("denied-card", ("4",)),
            Scene("denied-gaps", ("5",)),
            Scene("denied-trail", ("6",)),
        ),
    ),
    Walk(
        "newcomer",
        stages.newcomer,
        (
            Scene("first-run", (), "No MCP client"),
            Scene("first-run-servers", ("2",)),
            Scene("first-run-reach", ("3",)),
            Scene("first-run-trail", ("6",)),
            Scene("first-run-history", ("7",)),
        ),
    ),
    Walk("clean", stages.clean, (Scene("nothing-wrong", (), "rade"),)),
    Walk(
        "demo",
        stages.demo,
        (
            Scene("demo", (), "demo"),
            Scene("demo-preview", ("f",), "nothing has been changed yet"),
            Scene("demo-result", ("a",), "Result"),
            Scene("demo-history", ("enter", "7"), "newest first"),
        ),
    ),
    Walk("replay", stages.replay, (Scene("replay", (), "replay"),)),
    Walk(
        "read-only",
        stages.read_only,
        (
            Scene("read-only", (), "read-only"),
            Scene("read-only-preview", ("f",), "will be refused"),
        ),
    ),
    Walk(
        "waived",
        stages.waived,
        (
            Scene("waived", (), "waiver"),
            Scene("waived-list", ("slash", *"waived:yes", "enter")),
            Scene("expired-waiver", ("escape", "slash", *"waivers/expired", "enter")),
        ),
    ),
    Walk(
        "waiting",
        stages.waiting,
        (
            Scene("", ("f",), "nothing has been changed yet"),
            Scene("waits", ("a",), "Undone by itself"),
            Scene("", ("enter",), "Findings"),
            Scene("history-waits", ("7",), "newest first"),
        ),
    ),
    Walk("too-small", stages.staged, (Scene("too-small", (), "This terminal is", sizes=(TINY,)),)),
)
"""Every walk. Where a scene is added, ``make snapshots`` writes its text."""


def walk_of(scene: str) -> Walk:
    """The walk of a scene."""
    return next(walk for walk in WALKS for each in walk.scenes if each.name == scene)
