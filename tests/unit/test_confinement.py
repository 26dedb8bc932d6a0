"""What the facts of a container mean together, and how its engine is asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.plugins.containers import ENGINE, GOOD, container, host
from workbench.confinement import (
    engine_command,
    engine_of,
    inspect_command,
    judge_containers,
    root_is_contained,
    runs_as_root,
)
from workbench.model.containers import EngineFact
from workbench.model.finding import Finding
from workbench.model.severity import Severity
from workbench.subjects import container_subject


@pytest.mark.parametrize(
    ("user", "image_user", "root"),
    [
        ("", "", True),
        ("", None, True),
        ("", "node", False),
        ("root", "node", True),
        ("0:1000", "", True),
        ("10", "", False),
    ],
)
def test_who_it_runs_as(user: str, image_user: str | None, root: bool) -> None:
    assert runs_as_root(container(user=user, image_user=image_user)) is root


@pytest.mark.parametrize(
    ("engine", "mode", "contained"),
    [
        ({}, "", False),
        ({"rootless": True}, "", True),
        ({"userns_remap": True}, "", True),
        ({"userns_remap": True}, "host", False),
        ({"kind": "podman"}, "auto", True),
        ({"kind": "podman"}, "keep-id", True),
        ({"settings_told": False}, "", False),
        ({"settings_told": False, "socket": "/run/user/1000/docker.sock"}, "", True),
    ],
)
def test_whose_root_it_is(engine: dict[str, Any], mode: str, contained: bool) -> None:
    assert root_is_contained(container(userns_mode=mode), replace(ENGINE, **engine)) is contained


@pytest.mark.parametrize(
    ("socket", "kind", "command"),
    [
        ("/var/run/docker.sock", "docker", ("docker",)),
        ("/home/dev/x.sock", "docker", ("docker", "--host", "unix:///home/dev/x.sock")),
        ("/run/podman/podman.sock", "podman", ("podman",)),
        (
            "/run/user/1000/podman/podman.sock",
            "podman",
            ("podman", "--url", "unix:///run/user/1000/podman/podman.sock"),
        ),
    ],
)
def test_the_engine_that_is_asked_again(socket: str, kind: str, command: tuple[str, ...]) -> None:
    assert engine_command(socket, EngineFact(socket, "", kind)) == command


def test_a_name_that_could_be_an_option_is_not_used() -> None:
    for name in ("--help", "", "a b", "x\\x1b"):
        assert inspect_command(container(name=name), ENGINE, "x")[-1] == GOOD.id[:12]


def test_a_name_that_the_engine_made_up_is_no_key() -> None:
    one, two = container(name="eager_wozniak"), container(name="sad_einstein3")
    assert container_subject(one).key == container_subject(two).key == "/run/docker.sock:image mcp/filesystem"
    assert container_subject(GOOD).key == "/run/docker.sock:files"
    assert container_subject(one).label == "eager_wozniak (mcp/filesystem)"


def test_the_worst_of_one_cause_stands_for_the_others() -> None:
    three = (container(name="a-1"), container(name="a-2"), container(name="eager_wozniak"))
    rank = {"a-1": Severity.LOW, "a-2": Severity.HIGH, "eager_wozniak": Severity.LOW}
    snapshot = host(*three)

    def judge(each: Any, engine: EngineFact | None) -> Finding:
        assert engine == engine_of(each, snapshot) == ENGINE
        return Finding(container_subject(each), rank[each.name], each.name, ())

    (finding,) = judge_containers(snapshot, judge, lambda each: each.image)
    assert isinstance(finding, Finding) and finding.summary == "a-2"
    assert [subject.key.rpartition(":")[2] for subject in finding.also] == ["a-1", "image mcp/filesystem"]
    assert len(list(judge_containers(snapshot, judge))) == 3
