"""containers/broad-mount."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins import containers
from workbench.model.clients import ClientFacts
from workbench.model.severity import Severity

CHECK = "containers/broad-mount"


@pytest.mark.parametrize(
    ("source", "writable", "severity", "words"),
    [
        ("/", True, Severity.CRITICAL, "the whole file system"),
        ("/", False, Severity.HIGH, "the whole file system"),
        ("/host_mnt", True, Severity.CRITICAL, "the whole file system"),
        ("/etc", True, Severity.CRITICAL, "/etc of this machine"),
        ("/etc/", False, Severity.HIGH, "/etc of this machine"),
        ("/etc/sudoers.d", True, Severity.CRITICAL, "/etc/sudoers.d"),
        ("/usr/local/bin", True, Severity.CRITICAL, "/usr/local/bin"),
        ("/var/lib/docker", False, Severity.HIGH, "/var/lib/docker"),
        ("/var/run", False, Severity.CRITICAL, "its container engine"),
        ("/run/dbus/system_bus_socket", False, Severity.CRITICAL, "services"),
        ("/run/user/1000", True, Severity.HIGH, "sockets of your session"),
        ("/run/user/1000/keyring/ssh", True, Severity.HIGH, "sockets of your session"),
        ("/tmp/ssh-Xa1b2c3d/agent.42", True, Severity.HIGH, "sockets of your session"),
        ("/home/dev", True, Severity.HIGH, "your whole home"),
        ("/home", False, Severity.HIGH, "a folder above homes"),
        ("/home/colleague", False, Severity.HIGH, "the home of colleague"),
        ("/root", True, Severity.HIGH, "the home of root"),
        ("/home/dev/.ssh", False, Severity.HIGH, "~/.ssh"),
        ("/home/dev/.ssh/id_ed25519", False, Severity.HIGH, "~/.ssh/id_ed25519"),
        ("/home/dev/.aws/credentials", False, Severity.HIGH, "~/.aws/credentials"),
        ("/home/dev/.kube", False, Severity.HIGH, "~/.kube"),
        ("/home/dev/.config", True, Severity.HIGH, "~/.config"),
        ("/home/dev/.config/gh", False, Severity.HIGH, "~/.config/gh"),
        ("/home/dev/.bashrc", True, Severity.HIGH, "~/.bashrc"),
        ("/home/dev/dotfiles/zsh", True, Severity.HIGH, "~/dotfiles/zsh"),
        ("/mnt/c", True, Severity.HIGH, "a whole drive"),
    ],
)
def test_vulnerable_as_root(source: str, writable: bool, severity: Severity, words: str) -> None:
    container = containers.container(user="", mounts=(containers.mount(source, writable=writable),))
    finding = containers.only(CHECK, container)
    assert finding.severity is severity
    assert words in finding.summary and ("read-only" in finding.evidence[0].actual) != writable


@pytest.mark.parametrize("source", ["/", "/etc", "/run"])
def test_vulnerable_but_less_where_it_is_not_root_of_the_machine(source: str) -> None:
    mounts = (containers.mount(source),)
    assert containers.only(CHECK, containers.container(mounts=mounts)).severity is Severity.HIGH
    as_root = containers.container(user="", mounts=mounts)
    assert containers.only(CHECK, as_root, engine=containers.ROOTLESS).severity is Severity.HIGH


def test_vulnerable_with_the_configuration_of_a_client() -> None:
    clients = ClientFacts(builders.COMPLETE, (builders.config(),))
    container = containers.container(mounts=(containers.mount("/home/dev/.config/Claude"),))
    assert "the configuration of Claude Desktop" in containers.only(CHECK, container, clients=clients).summary


def test_vulnerable_and_no_command_shows_a_secret_of_a_path() -> None:
    mounts = (containers.mount("/etc"), containers.mount("/srv/<secret: github-token, 40 characters>"))
    assert containers.only(CHECK, containers.container(mounts=mounts)).evidence[0].command == ()


def test_vulnerable_with_a_disk() -> None:
    disk = containers.container(user="", devices=(("/dev/sda1", "/dev/sda1", "rwm"), ("/dev/dri", "/dev/dri", "rwm")))
    finding = containers.only(CHECK, disk)
    assert finding.severity is Severity.CRITICAL and finding.summary == "files is given the device /dev/sda1"
    assert "every disk" in containers.only(CHECK, containers.container(device_rules=("b *:* rwm",))).summary


def test_vulnerable_in_several_ways_is_one_finding_and_the_worst_first() -> None:
    mounts = (containers.mount("/home/dev"), containers.mount("/etc"), containers.mount("/home/dev/ws"))
    finding = containers.only(CHECK, containers.container(user="", mounts=mounts))
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == "files is given /etc of this machine, your whole home"
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("/home/dev/workspace", {}),
        ("/home/dev/.config/mcp/files", {}),
        ("/home/dev/.ssh/known_hosts", {"writable": False}),
        ("/home/dev/.ssh/id_ed25519.pub", {"writable": False}),
        ("/home/dev/.aws/config", {"writable": False}),
        ("/home/dev/.bashrc", {"writable": False}),
        ("/home/devil", {}),
        ("/etc/localtime", {}),
        ("/etc/ssl/certs", {"writable": False}),
        ("/usr/share/zoneinfo", {"writable": False}),
        ("/usr", {"writable": False}),
        ("/srv/workspace", {}),
        ("/var/log", {"writable": False}),
        ("/run/docker.sock", {}),
        ("/var/lib/docker/volumes/data/_data", {"kind": "volume"}),
        ("", {}),
    ],
)
def test_hardened(source: str, more: dict[str, Any]) -> None:
    assert containers.passes(CHECK, containers.container(user="", mounts=(containers.mount(source, **more),)))


def test_hardened_with_devices_that_are_no_disk() -> None:
    devices = (("/dev/dri/card0", "/dev/dri/card0", "rw"), ("/dev/null", "/dev/null", "r"))
    assert containers.passes(CHECK, containers.container(devices=devices, device_rules=("c 1:3 rwm",)))


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
