"""An ordinary laptop: seven servers of two clients as their makers' pages say to start them. Is what is said readable?

The configurations are real files, read by the real collectors; the running servers are facts written by hand.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc
from tests.plugins.confined import running
from tests.plugins.loading import plugins
from tests.secret_samples import make
from workbench.host.gather import gather
from workbench.host.servers.joining import Facts, join
from workbench.model.assets import AssetFact, AssetFacts, AssetKind, Reach
from workbench.model.clients import EntryReference
from workbench.model.facts import AccountFacts
from workbench.model.finding import Finding
from workbench.model.processes import ProcessFacts
from workbench.model.report import Report
from workbench.model.servers import ServerFacts
from workbench.model.snapshot import SECTIONS
from workbench.scan import scan
from workbench.secrets import environment_entry

TOKEN = make("github-classic", 1)
DESKTOP: dict[str, dict[str, Any]] = {
    "filesystem": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "{home}/Documents"]},
    "memory": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"]},
    "github": {
        "command": "npx",
        "args": ["-y", "@modelcontextprotocol/server-github"],
        "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": TOKEN},
    },
    "fetch": {"command": "uvx", "args": ["mcp-server-fetch"]},
    "playwright": {"command": "npx", "args": ["-y", "@playwright/mcp@latest"]},
}
CURSOR: dict[str, dict[str, Any]] = {
    "filesystem": DESKTOP["filesystem"],
    "postgres": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-postgres", "postgresql://localhost/x"]},
}
WORTH: tuple[tuple[AssetKind, str], ...] = (
    ("private key", ".ssh/id_ed25519"),
    ("cloud credential", ".aws/credentials"),
    ("browser profile", ".mozilla/firefox/a.default/logins.json"),
    ("shell history", ".bash_history"),
)
LONGEST = 140


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("laptop")
    home = folder / "home"
    for place, servers in ((".config/Claude/claude_desktop_config.json", DESKTOP), (".cursor/mcp.json", CURSOR)):
        (home / place).parent.mkdir(parents=True)
        (home / place).write_text(json.dumps({"mcpServers": servers}).replace("{home}", str(home)))
        (home / place).chmod(0o644)
    (home / "Documents").mkdir()
    nothing: dict[str, Any] = {"sudoers": folder / "sudoers", "unit_folders": (), "engines": (), "managed_root": folder}
    # The audit of this machine is not the staged one's.
    found = gather(FakeProc(folder / "proc").context(home, **nothing), only=set(SECTIONS) - {"audit"})
    # Every desktop has its account in "sudo", and each session a key that somebody once exported.
    dev = replace(builders.DEVELOPER, groups=(27, 998, 1000), home=str(home))
    accounts = AccountFacts(builders.COMPLETE, (builders.ROOT, dev), ((27, "sudo"), (998, "docker"), (1000, "dev")))
    started = tuple(
        running(
            f"{entry.name} ({entry.name})",
            key=f"1000:{config.client}:{entry.name}",
            entry=EntryReference(config.path.asked, entry.pointer, entry.name),
            client=config.client_name,
            groups=(27, 998, 1000),
            environment=(environment_entry("AWS_SECRET_ACCESS_KEY", make("<a40>", 2)),),
            program=(builders.path("/usr/bin/node", 0o755, uid=0, gid=0),),
        )
        for config in found.clients.configs
        for entry in config.servers
    )
    processes = ProcessFacts(builders.COMPLETE, started)
    inventory = join(Facts(found.clients, processes, found.sockets, found.units, found.containers))
    assets = tuple(AssetFact(kind, f"{home}/{name}", builders.path(f"{home}/{name}", 0o600)) for kind, name in WORTH)
    reaches = tuple(
        Reach(tuple(server.key for server in inventory), asset.name, "yes", "the account dev may open it", "computed")
        for asset in assets
    )
    made = scan(
        replace(
            found,
            accounts=accounts,
            processes=processes,
            servers=ServerFacts(builders.COMPLETE, inventory),
            assets=AssetFacts(builders.COMPLETE, assets, reaches),
        ),
        plugins(),
    )
    return made


def said(report: Report) -> list[Finding]:
    return list(report.findings())


def test_one_cause_is_one_finding(report: Report) -> None:
    counts = Counter(finding.check for finding in said(report))
    once = ("privileged-groups", "reachable-files", "in-config", "session/umask")
    of_each_client = ("no-new-privileges-off", "no-syscall-filter", "sees-whole-filesystem", "shares-your-account")
    for check, count in counts.items():
        if check.endswith(once):
            assert count == 1, check
        elif check.endswith(
            (*of_each_client, "processes/umask", "in-process-environment", "config-readable-by-others")
        ):
            assert count == 2, check
        else:
            # Each of these is mended in the entry of each server.
            assert check in ("clients/no-isolation", "clients/unpinned-package"), check
            assert count == 7, check
    assert sum(counts.values()) <= 32


def test_every_server_is_named_by_the_finding_that_is_of_it(report: Report) -> None:
    for finding in said(report):
        if finding.check in ("processes/shares-your-account", "processes/no-syscall-filter"):
            assert len(finding.also) == (2 if "cursor" in finding.subject.key else 5)


def test_summaries_are_short_and_in_order(report: Report) -> None:
    for finding in said(report):
        text = re.sub(r"/\S*/home\b", "/home/dev", finding.summary)
        assert len(text) <= LONGEST, text
        assert "\n" not in text and "  " not in text and not text.endswith("."), text
        assert not re.search(r"\b1 \w+s\b|\b[2-9] (?:secret|server|tool|flaw)\b|\(\)|None|\bthem only its\b", text), (
            text
        )
        assert not re.search(r"[!]|\bdanger|\bextremely\b", text, re.I), text


def test_nothing_failed(report: Report) -> None:
    assert not [result for result in report.results if result.status == "error"]
