"""containers/harden-run: what it asks, what it takes out and puts in, and that every other word stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.plugins.container_entries import PLACE, PlayedEngine, configured, played, with_container
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings, repaired, seen
from tests.repair.support import journal_text, tree
from workbench.model.facts import Account, AccountFacts
from workbench.model.operations import CreateFile, EditItems, TrialStart
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import answered, plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply

FIX, CHECK = "containers/harden-run", "clients/container-flags"
CLOSED = (
    *("-i", "--user", "1000:1000", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges", "--pids-limit", "100", "--memory", "512m"),
)
PLAIN = {"user": "1000:1000", "network": "yes", "programs": "yes"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/work").mkdir(mode=0o755, parents=True)
    return tmp_path / "home"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    return played(monkeypatch)


def _planned(snapshot: Snapshot, check: str = CHECK, **answers: Any) -> Plan | Refusal:
    (finding,) = findings(check, snapshot)
    assert FIX in finding.repairs
    return plan(get_fix(FIX), finding, snapshot, answers)


def _suggested(snapshot: Snapshot, check: str = CHECK) -> Any:
    (finding,) = findings(check, snapshot)
    return answered(get_fix(FIX), finding, snapshot, {})


def _args(home: Path) -> list[str]:
    found: list[str] = json.loads((home / PLACE).read_text())["mcpServers"]["files"]["args"]
    return found


def test_it_is_reviewed_and_offered_for_what_it_mends() -> None:
    fix = get_fix(FIX)
    assert (fix.safety, fix.reversal) == (Safety.REVIEW, Reversal.FULL)
    for check in fix.repairs:
        assert FIX in plugins().repairs_of(check), check


CASES: dict[str, tuple[list[str], list[str]]] = {
    "nothing": (["run", "img", "x"], ["run", *CLOSED, "img", "x"]),
    "what is good stays": (
        ["run", "-i", "--rm", "--cap-drop", "all", "--user", "7:7", "-m", "64m", "img"],
        [
            *("run", "--read-only", "--tmpfs", "/tmp", "--security-opt", "no-new-privileges", "--pids-limit", "100"),
            *("-i", "--rm", "--cap-drop", "all", "--user", "7:7", "-m", "64m", "img"),
        ],
    ),
    "what is switched off": (
        [
            *("run", "--interactive=false", "--read-only=false", "--security-opt", "no-new-privileges:false"),
            *("--pids-limit", "-1", "--memory=0", "-u", "root", "img"),
        ],
        ["run", *CLOSED, "img"],
    ),
    "what opens it": (
        [
            *("run", "--privileged", "-v", "/var/run/docker.sock:/s", "--pid=host", "--net", "host", "--ipc", "host"),
            *("--security-opt", "seccomp=unconfined", "--security-opt=apparmor:unconfined", "--cap-add=SYS_ADMIN"),
            *("--security-opt", "label=disable", "--device", "/dev/sda", "--mount"),
            *("type=bind,src=/run/docker.sock,dst=/s", "-v", "/srv/data:/data", "img"),
        ],
        ["run", *CLOSED, "-v", "/srv/data:/data", "img"],
    ),
    "what an engine gives anyway": (
        ["run", "--cap-add", "NET_BIND_SERVICE", "img"],
        ["run", *CLOSED, "--cap-add", "NET_BIND_SERVICE", "img"],
    ),
    "of the engine and of the server": (
        ["--context", "x", "container", "run", "--entrypoint", "sh", "img", "--privileged", "--user", "root"],
        ["--context", "x", "container", "run", *CLOSED, "--entrypoint", "sh", "img", "--privileged", "--user", "root"],
    ),
    "a folder that is there": (
        ["run", "--tmpfs", "/tmp:size=64m", "img"],
        ["run", *(word for word in CLOSED if word not in ("--tmpfs", "/tmp")), "--tmpfs", "/tmp:size=64m", "img"],
    ),
    "a number with the name of a group": (
        ["run", "--user", "7:mcp", "img"],
        ["run", "-i", *CLOSED[3:], "--user", "7:mcp", "img"],
    ),
    "a terminal": (
        ["run", "-it", "--tty", "-t", "--rm", "img", "-t"],
        ["run", *CLOSED[1:], "-i", "--rm", "img", "-t"],
    ),
    "a terminal in one word with a mount": (
        ["run", "-tv", "/srv/t:/t", "img"],
        ["run", *CLOSED, "-tv", "/srv/t:/t", "img"],
    ),
    "other options": (
        ["run", "--rm", "--init", "-e", "A", "--label", "a=b", "--name=x", "--add-host", "a:b", "img"],
        ["run", *CLOSED, "--rm", "--init", "-e", "A", "--label", "a=b", "--name=x", "--add-host", "a:b", "img"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_closed_and_every_other_word_stays(case: str, home: Path, engine: PlayedEngine) -> None:
    given, wanted = CASES[case]
    configured(home, *given)
    run, _ = repaired(home, home.parent / "state", FIX, CHECK, **PLAIN)
    assert _args(home) == wanted and run.plan.check == CHECK
    start = engine.started[0]
    image = 1 + wanted.index("img")
    # Started as it is then configured, with a name and a label behind the other options, and without a pull.
    assert (
        start.command[:image] == ("docker", *wanted)[:image]
        and start.command[image + 5 :] == ("docker", *wanted)[image:]
    )
    assert start.command[image : image + 5][::2] == ("--name", "--label", "--pull=never")
    assert ("rm", "--force", "--volumes", "ab" * 32) in engine.asked and not engine.there


def test_a_secret_stays_where_it_is_and_is_told_nowhere(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "--privileged", "-e", f"GITHUB_TOKEN={TOKEN}", "img", env={"API_KEY": TOKEN})
    made = _planned(seen(home), **PLAIN)
    assert isinstance(made, Plan) and TOKEN not in repr(made)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared)
    assert TOKEN not in repr(worked_out.changes)
    run = apply(worked_out, home.parent / "state", lambda: still_found(made, plugins(), seen(home)))
    assert run.state is RunState.APPLIED, run.message
    assert f"GITHUB_TOKEN={TOKEN}" in _args(home) and "--privileged" not in _args(home)
    assert engine.started[0].environment["API_KEY"] == TOKEN
    assert TOKEN not in journal_text(home.parent / "state") + run.message


FORMS: dict[str, tuple[str, str]] = {
    "jsonc": (
        ".config/Code/User/mcp.json",
        '{\n  // mine\n  "servers": {\n    "files": {"type": "stdio",\n'
        '              "command": "docker", "args": ["run", "-i",\n "img"],},\n  },\n}\n',
    ),
    "toml": (
        ".codex/config.toml",
        '# mine\n[mcp_servers.files]\ncommand = "docker"\nargs = ["run", "-i", "img"] # mine\n',
    ),
    "yaml": (
        ".config/goose/config.yaml",
        "extensions:\n  files:\n    type: stdio\n    enabled: true\n    cmd: docker\n    args:\n"
        "      - run\n      - -i  # mine\n      - img\n",
    ),
    "one list": (
        ".config/opencode/opencode.json",
        '{"mcp": {"files": {"type": "local", "command": ["docker", "run", "-i", "img"]}}}',
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_in_every_form_it_is_repaired_and_undo_is_exact(form: str, home: Path, engine: PlayedEngine) -> None:
    place, text = FORMS[form]
    write(home / place, text)
    repaired(home, home.parent / "state", FIX, CHECK, **PLAIN)
    (config,) = [each for each in seen(home).clients.configs if each.servers]
    assert config.servers[0].command == ("docker", "run", *CLOSED[1:], "-i", "img")
    assert engine.started[0].command[:2] == ("docker", "run")
    assert text.count("mine") == (home / place).read_text().count("mine")


def test_what_is_known_to_use_files_alone_has_no_network_and_starts_nothing(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "-i", "-v", f"{home}/work:/work", "mcp/filesystem", "/work")
    snapshot = seen(home)
    accounts = AccountFacts(builders.COMPLETE, (Account(snapshot.host.uid, "me", 77, (77,)),))
    host = replace(snapshot.host, uid=1234)
    mine = (replace(snapshot.clients.configs[0], owner=1234),)
    known = replace(accounts, accounts=(replace(accounts.accounts[0], uid=1234),))
    whose = replace(snapshot, host=host, accounts=known, clients=replace(snapshot.clients, configs=mine))
    assert _suggested(whose).user == "1234:77"
    asked = _suggested(snapshot)
    assert (asked.network, asked.programs, asked.opened) == ("no", "no", "take out")
    run, prepared = repaired(home, home.parent / "state", FIX, CHECK, user="1000:1000")
    creation, trial, edit = prepared.plan.operations
    assert isinstance(creation, CreateFile) and isinstance(trial, TrialStart) and isinstance(edit, EditItems)
    assert f"seccomp={creation.path}" in _args(home) and "none" in _args(home)
    assert json.loads(Path(creation.path).read_text())["defaultAction"] == "SCMP_ACT_ERRNO"
    assert "no other program" in run.plan.consequences and "no network" in run.plan.consequences


@pytest.mark.parametrize(
    ("args", "network", "programs"),
    [
        (["run", "img"], "yes", "yes"),
        (["run", "mcp/fetch"], "yes", "yes"),
        (["run", "-p", "127.0.0.1:80:80", "mcp/filesystem"], "yes", "no"),
        (["run", "--network", "mine", "mcp/filesystem"], "yes", "no"),
        (["run", "--network", "host", "mcp/filesystem"], "no", "no"),
    ],
    ids=" ".join,
)
def test_what_is_not_known_keeps_its_network(args: list[str], network: str, programs: str, home: Path) -> None:
    configured(home, *args)
    asked = _suggested(seen(home))
    assert (asked.network, asked.programs, asked.user) == (network, programs, "65532:65532")


def test_its_own_profile_stays_or_is_replaced(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "--security-opt", "seccomp=/etc/own.json", "img")
    made = _planned(seen(home), **PLAIN)
    assert isinstance(made, Plan) and not any(isinstance(each, CreateFile) for each in made.operations)
    made = _planned(seen(home), **{**PLAIN, "programs": "no"})
    assert isinstance(made, Plan) and "/etc/own.json is not used any more" in made.consequences
    edit = made.operations[-1]
    assert isinstance(edit, EditItems) and not {1, 2} & set(edit.items)


DIGEST = "sha256:" + "18f0a3bc" * 8


def test_the_image_is_pinned_where_its_digest_is_known(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "-i", "mcp/filesystem:1.0", "/work")
    pinned = "clients/unpinned-image"
    assert "tells its digest" in str(_planned(seen(home), pinned, **PLAIN))
    told = with_container(seen(home), image="mcp/filesystem:1.0", digests=(f"mcp/filesystem@{DIGEST}",))
    made = _planned(told, pinned, **PLAIN)
    assert isinstance(made, Plan) and (made.check, made.later) == (pinned, "")
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = apply(worked_out, home.parent / "state", lambda: still_found(made, plugins(), seen(home)))
    assert run.state is RunState.APPLIED, run.message
    assert _args(home)[-2:] == [f"mcp/filesystem@{DIGEST}", "/work"]
    others: tuple[dict[str, Any], ...] = (
        {"image": "mcp/filesystem:2.0"},
        {"digests": (f"other/image@{DIGEST}",)},
        {"digests": ()},
    )
    for other in others:
        changes = {"image": "mcp/filesystem:1.0", "digests": (f"mcp/filesystem@{DIGEST}",), **other}
        configured(home, "run", "-i", "mcp/filesystem:1.0", "/work")
        assert isinstance(_planned(with_container(seen(home), **changes), pinned, **PLAIN), Refusal)


@pytest.mark.parametrize("joined", [True, False])
def test_a_container_is_closed_through_its_entry_and_later(home: Path, engine: PlayedEngine, *, joined: bool) -> None:
    configured(home, "run", "-i", "mcp/filesystem", "/work")
    told = with_container(seen(home), joined=joined, readonly_root=False, command=("node", "/work"))
    made = _planned(told, "containers/writable-root", **PLAIN)
    assert isinstance(made, Plan), made
    assert (made.check, made.later) == ("containers/writable-root", "when Claude Desktop starts it again")
    elsewhere = with_container(seen(home), joined=False, readonly_root=False, command=("node", "/other"))
    refused = _planned(elsewhere, "containers/writable-root", **PLAIN)
    assert isinstance(refused, Refusal) and "no client's configuration" in refused.reason
    configured(home, "run", *CLOSED, "mcp/filesystem", "/work")
    closed = with_container(seen(home), joined=joined, readonly_root=False, command=("node", "/work"))
    refused = _planned(closed, "containers/writable-root", **PLAIN)
    assert isinstance(refused, Refusal) and "closed already" in refused.reason and "again" in refused.instead


def test_with_the_network_it_is_not_repaired_for_the_network(home: Path) -> None:
    configured(home, "run", "-i", "mcp/filesystem", "/work")
    told = with_container(seen(home), network_mode="bridge", networks=("bridge",), internal=False)
    refused = _planned(told, "containers/network-open", **PLAIN)
    assert isinstance(refused, Refusal) and "network=no" in refused.instead
    assert isinstance(_planned(told, "containers/network-open", **{**PLAIN, "network": "no"}), Plan)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "the host as a mount": ({"args": ["run", "-v", "/:/host", "img"]}, {}, "all of the host's files"),
    "what opens it is kept": ({"args": ["run", "--privileged", "img"]}, {"opened": "keep"}, "is privileged"),
    "sudo": ({"command": "sudo", "args": ["docker", "run", "img"]}, {}, "something else starts its engine"),
    "a shell": ({"command": "sh", "args": ["-c", "docker run -i img"]}, {}, "something else starts its engine"),
    "in the background": ({"args": ["run", "-d", "img"]}, {}, "--detach"),
    "an unknown option": ({"args": ["run", "--privileged", "--new-option", "img"]}, {}, "not every word"),
    "a file for its id": ({"args": ["run", "--cidfile", "/x", "img"]}, {}, "--cidfile"),
    "a variable": ({"args": ["run", "--privileged", "${IMAGE}"]}, {}, "named by a variable"),
    "an env file": ({"args": ["run", "img"], "envFile": "/x.env"}, {}, "come from a file"),
    "root": ({"args": ["run", "img"]}, {"user": "0:0"}, "other than root"),
    "a name": ({"args": ["run", "img"]}, {"user": "mcp-server"}, "other than root"),
    "no memory": ({"args": ["run", "img"]}, {"memory": "0"}, "no amount"),
    "no processes": ({"args": ["run", "img"]}, {"processes": "-1"}, "no number"),
    "a relative folder": ({"args": ["run", "img"]}, {"writable": "tmp"}, "not plain"),
    "an option as a folder": ({"args": ["run", "img"]}, {"writable": "/a b,exec"}, "not plain"),
    "ports without a network": ({"args": ["run", "-p", "80:80", "img"]}, {"network": "no"}, "publishes ports"),
    "several options in one word": ({"args": ["run", "-iu", "root", "img"]}, {}, "several options"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_what_to_do(case: str, home: Path) -> None:
    server, answers, reason = REFUSED[case]
    write(home / PLACE, {"mcpServers": {"files": {"command": "docker", **server}}})
    snapshot = seen(home)
    found = findings(CHECK, snapshot)
    made = plan(get_fix(FIX), found[0], snapshot, {**PLAIN, **answers})
    assert isinstance(made, Refusal), made
    assert reason in made.reason and made.instead


def test_one_that_does_not_answer_changes_nothing(home: Path, engine: PlayedEngine) -> None:
    configured(home, "run", "img", env={"API_KEY": TOKEN})
    before = tree(home)
    made = _planned(seen(home), **{**PLAIN, "programs": "no"})
    assert isinstance(made, Plan)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared)
    engine.outcome = replace(engine.outcome, failure="it ended", complaint=f"EROFS: read-only, with {TOKEN}")
    run = apply(worked_out, home.parent / "state", lambda: "")
    assert run.state is RunState.ROLLED_BACK and TOKEN not in run.message
    assert "answer writable" in run.message
    assert tree(home) == before and not engine.there


def test_the_plan_is_the_same_again_and_says_what_it_does(home: Path) -> None:
    configured(home, "run", "--privileged", "img")
    one, other = _planned(seen(home), **PLAIN), _planned(seen(home), **PLAIN)
    assert isinstance(one, Plan) and isinstance(other, Plan) and one.digest == other.digest
    assert "Taken out: --privileged" in one.consequences and "applying starts" in one.consequences


def test_elsewhere_than_on_linux_it_is_refused(home: Path) -> None:
    configured(home, "run", "img")
    snapshot = seen(home)
    elsewhere = replace(snapshot, host=replace(snapshot.host, platform="darwin"))
    assert isinstance(_planned(elsewhere, **PLAIN), Refusal)
