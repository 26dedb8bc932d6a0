"""containers/install-seccomp-profile: the profile works, and takes the place of the one that does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.container_entries import PLACE, PlayedEngine, configured, played, with_container
from tests.plugins.containers import container, only, passes
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings, seen
from tests.repair.support import tree
from workbench.host.containers.seccomp import Machine, summarise
from workbench.launch.seccomp_allowing import profile_text
from workbench.model.containers import SeccompProfile
from workbench.model.operations import CreateFile
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

FIX, CHECK = "containers/install-seccomp-profile", "containers/seccomp-profile"
DATA = Path(__file__).parents[1] / "data" / "containers"
PUBLISHED = summarise((DATA / "as-published.json").read_text(), Machine((), "amd64"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    return played(monkeypatch)


def _told(home: Path, **changes: Any) -> Snapshot:
    given: dict[str, Any] = {"seccomp": "profile", "seccomp_profile": PUBLISHED, "running": False, **changes}
    return with_container(seen(home), **given)


def _planned(snapshot: Snapshot) -> Plan | Refusal:
    (finding,) = findings(CHECK, snapshot)
    assert FIX in finding.repairs
    return plan(get_fix(FIX), finding, snapshot, {})


def _args(home: Path) -> list[str]:
    found: list[str] = json.loads((home / PLACE).read_text())["mcpServers"]["files"]["args"]
    return found


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_the_profile_has_nothing_to_be_said_of_it(architecture: str) -> None:
    made = summarise(profile_text(), Machine((), architecture))
    verdicts = dict(made.verdicts)
    assert not made.problem and made.default == "denied"
    assert verdicts["clone (thread)"] == "allowed" and verdicts["clone3"] == "no such call"
    for call in ("clone (process)", "clone (namespace)", "fork", "vfork", "execveat", "ptrace", "mount", "bpf"):
        assert verdicts[call] == "denied", call
    for running in (True, False):
        assert passes(CHECK, container(running=running, seccomp="profile", seccomp_profile=made))


def test_the_profile_allows_what_the_tried_one_does() -> None:
    named = [{name for rule in json.loads(text)["syscalls"] for name in rule["names"]} for text in _both()]
    assert named[0] <= named[1]


def _both() -> tuple[str, str]:
    return (DATA / "nofork.json").read_text(), profile_text()


def test_it_is_reviewed_and_offered_for_what_it_mends() -> None:
    fix = get_fix(FIX)
    assert (fix.safety, fix.reversal, fix.answers) == (Safety.REVIEW, Reversal.FULL, None)
    assert FIX in plugins().repairs_of(CHECK)
    assert FIX in only(CHECK, container(seccomp="profile", seccomp_profile=PUBLISHED, running=False)).repairs


NNP = ("--security-opt", "no-new-privileges")
CASES: dict[str, tuple[list[str], list[str]]] = {
    "one option": (
        ["run", "--security-opt", "seccomp=/etc/x.json", *NNP, "img"],
        ["run", "--security-opt", "seccomp={}", *NNP, "img"],
    ),
    "in one word": (
        ["run", "-i", "--security-opt=seccomp=/etc/x.json", *NNP, "img"],
        ["run", "-i", "--security-opt=seccomp={}", *NNP, "img"],
    ),
    "several": (
        ["run", "--security-opt", "seccomp:/a.json", *NNP, "--security-opt", "seccomp=/b.json", "img"],
        ["run", *NNP, "--security-opt", "seccomp={}", "img"],
    ),
    "without what it needs": (
        ["run", "--security-opt", "no-new-privileges:false", "--security-opt", "seccomp=/etc/x.json", "img"],
        ["run", *NNP, "--security-opt", "seccomp={}", "img"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_takes_the_place_of_the_one_that_does_not_work(case: str, home: Path, engine: PlayedEngine) -> None:
    given, wanted = CASES[case]
    configured(home, *given)
    before = tree(home)
    made = _planned(_told(home, image="img", command=("node",)))
    assert isinstance(made, Plan), made
    creation = made.operations[0]
    assert isinstance(creation, CreateFile) and creation.content == profile_text() and creation.mode == 0o600
    assert made.later and "starts the container of files once" in made.consequences
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, home.parent / "state", lambda: still_found(made, plugins(), seen(home)))
    assert run.state is RunState.APPLIED, run.message
    assert _args(home) == [word.replace("{}", creation.path) for word in wanted]
    assert any(creation.path in word for word in engine.started[0].command) and not engine.there
    assert undo(home.parent / "state", run.identity).state is RunState.UNDONE
    assert tree(home) == before


def test_what_is_open_otherwise_is_closed_first(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "--privileged", "--security-opt", "seccomp=/x.json", *NNP, "img")
    made = _planned(_told(home, image="img", command=("node",)))
    assert isinstance(made, Plan)
    refused = prepare(made)
    assert isinstance(refused, Refusal) and "containers/harden-run" in refused.instead


def test_what_no_configuration_started_is_refused(home: Path) -> None:
    configured(home, "run", "--security-opt", "seccomp=/x.json", "other", "--x")
    refused = _planned(_told(home, joined=False, image="img", command=("node",)))
    assert isinstance(refused, Refusal) and "no client's configuration" in refused.reason and refused.instead


def test_an_entry_that_names_no_profile_any_more_is_refused(home: Path) -> None:
    configured(home, "run", "img")
    refused = _planned(_told(home, image="img"))
    assert isinstance(refused, Refusal) and "names no profile any more" in refused.reason


def test_a_profile_that_is_none_is_repaired_alike(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "--security-opt", "seccomp=/x.json", "img")
    assert isinstance(_planned(_told(home, seccomp_profile=SeccompProfile("denied", problem="it is not JSON"))), Plan)
