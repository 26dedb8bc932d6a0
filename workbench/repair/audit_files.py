"""Rules files of the audit system: read at its next start, so every line of one must be a rule that it takes."""

from __future__ import annotations

import re

from workbench.audit_rules import FOLDER
from workbench.model.operations import CreateRootFile, RootFile
from workbench.repair.consumer import Consumer
from workbench.repair.paths import Refused
from workbench.text import visible

_PLACES = re.compile(rf"{FOLDER}/10-mcp-[a-z0-9-]{{1,60}}\.rules")


def proven(wanted: RootFile, content: bytes) -> str:
    """Read every line as the audit system does, and say how many rules it finds. Raises Refused."""
    from workbench.host.audit import call_tables
    from workbench.host.audit.fields import Refused as NotTaken
    from workbench.host.audit.rule import parse

    text = wanted.content if isinstance(wanted, CreateRootFile) else content.decode()
    tables, count = call_tables(), 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        try:
            rule = parse(line, tables)
        except NotTaken as why:
            raise Refused(
                f"line {number} of {visible(wanted.path)} would be refused: {visible(str(why), 200)}"
            ) from why
        if rule is None or rule.action != "always":
            # What else stands in such a file stops all recording, or locks it.
            raise Refused(f"line {number} of {visible(wanted.path)} is no rule that records something")
        count += 1
    if not count or not text.endswith("\n"):
        raise Refused(f"{visible(wanted.path)} would hold no rule")
    return f"it holds {count} rule{'' if count == 1 else 's'}, which are loaded at every start from the next one on"


AUDIT_RULES = Consumer(
    name="the audit system",
    places=_PLACES,
    # The rules themselves are loaded one by one: to load all that is on disk would delete what was loaded by hand.
    activates=lambda _: (),
    deactivates=lambda _: (),
    mode=0o640,
    proves=proven,
)
