"""Code that is taught in published guides, good and bad, as a whole: what is said of each piece of it."""

from __future__ import annotations

from pathlib import Path

from workbench.host.code.javascript import analyse
from workbench.model.code import Observations

DATA = Path(__file__).parents[1] / "data" / "code"


def observed(name: str) -> Observations:
    analysis = analyse(f"/srv/{name}", (DATA / name).read_bytes())
    assert not analysis.gaps
    return analysis.observations


def test_the_modes_of_sockets() -> None:
    left, narrowed, masked = observed("socket_modes.mjs").listeners
    assert {each.address for each in (left, narrowed, masked)} == {"/tmp/mcp-server.sock"}
    assert (left.restriction, left.unlinked_at, left.peers) == ("none", None, "not read")
    # Narrowed as soon as it listens, which is a moment too late; and its file is removed before.
    assert narrowed.restriction == "chmod after"
    assert narrowed.unlinked_at is not None and narrowed.unlinked_at < narrowed.site.line
    # That the umask is given back in the callback leaves it to the whole process for a while: the socket has its mode.
    assert masked.restriction == "umask"


def test_the_peer_that_is_asked_for_and_compared() -> None:
    (listener,) = observed("peers.mjs").listeners
    assert listener.peers == "compared"


def test_messages_with_and_without_a_schema() -> None:
    unchecked, checked = observed("messages.mjs").handlers
    assert (unchecked.validator, unchecked.acts) == ("", ("storeResult", "exec"))
    assert (checked.validator, checked.acts, checked.dispatch) == ("zod", (), "")
    assert not observed("messages.mjs").sends


def test_the_places_of_sockets() -> None:
    private, abstract, bad = observed("socket_paths.mjs").listeners
    assert (private.kind, private.restriction) == ("private folder", "private folder")
    # An abstract name has no file and no mode: it lets every account in.
    assert (abstract.kind, abstract.address, abstract.restriction) == ("abstract", "mcp-server-", "none")
    assert (bad.kind, bad.address) == ("fixed", "/tmp/mcp-server.sock")


def test_a_check_of_the_text_that_follows_no_links() -> None:
    (use,) = observed("safe_path.ts").paths
    assert (use.tool, use.parameter, use.containment) == ("read_file", "path", "text only")
