from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, EntryReference, ServerEntry
from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.report import Status
from workbench.model.session import SessionFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact, UnitFacts

CHECK = "secrets/in-process-environment"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


def held(name: str, kind: str = "GitHub token") -> EnvironmentEntry:
    return EnvironmentEntry(name, SecretFact(kind, f"environment {name}", 40, "ab12"))


def started(*environment: EnvironmentEntry, **more: object) -> ServerProcess:
    reference = EntryReference(CONFIG, ("mcpServers", "files"), "files")
    return replace(builders.process(entry=reference, environment=environment), **more)  # type: ignore[arg-type]


def host(server: ServerProcess, entry: ServerEntry | None = None, units: UnitFacts | None = None) -> Snapshot:
    return builders.snapshot(
        clients=ClientFacts(builders.COMPLETE, (builders.config([entry or builders.server()]),)),
        processes=ProcessFacts(builders.COMPLETE, (server,)),
        units=units or UnitFacts(builders.COMPLETE),
    )


def found(snapshot: Snapshot) -> Finding:
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    return finding


def test_vulnerable_an_inherited_credential_is_found() -> None:
    server = started(EnvironmentEntry("PATH"), held("GITHUB_TOKEN"), held("AWS_SECRET_ACCESS_KEY", "AWS secret key"))
    finding = found(host(server))
    assert finding.severity is Severity.HIGH
    assert "GITHUB_TOKEN (GitHub token), AWS_SECRET_ACCESS_KEY (AWS secret key)" in finding.evidence[0].actual
    assert finding.subject.key == server.key


def test_what_the_command_line_hands_on_by_name_was_asked_for() -> None:
    command = ("/bin/sh", "-c", '. "$0" && export GITHUB_TOKEN && exec "$@"', "/home/dev/x.env", "npx", "-y", "s@1.0.0")
    entry = builders.server(command=command, launch=understand(command, "/home/dev"))
    assert status(CHECK, host(started(held("GITHUB_TOKEN")), entry)) is Status.PASSED
    more = host(started(held("GITHUB_TOKEN"), held("NPM_TOKEN")), entry)
    assert status(CHECK, more) is not Status.PASSED


def test_vulnerable_its_command_prints_names_and_nothing_else(tmp_path: Path) -> None:
    (program, option, script) = found(host(started(held("GITHUB_TOKEN")))).evidence[0].command
    environ = tmp_path / "environ"
    # Several lines in one value, and what a program that writes its own title leaves there: no name at all.
    environ.write_bytes(b"PATH=/bin\0TOKEN=one\nSECRET=two\0hunter2-hunter2\0")
    script = re.sub(r"/proc/\d+/environ", str(environ), script)
    done = subprocess.run((program, option, script), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PATH", "TOKEN"]


def test_what_the_entry_names_was_asked_for() -> None:
    asking = builders.server(environment=(EnvironmentEntry("GITHUB_TOKEN"),))
    assert builders.kinds(run_check(CHECK, host(started(held("GITHUB_TOKEN")), asking))) == {Passed}
    both = started(held("GITHUB_TOKEN"), held("OPENAI_API_KEY"))
    finding = found(host(both, asking))
    assert "OPENAI_API_KEY" in finding.summary and "GITHUB_TOKEN" not in finding.summary


def test_what_the_command_names_was_asked_for() -> None:
    for command in (
        ("env", "GITHUB_TOKEN=<secret: GitHub token, 40 characters>", "node", "x.js"),
        ("docker", "run", "-i", "-e", "GITHUB_TOKEN", "image"),
        ("docker", "run", "-i", "--env=GITHUB_TOKEN", "image"),
        ("docker", "run", "-i", "--env", "GITHUB_TOKEN=<secret>", "image"),
        ("docker", "run", "-eGITHUB_TOKEN=<secret>", "image"),
    ):
        asking = builders.server(command=command)
        assert builders.kinds(run_check(CHECK, host(started(held("GITHUB_TOKEN")), asking))) == {Passed}, command
    other = builders.server(command=("env", "OTHER=1", "node", "x.js"))
    assert found(host(started(held("GITHUB_TOKEN")), other))


def test_a_server_that_nothing_configures_holds_what_nothing_gives_it() -> None:
    assert "no configuration" in found(host(replace(started(held("GITHUB_TOKEN")), entry=None))).summary


def test_not_assessed_while_a_configuration_is_unread_that_may_name_them() -> None:
    snapshot = host(replace(started(held("GITHUB_TOKEN")), entry=None))
    partly = replace(snapshot, clients=replace(snapshot.clients, state=builders.unread("content")))
    assert builders.kinds(run_check(CHECK, partly)) == {NotAssessed}
    joined = replace(host(started(held("GITHUB_TOKEN"))), clients=partly.clients)
    assert found(joined)


def test_the_environment_of_a_system_service_was_given_to_it() -> None:
    server = started(held("GITHUB_TOKEN"), entry=None, unit="mcp-git.service")
    assert builders.kinds(run_check(CHECK, host(server))) == {NotAssessed}
    unit = UnitFact("mcp-git.service", builders.path("/etc/systemd/system/mcp-git.service", 0o644), "system")
    units = UnitFacts(builders.COMPLETE, (unit,))
    assert builders.kinds(run_check(CHECK, host(server, units=units))) == {Passed}
    other = UnitFacts(builders.COMPLETE, (replace(unit, manager="user"),))
    assert builders.kinds(run_check(CHECK, host(server, units=other))) == {NotAssessed}


def test_the_services_of_a_desktop_hand_the_session_on() -> None:
    assert found(host(started(held("GITHUB_TOKEN"), entry=None, unit="app-claude@autostart.service")))


def test_the_environment_of_a_container_was_given_to_it() -> None:
    server = started(held("GITHUB_TOKEN"), entry=None, container="a" * 64)
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}


def test_hardened_an_environment_without_credentials_passes_and_an_unread_one_does_not() -> None:
    assert builders.kinds(run_check(CHECK, host(started(EnvironmentEntry("HOME"))))) == {Passed}
    assert builders.kinds(run_check(CHECK, host(started(environment=None)))) == {NotAssessed}


def test_not_assessed_is_said_once_with_the_reason_that_is_known() -> None:
    hidden = builders.process(environment=None)
    state = builders.unread("environment", f"the environment of {hidden.label}", "permission denied")
    known = builders.snapshot(processes=ProcessFacts(state, (hidden,)))
    assert status(CHECK, known) is Status.NOT_ASSESSED
    assert not run_check(CHECK, known)


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}


def test_the_reproducing_command_prints_names_and_no_value_even_of_several_lines() -> None:
    environment = {"PATH": os.environ["PATH"], "MULTI": "first\nSECOND=hidden\nthird", "PLAIN": "alsohidden"}
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        command = found(host(started(held("GITHUB_TOKEN"), pid=child.pid))).evidence[0].command
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    finally:
        child.communicate(b"\n", timeout=10)
    assert set(out.split()) == {"PATH", "MULTI", "PLAIN"}


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (("op", "run", "--", "npx", "-y", "server"), ()),
        (("/usr/bin/doppler", "run", "--", "node", "x.js"), ()),
        (("sops", "exec-env", "secrets.yaml", "node x.js"), ()),
        (("sh", "-c", "set -a; . ./.env; exec node x.js"), ()),
        (("bash", "-lc", "op run -- node x.js"), ()),
        (("/home/dev/bin/start-server.sh",), ()),
        (("bash", "/home/dev/bin/start"), ()),
        (("node", "x.js"), ("/home/dev/ws/.env",)),
    ],
)
def test_not_assessed_where_the_launch_takes_variables_from_somewhere_else(
    command: tuple[str, ...], files: tuple[str, ...]
) -> None:
    asking = builders.server(command=command, environment_files=files)
    snapshot = host(started(held("GITHUB_TOKEN")), asking)
    assert builders.kinds(run_check(CHECK, snapshot)) == {NotAssessed}
    # The very same secret in the session: it was inherited all the same.
    session = SessionFacts(builders.COMPLETE, 0o077, (held("GITHUB_TOKEN"),))
    assert found(replace(snapshot, session=session))
    other = EnvironmentEntry("GITHUB_TOKEN", SecretFact("GitHub token", "environment GITHUB_TOKEN", 40, "ef56"))
    session = SessionFacts(builders.COMPLETE, 0o077, (other,))
    assert builders.kinds(run_check(CHECK, replace(snapshot, session=session))) == {NotAssessed}


@pytest.mark.parametrize(
    "command",
    [
        ("sh", "-c", "exec npx -y server"),
        ("npx", "-y", "server", "/home/dev/start.sh"),
        ("node", "chamber.js"),
    ],
)
def test_what_only_looks_like_it_is_no_excuse(command: tuple[str, ...]) -> None:
    assert found(host(started(held("GITHUB_TOKEN")), builders.server(command=command)))


def test_vulnerable_servers_that_hold_the_same_are_one_finding() -> None:
    one, two = started(held("GITHUB_TOKEN"), key="1000:b"), started(held("GITHUB_TOKEN"), key="1000:a")
    more = started(held("GITHUB_TOKEN"), held("NPM_TOKEN"), key="1000:c")
    elsewhere = started(held("GITHUB_TOKEN"), key="1000:d", client="cursor")
    snapshot = host(one)
    snapshot = replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (one, two, more, elsewhere)))
    first, *others = builders.findings(run_check(CHECK, snapshot))
    assert (first.subject.key, [subject.key for subject in first.also]) == ("1000:a", ["1000:b"])
    assert "1 more" in first.summary
    assert [(finding.subject.key, finding.also) for finding in others] == [("1000:c", ()), ("1000:d", ())]
