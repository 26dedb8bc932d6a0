"""Waivers against the real checks: a socket that opens further, and a live home whose file changes afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.homes import open_home
from workbench.cli import run
from workbench.model.finding import Finding
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.waiver import WaiverFile
from workbench.plugins import load
from workbench.scan import scan
from workbench.waivers.accepting import made

SOCKET, READABLE = "sockets/connectable-by-others", "clients/config-readable-by-others"


def with_socket(mode: int) -> Snapshot:
    where = builders.path("/tmp/mcp.sock", mode, kind="socket", gid=2000)
    return builders.snapshot(sockets=SocketFacts(builders.COMPLETE, (builders.socket(where),), "sock_diag", 5))


def of(snapshot: Snapshot, waivers: WaiverFile | None = None) -> Finding:
    (found,) = [each for each in scan(snapshot, load(), None, waivers).findings() if each.check == SOCKET]
    return found


def test_a_waived_socket_that_opens_further_is_back() -> None:
    host = with_socket(0o660)
    waiver = made(of(host), host, "the team shares it", "2026-03-01")
    file = WaiverFile("/w.yaml", (waiver,))
    assert of(host, file).waived
    worse = of(with_socket(0o666), file)
    assert worse.identity == of(host).identity
    assert (worse.waived, worse.lapsed != "") == (False, True)
    # A server that was restarted is the same one.
    assert of(builders.snapshot(sockets=with_socket(0o660).sockets, processes=host.processes), file).waived


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_home(monkeypatch) as made_one:
        yield made_one


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_on_a_live_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = home / ".config" / "Claude" / "claude_desktop_config.json"
    config.parent.mkdir(parents=True, mode=0o755)
    (home / ".config").chmod(0o755)
    secret = {"API_KEY": "q9Xz72LmPw04RtYvBn51KdHs"}
    config.write_text(json.dumps({"mcpServers": {"a": {"command": "npx", "args": ["-y", "x@1.0.0"], "env": secret}}}))
    config.chmod(0o640)

    def said(*arguments: str) -> Any:
        run(list(arguments))
        return capsys.readouterr().out

    def finding() -> Any:
        found = json.loads(said("--headless", "--json"))["findings"]
        return next((each for each in found if each["check"] == READABLE and str(config) in json.dumps(each)), None)

    config.chmod(0o644)
    first = finding()
    assert first["waiver"] is None
    until = str(datetime.now(UTC).date() + timedelta(days=10))
    told = said("waive", first["identity"][:12], "--reason", "a shared machine of ours", "--until", until)
    assert f"accepted until {until}" in told
    # A person's own waivers hold on the live host without being named.
    assert finding()["waiver"]["lapsed"] == ""
    assert "in force" in said("waivers")
    config.chmod(0o664)
    assert finding()["waiver"]["lapsed"] == "what is seen now is not what was accepted"
    config.chmod(0o600)
    assert finding() is None
    assert "stale" in said("waivers")
