"""A server is started once before the configuration names its launcher; where it does not answer, nothing stays."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import SECRET, journal_text, plan, prepared, refusal, tree
from workbench.launch.sandbox_script import Sandbox, read_script, script_of
from workbench.model.operations import CreateFile, EditValue, InsertItems, Operation, TrialStart
from workbench.model.plan import Plan
from workbench.model.run import Run, RunState
from workbench.repair import trial
from workbench.repair.exchange import Outcome, Start
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.staged import StagedTrial
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

ENTRY = ("mcpServers", "files")
GOOD = Outcome("", "small", "1.0", 2)


class Bench:
    """A home with one server, and the plan of its launcher."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.home, self.state = folder / "home", folder / "state"
        self.home.mkdir(mode=0o700, parents=True)
        self.config = self.home / "mcp.json"
        server = {"command": "npx", "args": ["-y", "pkg@1.0.0"], "env": {"API_KEY": SECRET, "LEVEL": 3, **more}}
        self.config.write_text(json.dumps({"mcpServers": {"files": server}}, indent=2))
        self.config.chmod(0o600)
        self.launcher = self.home / ".config/workbench/launchers/files.sh"
        self.kept = self.home / ".local/share/workbench/homes/files"
        self.sandbox = Sandbox(str(self.home), names=("API_KEY", "LEVEL"), kept=str(self.kept))
        self.before = tree(self.home)

    def trial(self, **more: Any) -> TrialStart:
        made = TrialStart(
            str(self.launcher),
            str(self.config),
            "json",
            ENTRY,
            ((*ENTRY, "command"), (*ENTRY, "args", 0), (*ENTRY, "args", 1)),
            ("API_KEY", "LEVEL"),
            str(self.home),
            str(self.kept),
            5,
        )
        return replace(made, **more)

    def creation(self) -> CreateFile:
        return CreateFile(str(self.launcher), script_of(self.sandbox), 0o700)

    def edits(self) -> tuple[Operation, ...]:
        return (
            EditValue(str(self.config), "json", (*ENTRY, "command"), "npx", str(self.launcher)),
            InsertItems(str(self.config), "json", (*ENTRY, "args"), ("npx",)),
        )

    def made(self) -> Prepared:
        return prepared(self.creation(), self.trial(), *self.edits())

    def apply(self, answer: str = "") -> Run:
        return apply(self.made(), self.state, lambda: answer)


@pytest.fixture(autouse=True)
def _needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python is all that these tests need: what would be started is played."""
    monkeypatch.setattr(trial, "NEEDS", ())


def _played(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome, before: Callable[[Start], None] | None = None
) -> list[Start]:
    started: list[Start] = []

    def exchange(start: Start, _: float) -> Outcome:
        started.append(start)
        if before is not None:
            before(start)
        return outcome

    monkeypatch.setattr(trial, "exchange", exchange)
    return started


def _filling(bench: Bench) -> Callable[[Start], None]:
    """As the launcher does: it makes the home of the server, which fills it."""

    def fill(_: Start) -> None:
        (bench.kept / "cache/deep").mkdir(parents=True, exist_ok=True)
        (bench.kept / "cache/file").write_text("fetched")
        (bench.kept / "link").symlink_to(bench.config)

    return fill


def test_it_is_started_before_the_configuration_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    seen: list[tuple[str, bool]] = []
    started = _played(
        monkeypatch, GOOD, lambda _: seen.append((bench.config.read_text(), os.access(bench.launcher, os.X_OK)))
    )
    original = bench.config.read_text()
    monkeypatch.setenv("SESSION_TOKEN", "of-the-session")
    told: list[str] = []
    run = apply(bench.made(), bench.state, lambda: "", told.append)
    assert run.state is RunState.APPLIED, run.message
    assert seen == [(original, True)]
    (start,) = started
    assert start.command == (str(bench.launcher), "npx", "-y", "pkg@1.0.0")
    assert (start.environment["API_KEY"], start.environment["LEVEL"]) == (SECRET, "3")
    assert "SESSION_TOKEN" not in start.environment
    assert start.environment["HOME"] == start.directory == str(bench.home)
    assert any("it answered, as small 1.0, with 2 tools" in step for step in told)
    entry = json.loads(bench.config.read_text())["mcpServers"]["files"]
    assert (entry["command"], entry["args"]) == (str(bench.launcher), ["npx", "-y", "pkg@1.0.0"])
    assert SECRET not in journal_text(bench.state)
    assert undo(bench.state, run.identity).state is RunState.UNDONE
    assert tree(bench.home) == bench.before
    # To do it again is to make the launcher and to name it: it is not started for that.
    assert undo(bench.state, history(bench.state)[0].identity).state is RunState.UNDONE
    assert bench.launcher.exists() and len(started) == 1


def test_the_preview_says_that_it_is_started(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    made = bench.made()
    assert tree(bench.home) == bench.before
    words = made.changes[1].words
    assert "start the server once in its sandbox" in words and "This runs what is configured: npx -y pkg@1.0.0" in words
    assert SECRET not in repr(made.changes) + repr(made)


def test_one_that_does_not_answer_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    complaint = f"starting\n\x1b[31mError: Cannot find module 'x' with {SECRET} and 3\n"
    _played(monkeypatch, Outcome("it ended with the exit status 1", complaint=complaint), _filling(bench))
    run = bench.apply()
    assert run.state is RunState.ROLLED_BACK
    assert "it ended with the exit status 1; it said: starting / " in run.message
    assert "it misses a file" in run.message and "\x1b" not in run.message
    assert SECRET not in run.message + journal_text(bench.state)
    assert tree(bench.home) == bench.before


@pytest.mark.parametrize(
    ("complaint", "advice"),
    [
        ("bwrap: setting up uid map: Permission denied", "kernel.apparmor_restrict_unprivileged_userns"),
        ("bwrap: No permissions to create a new namespace", "kernel.apparmor_restrict_unprivileged_userns"),
        ("bwrap: Can't find source path /x: No such file or directory", "make it, or answer another"),
        ("bwrap: execvp npx: No such file or directory", "to programs"),
        ("npm error errno EAI_AGAIN", "network=yes"),
        ("error sending request: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"),
        ("", "whether it starts without one at all"),
    ],
)
def test_it_says_what_to_try(complaint: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    _played(monkeypatch, Outcome("it ended with the exit status 1", complaint=complaint))
    run = bench.apply()
    assert run.state is RunState.ROLLED_BACK and advice in run.message
    assert tree(bench.home) == bench.before


def test_one_that_cannot_be_started_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)

    def fails(_: Start) -> None:
        raise PermissionError(13, "Permission denied")

    _played(monkeypatch, GOOD, fails)
    run = bench.apply()
    assert run.state is RunState.ROLLED_BACK and "could not be started in its sandbox: permission denied" in run.message
    assert tree(bench.home) == bench.before


def test_what_fails_afterwards_takes_its_home_away_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    _played(monkeypatch, GOOD, _filling(bench))
    assert bench.apply("it did not help").state is RunState.ROLLED_BACK
    assert tree(bench.home) == bench.before


def test_a_home_that_was_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    bench.kept.mkdir(parents=True)
    (bench.kept / "mine").write_text("mine")
    before = tree(bench.home)
    _played(monkeypatch, Outcome("it ended with the exit status 1"))
    assert bench.apply().state is RunState.ROLLED_BACK
    assert tree(bench.home) == before


def test_a_home_that_comes_meanwhile_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    started = _played(monkeypatch, GOOD)
    made = bench.made()
    bench.kept.mkdir(parents=True)
    before = tree(bench.home)
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.REFUSED and "is there already" in run.message
    assert tree(bench.home) == before and not started


def test_a_folder_that_holds_more_is_never_taken_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    made = bench.made().operations[1]
    assert isinstance(made, StagedTrial)
    wide = replace(made, trial=replace(made.trial, kept=str(bench.home)), folders=(str(bench.home),))
    with pytest.raises(Refused, match="holds more"):
        trial.put_back(wide, lambda _: None)
    with pytest.raises(Refused, match="leads elsewhere"):
        (bench.home / "link").symlink_to(bench.home)
        linked = str(bench.home / "link")
        trial.put_back(
            replace(made, trial=replace(made.trial, kept=linked), folders=(linked,), real="/elsewhere"), lambda _: None
        )
    assert bench.config.exists()


def test_undo_leaves_what_the_server_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    _played(monkeypatch, GOOD, _filling(bench))
    run = bench.apply()
    assert undo(bench.state, run.identity).state is RunState.UNDONE
    assert (bench.kept / "cache/file").read_text() == "fetched"
    assert not bench.launcher.exists()


def test_undo_keeps_what_was_written_into_the_configuration_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    _played(monkeypatch, GOOD)
    run = bench.apply()
    document = json.loads(bench.config.read_text())
    document["mcpServers"]["files"]["env"]["MORE"] = "1"
    document["mcpServers"]["files"]["args"].append("--more")
    document["mcpServers"]["other"] = {"command": "x"}
    bench.config.write_text(json.dumps(document, indent=2))
    assert lasting(bench.state) == (), "it still starts through the launcher"
    assert undo(bench.state, run.identity).state is RunState.UNDONE
    servers = json.loads(bench.config.read_text())["mcpServers"]
    files = servers["files"]
    assert (files["command"], files["args"], files["env"]["MORE"]) == (
        "npx",
        ["-y", "pkg@1.0.0", "--more"],
        "1",
    )
    assert servers["other"] == {"command": "x"} and not bench.launcher.exists()


@pytest.mark.parametrize("edit", ["another command", "another first argument", "no arguments", "no entry", "no JSON"])
def test_undo_of_an_entry_that_is_another_by_now_touches_nothing(
    edit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launcher stays as well: the configuration may still name it."""
    bench = Bench(tmp_path)
    _played(monkeypatch, GOOD)
    run = bench.apply()
    document = json.loads(bench.config.read_text())
    if edit == "another command":
        document["mcpServers"]["files"]["command"] = "uvx"
    elif edit == "another first argument":
        document["mcpServers"]["files"]["args"][0] = "uvx"
    elif edit == "no arguments":
        document["mcpServers"]["files"]["args"] = []
    elif edit == "no entry":
        del document["mcpServers"]["files"]
    bench.config.write_text("{" if edit == "no JSON" else json.dumps(document))
    before = tree(bench.home)
    assert undo(bench.state, run.identity).state is RunState.REFUSED
    assert tree(bench.home) == before and bench.launcher.exists()


def test_a_launcher_that_is_exchanged_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    started = _played(monkeypatch, GOOD)
    real = trial.carry_out

    def exchanged(*arguments: Any) -> None:
        bench.launcher.write_text('#!/bin/sh\nexec "$@"\n')
        real(*arguments)

    monkeypatch.setattr(trial, "carry_out", exchanged)
    run = bench.apply()
    assert not started and "is not the launcher of the plan any more" in run.message
    # What somebody else wrote there is theirs.
    assert run.state is RunState.ROLLBACK_FAILED and bench.launcher.exists()


@pytest.mark.parametrize("target", ["", ".ssh", ".ssh/keys", "/etc", ".local/bin", ".config/workbench"])
def test_a_link_that_leads_out_of_the_sandbox_is_refused(target: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (bench.home / "work").symlink_to(bench.home / target)
    for place in ("work", "work/inner") if target else ("work",):
        bench.sandbox = replace(bench.sandbox, writes=(str(bench.home / place),))
        why = refusal(bench.creation(), bench.trial(), *bench.edits())
        assert "a link leads out of it" in why.reason and why.instead, place


def test_a_link_into_what_the_server_may_write_is_refused(tmp_path: Path) -> None:
    """The server could put another link in its place, and see at the next start what that names."""
    bench = Bench(tmp_path)
    (bench.home / "work").mkdir()
    (bench.home / "tool").symlink_to(bench.home / "work/tool")
    bench.sandbox = replace(bench.sandbox, writes=(str(bench.home / "work"),), reads=(str(bench.home / "tool"),))
    assert "which it may write" in refusal(bench.creation(), bench.trial(), *bench.edits()).reason


def test_links_that_lead_to_programs_and_workspaces_are_followed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "disk/work").mkdir(parents=True)
    (tmp_path / "disk/node-20").mkdir()
    (bench.home / "work").symlink_to(tmp_path / "disk/work")
    (bench.home / "node").symlink_to(tmp_path / "disk/node-20")
    reads = (str(bench.home / "node"), str(tmp_path / "disk/node-20"))
    bench.sandbox = replace(bench.sandbox, writes=(str(bench.home / "work"),), reads=reads)
    assert bench.made()


def test_a_home_that_is_a_link_itself_is_one_like_any_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    linked = tmp_path / "linked"
    linked.symlink_to(bench.home)
    (bench.home / "work").mkdir()
    for inside, refused in (("work", False), (".ssh", True), ("", True)):
        shown = replace(bench.sandbox, home=str(linked), writes=(f"{bench.home}/{inside}".rstrip("/"),), kept="")
        bench.sandbox, bench.kept = shown, Path()
        made = prepare(plan(bench.creation(), bench.trial(kept=""), *bench.edits()))
        assert isinstance(made, Prepared) != refused, inside


def test_a_plan_that_names_another_home_is_judged_by_that_of_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    shown = Sandbox("/elsewhere", names=("API_KEY", "LEVEL"), writes=(str(bench.home / ".ssh"),))
    assert read_script(script_of(shown)) == shown
    bench.sandbox = shown
    monkeypatch.setattr(trial, "home_of", lambda _: (str(bench.home),))
    assert "no workspace" in refusal(bench.creation(), bench.trial(kept=""), *bench.edits()).reason


def test_a_folder_that_becomes_a_link_meanwhile_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    (bench.home / "work").mkdir()
    bench.sandbox = replace(bench.sandbox, writes=(str(bench.home / "work"),))
    started = _played(monkeypatch, GOOD)
    made = bench.made()
    (bench.home / "work").rmdir()
    (bench.home / "work").symlink_to(bench.home)
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.ROLLED_BACK and "a link leads out of it" in run.message
    assert not started and not bench.launcher.exists()


def _ways(bench: Bench) -> dict[str, tuple[str, tuple[Operation, ...]]]:
    creation, wanted, edits = bench.creation(), bench.trial(), bench.edits()
    other = CreateFile(str(bench.launcher), '#!/bin/sh\nexec "$@"\n', 0o700)
    wide = CreateFile(str(bench.launcher), creation.content.replace("--tmpfs /tmp", "--tmpfs /tmp --bind / /"), 0o700)
    return {
        "no launcher": ("another order", (wanted, *edits)),
        "the launcher afterwards": ("another order", (wanted, creation, *edits)),
        "the configuration first": ("another order", (creation, *edits, wanted)),
        "no edit": ("another order", (creation, wanted)),
        "not to be run": ("another order", (replace(creation, mode=0o600), wanted, *edits)),
        "another program": ("no launcher of a sandbox", (other, wanted, *edits)),
        "a sandbox of everything": ("no launcher of a sandbox", (wide, wanted, *edits)),
        "another home": ("does not say", (creation, replace(wanted, kept=""), *edits)),
        "another variable": ("does not say", (creation, replace(wanted, names=("HOME",)), *edits)),
        "for ever": ("at most 300 seconds", (creation, replace(wanted, seconds=3000), *edits)),
        "another command": ("not what was scanned", (creation, replace(wanted, command=()), *edits)),
    }


@pytest.mark.parametrize("way", [
    "no launcher", "the launcher afterwards", "the configuration first", "no edit", "not to be run", "another program",
    "a sandbox of everything", "another home", "another variable", "for ever", "another command",
])  # fmt: skip
def test_nothing_else_is_ever_started(way: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    reason, operations = _ways(bench)[way]
    assert reason in refusal(*operations).reason
    assert tree(bench.home) == bench.before


@pytest.mark.parametrize("value", ["${env:KEY}", "{file:/x}", "${KEY}", "{env:KEY}"])
def test_what_only_the_client_can_put_in_is_refused(value: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, LEVEL=value)
    why = refusal(bench.creation(), bench.trial(), *bench.edits())
    assert "only its client can put in" in why.reason and why.instead
    assert value not in why.reason


@pytest.mark.parametrize("value", [None, True, ["3"], {"a": "b"}, "a\0b"])
def test_a_variable_that_is_no_text_is_refused(value: object, tmp_path: Path) -> None:
    bench = Bench(tmp_path, LEVEL=value)
    assert "does not give LEVEL one text" in refusal(bench.creation(), bench.trial(), *bench.edits()).reason


def test_without_bubblewrap_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    monkeypatch.setattr(trial, "NEEDS", ("/nonexistent/bwrap",))
    why = refusal(bench.creation(), bench.trial(), *bench.edits())
    assert "/nonexistent/bwrap is not on this system" in why.reason and "install bubblewrap" in why.instead


def test_a_configuration_that_changed_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    started = _played(monkeypatch, GOOD)
    made = bench.made()
    bench.config.write_text(bench.config.read_text().replace("pkg@1.0.0", "evil@6.6.6"))
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.REFUSED and not started


def test_g2_what_is_written_in_the_last_moment_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another command may come between the last look at the files and the start."""
    bench = Bench(tmp_path)
    started = _played(monkeypatch, GOOD)
    real = trial.carry_out

    def rewritten(*arguments: Any) -> None:
        bench.config.write_text(bench.config.read_text().replace("pkg@1.0.0", "evil@6.6.6"))
        real(*arguments)

    monkeypatch.setattr(trial, "carry_out", rewritten)
    run = bench.apply()
    assert run.state is RunState.ROLLED_BACK and "changed since it was shown" in run.message
    assert not started and not bench.launcher.exists() and "evil@6.6.6" in bench.config.read_text()


def test_g2_the_digest_of_a_plan_knows_its_trial(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    one = plan(bench.creation(), bench.trial(), *bench.edits())
    other = plan(bench.creation(), bench.trial(seconds=6), *bench.edits())
    assert isinstance(one, Plan) and one.digest != other.digest
    assert isinstance(prepare(one), Prepared)
    assert read_script(bench.creation().content) == bench.sandbox


@pytest.mark.parametrize("moment", ["before", "after"])
def test_g10_killed_while_the_server_is_started(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    fill = _filling(bench)

    def killed(start: Start) -> None:
        if moment == "after":
            fill(start)
        os.kill(os.getpid(), signal.SIGKILL)

    _played(monkeypatch, GOOD, killed)
    child = os.fork()
    if child == 0:
        try:
            bench.apply()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert bench.launcher.exists()
    (run,) = recover(bench.state)
    assert run.state is RunState.RECOVERED, run.message
    assert tree(bench.home) == bench.before
    assert recover(bench.state) == ()
    _played(monkeypatch, GOOD)
    assert bench.apply().state is RunState.APPLIED
