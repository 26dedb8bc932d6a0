"""What the staged host's servers are made of, read in the files of the demo as a scan reads them."""

from __future__ import annotations

from scripts.staged_clients import REPORTS
from workbench.demo.files import files
from workbench.host.code.languages import LANGUAGES
from workbench.host.code.reading import looked_through
from workbench.model.code import CodeFacts, CodeRoot
from workbench.model.facts import SectionState, Unread
from workbench.model.servers import ServerFacts

_NOTES = "/home/dev/notes"
_GAP = Unread(
    "javascript",
    "9 JavaScript and TypeScript files of servers",
    "what reads these languages is not installed",
    "pip install 'mcp-hardening-workbench[source]'",
)


def code(servers: ServerFacts) -> CodeFacts:
    """The code of the servers that have any there: one program in Python, and a project in TypeScript not read."""
    content = files()[REPORTS]
    read = looked_through(REPORTS, content, LANGUAGES[0])
    running = {source.path: server.key for server in servers.servers for source in server.sources}
    roots = (
        CodeRoot(REPORTS, (running[REPORTS],), files=(("python", 1),), parsed=1, size=len(content)),
        CodeRoot(_NOTES, (running[_NOTES],), "notes-server", "0.3.0", (("typescript", 9),), 0, 31_804),
    )
    return CodeFacts(SectionState("partial", unread=(_GAP,)), roots, read.analysis.observations)
