"""What happens on the demo's host a moment after its audit trail was opened."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.host.audit.records import Occurrence

_UID, _SERVER = 990, "/opt/mcp/bin/mail-mcp"


class PlayedFollower:
    """Tells of the new events once; of none where nobody ``listens`` to what the kernel tells."""

    def __init__(self, *, listens: bool) -> None:
        self._left = occurred() if listens else ()

    def poll(self, now: float | None = None) -> tuple[Occurrence, ...]:
        """What is new."""
        told, self._left = self._left, ()
        return told


def occurred() -> tuple[Occurrence, ...]:
    """The mail server tries on, as the document that it read tells it to."""
    key, docker = "/home/dev/.ssh/id_ed25519", "/var/lib/docker/volumes"
    return tuple(
        Occurrence(f"{_moment(clock)}:{number}", _moment(clock), "open", "denied", _UID, what, _SERVER)
        for number, (what, clock) in enumerate(((key, "09:27:31"), (key, "09:27:32"), (docker, "09:27:33")))
    )


def _moment(clock: str) -> float:
    return datetime.fromisoformat(f"2026-03-14T{clock}").replace(tzinfo=UTC).timestamp()
