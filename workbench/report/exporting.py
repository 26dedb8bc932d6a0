"""A Report in the format somebody asked for, as text or in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from workbench.exits import Unusable
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.text import visible

Format = Literal["html", "markdown", "sarif", "json"]
FORMATS: tuple[Format, ...] = ("html", "markdown", "sarif", "json")
ENDINGS: Mapping[Format, str] = {"html": ".html", "markdown": ".md", "sarif": ".sarif", "json": ".json"}
"""How the name of a file in each format ends."""


def render(
    report: Report,
    snapshot: Snapshot,
    plugins: Plugins,
    format: Format,  # noqa: A002 - it is the word for it
    states: Mapping[str, str] | None = None,
    fixes: Mapping[str, list[dict[str, Any]]] | None = None,
) -> str:
    """The report as text.

    ``states`` are SARIF's baseline states, ``fixes`` its fixes (``sarif_fixes``), by the identities of the findings.
    """
    if format == "html":
        from workbench.report.html import as_html

        return as_html(report, snapshot, plugins)
    if format == "markdown":
        from workbench.report.markdown import as_markdown

        return as_markdown(report, snapshot, plugins)
    if format == "sarif":
        from workbench.report.sarif import as_sarif

        return as_sarif(report, plugins, states, fixes)
    from workbench.report.document import as_json

    return as_json(report) + "\n"


def export(
    report: Report,
    snapshot: Snapshot,
    plugins: Plugins,
    format: Format,  # noqa: A002
    path: Path,
    states: Mapping[str, str] | None = None,
    fixes: Mapping[str, list[dict[str, Any]]] | None = None,
) -> None:
    """Write the report to a file that only this account can read: it says how this machine can be attacked.

    Raises Unusable where the file is not one that may be replaced, and says why.
    """
    from workbench.repair.own_file import write_own_file
    from workbench.repair.paths import Refused

    text = render(report, snapshot, plugins, format, states, fixes)
    try:
        # What could not be encoded is a lone surrogate, which no text of a report holds.
        write_own_file(path, text.encode("utf-8", "backslashreplace"))
    except Refused as why:
        hint = f" ({why.instead})" if why.instead else ""
        raise Unusable(f"the report was not written: {why.reason}{hint}") from why


def format_of(path: Path | None) -> Format:
    """The format that a file's name asks for: html where it does not say."""
    name = path.name.lower() if path is not None else ""
    if name.endswith((".sarif", ".sarif.json")):
        return "sarif"
    return "json" if name.endswith(".json") else "markdown" if name.endswith((".md", ".markdown")) else "html"


def usual_name(report: Report, format: Format) -> str:  # noqa: A002
    """A name for the file, with the moment of the look in it."""
    moment = "".join(character for character in report.taken_at[:19] if character.isalnum()) or "report"
    return f"workbench-{visible(moment, 40)}{ENDINGS[format]}"
