from __future__ import annotations

import random
import string
from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check
from workbench.model.facts import PathFact
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

CHECK = "sockets/predictable-path"


def socket(name: str, directories: dict[str, tuple[int, int, int]] | None = None, **more: object) -> SocketFact:
    path = builders.path(name, 0o600, kind="socket", directories=directories or {})
    return replace(builders.socket(path), **more)  # type: ignore[arg-type]


def verdicts(*sockets: SocketFact) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sockets=SocketFacts(builders.COMPLETE, sockets)))


def is_found(one: SocketFact) -> bool:
    said = verdicts(one)
    assert builders.kinds(said) != set()
    return bool(builders.findings(said))


@pytest.mark.parametrize(
    "name",
    [
        "/tmp/mcp.sock",
        "/tmp/mcp-server.sock",
        "/tmp/mcp-12345.sock",
        "/tmp/mcp-1000",
        "/tmp/claude-mcp-browser-bridge-dev",
        "/tmp/mcp-filesystem.socket",
        "/tmp/playwright_mcp",
    ],
)
def test_vulnerable_a_guessable_name_in_tmp_is_high(name: str) -> None:
    (finding,) = builders.findings(verdicts(socket(name)))
    assert finding.severity is Severity.HIGH
    assert name in finding.summary
    assert finding.evidence[0].command == ("stat", "-c", "%a %U:%G %n", "/tmp")


def test_a_fixed_private_directory_can_be_taken_too() -> None:
    (finding,) = builders.findings(verdicts(socket("/tmp/mcp/server.sock", {"/tmp/mcp": (0o700, 1000, 1000)})))
    assert "take /tmp/mcp before" in finding.summary


def test_the_first_open_directory_decides_however_deep_it_lies() -> None:
    shared = {"/srv/share": (0o777, 0, 0)}
    assert is_found(socket("/srv/share/mcp/run/server.sock", shared))
    assert not is_found(socket("/srv/private/mcp.sock"))


def test_an_open_directory_behind_a_closed_one_is_out_of_reach() -> None:
    inside = {"/home/dev": (0o700, 1000, 1000), "/home/dev/open": (0o777, 1000, 1000)}
    assert not is_found(socket("/home/dev/open/mcp.sock", inside))


@pytest.mark.parametrize(
    "name", ["mcp-Ab3xYz", "tmpab12cd_f", "tmp.Xy12AbCdEf", "mcp-6f1c2e9a4b7d", "ssh-qK7Vw2pLx9Tz"]
)
def test_hardened_what_mkdtemp_makes_passes(name: str) -> None:
    assert not is_found(socket(f"/tmp/{name}/server.sock", {f"/tmp/{name}": (0o700, 1000, 1000)}))


def test_drawn_names_pass_and_words_do_not() -> None:
    chance = random.Random(20260102)
    drawn = ["mcp-" + "".join(chance.choices(string.ascii_letters + string.digits, k=6)) for _ in range(400)]
    taken_for_words = [
        name for name in drawn if is_found(socket(f"/tmp/{name}/s", {f"/tmp/{name}": (0o700, 1000, 1000)}))
    ]
    assert len(taken_for_words) <= 400 * 0.05, taken_for_words


def test_a_random_name_of_the_socket_itself_passes() -> None:
    assert not is_found(socket("/tmp/mcp-550e8400-e29b-41d4-a716-446655440000.sock"))
    assert not is_found(socket("/tmp/mcp-8f3a2b9cd1.sock"))


def test_a_random_directory_of_another_account_does_not_help() -> None:
    (finding,) = builders.findings(verdicts(socket("/tmp/mcp-Ab3xYz/s", {"/tmp/mcp-Ab3xYz": (0o755, 1001, 1001)})))
    assert "uid 1001" in finding.summary


def test_a_directory_that_root_prepared_passes() -> None:
    private = "/tmp/systemd-private-0123456789abcdef0123456789abcdef-mcp.service-AbC1eF"
    assert not is_found(socket(f"{private}/tmp/mcp.sock", {private: (0o700, 0, 0), f"{private}/tmp": (0o1777, 0, 0)}))
    assert not is_found(socket("/tmp/.mcp-unix/a", {"/tmp/.mcp-unix": (0o755, 0, 0)}))
    # The same made by root's own server is as free after a reboot as any other.
    assert is_found(socket("/tmp/.mcp-unix/a", {"/tmp/.mcp-unix": (0o755, 0, 0)}, uid=0))


@pytest.mark.parametrize("name", ["/run/user/1000/mcp.sock", "/run/mcp/server.sock", "/home/dev/mcp.sock"])
def test_a_directory_of_ones_own_passes_with_any_name(name: str) -> None:
    assert builders.kinds(verdicts(socket(name))) == {Passed}


def test_a_guessable_link_on_the_way_counts() -> None:
    path = builders.path("/run/user/1000/mcp.sock", 0o600, kind="socket")
    tmp = builders.entry("/tmp", 0o1777, "directory", 0, 0)
    link = builders.entry("/tmp/mcp", 0o777, "link")
    through = PathFact("/tmp/mcp/mcp.sock", path.file, (path.directories[0], tmp, *path.directories[1:]), (link,))
    (finding,) = builders.findings(verdicts(builders.socket(through)))
    assert "/tmp/mcp" in finding.summary


def test_inside_a_file_system_of_its_own_nobody_else_makes_entries() -> None:
    assert not is_found(socket("/tmp/mcp.sock", foreign_namespace=True))


def test_not_applicable_to_abstract_names_or_without_a_socket() -> None:
    abstract = socket("/tmp/mcp.sock", abstract=True, path=None)
    assert builders.kinds(verdicts(abstract)) == {NotApplicable}
    assert builders.kinds(verdicts()) == {NotApplicable}


def test_not_assessed_what_could_not_be_examined() -> None:
    assert builders.kinds(verdicts(socket("/tmp/mcp.sock", path=None))) == {NotAssessed}
