"""Snapshots survive the journey through a file, and bad files are a clear message."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import builders
from workbench.exits import Unusable
from workbench.model.clients import ClientFacts
from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.model.processes import ProcessFacts
from workbench.model.session import SessionFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.report.snapshot_file import from_json, read, to_json


def full() -> Snapshot:
    secret = SecretFact("github-classic", "environment GITHUB_TOKEN", 40, "0123456789ab")
    where = builders.path("/tmp/mcp.sock", 0o777, kind="socket")
    return builders.snapshot(
        clients=ClientFacts(builders.COMPLETE, (builders.config([builders.server()]),), ("/home/dev/.claude.json",)),
        processes=ProcessFacts(builders.COMPLETE, (builders.process(),), 10),
        sockets=SocketFacts(builders.unread("mode"), (builders.socket(where),), "sock_diag", 5),
        session=SessionFacts(builders.COMPLETE, 0o022, (EnvironmentEntry("GITHUB_TOKEN", secret),)),
    )


def test_there_and_back() -> None:
    assert from_json(to_json(full()).encode(), "x") == full()


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert from_json(b"\xef\xbb\xbf" + to_json(full()).encode(), "x") == full()


def test_what_powershell_redirects_into_a_file_is_read() -> None:
    assert from_json(("\ufeff" + to_json(full())).encode("utf-16-le"), "x") == full()
    with pytest.raises(Unusable, match="is not JSON"):
        from_json(b"\xff\xfe\x00", "x")


def test_what_was_edited_to_be_hostile_is_made_visible_again() -> None:
    data = json.loads(to_json(full()))
    data["host"]["user"] = "\x1b]0;owned\x07"
    assert from_json(json.dumps(data).encode(), "x").host.user == r"\x1b]0;owned\x07"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{\x00}\x00", "is not a snapshot"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not a snapshot of version 1"),
        (b"null", "not a snapshot of version 1"),
        (b'{"version": 99}', "it says version 99"),
        (b'{"version": 1}', "is damaged"),
        (to_json(full()).replace('"uid": 1000', '"uid": "ghp_secret"').encode(), "is damaged at"),
    ],
)
def test_bad_files(raw: bytes, words: str) -> None:
    with pytest.raises(Unusable) as caught:
        from_json(raw, "host.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("host.json")
    assert "ghp_secret" not in str(caught.value)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("fifo", "dangling", "absent", "."):
        with pytest.raises(Unusable, match="cannot be read"):
            read(tmp_path / name)
