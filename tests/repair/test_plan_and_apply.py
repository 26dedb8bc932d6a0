"""``workbench plan`` and ``workbench apply``: the real commands on a home of their own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import TypeAdapter

from tests.homes import open_home
from tests.repair.support import SECRET, edit, mode, prepared, tree, written
from workbench.cli import run
from workbench.exits import Unusable
from workbench.model.check import Fix
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import RunState
from workbench.repairing import _still_asked
from workbench.report import plan_file, run_document

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
OPEN, BROAD, FLAWED = "clients/config-writable-by-others", "clients/broad-root", "clients/known-vulnerable"
PACKAGE = "@modelcontextprotocol/server-filesystem@2025.8.21"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command gave."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one document."""
        return json.loads(self.out)


Command = Callable[..., Ended]
Keep = Callable[..., Path]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_home(monkeypatch) as made:
        yield made


@pytest.fixture
def config(home: Path) -> Path:
    """A config that all may write, with a server that is given the whole home and a secret."""
    file = home / ".config" / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir(parents=True)
    for folder in (home / ".config", file.parent):
        folder.chmod(0o755)
    server = {"command": "npx", "args": ["-y", PACKAGE, str(home)], "env": {"API_KEY": SECRET}}
    file.write_text(json.dumps({"mcpServers": {"files": server}}, indent=2))
    file.chmod(0o666)
    return file


@pytest.fixture
def workbench(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command line; no command may ever show the secret or a traceback."""

    def command(*arguments: str | Path) -> Ended:
        status = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        assert "Traceback" not in said.err and "internal error" not in said.err
        return Ended(status, said.out, said.err)

    return command


@pytest.fixture
def found(workbench: Command, config: Path) -> dict[str, str]:
    """The identity of the finding of each check."""
    findings = workbench("--headless", "--json").json["findings"]
    return {each["check"]: each["identity"] for each in findings if str(config) in json.dumps(each)}


@pytest.fixture
def kept(workbench: Command, tmp_path: Path) -> Keep:
    """Make the plan of these arguments and keep it in a file outside of the home."""

    def keep(*arguments: str) -> Path:
        ended = workbench("plan", *arguments, "--json")
        assert ended.status == 0, ended.err
        file = tmp_path / "plan.json"
        file.write_text(ended.out)
        return file

    return keep


@pytest.mark.parametrize("form", [(), ("--diff",), ("--json",)])
def test_a_plan_writes_nothing(workbench: Command, home: Path, found: dict[str, str], form: tuple[str, ...]) -> None:
    before = tree(home)
    for check in (OPEN, BROAD):
        ended = workbench("plan", found[check], *form)
        assert (ended.status, ended.err) == (0, "")
    assert tree(home) == before


def test_a_plan_shows_what_will_be_done_and_what_undo_brings_back(
    workbench: Command, found: dict[str, str], config: Path, home: Path
) -> None:
    text = workbench("plan", found[BROAD]).out
    digest = workbench("plan", found[BROAD], "--json").json["digest"]
    for part in ("clients/narrow-root", "review", "full", "mcp-workspace", f"--- {config}", digest, "suggested"):
        assert part in text, part
    difference = workbench("plan", found[BROAD], "--diff", "--answer", "directory=~/other").out
    removed, added = (
        [line for line in difference.splitlines() if line.startswith(sign) and line[1] != sign] for sign in "-+"
    )
    assert (len(removed), len(added)) == (1, 1)
    assert f'"{home}"' in removed[0] and f'"{home}/other"' in added[0]
    assert "from 0666 to 0600" in workbench("plan", found[OPEN], "--diff").out


def test_plan_apply_and_undo(workbench: Command, kept: Keep, found: dict[str, str], config: Path, home: Path) -> None:
    before = tree(home / ".config")
    file = kept(found[BROAD], "--answer", "directory=~/other")
    ended = workbench("apply", file)
    assert ended.status == 0, ended.out + ended.err
    assert json.loads(config.read_text())["mcpServers"]["files"]["args"][2] == f"{home}/other"
    left = {each["identity"] for each in workbench("--headless", "--json").json["findings"]}
    assert found[BROAD] not in left and found[OPEN] in left
    identity = ended.out.split()[0]
    assert f"workbench undo {identity}" in ended.out
    repaired = tree(home)
    again = workbench("apply", file)
    assert again.status == 5
    assert "nothing was changed" in again.out
    assert tree(home) == repaired
    assert workbench("undo", identity).status == 0
    assert tree(home / ".config") == before
    assert SECRET not in (home / ".local" / "state" / "workbench" / "runs" / identity / "journal.jsonl").read_text()


def test_a_mode_is_set_and_the_outcome_is_of_its_schema(
    workbench: Command, kept: Keep, found: dict[str, str], config: Path
) -> None:
    ended = workbench("apply", kept(found[OPEN][:8]), "--json")
    assert ended.status == 0
    TypeAdapter(run_document.RunDocument).validate_python(ended.json)
    assert (ended.json["state"], ended.json["finding"]) == ("applied", found[OPEN])
    assert config.stat().st_mode & 0o777 == 0o600
    assert ended.json["run"] in workbench("history").out


def test_g9_what_did_not_help_is_rolled_back(
    workbench: Command, kept: Keep, found: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(home / ".config")
    monkeypatch.setattr("workbench.planning.still_found", lambda *_: "the check still says it")
    ended = workbench("apply", kept(found[BROAD]), "--json")
    assert (ended.status, ended.json["state"]) == (5, "rolled back")
    assert tree(home / ".config") == before
    assert "undo" not in workbench("apply", kept(found[BROAD])).out


def test_g17_a_secret_in_what_is_removed_is_seen_nowhere(
    workbench: Command, kept: Keep, found: dict[str, str], config: Path, home: Path
) -> None:
    # The command of the fixtures holds every answer to this.
    before = tree(home / ".config")
    wanted = (found[FLAWED], "--fix", "clients/remove-server")
    for form in ((), ("--diff",), ("--json",)):
        assert "mcpServers.files" in workbench("plan", *wanted, *form).out
    assert workbench("plan", *wanted, "--answer", f"how={SECRET}").status == 2
    ended = workbench("apply", kept(*wanted), "--json")
    assert ended.json["state"] == "applied"
    assert SECRET not in config.read_text()
    assert workbench("undo", ended.json["run"]).status == 0
    assert tree(home / ".config") == before


def _another_byte(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _same_size(file: Path) -> None:
    status = file.stat()
    file.write_bytes(file.read_bytes().replace(b'"-y"', b'"-x"'))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replaced(file: Path) -> None:
    status = file.stat()
    other = file.with_name("other")
    shutil.copy2(file, other)
    other.replace(file)
    assert file.stat().st_ino != status.st_ino


@pytest.mark.parametrize(
    "drift", [_another_byte, _same_size, _replaced, lambda file: os.utime(file), lambda file: file.chmod(0o646)]
)
def test_g2_a_file_that_changed_since_the_plan_is_refused(
    workbench: Command, kept: Keep, found: dict[str, str], config: Path, home: Path, drift: Callable[[Path], None]
) -> None:
    file = kept(found[BROAD])
    drift(config)
    before = tree(home)
    ended = workbench("apply", file)
    assert ended.status == 5
    assert "nothing was changed" in ended.out and f"workbench plan {found[BROAD]}" in ended.out
    assert tree(home) == before
    assert workbench("apply", file, "--json").json["state"] == RunState.REFUSED
    assert workbench("history").out == ""


TAMPERED: list[dict[str, Any]] = [
    {"digest": "0" * 64},
    {"answers": {"directory": "/srv/elsewhere"}},
    {"answers": {"directory": "relative"}},
    {"title": "Something harmless"},
    {"consequences": ""},
    {"operations": []},
    {"changes": []},
    {"more": 1},
    {"workbench": "0.0.1"},
    {"finding": "0" * 16},
    {"fix": "files/restrict-mode"},
    {"check": OPEN},
]


def test_a_plan_that_was_edited_is_refused(workbench: Command, kept: Keep, found: dict[str, str], home: Path) -> None:
    file = kept(found[BROAD])
    made = json.loads(file.read_text())
    before = tree(home)
    for tampered in TAMPERED:
        file.write_text(json.dumps({**made, **tampered}))
        ended = workbench("apply", file)
        assert ended.status == 5, tampered
        assert "nothing was changed" in ended.out
        assert "Something harmless" not in ended.out
        assert tree(home) == before
    file.write_text(json.dumps(made))
    assert workbench("apply", file).status == 0


def test_a_digest_that_was_noted_says_which_plan_is_meant(
    workbench: Command, kept: Keep, found: dict[str, str], home: Path
) -> None:
    digest = workbench("plan", found[OPEN], "--json").json["digest"]
    assert f"workbench apply plan.json --digest {digest}" in workbench("plan", found[OPEN]).out
    before = tree(home)
    # A file that another account put in its place is as good a plan as any.
    ended = workbench("apply", kept(found[BROAD]), "--digest", digest)
    assert (ended.status, tree(home)) == (5, before)
    assert "another digest" in ended.out and "nothing was changed" in ended.out
    assert workbench("apply", kept(found[OPEN]), "--digest", digest.upper()).status == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\xff", "is not"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 10_000, "is not"),
        (b'{"a": 1, "a": 2}', "is not JSON"),
        (b"[]", "no plan of version 1"),
        (b"null", "no plan of version 1"),
        (b'{"schema_version": 7}', "it says version 7"),
        (b'{"schema_version": true}', "it says version True"),
        (b'{"schema_version": "\\u001b[2J"}', r"\x1b"),
        (b'{"schema_version": 1}', "is damaged at"),
        (b'{"schema_version": 1, "answers": [1]}', "is damaged at"),
        (b" " * (21 << 20), "larger than 20 MiB"),
    ],
)
def test_a_file_that_is_no_plan(workbench: Command, home: Path, content: bytes, said: str) -> None:
    (home / "plan.json").write_bytes(content)
    before = tree(home)
    ended = workbench("apply", home / "plan.json")
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err and "\x1b" not in ended.err
    assert ended.err.count("\n") == 1
    assert tree(home) == before


def test_a_secret_is_moved_by_a_plan_that_does_not_hold_it(
    workbench: Command, kept: Keep, found: dict[str, str], home: Path, config: Path
) -> None:
    file = kept(found["secrets/in-config"])
    assert SECRET not in file.read_text() and "keep-secret" in file.read_text()
    for form in ((), ("--diff",)):
        assert "API_KEY=<secret: " in workbench("plan", found["secrets/in-config"], *form).out
    done = workbench("apply", file)
    assert done.status == 0, done.err
    assert SECRET not in config.read_text()
    assert any(SECRET in place.read_text() for place in (home / ".config/workbench/secrets").iterdir())
    workbench("history")
    run = done.out.rpartition("workbench undo ")[2].strip()
    assert workbench("undo", run).status == 0
    assert SECRET in config.read_text() and not (home / ".config/workbench").exists()


@pytest.mark.parametrize("place", ["nowhere.json", ".", "/dev/zero", "pipe"])
def test_a_plan_that_is_no_file(workbench: Command, home: Path, place: str) -> None:
    os.mkfifo(home / "pipe")
    ended = workbench("apply", place)
    assert (ended.status, ended.out) == (2, "")
    assert "cannot be read" in ended.err


def test_a_damaged_plan_says_where_and_not_what(
    workbench: Command, kept: Keep, found: dict[str, str], home: Path
) -> None:
    file = kept(found[BROAD])
    made = json.loads(file.read_text())
    made["operations"][0]["pointer"] = {"hidden": SECRET}
    file.write_text(json.dumps(made))
    ended = workbench("apply", file)
    assert ended.status == 2
    assert "is damaged at operations.0" in ended.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["zz"], 2, "workbench --headless --json"),
        ([""], 2, "workbench --headless --json"),
        (["\x1b[2J"], 2, r"there is no finding \x1b[2J"),
        ([BROAD, "--fix", "clients/nothing"], 2, "choose with --fix one of: clients/narrow-root"),
        ([FLAWED], 2, "this is clients/pin-version (the safest"),
        ([FLAWED], 2, "with --fix there is also: clients/remove-server (review)"),
        ([FLAWED], 2, "asks: --answer version=TEXT"),
        ([FLAWED, "--answer", "nothing=x"], 2, "no fix asks all of that"),
        ([FLAWED, "--answer", "version=latest"], 5, "not an exact version"),
        ([FLAWED, "--fix", "clients/pin-version"], 2, "asks: --answer version=TEXT"),
        ([FLAWED, "--fix", "clients/pin-version", "--answer", "version=latest"], 5, "not an exact version"),
        ([BROAD, "--answer", "directory"], 2, "NAME=VALUE"),
        ([BROAD, "--answer", f"{SECRET} =1"], 2, "--answer takes NAME=VALUE"),
        ([BROAD, "--answer", "directory=/a", "--answer", "directory=/b"], 2, "given twice"),
        ([BROAD, "--answer", "folder=/a"], 2, "it asks: directory"),
        ([OPEN, "--answer", "folder=/a"], 2, "asks nothing"),
        ([BROAD, "--answer", "directory=/"], 5, "more than a workspace itself"),
    ],
)
def test_what_cannot_be_planned_says_what_to_do(
    workbench: Command, found: dict[str, str], arguments: list[str], status: int, said: str
) -> None:
    ended = workbench("plan", found.get(arguments[0], arguments[0]), *arguments[1:])
    assert (ended.status, ended.out) == (status, ""), ended.err
    assert said in ended.err


def test_what_no_fix_repairs_says_where_its_lesson_is(workbench: Command, config: Path) -> None:
    backup = config.with_name(f"{config.name}.bak")
    backup.write_text(config.read_text())
    findings = workbench("--headless", "--json").json["findings"]
    (left,) = [each["identity"] for each in findings if each["check"] == "clients/leftover-backup"]
    ended = workbench("plan", left)
    assert (ended.status, ended.out) == (5, "")
    assert "workbench explain clients/leftover-backup" in ended.err


def test_a_beginning_that_more_than_one_finding_has(workbench: Command, config: Path) -> None:
    # With seventeen findings two begin with the same digit.
    servers = {f"s{number}": {"command": "npx", "args": ["-y", f"some-package-{number}"]} for number in range(17)}
    config.write_text(json.dumps({"mcpServers": servers}))
    identities = sorted(each["identity"] for each in workbench("--headless", "--json").json["findings"])
    first = next(one[0] for one, other in pairwise(identities) if one[0] == other[0])
    ended = workbench("plan", first)
    assert ended.status == 2
    assert "give more of the one you mean" in ended.err


def test_no_answer_that_looks_like_a_secret_gets_into_a_plan(workbench: Command, found: dict[str, str]) -> None:
    ended = workbench("plan", found[BROAD], "--answer", "directory=/srv/ghp_R7kQ2mX9vT4nB8wL1pZ6cY3hJ5dF0sAqWeRt")
    assert (ended.status, ended.out) == (2, "")
    assert "looks like a secret" in ended.err and "ghp_" not in ended.err


@pytest.mark.parametrize("command", [("plan", "00"), ("apply", "plan.json")])
def test_neither_goes_by_a_snapshot_file(workbench: Command, command: tuple[str, str]) -> None:
    ended = workbench("--replay", "host.json", *command)
    assert ended.status == 2
    assert "live host" in ended.err


def test_read_only_plans_and_does_not_apply(workbench: Command, kept: Keep, found: dict[str, str], home: Path) -> None:
    file = kept(found[OPEN], "--read-only")
    before = tree(home)
    ended = workbench("--read-only", "apply", file)
    assert ended.status == 5
    assert "--read-only" in ended.out
    assert tree(home) == before


def test_the_plan_of_another_home_needs_that_home(
    workbench: Command, kept: Keep, found: dict[str, str], home: Path
) -> None:
    other = home / "other"
    other.mkdir()
    ended = workbench("apply", kept(found[OPEN]), "--home", other)
    assert ended.status == 5
    assert "--home" in ended.out


def test_the_digest_follows_from_every_file(tmp_path: Path) -> None:
    file = written(tmp_path)
    first = plan_file.digest(prepared(edit(file)))
    assert first == plan_file.digest(prepared(edit(file)))
    os.utime(file, ns=(0, 1))
    assert plan_file.digest(prepared(edit(file))) != first
    one = written(tmp_path, "other.json", mode=0o644)
    of_mode = plan_file.digest(prepared(mode(one)))
    os.link(one, tmp_path / "second")
    if os.geteuid():
        assert plan_file.digest(prepared(mode(one))) != of_mode


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers of every kind, and one that need not be given."""

    name: str
    count: int
    again: bool
    scope: Literal["user", "system"]
    place: str = "here"


def test_what_is_still_asked_is_said_as_it_is_written() -> None:
    def nothing(*_: object) -> Plan | Refusal:
        return Refusal("")

    fix = Fix("A fix", ("area/check",), Safety.SAFE, Reversal.FULL, nothing, answers=Asked, id="area/fix")
    assert _still_asked(fix, {"name": "x"}) == [
        "--answer count=NUMBER",
        "--answer again=true|false",
        "--answer scope=user|system",
    ]
    assert _still_asked(fix, {"nothing": "x"}) == []
    assert _still_asked(replace(fix, answers=None), {}) == []


@pytest.mark.parametrize(("name", "module"), [("plan-v1.json", plan_file), ("run-v1.json", run_document)])
def test_the_published_schema_is_that_of_the_types(name: str, module: Any) -> None:
    published = Path(plan_file.__file__).parent / "schema" / name
    assert json.loads(published.read_text()) == module.schema(), "run: make catalogue"


def test_a_plan_that_is_printed_can_be_read(workbench: Command, found: dict[str, str], tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16"):
        file = tmp_path / f"{encoding}.json"
        file.write_text(workbench("plan", found[BROAD], "--json").out, encoding=encoding)
        made, told = plan_file.read(file)
        assert plan_file.stands_for(made, told)
        assert made.finding == found[BROAD]
    file.write_text("{}")
    with pytest.raises(Unusable):
        plan_file.read(file)


GUIDE = '''"""Give the file to yourself.

Why it helps
------------
Nobody else writes it.
"""

from workbench.api import Finding, Plan, Reversal, Safety, Snapshot, Step, fix


@fix(
    title="Give the file to yourself",
    repairs=("clients/config-writable-by-others",),
    safety=Safety.GUIDE,
    reversal=Reversal.NONE,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan:
    """Two steps."""
    steps = (Step("a.json", "Write this over it.", '{\\n  "mcpServers": {}\\n}'), Step("", "Start the client anew."))
    return Plan(
        "clients/by-hand",
        finding.check,
        finding.identity,
        "Give it to yourself",
        Safety.GUIDE,
        Reversal.NONE,
        (),
        steps=steps,
    )
'''


def test_a_guide_is_read_as_text_and_never_applied(
    workbench: Command, found: dict[str, str], config: Path, tmp_path: Path
) -> None:
    own = tmp_path / "plugins"
    (own / "fixes" / "clients").mkdir(parents=True, mode=0o700)
    (own / "fixes" / "clients" / "by_hand.py").write_text(GUIDE)
    before = tree(config.parent)
    plan = ("--plugins", own, "plan", found[OPEN], "--fix", "clients/by-hand")
    said = workbench(*plan)
    assert said.status == 0
    assert "What you do (2 steps)\n  1 Write this over it.\n    {\n" in said.out
    assert "  2 Start the client anew." in said.out and "workbench apply" not in said.out
    script = workbench(*plan, "--script")
    assert (script.status, script.out) == (5, "") and "steps for you" in script.err
    file = tmp_path / "plan.json"
    file.write_text(workbench(*plan, "--json").out)
    applied = workbench("--plugins", own, "apply", file)
    assert applied.status == 5 and "refused: these are steps for you" in applied.out
    assert tree(config.parent) == before
