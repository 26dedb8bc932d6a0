"""The containers that run MCP servers."""

from __future__ import annotations

from workbench.host.context import Context
from workbench.model.containers import ContainerFacts
from workbench.model.facts import SectionState


def gather(context: Context) -> ContainerFacts:
    """The containers of every engine that answers."""
    return ContainerFacts(SectionState("not applicable", "no container engine was looked for"))
