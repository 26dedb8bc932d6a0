"""What is on offer is what can be done: for whom, to whose file; and the price of the next letter is what is made."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests import builders
from workbench.demo.playing import demo
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.finding import Finding
from workbench.model.plan import Refusal, Safety
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.offering import repaired_together
from workbench.plugins import Plugins, load
from workbench.report.text import as_text
from workbench.scan import scan

MANAGED = "/etc/claude-code/managed-mcp.json"
OWN = "/home/dev/.cursor/mcp.json"
WRITABLE, ALONE = "clients/managed-policy-writable", "clients/no-isolation"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load()


def host(*configs: ClientConfig, uid: int = 1000) -> Snapshot:
    seen = builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs))
    return replace(seen, host=replace(seen.host, uid=uid))


def managed(uid: int = 0) -> ClientConfig:
    servers = (builders.server("git", ("npx", "-y", "pkg")),)
    return builders.config(servers, path=builders.path(MANAGED, 0o666, uid=uid, gid=0), scope="managed")


def found(report: Report, check: str) -> Finding:
    (finding,) = (each for each in report.findings() if each.check == check)
    return finding


def test_nothing_is_on_offer_for_a_file_that_only_root_may_change_and_why_is_said_before(plugins: Plugins) -> None:
    report = scan(host(managed()), plugins)
    finding = found(report, WRITABLE)
    assert finding.repairs == () and "belongs to root" in finding.refused and "chmod" in finding.refused
    assert finding.refused.split(" (")[0] in " ".join(as_text(report).split())
    about = [each for each in report.findings() if each.subject.key.startswith(MANAGED)]
    assert len(about) > 1
    for each in about:
        kinds = {plugins.fixes[fix].safety for fix in each.repairs}
        assert kinds <= {Safety.GUIDE}, each.check
        assert each.repairs or "belongs to root" in each.refused or not plugins.repairs_of(each.check)


@pytest.mark.parametrize("uid", [0, 1000])
def test_it_is_on_offer_where_root_looks_or_its_owner(uid: int, plugins: Plugins) -> None:
    seen = host(managed(uid), uid=uid)
    finding = found(scan(seen, plugins), WRITABLE)
    assert finding.repairs == ("files/restrict-mode",) and not finding.refused


def test_a_review_of_a_file_of_ones_own_stays_on_offer_though_it_still_asks_something(plugins: Plugins) -> None:
    servers = (builders.server("git", ("npx", "-y", "pkg")),)
    finding = found(scan(host(builders.config(servers, path=builders.path(OWN, 0o600))), plugins), ALONE)
    assert finding.repairs == plugins.repairs_of(ALONE) and not finding.refused


def test_of_thousands_only_the_first_are_asked_so_that_a_look_takes_no_longer(plugins: Plugins) -> None:
    many = [
        builders.config(path=builders.path(f"/home/dev/{number}/mcp.json", 0o666, uid=1001)) for number in range(3000)
    ]
    began = time.monotonic()
    scan(host(*many), plugins)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("as_root", [False, True])
def test_what_is_priced_is_what_is_repaired_together(as_root: bool, plugins: Plugins) -> None:
    workbench = demo(plugins)
    seen = workbench.stage.seen(as_root=as_root)
    report = workbench.judge(seen)
    batch = workbench.plan_safe(seen, report)
    together = {each.identity for step in batch.steps for each in (step.finding, *step.resolves)}
    priced = {each.identity for each in report.findings() if repaired_together(each, seen, plugins) is not None}
    assert priced == together and len(batch.steps) < len(together), "one step repairs several"
    for finding in report.findings():
        for fix in (plugins.fixes[each] for each in finding.repairs):
            if fix.safety is Safety.SAFE:
                assert not isinstance(workbench.plan(fix, finding, seen), Refusal), "what is called safe can be planned"


def test_a_repair_that_takes_root_is_not_in_the_price(plugins: Plugins) -> None:
    """The line of a unit is restored safely, but as root: all that is safe and made at once leaves it out."""
    workbench = demo(plugins)
    seen = workbench.stage.seen(as_root=True)
    check = "systemd/ignored-directive"
    only = Plugins({check: plugins.checks[check]}, plugins.fixes)
    report = scan(seen, only)
    finding = found(report, check)
    assert finding.repairs[0] == "systemd/repair-directive" and report.grade.letter not in "AU"
    assert report.next_step.startswith("safe repairs alone do not reach")
