"""containers/harden-compose: an override that says what is missing, in a file of its own that undo takes away."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import builders
from tests.plugins.containers import ENGINE, container, host, mount
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import tree
from workbench.model.containers import ContainerFact, PublishedPort
from workbench.model.facts import HostFacts
from workbench.model.operations import CreateFile
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import answered, plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

FIX = "containers/harden-compose"
NO_NEW_PRIVILEGES = "no-new-privileges:true"
PLAIN = {"user": "1000:1000"}
OPEN: dict[str, Any] = {
    "user": "",
    "image_user": "",
    "cap_drop": (),
    "readonly_root": False,
    "no_new_privileges": False,
    "network_mode": "shop_default",
    "networks": ("shop_default",),
    "internal": False,
    "pids_limit": None,
    "memory": None,
}


def _made(folder: Path, file: str = "compose.yaml", **changes: Any) -> ContainerFact:
    given = {"compose_project": "shop", "compose_service": "files", "compose_file": str(folder / file)}
    return container(**{**given, **changes})


def _host(*containers: ContainerFact) -> Snapshot:
    return host(*containers, host=HostFacts("linux", "6.1", 1000, "me", "/home/me"))


def _planned(snapshot: Snapshot, check: str = "containers/writable-root", **answers: Any) -> Plan | Refusal:
    (finding,) = findings(check, snapshot)
    assert FIX in finding.repairs
    return plan(get_fix(FIX), finding, snapshot, answers)


def _override(made: Plan | Refusal) -> tuple[str, dict[str, Any]]:
    assert isinstance(made, Plan), made
    (creation,) = made.operations
    assert isinstance(creation, CreateFile)
    document = yaml.safe_load(creation.content)
    assert list(document) == ["services"]
    return creation.path, document["services"]


def test_it_is_reviewed_and_offered_for_what_it_mends() -> None:
    fix = get_fix(FIX)
    assert (fix.safety, fix.reversal) == (Safety.REVIEW, Reversal.FULL)
    for check in fix.repairs:
        assert FIX in plugins().repairs_of(check), check


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("compose.yaml", "compose.override.yaml"),
        ("compose.yml", "compose.override.yml"),
        ("docker-compose.yml", "docker-compose.override.yml"),
        ("docker-compose.yaml", "docker-compose.override.yaml"),
        ("mine.yaml", "compose.hardened.yaml"),
    ],
)
def test_everything_that_is_missing_is_said(name: str, override: str, tmp_path: Path) -> None:
    made = _planned(_host(_made(tmp_path, name, **OPEN, privileged=True)), user="1000:1000", writable="/tmp:/run/x")
    path, services = _override(made)
    assert path == str(tmp_path / override)
    assert services == {
        "files": {
            "privileged": False,
            "user": "1000:1000",
            "read_only": True,
            "tmpfs": ["/tmp", "/run/x"],
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "pids_limit": 100,
            "mem_limit": "512m",
        }
    }
    assert isinstance(made, Plan)
    command = f"docker compose -p shop -f {tmp_path / name} -f {path} up -d files"
    assert command in made.consequences and command in made.later
    assert ("does not read a file of this name" in made.consequences) == (name == "mine.yaml")


def test_what_holds_is_not_said_again(tmp_path: Path) -> None:
    made = _planned(_host(_made(tmp_path, readonly_root=False, tmpfs=(("/tmp", ""),))), **PLAIN)
    assert _override(made)[1] == {"files": {"read_only": True}}


@pytest.mark.parametrize(
    ("check", "changes", "answers", "said"),
    [
        ("containers/privileged", {"privileged": True}, {}, {"privileged": False}),
        ("containers/root-user", {"user": "0:0"}, {}, {"user": "1000:1000"}),
        ("containers/no-capability-drop", {"cap_drop": ("NET_RAW",)}, {}, {"cap_drop": ["ALL"]}),
        (
            "containers/no-new-privileges-off",
            {"no_new_privileges": False},
            {},
            {"security_opt": ["no-new-privileges:true"]},
        ),
        ("containers/no-limits", {"memory": None}, {"memory": "2g"}, {"mem_limit": "2g"}),
        ("containers/no-limits", {"pids_limit": None}, {"processes": "7"}, {"pids_limit": 7}),
        (
            "containers/network-open",
            {"network_mode": "shop_default", "networks": ("shop_default",), "internal": False},
            {},
            {"network_mode": "none"},
        ),
    ],
)
def test_each_finding_has_its_line(
    check: str, changes: dict[str, Any], answers: dict[str, str], said: dict[str, Any], tmp_path: Path
) -> None:
    made = _planned(_host(_made(tmp_path, **changes)), check, user="1000:1000", writable="", **answers)
    assert _override(made)[1] == {"files": said}


def test_it_is_applied_takes_effect_later_and_is_undone(tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir(mode=0o700)
    (home / "compose.yaml").write_text("services: {files: {image: mcp/filesystem}}\n")
    before, snapshot = tree(home), _host(_made(home, **OPEN))
    made = _planned(snapshot, **PLAIN)
    assert isinstance(made, Plan)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, state, lambda: still_found(made, plugins(), snapshot))
    assert run.state is RunState.APPLIED, run.message
    assert (home / "compose.override.yaml").exists() and "up -d files" in run.message
    refused = prepare(made)
    assert isinstance(refused, Refusal) and "is there already" in refused.reason
    other_name = _planned(snapshot, **PLAIN, file="compose.closed.yaml")
    assert isinstance(other_name, Plan) and isinstance(prepare(other_name), Prepared)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


def test_what_is_suggested(tmp_path: Path) -> None:
    plain = _host(_made(tmp_path, **OPEN))
    mounted = _host(_made(tmp_path, **OPEN, mounts=(mount("/home/me/work"),)))
    for snapshot, user in ((plain, "65532:65532"), (mounted, "1000:1000")):
        (finding,) = findings("containers/writable-root", snapshot)
        asked: Any = answered(get_fix(FIX), finding, snapshot, {})
        assert (asked.user, asked.network) == (user, "yes")


def test_several_services_of_one_project_are_one_file(tmp_path: Path) -> None:
    one = _made(tmp_path, user="", image_user="")
    two = _made(tmp_path, user="", image_user="", compose_service="git", name="git", id="cd" * 32)
    both = _host(one, two)
    _, services = _override(_planned(both, "containers/root-user", user="1000:1000", writable=""))
    assert services == {"files": {"user": "1000:1000"}, "git": {"user": "1000:1000"}}
    elsewhere = _host(one, replace(two, compose_file="/other/compose.yaml"))
    assert isinstance(_planned(elsewhere, "containers/root-user", **PLAIN), Refusal)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "not of compose": ({"compose_service": ""}, {}, "compose did not make"),
    "several files": ({"compose_file": "/x/a.yaml,/x/b.yaml"}, {}, "several files"),
    "a relative file": ({"compose_file": "compose.yaml"}, {}, "plain absolute path"),
    "a hostile file": ({"compose_file": "/x/$(id)/compose.yaml"}, {}, "plain absolute path"),
    "a way out": ({"compose_file": "/x/../compose.yaml"}, {}, "plain absolute path"),
    "a hostile service": ({"compose_service": "a; id"}, {}, "not plain"),
    "a hostile project": ({"compose_project": "-x"}, {}, "not plain"),
    "root": ({}, {"user": "0"}, "other than root"),
    "a path as a name": ({}, {"file": "../x.yaml"}, "no name of a YAML file"),
    "no memory": ({}, {"memory": "much"}, "no amount"),
    "ports": ({"ports": (PublishedPort("", 80, 80, "tcp"),)}, {"network": "no"}, "publishes ports"),
    "networks of its own": ({"networks": ("back",)}, {"network": "no"}, "names its networks"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_what_to_do(case: str, tmp_path: Path) -> None:
    changes, answers, reason = REFUSED[case]
    made = _planned(_host(_made(tmp_path, **{**OPEN, **changes})), **{**PLAIN, **answers})
    assert isinstance(made, Refusal), made
    assert reason in made.reason and made.instead


def test_with_the_network_it_is_not_repaired_for_the_network(tmp_path: Path) -> None:
    open_: dict[str, Any] = {"network_mode": "shop_default", "networks": ("shop_default",), "internal": False}
    refused = _planned(_host(_made(tmp_path, **open_)), "containers/network-open", network="yes")
    assert isinstance(refused, Refusal) and "network=no" in refused.instead


def test_podman_is_asked_by_its_own_tool(tmp_path: Path) -> None:
    podman = replace(ENGINE, socket="/run/podman/podman.sock", kind="podman")
    snapshot = host(_made(tmp_path, readonly_root=False, engine=podman.socket), engine=podman)
    made = _planned(replace(snapshot, host=builders.snapshot().host), **PLAIN)
    assert isinstance(made, Plan) and "podman-compose -p shop" in made.later and os.sep in made.later
