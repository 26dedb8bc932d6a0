"""secrets/reachable-files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.assets import AssetFact, AssetFacts, Basis, Reach
from workbench.model.assets import Verdict as Answer
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.servers import Server, ServerFacts
from workbench.model.severity import Severity

CHECK = "secrets/reachable-files"
KEY = AssetFact("private key", "/home/dev/.ssh/id_ed25519", builders.path("/home/dev/.ssh/id_ed25519", 0o600))
CLOUD = AssetFact("cloud credential", "/home/dev/.aws/credentials", builders.path("/home/dev/.aws/credentials", 0o600))
HISTORY = AssetFact("shell history", "/home/dev/.bash_history", builders.path("/home/dev/.bash_history", 0o600))
DATABASE = AssetFact("database", "127.0.0.1:5432", port=5432)


def _server(name: str) -> Server:
    return Server(f"config#{name}", name, "running", True, "stdio", clients=("Claude Desktop",))


def _reach(asset: AssetFact, verdict: Answer = "yes", server: str = "files", basis: Basis = "computed") -> Reach:
    return Reach((f"config#{server}",), asset.name, verdict, "the account dev may open it", basis)


def _said(*reaches: Reach, names: Sequence[str] = ("files",), **more: Any) -> list[Verdict]:
    assets = AssetFacts(builders.COMPLETE, (KEY, CLOUD, HISTORY, DATABASE), reaches)
    servers = ServerFacts(builders.COMPLETE, tuple(_server(name) for name in names))
    return run_check(CHECK, builders.snapshot(**{"assets": assets, "servers": servers, **more}))


def test_vulnerable() -> None:
    (finding,) = builders.findings(_said(_reach(KEY), _reach(CLOUD), _reach(DATABASE), _reach(HISTORY)))
    assert finding.severity is Severity.HIGH
    assert finding.summary == "files can open a cloud credential, a database, a private key and a shell history"
    assert finding.subject.key == "config#files"
    assert finding.evidence[0].command == ("ls", "-ld", "/home/dev/.aws/credentials")


def test_vulnerable_servers_that_reach_the_same_are_one_finding() -> None:
    reaches = [_reach(KEY, server=name) for name in ("files", "git", "web")]
    (finding,) = builders.findings(_said(*reaches, names=("files", "git", "web")))
    assert "files and 2 more servers can open" in finding.summary
    assert [subject.key for subject in finding.also] == ["config#git", "config#web"]


def test_vulnerable_servers_that_reach_different_things_are_told_apart() -> None:
    said = _said(_reach(KEY), _reach(CLOUD, server="git"), names=("files", "git"))
    assert len(builders.findings(said)) == 2


def test_vulnerable_what_does_not_run_is_said_to_be_foretold() -> None:
    (finding,) = builders.findings(_said(_reach(KEY, basis="predicted")))
    assert "files could open" in finding.summary


def test_hardened() -> None:
    assert builders.kinds(_said(_reach(KEY, "no"), _reach(CLOUD, "no"))) == {Passed}


def test_hardened_a_history_alone_opens_no_door() -> None:
    assert builders.kinds(_said(_reach(HISTORY), _reach(KEY, "no"))) == {Passed}


def test_hardened_and_vulnerable_side_by_side() -> None:
    said = _said(_reach(KEY, "no"), _reach(KEY, server="git"), names=("files", "git"))
    assert [finding.subject.key for finding in builders.findings(said)] == ["config#git"]
    assert Passed in builders.kinds(said)


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(assets=AssetFacts(builders.COMPLETE))) == {NotApplicable}


def test_not_assessed_what_another_sandbox_would_show_it() -> None:
    launch = understand(("bwrap", "--unshare-all", "/usr/bin/x"), "/home/dev")
    boxed = replace(_server("files"), presence="not running", launch=launch)
    said = _said(servers=ServerFacts(builders.COMPLETE, (boxed,)))
    assert builders.kinds(said) == {NotAssessed}


def test_not_assessed_what_may_not_be_looked_up() -> None:
    assert builders.kinds(_said(_reach(KEY, "unknown"), _reach(CLOUD, "no"))) == {NotAssessed}


def test_not_assessed_when_the_assets_were_not_gathered() -> None:
    assert status(CHECK, builders.snapshot(assets=AssetFacts(builders.unread("content")))) is Status.NOT_ASSESSED
