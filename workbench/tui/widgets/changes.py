"""One step of a repair to read: its words, its file, the modes, the exact diff."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from textual.content import Content

from workbench.model.run import Change
from workbench.tui.plain import hanging, plain, together
from workbench.tui.widgets.diff import diff
from workbench.tui.widgets.split_diff import split_diff
from workbench.tui.wording import MUTED, mode

_ROOT = "exactly these commands run as root, through sudo; sudo asks for your password itself"


def in_short(change: Change) -> Content:
    """What of it is before and after, in a few cells: the modes, or how many lines come and go."""
    parts: list[Content] = []
    if change.mode_after is not None:
        before = f"{change.mode_before:04o}" if change.mode_before is not None else "none"
        parts.append(together((before, "$text-error"), " → ", (f"{change.mode_after:04o}", "$text-success")))
    if change.diff:
        lines = change.diff.split("\n")[2 if change.diff.startswith("---") else 0 :]
        come, gone = (sum(line.startswith(sign) for line in lines) for sign in "+-")
        parts.append(together((f"+{come}", "$text-success"), " ", (f"-{gone}", "$text-error")))
    return Content("  ").join(parts)


def described(change: Change, number: int, width: int, *, split: bool = False) -> Iterator[Content]:
    """One step, wrapped to ``width`` cells; with ``split`` what was is shown beside what will be."""
    yield hanging(plain(f"{number:>2}  ", "bold"), plain(change.words), width)
    yield hanging(plain("    file  ", MUTED), plain(change.path, "$text-accent"), width)
    if change.mode_after is not None:
        before = mode(change.mode_before) if change.mode_before is not None else "none"
        arrow = together((before, "$text-error"), "  →  ", (mode(change.mode_after), "$text-success"))
        yield hanging(plain("    mode  ", MUTED), arrow, width)
    if change.diff:
        shown = split_diff if split else diff
        yield from (Content("    ") + line for line in shown(change.diff, width - 4).split("\n"))
    if change.commands:
        yield hanging(plain("    root  ", MUTED), plain(_ROOT, "$text-warning"), width)
        for vector in change.commands:
            yield hanging(plain("        # ", "bold $text-warning"), plain(shlex.join(vector), "$text-accent"), width)
