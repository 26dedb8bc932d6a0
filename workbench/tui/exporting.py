"""Write the report that is shown into a file: ask how and where, replace nothing unasked, say where it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workbench.exits import Unusable
from workbench.report.exporting import ENDINGS, FORMATS, Format, export, usual_name
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.plain import paragraphs, plain, stacked
from workbench.tui.screens.dialogs import Confirm, Notice
from workbench.tui.screens.form import Asked, Form, Given, Wrong

if TYPE_CHECKING:
    from workbench.model.report import Report

_ABOUT = "The report says how this machine can be attacked: the file is for your account alone (mode 0600)."
_ELSE = "Nothing was changed, neither there nor elsewhere."


async def export_report(app: BaseApp) -> None:
    """Ask, write, and say where it was written."""
    seen = app.main.seen
    if seen is None:
        app.tell("There is no report yet. When this host has been looked at, it can be exported.")
        return
    given = await app.push_screen_wait(form(seen.report))
    if given is None:
        return
    path, format = place(given["file"]), cast("Format", given["format"])  # noqa: A001 - it is the word for it
    if os.path.lexists(path) and not await app.push_screen_wait(_replace(path)):
        app.tell("Nothing was written.")
        return

    def write() -> None:
        fixes = None
        if format == "sarif" and app.main.replay is None and not app.workbench.is_demo:
            from workbench.report.sarif_fixes import fixes_of

            fixes = fixes_of(app.workbench, seen.report, seen.snapshot)
        export(seen.report, seen.snapshot, app.workbench.plugins, format, path, fixes=fixes)

    try:
        await in_background(write, must_end=True)
    except Unusable as why:
        await app.push_screen_wait(Notice("The report was not written", f"{why}\n\n{_ELSE}"))
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        words = f"{path}: not written, {type(error).__name__}: {error}"
        await app.push_screen_wait(Notice("The report was not written", f"{words}\n\n{_ELSE}"))
    else:
        app.tell(f"The report was written to {visible(str(path))}")


def form(report: Report) -> Form:
    """What is asked: the format and the file."""
    asked = (
        Asked("format", "Format", "html", FORMATS, "html for a browser; sarif for code scanning; json for scripts"),
        Asked("file", "File", str(_folder() / usual_name(report, "html"))),
    )
    return Form("Export the report", stacked([plain(_ABOUT)]), asked, "Write it", _wrong, _renamed)


def place(text: str) -> Path:
    """The file that was named, from the working directory, with ``~`` for the home folder."""
    return Path(os.path.abspath(os.path.expanduser(text.strip())))  # noqa: PTH100, PTH111 - links stay, to be refused


def _folder() -> Path:
    """Where it is written unless another place is named: the working directory, else the home folder."""
    here = Path(os.path.abspath("."))  # noqa: PTH100
    return here if os.access(here, os.W_OK) else Path(os.path.expanduser("~"))  # noqa: PTH111


def _renamed(name: str, given: Given) -> Given:
    path = given["file"]
    ending = next((each for each in ENDINGS.values() if path.endswith(each)), "")
    wanted = ENDINGS[cast("Format", given["format"])]
    if name != "format" or not ending or ending == wanted:
        return {}
    return {"file": path.removesuffix(ending) + wanted}


def _wrong(given: Given) -> Wrong | None:
    if not given["file"].strip():
        return "file", "Name the file that is to be written."
    path = place(given["file"])
    try:
        if path.is_dir():
            return "file", f"{visible(str(path))} is a folder: name a file in it."
        if not path.parent.is_dir():
            return "file", f"There is no folder {visible(str(path.parent))}."
    except (OSError, ValueError) as error:  # a name that is too long, say
        why = error.strerror if isinstance(error, OSError) else str(error)
        return "file", f"This cannot be a file: {visible(str(why))}."
    return None


def _replace(path: Path) -> Confirm:
    text = f"{visible(str(path))} is there already.\n\nWhat it holds is lost when the report takes its place."
    return Confirm("Replace the file?", paragraphs(text), "Replace it")
