"""Reading through sudo: what is wanted, what is shown, what is asked, and what a refusal leaves."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import pytest

from tests import builders
from workbench import asking_root, elevation
from workbench.asking_root import look_with_sudo
from workbench.exits import Unusable
from workbench.host.command import Output
from workbench.host.files import CannotLook
from workbench.host.privileged import VECTOR_LIMIT, Privileged, Vector
from workbench.model.snapshot import Snapshot

SECRET = base64.b64encode(b"of root's").decode()


class Host:
    """A host on which one file, and then a second one that the first names, belong to root."""

    def __init__(self) -> None:
        self.seen: list[bytes | None] = []

    def look(self, privileged: Privileged) -> Snapshot:
        first = privileged.read("/first")
        self.seen = [first]
        if first is not None:
            self.seen.append(privileged.read("/second"))
        return builders.snapshot()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Vector]:
    commands: list[Vector] = []

    def run_all(vectors: tuple[Vector, ...]) -> dict[Vector, Output]:
        commands.extend(vectors)
        return {vector: Output(0, SECRET, "") for vector in vectors}

    monkeypatch.setattr(asking_root, "run_all", run_all)
    monkeypatch.setattr(asking_root, "prompt", lambda interactive: "")
    return commands


def test_what_is_shown_is_what_is_run_and_more_is_asked_for_again(
    ran: list[Vector], capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host()
    look_with_sudo(host.look, agreed=True)
    assert [vector[-1] for vector in ran] == ["/first", "/second"]
    assert host.seen == [b"of root's", b"of root's"]
    said = capsys.readouterr().err
    assert said.count("base64 -w0 -- /first") == 1 and said.count("base64 -w0 -- /second") == 1
    assert "of root's" not in said and SECRET not in said


def test_without_a_terminal_nothing_is_read_that_was_not_agreed_to(ran: list[Vector]) -> None:
    with pytest.raises(Unusable, match="--yes"):
        look_with_sudo(Host().look)
    assert ran == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "count"), [("y\n", 1), ("YES\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_a_person_is_asked(answer: str, count: int, ran: list[Vector], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", Terminal())
    host = Host()
    look_with_sudo(host.look)
    assert len(ran) == count
    assert host.seen[0] == (b"of root's" if count else None)


def test_where_sudo_refuses_nothing_is_guessed(ran: list[Vector], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_root, "prompt", lambda interactive: "sudo did not agree")
    host = Host()
    look_with_sudo(host.look, agreed=True)
    assert ran == [] and host.seen == [None]


def test_a_host_without_anything_of_roots_asks_nothing(ran: list[Vector]) -> None:
    look_with_sudo(lambda privileged: builders.snapshot())
    assert ran == []


def test_what_is_wanted_is_bounded() -> None:
    privileged = Privileged()
    for number in range(VECTOR_LIMIT * 2):
        assert privileged.read(f"/{number}") is None
    assert len(privileged.wanted) == VECTOR_LIMIT


@pytest.mark.parametrize(
    ("output", "absent"),
    [(Output(1, "", "base64: /x: No such file or directory"), True), (Output(1, "", "Permission denied"), False)],
)
def test_what_root_was_refused_too_is_a_reason(output: Output, absent: bool) -> None:
    first = Privileged()
    first.read("/x")
    with pytest.raises(CannotLook) as caught:
        Privileged(dict.fromkeys(first.wanted, output)).read("/x")
    assert caught.value.absent is absent


def test_an_answer_that_is_no_base64_is_a_reason() -> None:
    first = Privileged()
    first.read("/x")
    with pytest.raises(CannotLook):
        Privileged(dict.fromkeys(first.wanted, Output(0, "<html>", ""))).read("/x")


def test_links_are_told_apart_by_nul() -> None:
    first = Privileged()
    assert first.links("/proc/1/exe", "/proc/1/fd") is None
    out = "/proc/1/exe\0/usr/bin/a b\n\0/proc/1/fd/3\0socket:[7]\0"
    known = Privileged(dict.fromkeys(first.wanted, Output(1, out, ""))).links("/proc/1/exe", "/proc/1/fd")
    assert known == {"/proc/1/exe": "/usr/bin/a b\n", "/proc/1/fd/3": "socket:[7]"}


def test_only_a_program_of_roots_own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "base64"
    mine.write_text("#!/bin/sh\necho taken over\n")
    mine.chmod(0o777)
    monkeypatch.setattr(elevation, "find_program", lambda name: f"/usr/bin/{name}")
    (answer,) = elevation.run_all([(str(mine), "x")]).values()
    assert answer.status == 126 and "taken over" not in answer.out
    assert elevation.is_roots_own("/usr/bin/env") and not elevation.is_roots_own(str(mine))
    assert not elevation.is_roots_own(str(tmp_path / "gone"))
