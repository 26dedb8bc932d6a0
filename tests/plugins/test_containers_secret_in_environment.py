"""containers/secret-in-environment."""

from __future__ import annotations

from tests.plugins import containers
from workbench.model.containers import ContainerFact
from workbench.model.severity import Severity
from workbench.secrets import environment_entry

CHECK = "containers/secret-in-environment"

TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


def _with(**variables: str) -> ContainerFact:
    return containers.container(environment=tuple(environment_entry(*each) for each in variables.items()))


def test_vulnerable() -> None:
    finding = containers.only(CHECK, _with(GITHUB_TOKEN=TOKEN, PATH="/usr/bin"))
    assert finding.severity is Severity.HIGH and "GITHUB_TOKEN" in finding.summary
    assert TOKEN not in repr(finding) and "PATH" not in finding.summary
    assert "index (split" in finding.evidence[0].command[3]


def test_vulnerable_but_less_where_only_the_name_says_so() -> None:
    assert containers.only(CHECK, _with(DB_PASSWORD="correct-horse-9-Battery")).severity is Severity.MEDIUM


def test_vulnerable_where_the_name_is_the_secret_and_no_command_shows_it() -> None:
    finding = containers.only(CHECK, _with(**{TOKEN: "x"}))
    assert TOKEN not in repr(finding) and finding.evidence[0].command == ()


def test_hardened() -> None:
    assert containers.passes(CHECK, _with(GITHUB_TOKEN_FILE="/run/secrets/token", API_KEY="YOUR_KEY", PATH="/bin"))


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
