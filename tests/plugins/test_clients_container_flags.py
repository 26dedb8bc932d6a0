"""clients/container-flags."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/container-flags"
IMAGE = "mcp/files@sha256:" + "a" * 64
CLOSED = (
    *("-i", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"),
    *("--user", "1000:1000", "--pids-limit", "100", "--memory", "512m", "--tmpfs", "/tmp"),
)


def _server(*command: str) -> ServerEntry:
    return builders.server("files", command, launch=understand(command, "/home/dev"))


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


def _of(*options: str, engine: str = "docker") -> Finding:
    (finding,) = builders.findings(_said(_server(engine, "run", *CLOSED, *options, IMAGE)))
    return finding


@pytest.mark.parametrize(
    ("options", "severity", "word"),
    [
        (("--privileged",), Severity.CRITICAL, "privileged"),
        (("--privileged=true",), Severity.CRITICAL, "privileged"),
        (("-v", "/var/run/docker.sock:/var/run/docker.sock"), Severity.CRITICAL, "socket"),
        (("-v", "/var/run/docker.sock:/var/run/docker.sock:ro"), Severity.CRITICAL, "socket"),
        (("--mount", "type=bind,src=/run/podman/podman.sock,dst=/s"), Severity.CRITICAL, "socket"),
        (("--use-api-socket",), Severity.CRITICAL, "socket"),
        (("-v", "/:/host"), Severity.CRITICAL, "all of the host's files"),
        (("--volume=/:/host:rw",), Severity.CRITICAL, "all of the host's files"),
        (("-v/:/host",), Severity.CRITICAL, "all of the host's files"),
        (("--mount", "type=bind,source=/,target=/host"), Severity.CRITICAL, "all of the host's files"),
        (("-v", "/:/host:ro"), Severity.HIGH, "may read all of the host's files"),
        (("--mount", "type=bind,source=/,target=/host,readonly"), Severity.HIGH, "may read"),
        (("-v", "/etc:/etc"), Severity.CRITICAL, "may write the host's /etc"),
        (("-v", "/var/run:/var/run"), Severity.CRITICAL, "/var/run"),
        (("--network", "host"), Severity.HIGH, "network"),
        (("--net=host",), Severity.HIGH, "network"),
        (("--pid=host",), Severity.HIGH, "pid"),
        (("--ipc", "host"), Severity.HIGH, "ipc"),
        (("--userns", "host"), Severity.HIGH, "user"),
        (("--uts", "host"), Severity.MEDIUM, "uts"),
        (("--security-opt", "seccomp=unconfined"), Severity.HIGH, "system call"),
        (("--security-opt", "seccomp:unconfined"), Severity.HIGH, "system call"),
        (("--security-opt=apparmor=unconfined",), Severity.HIGH, "AppArmor"),
        (("--security-opt", "label=disable"), Severity.HIGH, "SELinux"),
        (("--security-opt", "systempaths=unconfined"), Severity.HIGH, "masked"),
        (("--cap-add", "ALL"), Severity.CRITICAL, "every capability"),
        (("--cap-add=CAP_SYS_ADMIN",), Severity.CRITICAL, "SYS_ADMIN"),
        (("--cap-add", "net_admin"), Severity.HIGH, "NET_ADMIN"),
        (("--device", "/dev/sda:/dev/sda"), Severity.CRITICAL, "/dev/sda"),
        (("--device-cgroup-rule", "a *:* rwm"), Severity.HIGH, "any device"),
    ],
)
def test_vulnerable_opened(options: tuple[str, ...], severity: Severity, word: str) -> None:
    finding = _of(*options)
    assert finding.severity is severity
    assert word in finding.summary
    assert len(finding.evidence) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--security-opt", "no-new-privileges:false"), "setuid"),
        (("--security-opt", "no-new-privileges=false"), "setuid"),
        (("--user", "root"), "runs as root"),
        (("-u", "0:0"), "runs as root"),
    ],
)
def test_vulnerable_closed_and_opened_again(options: tuple[str, ...], word: str) -> None:
    finding = _of(*options)
    assert finding.severity is Severity.MEDIUM and word in finding.summary


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--user", "mcp-server"), "looked up in the image"),
        (("--read-only=false",), "its own files"),
        (("--pids-limit", "-1"), "processes"),
        (("-m", "0"), "memory"),
        (("--interactive=false",), "end of its input"),
    ],
)
def test_vulnerable_a_little(options: tuple[str, ...], word: str) -> None:
    finding = _of(*options)
    assert finding.severity is Severity.LOW and word in finding.summary


def test_vulnerable_as_most_people_start_it() -> None:
    (finding,) = builders.findings(_said(_server("docker", "run", "--rm", "mcp/files")))
    assert finding.severity is Severity.MEDIUM
    expected = [evidence.expected for evidence in finding.evidence]
    assert [text.split()[0] for text in expected] == [
        *("--cap-drop", "--security-opt", "--user", "--read-only", "--pids-limit", "--memory", "-i")
    ]


def test_vulnerable_less_where_the_engine_has_no_rights_of_root() -> None:
    assert _of("--privileged", engine="podman").severity is Severity.HIGH
    assert _of("-v", "/run/user/1000/docker.sock:/s").severity is Severity.HIGH
    (finding,) = builders.findings(_said(_server("sudo", "-n", "podman", "run", *CLOSED, "--privileged", IMAGE)))
    assert finding.severity is Severity.CRITICAL


def test_vulnerable_behind_other_programs() -> None:
    for command in (
        ("sudo", "-n", "docker", "run", "--privileged", IMAGE),
        ("sh", "-c", f"docker run --pid=host {IMAGE}"),
    ):
        (finding,) = builders.findings(_said(_server(*command)))
        assert finding.severity.at_least(Severity.HIGH)


def test_several_faults_of_one_server_are_one_finding_as_bad_as_the_worst() -> None:
    finding = _of("--net", "host", "-v", "/:/host", "--uts=host")
    assert finding.severity is Severity.CRITICAL
    assert len(finding.evidence) == 3
    assert finding.summary.endswith("(and 2 more)")


def test_hardened() -> None:
    assert builders.kinds(_said(_server("docker", "run", *CLOSED, IMAGE))) == {Passed}
    assert builders.kinds(_said(_server("docker", "run", *CLOSED, "-v", "/home/dev/ws:/ws:ro", IMAGE))) == {Passed}


@pytest.mark.parametrize(
    "options",
    [
        ("--privileged=false",),
        ("--security-opt", "no-new-privileges:true"),
        ("--security-opt", "no-new-privileges=true"),
        ("--security-opt", "seccomp=/etc/docker/profile.json"),
        ("--network", "bridge"),
        ("--pid", "container:other"),
        ("--cap-add", "NET_BIND_SERVICE"),
        ("-v", "/etc/localtime:/etc/localtime:ro"),
        ("-v", "/etc/ssl/certs:/etc/ssl/certs:ro"),
        ("-v", "cache:/cache"),
        ("-v", "/srv/etc:/etc"),
        ("--mount", "type=volume,src=cache,dst=/"),
        ("--device", "/dev/dri"),
        ("--user", "${UID}"),
        ("-e", "OPTIONS=--privileged"),
        ("--name", "--privileged"),
        ("-l", "--privileged"),
    ],
)
def test_hardened_with_more(options: tuple[str, ...]) -> None:
    assert builders.kinds(_said(_server("docker", "run", *CLOSED, *options, IMAGE))) == {Passed}


def test_hardened_whatever_the_program_inside_is_given() -> None:
    command = ("podman", "run", *CLOSED, IMAGE, "--privileged", "-v", "/:/host", "--network=host")
    assert builders.kinds(_said(_server(*command))) == {Passed}


def test_the_value_of_a_variable_is_not_told() -> None:
    (finding,) = builders.findings(_said(_server("docker", "run", "-e", "API_KEY=c0ffee11d00d22", "mcp/files")))
    assert "c0ffee11d00d22" not in repr(finding)


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.server())) == {NotApplicable}
    assert builders.kinds(_said(replace(_server("docker", "run", "x"), disabled=True))) == {NotApplicable}
    assert builders.kinds(_said(_server("docker", "exec", "-i", "name", "server"))) == {NotApplicable}


def test_not_assessed_what_is_missing_behind_an_unknown_option() -> None:
    assert builders.kinds(_said(_server("docker", "run", "--frobnicate", "x", IMAGE))) == {NotAssessed}
    assert builders.kinds(_said(_server("docker", "run", "$OPTIONS", IMAGE))) == {NotAssessed}


def test_what_was_seen_is_told_all_the_same() -> None:
    (finding,) = builders.findings(_said(_server("docker", "run", "--privileged", "--frobnicate", "x", IMAGE)))
    assert len(finding.evidence) == 1


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
