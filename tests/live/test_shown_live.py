"""What is shown of a host on which everything is wrong: each command shows what it says, and nothing shows a secret."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live import support
from tests.live.staged_host import OWNER, StagedHost, staged_host
from tests.plugins.loading import plugins
from workbench.host.context import Context, Home
from workbench.host.gather import gather
from workbench.model.finding import Evidence, Finding
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.plugins import HEADINGS
from workbench.report.document import as_json
from workbench.report.snapshot_file import to_json
from workbench.report.text import as_text
from workbench.scan import scan

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

STRANGER = 4218
# What cannot be staged in a home of its own, or (fetched, run as a program) is staged by the tests of the check itself.
ELSEWHERE = {
    "clients/managed-policy-writable",
    "clients/mixed-capabilities",
    "processes/capabilities",
    "processes/orphaned",
    "processes/outdated",
    "processes/privileged-groups",
    "processes/runs-as-root",
    "processes/unconfigured",
}
AREAS = ("clients", "processes", "secrets", "session", "sockets")


@pytest.fixture(scope="module")
def host() -> Iterator[StagedHost]:
    support.require_root()
    with staged_host() as made:
        acl = support.require_program("setfacl")
        subprocess.run([acl, "-m", f"u:{STRANGER}:rw", made.home / ".cursor/mcp.json"], check=True)
        yield made


@pytest.fixture(scope="module")
def connected(host: StagedHost) -> Iterator[None]:
    """Another account is connected to the socket of a server."""
    script = (
        f"import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect({str(host.home / 'run/mcp-server.sock')!r})"
    )
    script += "; print('ready', flush=True); sys.stdin.read()"
    stranger = subprocess.Popen(
        ["/usr/bin/python3", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
    )
    assert stranger.stdout is not None and stranger.stdout.readline() == b"ready\n"
    yield
    stranger.communicate(b"")


@pytest.fixture(scope="module")
def snapshot(host: StagedHost, connected: None) -> Snapshot:
    context = replace(
        Context.of_this_host(),
        home=host.home,
        environment=host.environment(),
        homes=(Home(host.home, OWNER, host.environment()),),
        working_directory=host.home,
        sudoers=host.home / "none",
        managed_root=host.home / "none",
        unit_folders=(),
        engines=(),
    )
    pids = {process.pid for process in host.started}
    found = gather(context)
    running = tuple(server for server in found.processes.servers if server.pid in pids)
    sockets = tuple(each for each in found.sockets.sockets if not each.pids or pids.issuperset(each.pids))
    return replace(
        found,
        processes=replace(found.processes, servers=running),
        sockets=replace(found.sockets, sockets=sockets),
    )


@pytest.fixture(scope="module")
def report(snapshot: Snapshot) -> Report:
    return scan(snapshot, plugins())


def evidence_of(report: Report) -> Iterator[tuple[Finding, Evidence]]:
    for finding in report.findings():
        for evidence in finding.evidence:
            yield finding, evidence


def test_everything_that_is_wrong_is_found(report: Report) -> None:
    found = {finding.check for finding in report.findings()}
    wanted = {identity for identity in plugins().checks if identity.partition("/")[0] in AREAS} - ELSEWHERE
    assert wanted <= found
    assert not [result for result in report.results if result.status == "error"]


def test_every_command_shows_what_its_evidence_says(report: Report, host: StagedHost) -> None:
    asked: dict[tuple[str, ...], str] = {}
    for finding, evidence in evidence_of(report):
        if not evidence.command or evidence.command[0] == "workbench":
            continue
        asked[evidence.command] = finding.check
    assert len(asked) > 30
    for command, check in asked.items():
        support.require_program(command[0])
        ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
        said = f"{check}: {shlex.join(command)}: {ran.stderr}{ran.stdout}"
        assert ran.returncode == 0, said
        assert ran.stdout.strip(), said
        assert not ran.stderr, said
        assert host.shown_in(ran.stdout) == [], check


def test_every_finding_of_what_can_be_looked_at_has_a_command(report: Report) -> None:
    without = {finding.check for finding, evidence in evidence_of(report) if not evidence.command}
    assert without <= {"secrets/reachable-files", "clients/managed-policy-writable"}


def test_no_secret_enters_the_snapshot_or_a_report(snapshot: Snapshot, report: Report, host: StagedHost) -> None:
    assert len(host.canaries) >= 20
    for text in (to_json(snapshot), as_text(report), as_json(report)):
        assert host.shown_in(text) == []


def test_each_secret_of_a_file_was_seen_as_one(snapshot: Snapshot) -> None:
    kinds = to_json(snapshot)
    for kind in ("github", "openai", "tavily", "linear", "anthropic", "notion", "gitlab", "huggingface", "groq"):
        assert kind in kinds.lower(), kind


@pytest.mark.parametrize(
    "arguments",
    [
        ("--headless",),
        ("--headless", "--json"),
        ("snapshot",),
        ("servers",),
        ("servers", "--json"),
        ("explain", "secrets/in-config"),
    ],
)
def test_no_command_prints_a_secret(arguments: tuple[str, ...], host: StagedHost) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "WORKBENCH_TRACEBACK"}
    environment |= {"SESSION_TOKEN": host.canaries["session"], "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "workbench", "--home", str(host.home), *arguments]
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert str(host.home) in ran.stdout or arguments[0] == "explain"
    assert host.shown_in(ran.stdout + ran.stderr) == []


def test_what_fails_says_no_secret(host: StagedHost, tmp_path: Path) -> None:
    """A check of one's own that fails with a message made of what it saw."""
    folder = tmp_path / "plugins" / "checks" / "session"
    folder.mkdir(parents=True)
    secret = host.canaries["argument"]
    lesson = "\n\n".join(f"{heading}\n{'-' * len(heading)}\nx" for heading in HEADINGS)
    (folder / "fails.py").write_text(
        f'"""It fails.\n\n{lesson}\n"""\n'
        "from workbench.api import Severity, check\n"
        '@check(title="x", severities=(Severity.LOW,), needs=("session",))\n'
        "def run(snapshot):\n"
        f"    raise ValueError({secret!r})\n"
        "    yield\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "WORKBENCH_TRACEBACK"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "workbench", "--home", str(host.home), "--plugins", str(tmp_path / "plugins")]
    ran = subprocess.run(
        [*command, "--headless", "--json"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    results = {result["check"]: result for result in json.loads(ran.stdout)["checks"]}
    assert results["session/fails"]["status"] == "error"
    assert secret not in ran.stdout + ran.stderr
