"""containers/recreate: for which container it is the repair, what it plans of the answers, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import context_of
from tests.plugins.container_entries import configured, with_container
from tests.plugins.containers import ENGINE, container, host, mount, other
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings, seen
from workbench.engine import Workbench
from workbench.model.containers import ContainerFact, PublishedPort
from workbench.model.facts import HostFacts
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.recreation import RecreateContainer
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.planning import answered, fitting, plan

FIX = "containers/recreate"
PLAIN = {"user": "1000:1000"}
OPEN: dict[str, Any] = {
    "user": "",
    "image_user": "",
    "cap_drop": (),
    "readonly_root": False,
    "no_new_privileges": False,
    "network_mode": "default",
    "networks": ("bridge",),
    "internal": False,
    "pids_limit": None,
    "memory": None,
}


def _host(*containers: ContainerFact, **more: Any) -> Snapshot:
    return host(*containers, host=HostFacts("linux", "6.1", 1000, "me", "/home/me"), **more)


def _planned(snapshot: Snapshot, check: str = "containers/writable-root", **answers: Any) -> Plan | Refusal:
    (finding,) = findings(check, snapshot)
    assert FIX in finding.repairs
    return plan(get_fix(FIX), finding, snapshot, answers)


def _operation(made: Plan | Refusal) -> RecreateContainer:
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, RecreateContainer)
    return operation


def test_it_is_reviewed_and_offered_for_what_it_mends() -> None:
    fix = get_fix(FIX)
    assert (fix.safety, fix.reversal) == (Safety.REVIEW, Reversal.FULL)
    for check in fix.repairs:
        assert FIX in plugins().repairs_of(check), check


def test_the_plan_names_the_container_and_the_answers_and_no_value_of_it() -> None:
    made = _planned(_host(container(**OPEN)), user="1000:1000", memory="1g", processes="7", writable="/tmp:/run/x")
    assert _operation(made) == RecreateContainer(
        ENGINE.socket, "ab" * 32, "files", "1000:1000", "1g", 7, ("/tmp", "/run/x")
    )
    assert (
        isinstance(made, Plan)
        and not made.later
        and "stops files" in made.consequences
        and "docker rm" in made.consequences
    )


VULNERABLE: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, Any]]] = {
    "containers/privileged": ({"privileged": True, "cap_drop": ()}, {}, {"take_out": True}),
    "containers/docker-socket": ({"mounts": (mount("/var/run/docker.sock"),)}, {}, {"take_out": True}),
    "containers/host-namespaces": ({"pid_mode": "host"}, {}, {"take_out": True}),
    "containers/added-capabilities": ({"cap_add": ("SYS_ADMIN",)}, {}, {"take_out": True}),
    "containers/unconfined-seccomp": ({"seccomp": "unconfined"}, {}, {"take_out": True}),
    "containers/unmasked-paths": ({"masked_paths": ()}, {}, {"take_out": True}),
    "containers/root-user": ({"user": "0:0"}, {"opened": "keep"}, {"user": "1000:1000", "take_out": False}),
    "containers/writable-root": ({"readonly_root": False}, {}, {}),
    "containers/no-capability-drop": ({"cap_drop": ("NET_RAW",)}, {}, {}),
    "containers/no-new-privileges-off": ({"no_new_privileges": False}, {}, {}),
    "containers/no-limits": ({"memory": None}, {"memory": "2g"}, {"memory": "2g"}),
    "containers/network-open": (
        {"network_mode": "default", "networks": ("bridge",), "internal": False},
        {},
        {"network": False},
    ),
    "containers/unpinned-image": (
        {"image": "mcp/files", "digests": (f"mcp/files@sha256:{'cd' * 32}",)},
        {},
        {"pin": True},
    ),
}


@pytest.mark.parametrize("check", VULNERABLE)
def test_each_finding_has_its_plan_and_the_hardened_twin_no_finding(check: str) -> None:
    changes, answers, said = VULNERABLE[check]
    operation = _operation(_planned(_host(container(**changes)), check, **{**PLAIN, **answers}))
    assert {key: getattr(operation, key) for key in said} == said
    assert set(VULNERABLE) == set(get_fix(FIX).repairs)
    assert not findings(check, _host(container(image=f"mcp/files@sha256:{'cd' * 32}")))


def test_several_of_one_finding_are_made_anew_each() -> None:
    both = _host(container(user="", image_user=""), other("git", user="", image_user=""))
    made = _planned(both, "containers/root-user", **PLAIN)
    assert isinstance(made, Plan) and [each.path for each in made.operations] == [
        f"{ENGINE.socket}:files",
        f"{ENGINE.socket}:git",
    ]
    one_of_compose = _host(
        container(user="", image_user=""),
        other("git", user="", image_user="", compose_project="x", compose_service="g"),
    )
    assert isinstance(_planned(one_of_compose, "containers/root-user", **PLAIN), Refusal)


def test_what_is_suggested() -> None:
    for mounts, user in (((), "65532:65532"), ((mount("/home/me/work"),), "1000:1000")):
        snapshot = _host(container(**OPEN, mounts=mounts))
        for check, network in (("containers/writable-root", "yes"), ("containers/network-open", "no")):
            (finding,) = findings(check, snapshot)
            asked: Any = answered(get_fix(FIX), finding, snapshot, {})
            assert (asked.user, asked.network, asked.opened) == (user, network, "take out")


PODMAN = replace(ENGINE, kind="podman")
REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "compose": ({"compose_project": "shop", "compose_service": "x"}, {}, "harden-compose"),
    "stopped": ({"running": False}, {}, "docker rm files"),
    "its input is held": ({"open_stdin": True}, {}, "how it is started"),
    "a terminal": ({"tty": True}, {}, "how it is started"),
    "root": ({}, {"user": "0"}, "UID:GID"),
    "no memory": ({}, {"memory": "much"}, "512m"),
    "no number": ({}, {"processes": "many"}, "100"),
    "a way out": ({}, {"writable": "/tmp/../x"}, "/tmp"),
    "ports": ({"ports": (PublishedPort("127.0.0.1", 80, 80, "tcp"),)}, {"network": "no"}, "network=yes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_what_to_do(case: str) -> None:
    changes, answers, instead = REFUSED[case]
    made = _planned(_host(container(**{**OPEN, **changes})), **{**PLAIN, **answers})
    assert isinstance(made, Refusal) and instead in made.instead, made


@pytest.mark.parametrize(
    ("check", "changes", "answers", "told"),
    [
        ("containers/network-open", {}, {"network": "yes"}, "found again"),
        ("containers/unconfined-seccomp", {"seccomp": "unconfined"}, {"opened": "keep"}, "found again"),
        ("containers/host-namespaces", {"network_mode": "host"}, {}, "ports are needed"),
    ],
)
def test_what_would_be_found_again_is_no_repair(
    check: str, changes: dict[str, Any], answers: dict[str, str], told: str
) -> None:
    made = _planned(_host(container(**{**OPEN, **changes})), check, **{**PLAIN, **answers})
    assert isinstance(made, Refusal) and told in made.reason, made


def test_of_podman_and_elsewhere_than_on_linux_nothing_is_planned() -> None:
    on_podman = replace(_host(container(**OPEN)), containers=host(container(**OPEN), engine=PODMAN).containers)
    assert isinstance(_planned(on_podman, **PLAIN), Refusal)
    on_mac = replace(_host(container(**OPEN)), host=HostFacts("darwin", "25", 501, "me", "/Users/me"))
    assert isinstance(_planned(on_mac, **PLAIN), Refusal)


def test_what_a_unit_starts_is_closed_there() -> None:
    server = Server("unit x", "files", "running", True, "http", units=("mcp.service",), containers=("ab" * 32,))
    started = _host(container(**OPEN), servers=ServerFacts(builders.COMPLETE, (server,)))
    made = _planned(started, **PLAIN)
    assert isinstance(made, Refusal) and "mcp.service" in made.reason and "ExecStart" in made.instead


@pytest.mark.parametrize("joined", [True, False])
def test_what_a_configuration_starts_is_closed_there(joined: bool, tmp_path: Path) -> None:
    configured(tmp_path, "run", "-i", "mcp/filesystem")
    snapshot = with_container(seen(tmp_path), joined=joined, readonly_root=False)
    made = _planned(snapshot, **PLAIN)
    assert isinstance(made, Refusal) and "harden-run" in made.instead


def test_exactly_one_repair_fits_so_nobody_is_asked(tmp_path: Path) -> None:
    configured(tmp_path, "run", "-i", "mcp/filesystem")
    cases = {
        FIX: _host(container(readonly_root=False)),
        "containers/harden-compose": _host(
            container(
                readonly_root=False,
                compose_project="shop",
                compose_service="files",
                compose_file="/srv/compose.yaml",
            )
        ),
        "containers/harden-run": with_container(seen(tmp_path), readonly_root=False),
    }
    workbench = Workbench(context_of(tmp_path), plugins(), tmp_path / "state")
    for fix, snapshot in cases.items():
        (finding,) = findings("containers/writable-root", snapshot)
        offered = workbench.fixes_for(finding)
        assert len(offered) == 3
        assert [each.id for each in fitting(offered, finding, snapshot)] == [fix]
