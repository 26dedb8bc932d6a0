"""Where the networks of a container lead, what an engine did not tell, and what a profile denies by name."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.host.containers import looking
from workbench.host.containers.describing import engine_fact, is_user_defined, with_networks
from workbench.host.containers.engines import Place
from workbench.host.containers.seccomp import Machine, summarise
from workbench.host.files import CannotLook
from workbench.model.containers import ContainerFact
from workbench.model.facts import Unread

CONTAINER = ContainerFact("ab" * 32, "one", "mcp/git", engine="/run/docker.sock", networks=("quiet",))
TOLD = [{"Name": "bridge", "Internal": False}, {"Name": "quiet", "Internal": True}, {"Name": "loud"}]


@pytest.mark.parametrize(
    ("networks", "told", "internal"),
    [
        (("quiet",), TOLD, True),
        (("loud",), TOLD, False),
        (("quiet", "loud"), TOLD, False),
        (("gone",), TOLD, None),
        ((), TOLD, None),
        (("quiet",), {"message": "no"}, None),
        (("quiet",), ["quiet", None, {"Name": 7}], None),
        (("quiet",), [{"Name": "quiet", "Internal": "true"}], False),
    ],
)
def test_internal_is_whether_all_lead_nowhere(networks: tuple[str, ...], told: Any, internal: bool | None) -> None:
    assert with_networks(replace(CONTAINER, networks=networks), told).internal is internal


def test_only_a_network_that_somebody_made_is_asked_for() -> None:
    assert is_user_defined("quiet")
    assert not any(is_user_defined(name) for name in ("", "bridge", "host", "none", "podman"))


def test_networks_that_are_not_told_are_a_gap() -> None:
    def refuse(path: str) -> Any:
        raise CannotLook("permission denied", "look as root")

    unread: list[Unread] = []
    engine: Any = SimpleNamespace(ask=refuse, end=time.monotonic() + 10)
    assert looking._with_networks([CONTAINER], engine, unread) == [CONTAINER]
    assert [(gap.facet, gap.why, gap.unlock) for gap in unread] == [("networks", "permission denied", "look as root")]
    unread.clear()
    plain = replace(CONTAINER, networks=("bridge",))
    assert looking._with_networks([plain], engine, unread) == [plain] and not unread


def test_an_engine_that_does_not_tell_its_settings_says_so() -> None:
    place: Any = Place("/run/docker.sock", "its usual place", None)  # type: ignore[arg-type]
    version = {"Version": "20.10", "Arch": "arm64", "Components": [{"Name": "Engine"}]}
    assert not engine_fact(place, version, None).settings_told
    told = engine_fact(place, version, {"SecurityOptions": []})
    assert (told.settings_told, told.seccomp, told.architecture) == (True, "", "arm64")


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ({"names": ["ptrace", "nosuchcall"], "action": "SCMP_ACT_ERRNO"}, ("ptrace",)),
        ({"name": "ptrace", "action": "SCMP_ACT_KILL"}, ("ptrace",)),
        ({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}, ()),
        ({"names": ["ptrace"], "action": "SCMP_ACT_ALLOW"}, ()),
        ({"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]}, ()),
        ({"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_PTRACE"]}}, ()),
    ],
)
def test_what_a_rule_denies_by_name(rule: dict[str, Any], refused: tuple[str, ...]) -> None:
    for default in ("SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"):
        text = json.dumps({"defaultAction": default, "syscalls": [rule]})
        assert summarise(text, Machine((), "amd64")).refused == refused
