"""The lines of a file around the place of a finding, the place itself marked, or why they are not shown."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from workbench.excerpt import Excerpt
from workbench.tui.keys import hint
from workbench.tui.plain import hanging, plain, stacked, wrapped
from workbench.tui.wording import ATTENTION, MUTED, heading

Lines = Excerpt | str | None
"""The lines, or why there are none, or None for a finding that tells of no place in a file."""

_MOST = 3  # lines that the place itself may take
_ENDINGS = {
    ".py": "python",
    ".js": "javascript",
    ".json": "json",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sh": "bash",
    ".bash": "bash",
    ".zsh": "bash",
    ".desktop": "ini",
}
_COMMENTED = ("/etc/sudoers", "/etc/profile", "/etc/bash", "/etc/zsh", "/etc/environment", "/etc/audit/")
"""Files whose comments and quoted words look as those of a shell do."""


def file_lines(lines: Lines, width: int) -> Content:
    """The part of the page for a width in cells; empty for None."""
    if lines is None:
        return Content("")
    return stacked(_lines(lines, width))


def _lines(lines: Excerpt | str, width: int) -> Iterator[Content]:
    if isinstance(lines, str):
        yield heading("In the file")
        yield stacked(plain(lines, MUTED).wrap(width))
        return
    yield heading(f"In the file, line {lines.at}")
    if lines.changed:
        yield hanging(
            plain("! ", ATTENTION),
            plain(f"changed since the scan: press {hint('rescan')} to look again", ATTENTION),
            width,
        )
    room = len(str(lines.first + len(lines.lines)))
    for number, line in enumerate(coloured(lines.lines, language(lines)), lines.first):
        here = number == lines.at
        margin = plain(f"{'›' if here else ' '} {number:>{room}} ", "bold $text-accent" if here else MUTED)
        left = max(width - margin.cell_length, 12)
        if not here:
            yield margin + line.truncate(left, ellipsis=True)
            continue
        pieces = wrapped(line, left)
        if len(pieces) > _MOST:
            pieces = [*pieces[: _MOST - 1], pieces[_MOST - 1].truncate(left - 1) + Content("…")]
        for place, piece in enumerate(pieces):
            start = margin if place == 0 else Content(" " * margin.cell_length)
            yield start + (piece + Content(" " * max(left - piece.cell_length, 0))).stylize_before("on $foreground 10%")


def language(lines: Excerpt) -> str:
    """Which colours they are shown in: what is known of the file, or what its name says."""
    if lines.language != "text":
        return lines.language
    ending = next((word for end, word in _ENDINGS.items() if lines.path.endswith(end)), "")
    return ending or ("bash" if lines.path.startswith(_COMMENTED) else "text")


def coloured(lines: tuple[str, ...], language: str) -> list[Content]:
    """The lines in the colours of a language. What a line says is not changed by it."""
    if language == "text":
        return [plain(line) for line in lines]
    from textual.highlight import highlight

    made = highlight("\n".join(lines), language=language).split("\n", allow_blank=True)
    made = [*made, *[Content("")] * (len(lines) - len(made))]  # it drops empty lines at the end
    # Where colouring broke the lines in another way, they are shown without colours.
    same = [each.plain for each in made] == list(lines)
    return made if same else [plain(line) for line in lines]
