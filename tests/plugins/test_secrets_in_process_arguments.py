from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import EntryReference
from workbench.model.facts import HostFacts, SecretFact
from workbench.model.finding import Finding, NotApplicable, Passed
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.report import Status
from workbench.model.session import SessionFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.secrets import secrets_in_commands

CHECK = "secrets/in-process-arguments"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
SECRET = SecretFact("github-classic", "args[3] of docker", 40, "ab12")


def shown(*secrets: SecretFact, **more: object) -> ServerProcess:
    return replace(builders.process(argument_secrets=secrets), **more)  # type: ignore[arg-type]


def host(*servers: ServerProcess) -> Snapshot:
    return builders.snapshot(processes=ProcessFacts(builders.COMPLETE, servers))


def found(snapshot: Snapshot) -> Finding:
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    return finding


def test_vulnerable_a_secret_in_a_command_line_is_found() -> None:
    entry = EntryReference("/home/dev/.cursor/mcp.json", ("mcpServers", "files"), "files")
    finding = found(host(shown(SECRET, entry=entry)))
    assert finding.severity is Severity.HIGH
    assert "every account of this machine" in finding.summary
    assert "args[3] of docker: a secret of the kind github-classic, 40 characters" in finding.evidence[0].actual
    assert finding.evidence[0].command == ("stat", "-c", "%A %U %n", "/proc/4242/cmdline")
    assert finding.location is not None and finding.location.path == entry.path


def test_vulnerable_hidden_from_other_accounts_it_is_open_to_ones_own() -> None:
    session = SessionFacts(builders.COMPLETE, 0o077, processes_hidden=True)
    finding = found(replace(host(shown(SECRET)), session=session))
    assert (finding.severity, "hidepid" in finding.summary) == (Severity.MEDIUM, True)
    windows = replace(host(shown(SECRET)), host=HostFacts("win32", "10", -1, "dev", "C:\\"))
    assert (found(windows).severity, found(windows).evidence[0].command) == (Severity.MEDIUM, ())


def test_vulnerable_the_same_secret_in_several_servers_is_one_finding() -> None:
    other = replace(SECRET, fingerprint="cd34")
    servers = [shown(SECRET, key="b"), shown(SECRET, key="a", label="first"), shown(other, key="c")]
    first, second = builders.findings(run_check(CHECK, host(*servers)))
    assert (first.subject.key, [subject.key for subject in first.also]) == ("a", ["b"])
    assert "first and 1 more" in first.summary
    assert (second.subject.key, second.also) == ("c", ())


def test_hardened_a_command_line_without_secrets_passes() -> None:
    verdicts = run_check(CHECK, host(shown(), shown(SECRET, key="z")))
    assert builders.kinds(verdicts) == {Finding, Passed}
    assert builders.kinds(run_check(CHECK, host(shown()))) == {Passed}


def test_not_applicable_without_a_server() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}


def test_not_assessed_while_processes_are_hidden() -> None:
    state = builders.unread("hidden", "the processes of other accounts", "/proc is mounted with hidepid")
    assert status(CHECK, builders.snapshot(processes=ProcessFacts(state, (shown(),)))) is Status.NOT_ASSESSED


def test_the_secrets_of_a_chain_are_told_once_with_their_program() -> None:
    chain = [
        ["/usr/bin/docker", "run", "-e", f"GITHUB_TOKEN={TOKEN}", "image"],
        [f"npm exec server --token {TOKEN}"],
        ["node", "x.js", "--token", TOKEN, "--password", "Tr0ub4dor&3x!"],
    ]
    facts = secrets_in_commands(chain)
    assert [(fact.kind, fact.place) for fact in facts] == [
        ("github-classic", "args[3] of docker"),
        ("password", "args[5] of node"),
    ]
    assert TOKEN not in repr(facts)
    assert secrets_in_commands([["docker", "run", "-e", "GITHUB_TOKEN", "image"], []]) == ()
