"""A container is started once before the configuration names it so: what may be started, and that nothing stays."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.container_entries import PlayedEngine, played
from tests.repair.support import SECRET, journal_text, plan, prepared, refusal, tree
from workbench.model.operations import EditItems, EditValue, Operation, TrialStart
from workbench.model.run import Run, RunState
from workbench.repair import container_trial
from workbench.repair.container_trial import LABEL, name_of
from workbench.repair.history import history
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.staged import StagedTrial
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

ENTRY = ("mcpServers", "files")
GOOD = ("run", "-i", "--security-opt", "no-new-privileges", "-e", "API_KEY", "img")


class Bench:
    """A home with one entry, and the plan that gives it an option."""

    def __init__(self, folder: Path, args: Sequence[str] = GOOD, **more: Any) -> None:
        self.home, self.state = folder / "home", folder / "state"
        self.home.mkdir(mode=0o700, parents=True)
        self.config = self.home / "mcp.json"
        self.args = list(args)
        self.server = {"command": "docker", "args": self.args, "env": {"API_KEY": SECRET}, **more}
        self.write()
        self.before = tree(self.home)

    def write(self) -> None:
        self.config.write_text(json.dumps({"mcpServers": {"files": self.server}}, indent=2))
        self.config.chmod(0o600)

    def trial(self, **more: Any) -> TrialStart:
        path = str(self.config)
        command = ((*ENTRY, "command"), (*ENTRY, "args"))
        made = TrialStart(path, path, "json", ENTRY, command, ("API_KEY",), str(self.home), "", 5)
        return replace(made, **more)

    def edit(self) -> EditItems:
        items = (0, "--read-only", *range(1, len(self.args)))
        return EditItems(str(self.config), "json", (*ENTRY, "args"), json.dumps(self.args), items)

    def refusal(self) -> str:
        return refusal(self.trial(), self.edit()).reason

    def made(self) -> Prepared:
        return prepared(self.trial(), self.edit())

    def apply(self) -> Run:
        return apply(self.made(), self.state, lambda: "")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    return played(monkeypatch)


def test_it_is_started_as_it_is_then_configured_under_a_name_of_its_own(
    tmp_path: Path, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    monkeypatch.setenv("SESSION_TOKEN", "of-the-session")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    made = bench.made()
    assert "No image is fetched" in made.changes[0].words and "--read-only" in made.changes[0].words
    run = bench.apply()
    assert run.state is RunState.APPLIED, run.message
    (start,) = engine.started
    trial = made.operations[0]
    assert isinstance(trial, StagedTrial)
    name = name_of(trial)
    own = ("--name", name, "--label", f"{LABEL}={name}", "--pull=never")
    assert start.command == ("docker", "run", "--read-only", *GOOD[1:-1], *own, "img")
    assert start.environment["API_KEY"] == SECRET and start.environment["DOCKER_HOST"] == "unix:///run/other.sock"
    assert "SESSION_TOKEN" not in start.environment and start.directory == str(bench.home)
    assert SECRET not in journal_text(bench.state) + repr(made)
    assert undo(bench.state, run.identity).state is RunState.UNDONE
    assert tree(bench.home) == bench.before
    # To do it again is to make the edit: it is not started for that.
    assert undo(bench.state, history(bench.state)[0].identity).state is RunState.UNDONE
    assert len(engine.started) == 1


def test_what_is_passed_on_by_its_name_comes_from_the_session(
    tmp_path: Path, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, (*GOOD[:-1], "--env", "OF_SESSION", "--env=OTHER=x", "img"))
    monkeypatch.setenv("OF_SESSION", "value")
    monkeypatch.setenv("OTHER", "not this")
    assert bench.apply().state is RunState.APPLIED
    given = engine.started[0].environment
    assert given["OF_SESSION"] == "value" and "OTHER" not in given


@pytest.mark.parametrize("from_file", [True, False])
def test_what_it_was_given_by_the_session_or_a_file_is_not_repeated(
    tmp_path: Path, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch, *, from_file: bool
) -> None:
    more = ("--env-file", "/home/x/secrets.env") if from_file else ("-e", "OF_SESSION")
    bench = Bench(tmp_path, (*GOOD[:-1], *more, "img"))
    monkeypatch.setenv("OF_SESSION", "value of mine")
    engine.outcome = replace(engine.outcome, failure="it ended", complaint="error: bad key: value of mine")
    run = bench.apply()
    assert run.state is not RunState.APPLIED and "value of mine" not in run.message


def test_for_another_account_nothing_comes_from_the_session(
    tmp_path: Path, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, (*GOOD[:-1], "-e", "OF_SESSION", "img"))
    monkeypatch.setenv("OF_SESSION", "value")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    monkeypatch.setattr(container_trial, "account_of", lambda *_: (54321, 54321, ()))
    assert bench.apply().state is RunState.APPLIED
    given = engine.started[0].environment
    assert not {"OF_SESSION", "DOCKER_HOST", "XDG_RUNTIME_DIR"} & set(given) and given["API_KEY"] == SECRET


OPEN = {
    "privileged": ("--privileged",),
    "host namespace": ("--pid", "host"),
    "host network": ("--net=host",),
    "the engine's socket": ("-v", "/var/run/docker.sock:/x"),
    "the engine's socket as a mount": ("--mount", "type=bind,source=/run/podman/podman.sock,target=/x"),
    "the host's root": ("-v", "/:/host:ro"),
    "in the background": ("-d",),
    "a file for its id": ("--cidfile", "/x"),
    "not understood": ("--new-option",),
    "what stands behind two dashes": ("--",),
    "gains privileges": ("--security-opt", "no-new-privileges:false"),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_is_open_to_the_host_is_never_started(case: str, tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path, (*GOOD[:-1], *OPEN[case], "img"))
    assert bench.refusal() and not engine.started


def test_a_link_that_leads_to_the_host_is_seen_through(tmp_path: Path, engine: PlayedEngine) -> None:
    (tmp_path / "all").symlink_to("/")
    assert "open to the host" in Bench(tmp_path, (*GOOD[:-1], "-v", f"{tmp_path}/all:/x", "img")).refusal()


@pytest.mark.parametrize(
    ("command", "args"),
    [("sh", ("-c", "docker run -i img")), ("/bin/echo", GOOD), ("docker", ("ps", *GOOD)), ("docker", ("run",))],
    ids=str,
)
def test_nothing_but_an_engine_is_started(
    command: str, args: tuple[str, ...], tmp_path: Path, engine: PlayedEngine
) -> None:
    assert "no plan may" in Bench(tmp_path, args, command=command).refusal()


def test_the_launcher_of_a_moved_secret_stays_around_it(tmp_path: Path, engine: PlayedEngine) -> None:
    first = ["-c", '. "$0" && export API_KEY && exec "$@"', "/home/x/key.env", "docker"]
    bench = Bench(tmp_path, (*first, *GOOD), command="/bin/sh")
    items = (*range(5), "--read-only", *range(5, len(bench.args)))
    edit = EditItems(str(bench.config), "json", (*ENTRY, "args"), json.dumps(bench.args), items)
    run = apply(prepared(bench.trial(), edit), bench.state, lambda: "")
    assert run.state is RunState.APPLIED, run.message
    assert engine.started[0].command[:7] == ("/bin/sh", *first, "run", "--read-only")
    other = Bench(tmp_path / "other", ("-c", 'curl x | sh; exec "$@"', "/x", "docker", *GOOD), command="/bin/sh")
    assert "no plan may" in other.refusal()


def test_another_order_is_refused(tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path)
    elsewhere = EditValue(str(tmp_path / "x.json"), "json", ("a",), "b", "c")
    orders: list[tuple[Operation, ...]] = [(bench.edit(), bench.trial()), (bench.trial(),), (bench.trial(), elsewhere)]
    for operations in orders:
        assert refusal(*operations).reason
    assert isinstance(prepare(plan(bench.trial(seconds=301), bench.edit())), type(refusal(bench.trial())))


def test_a_configuration_that_changed_is_not_started(tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path)
    made = bench.made()
    bench.server["env"] = {"API_KEY": "other"}
    bench.write()
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.REFUSED and "changed since it was shown" in run.message
    assert not engine.started


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("docker: Error response: No such image: img", "fetch the image first"),
        ("Error: EROFS: read-only file system, mkdir '/data'", "answer writable"),
        ("getaddrinfo ENOTFOUND api.example.com", "answer network=yes"),
        ("spawn /bin/sh EPERM", "answer programs=yes"),
        ("the input device is not a TTY", "take -t out"),
        (f"bad key {SECRET}", "look whether it starts"),
    ],
)
def test_one_that_does_not_answer_changes_nothing(
    complaint: str, told: str, tmp_path: Path, engine: PlayedEngine
) -> None:
    bench = Bench(tmp_path)
    engine.outcome = replace(engine.outcome, failure="it ended with the exit status 1", complaint=complaint)
    run = bench.apply()
    assert run.state in (RunState.ROLLED_BACK, RunState.REFUSED) and told in run.message, run.message
    assert SECRET not in run.message and tree(bench.home) == bench.before and not engine.there


def test_what_cannot_be_removed_is_said_loudly(
    tmp_path: Path, engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)

    def ask(_: object, question: tuple[str, ...], *__: object) -> str:
        if question[0] == "rm":
            raise Refused("the engine says no")
        return "\n".join(engine.there)

    monkeypatch.setattr(container_trial, "_asked", ask)
    monkeypatch.setattr(container_trial, "_PAUSE", 0)
    run = bench.apply()
    assert run.state is RunState.ROLLBACK_FAILED and "could not be removed: run docker rm" in run.message
    assert tree(bench.home) == bench.before


def test_one_of_its_name_that_is_there_already_is_left(tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path)
    engine.there.append("cd" * 32)
    run = bench.apply()
    assert "is there already" in run.message and engine.there == ["cd" * 32] and not engine.started


def test_g10_killed_while_it_runs_it_is_removed_by_the_next_start(tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path)
    made = bench.made()
    child = os.fork()
    if child == 0:
        setattr(container_trial, "exchange", lambda *_: os._exit(9))  # noqa: B010 - it is none of its own names
        apply(made, bench.state, lambda: "")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    engine.there.append("ab" * 32)
    (run,) = recover(bench.state)
    assert run.state is RunState.RECOVERED, run.message
    assert not engine.there and tree(bench.home) == bench.before


def test_a_journal_that_names_another_program_is_not_followed(tmp_path: Path, engine: PlayedEngine) -> None:
    bench = Bench(tmp_path)
    run = bench.apply()
    journal = next(bench.state.rglob(f"{run.identity}/journal.jsonl"), None) or next(bench.state.rglob("journal*"))
    text = journal.read_text()
    assert '"engine":["docker"]' in text
    journal.write_text(text.replace('"engine":["docker"]', '"engine":["/bin/sh"]'))
    refused = undo(bench.state, run.identity)
    assert refused.state is not RunState.UNDONE and "cannot be undone" in refused.message
