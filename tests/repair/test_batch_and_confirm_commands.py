"""The commands around a repair: everything safe at once, confirming, watching, and the backups."""
# ruff: noqa: F811 - fixtures are named as what they give

from __future__ import annotations

import json
import os
import pty
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.repair.support import SECRET, tree
from tests.repair.test_plan_and_apply import (  # noqa: F401
    BROAD,
    OPEN,
    Command,
    Keep,
    config,
    found,
    home,
    kept,
    workbench,
)
from workbench.report import batch_file, history_document, plan_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def second(home: Path, config: Path) -> Path:
    """Another config that all may write."""
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.write_bytes(b'{"mcpServers": {"git": {"command": "uvx", "args": ["mcp-server-git@2025.1.1"]}}}')
    file.chmod(0o666)
    return file


@pytest.fixture
def batch(workbench: Command, second: Path, tmp_path: Path) -> Path:
    """The file of the batch."""
    ended = workbench("plan", "--safe", "--json")
    assert ended.status == 0, ended.err
    file = tmp_path / "batch.json"
    file.write_text(ended.out)
    return file


def digest(batch: Path) -> str:
    return str(json.loads(batch.read_text())["digest"])


def changed(batch: Path, change: Any) -> None:
    data = json.loads(batch.read_text())
    change(data)
    batch.write_text(json.dumps(data))


def test_everything_safe_is_shown_and_nothing_is_written(
    workbench: Command, config: Path, second: Path, home: Path
) -> None:
    before = tree(home)
    text = workbench("plan", "--safe").out
    for part in (str(config), str(second), "files/restrict-mode", "Left out", "workbench apply plan.json --digest"):
        assert part in text, text
    assert "from 0666 to 0600" in workbench("plan", "--safe", "--diff").out
    made = TypeAdapter(batch_file.BatchDocument).validate_json(workbench("plan", "--safe", "--json").out)
    assert {step.safety.value for step in made.steps} == {"safe"}
    assert {each.check for each in made.left_out} >= {BROAD}
    assert tree(home) == before


def test_a_batch_is_applied_and_undone_and_done_again(
    workbench: Command, batch: Path, config: Path, second: Path, home: Path
) -> None:
    before = tree(home / ".config") | tree(home / ".cursor")
    ended = workbench("apply", batch, "--digest", digest(batch))
    assert ended.status == 0, ended.out + ended.err
    assert {file.stat().st_mode & 0o777 for file in (config, second)} == {0o600}
    after = tree(home / ".config") | tree(home / ".cursor")
    name = ended.out.split()[-1]
    assert name.startswith("batch-") and name in workbench("history").out
    undone = workbench("undo", name)
    assert undone.status == 0 and tree(home / ".config") | tree(home / ".cursor") == before
    assert workbench("undo", undone.out.split()[-1]).status == 0
    assert tree(home / ".config") | tree(home / ".cursor") == after
    again = workbench("apply", batch, "--yes")
    assert again.status == 5 and "repaired already" in again.err


def test_the_outcome_is_of_its_schema(workbench: Command, batch: Path) -> None:
    steps = len(json.loads(batch.read_text())["steps"])
    ended = workbench("apply", batch, "--yes", "--json")
    made = TypeAdapter(batch_file.BatchRunDocument).validate_json(ended.out)
    assert (made.applied, made.of, len(made.runs)) == (steps, steps, steps)
    assert {run.batch for run in made.runs} == {made.batch}
    told = TypeAdapter(history_document.HistoryDocument).validate_json(workbench("history", "--json").out)
    assert {run.batch for run in told.runs} == {made.batch} and {run.lasting for run in told.runs} == {""}


def test_without_a_terminal_a_batch_must_be_named(workbench: Command, batch: Path, home: Path) -> None:
    before = tree(home)
    ended = workbench("apply", batch)
    assert ended.status == 2 and "--digest" in ended.err
    wrong = workbench("apply", batch, "--digest", "0" * 64)
    assert wrong.status == 5 and "another digest" in wrong.err
    assert tree(home) == before


def _first(data: Any) -> Any:
    return data["steps"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: _first(data).update(title="Something harmless"),
        lambda data: _first(data)["changes"][0].update(words="nothing"),
        lambda data: _first(data)["operations"][0].update(mode=0o777),
        lambda data: data["steps"].reverse() if len(data["steps"]) > 1 else data.update(digest="0"),
        lambda data: data["steps"].pop(),
        lambda data: data.update(steps=[]),
        lambda data: _first(data).update(finding="0" * 16),
    ],
)
def test_an_edited_batch_is_refused(change: Any, workbench: Command, batch: Path, home: Path) -> None:
    changed(batch, change)
    before = tree(home)
    assert workbench("apply", batch, "--yes").status == 5
    assert tree(home) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(schema_version=2),
        lambda data: data.update(steps={"a": 1}),
        lambda data: data.update(steps=[1]),
        lambda data: _first(data).pop("digest"),
        lambda data: _first(data).update(safety="harmless"),
    ],
)
def test_a_batch_that_is_none_cannot_be_used(change: Any, workbench: Command, batch: Path) -> None:
    changed(batch, change)
    ended = workbench("apply", batch, "--yes")
    assert ended.status == 2 and ended.err.count("\n") == 1


def test_what_says_nothing_of_what_is_done_may_differ(workbench: Command, batch: Path) -> None:
    changed(batch, lambda data: (_first(data).update(warnings=["Cursor is running"]), data.update(left_out=[])))
    assert workbench("apply", batch, "--yes").status == 0


@pytest.mark.parametrize(
    "arguments",
    [("plan",), ("plan", "abc", "--safe"), ("plan", "--safe", "--fix", "x"), ("plan", "--safe", "--answer", "a=b")],
)
def test_a_plan_is_of_one_finding_or_of_everything_safe(arguments: tuple[str, ...], workbench: Command) -> None:
    assert workbench(*arguments).status == 2


def test_nothing_that_is_safe_to_repair(workbench: Command, home: Path, config: Path) -> None:
    config.unlink()
    made = workbench("plan", "--safe", "--json")
    # What else runs on this machine is looked at too.
    steps = [step for step in made.json["steps"] if str(home) in str(step["operations"])]
    assert made.status == 0 and steps == []


def test_a_repair_is_undone_by_itself_unless_it_is_confirmed(
    workbench: Command, kept: Keep, found: dict[str, str], config: Path
) -> None:
    ended = workbench("apply", kept(found[OPEN]), "--confirm-within", "1", "--json")
    assert ended.status == 0 and ended.json["confirm_by"]
    until = time.monotonic() + 30
    while config.stat().st_mode & 0o777 != 0o666:
        assert time.monotonic() < until
        time.sleep(0.05)
    late = workbench("confirm", ended.json["run"])
    assert late.status == 5 and "undone" in late.out


def test_it_is_kept_by_confirming_it(workbench: Command, kept: Keep, found: dict[str, str], config: Path) -> None:
    ended = workbench("apply", kept(found[OPEN]), "--confirm-within", "3000")
    identity = ended.out.split()[0]
    assert f"workbench confirm {identity}" in ended.out and "waits" in workbench("history").out
    assert workbench("confirm", identity[:20]).status == 0
    assert "waits" not in workbench("history").out and config.stat().st_mode & 0o777 == 0o600
    assert workbench("confirm", identity).status == 5
    assert workbench("confirm", "nothing").status == 2


def test_a_script_keeps_it_right_away(workbench: Command, kept: Keep, found: dict[str, str]) -> None:
    ended = workbench("apply", kept(found[OPEN]), "--confirm-within", "3000", "--keep")
    assert ended.status == 0 and "confirmed" in ended.out and "undone by itself" not in ended.out


@pytest.mark.parametrize(("answer", "mode"), [(b"y\n", 0o600), (b"what\nn\n", 0o666)])
def test_on_a_terminal_it_asks(
    answer: bytes,
    mode: int,
    workbench: Command,
    kept: Keep,
    found: dict[str, str],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main, other = pty.openpty()
    with open(other, closefd=False) as terminal, open(main, "rb", buffering=0, closefd=False):
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        threading.Timer(0.2, lambda: os.write(main, answer)).start()
        ended = workbench("apply", kept(found[OPEN]), "--confirm-within", "3000")
    os.close(main)
    os.close(other)
    assert "Keep it?" in ended.err
    assert config.stat().st_mode & 0o777 == mode
    assert "waits" not in workbench("history").out


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "86401", "1e3", "9" * 5000, "x"])
def test_a_time_that_cannot_be(seconds: str, workbench: Command, kept: Keep, found: dict[str, str]) -> None:
    assert workbench("apply", kept(found[OPEN]), "--confirm-within", seconds).status == 2


def test_it_goes_on_looking_and_says_when_it_is_undone(
    workbench: Command, kept: Keep, found: dict[str, str], config: Path
) -> None:
    file = kept(found[OPEN])

    def widen() -> None:
        until = time.monotonic() + 30
        while config.stat().st_mode & 0o777 != 0o600 and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(1.0)
        config.chmod(0o666)

    thread = threading.Thread(target=widen)
    thread.start()
    ended = workbench("apply", file, "--watch", "60")
    thread.join()
    assert ended.status == 5 and "no longer in place" in ended.err and "Claude Desktop" in ended.err
    assert "no longer in place" in workbench("history").out
    assert "no longer in place" in workbench("history", "--json").json["runs"][0]["lasting"]


def test_what_lasts_is_watched_to_the_end(workbench: Command, kept: Keep, found: dict[str, str]) -> None:
    assert workbench("apply", kept(found[OPEN]), "--watch", "1").status == 0


def test_backups_are_listed_and_purged(workbench: Command, kept: Keep, found: dict[str, str], config: Path) -> None:
    assert "no backups" in workbench("backups").err
    identity = workbench("apply", kept(found[BROAD])).out.split()[0]
    listed = workbench("backups")
    assert identity in listed.out and "SECRET" in listed.out and str(config) in listed.out
    told = TypeAdapter(history_document.BackupsDocument).validate_json(workbench("backups", "--json").out)
    assert [each.secret for each in told.backups] == [True]

    asked = workbench("purge", "--secrets")
    assert asked.status == 2 and "--yes" in asked.err and "SSD" in asked.err
    assert workbench("purge", "--secrets", "--yes", "--read-only").status == 5
    assert workbench("purge").status == 2 and workbench("purge", identity, "--secrets").status == 2
    assert workbench("purge", "nothing", "--yes").status == 2
    assert workbench("purge", "--older-than", "nan", "--yes").status == 2
    assert "deleted 0" in workbench("purge", "--older-than", "1", "--yes").out
    done = workbench("purge", "--secrets", "--yes")
    assert done.status == 0 and identity in done.out and "deleted 1" in done.out
    undone = workbench("undo", identity)
    assert undone.status == 5 and "purged" in undone.out
    assert SECRET in config.read_text()


def test_a_running_client_is_named_in_the_plan(
    workbench: Command, found: dict[str, str], kept: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("Claude Desktop is running and may write it again from memory: quit it, repair, start it again",)
    monkeypatch.setattr("workbench.rewriting.warnings", lambda *_: said)
    assert said[0][:40] in workbench("plan", found[BROAD]).out
    file = kept(found[BROAD])
    assert json.loads(file.read_text())["warnings"] == list(said)
    monkeypatch.setattr("workbench.rewriting.warnings", lambda *_: ())
    assert workbench("apply", file).status == 0, "it was quit, as it was told to be"


def test_a_plan_file_from_before_is_still_applied(workbench: Command, found: dict[str, str], kept: Keep) -> None:
    file = kept(found[OPEN])
    changed(file, lambda data: (data.pop("warnings"), data.pop("confirm")))
    plan_file.read(file)
    assert workbench("apply", file).status == 0


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("batch-v1.json", batch_file.schema),
        ("batch-run-v1.json", batch_file.run_schema),
        ("history-v1.json", history_document.schema),
        ("backups-v1.json", history_document.backups_schema),
    ],
)
def test_the_published_schemas_are_those_of_the_types(name: str, schema: Any) -> None:
    published = Path(plan_file.__file__).parent / "schema" / name
    assert json.loads(published.read_text()) == schema(), "run: python scripts/schema.py"
