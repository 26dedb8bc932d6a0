"""The session that started the workbench."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model.facts import EnvironmentEntry, SectionState


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """The session that started the workbench, so what it would hand to anything it starts."""

    state: SectionState
    umask: int | None = None
    environment: tuple[EnvironmentEntry, ...] = ()
