"""Compare how the owner and a stranger were treated."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.model.probe import PeerVerdict
from workbench.probe.asking import Answer

MEANING: Mapping[PeerVerdict, str] = {
    "validating": "the server looks at who connects and turns strangers away",
    "open": "the server answers a stranger as it answers its owner",
    "lazy": "the server lets a stranger in and turns it away only when it speaks",
    "close-all": "the server closed every connection at once, so what it looks at is not known",
    "hidden by mode": "a stranger may not connect; whether the server itself would look is not known",
    "stale": "nobody listens on it",
    "unclear": "the answers do not tell whether the server looks at who connects",
}


def compare(owner: Answer, stranger: Answer) -> PeerVerdict:
    """What the difference between the two says of the server."""
    if "ECONNREFUSED" in (owner.refused, stranger.refused):
        return "stale"
    if stranger.refused in ("EACCES", "EPERM"):
        return "hidden by mode"
    if owner.refused or stranger.refused:
        return "unclear"
    if stranger.closed:
        return "close-all" if owner.closed else "validating"
    if owner.closed:
        return "unclear"
    if stranger.after == "reply":
        return "open"
    # A server that answers neither may speak another protocol; it kept the stranger's connection all the same.
    return "lazy" if owner.after == "reply" else "unclear"
