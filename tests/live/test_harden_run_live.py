"""Entries that start a container against a real engine: closed, tried, answered, undone byte for byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live.docker_engine import PrivateEngine, import_files_server, private_engine
from tests.live.support_servers import Client
from tests.live.test_containers_live import DATA
from tests.live.test_sandbox_launcher_live import _asked, _text
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import journal_text, tree
from workbench.engine import Workbench
from workbench.host import containers, servers
from workbench.host.context import Context
from workbench.host.servers import DEPENDS
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.container_trial import LABEL
from workbench.repair.exchange import Outcome, Start
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.verifying import Before

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("containers")]

FIX, CHECK = "containers/harden-run", "clients/container-flags"
IMAGE, OWNER = "mcp/filesystem", 41237
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


@pytest.fixture(scope="module")
def engine() -> Iterator[PrivateEngine]:
    with private_engine() as started:
        started.docker("tag", import_files_server(started), IMAGE)
        yield started


@pytest.fixture
def client(engine: PrivateEngine) -> Iterator[Client]:
    with Client.in_a_home() as made:
        (made.workspace / "note.txt").write_text("the note")
        yield made
    while left := engine.docker("ps", "--all", "--quiet").stdout.split():
        engine.docker("rm", "--force", "--volumes", *left, check=False)


@pytest.fixture
def state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "state"


def configured(
    client: Client, engine: PrivateEngine, *options: str, image: str = IMAGE, **more: str
) -> tuple[str, ...]:
    command = ("docker", "run", *options, image, "/workspace")
    client.configure("files", command, **engine.environment, **more)
    return command


def look(client: Client, engine: PrivateEngine) -> Snapshot:
    """The facts of this home, of the servers that were started from it, and of the private engine."""
    context = replace(
        Context.of_this_host(), home=client.home, environment={"HOME": str(client.home)}, engines=(engine.socket,)
    )
    made = client.look()
    context = replace(context, found={"clients": made.clients, "processes": made.processes})
    made = replace(made, containers=containers.gather(context))
    found = {section: getattr(made, section) for section in DEPENDS}
    return replace(made, servers=servers.gather(replace(context, found=found)))


def planned(snapshot: Snapshot, check: str = CHECK, fix: str = FIX, **answers: str) -> Plan | Refusal:
    (finding,) = findings(check, snapshot)
    assert fix in finding.repairs
    return plan(get_fix(fix), finding, snapshot, answers)


def applied(
    client: Client, engine: PrivateEngine, state: Path, check: str = CHECK, fix: str = FIX, **answers: str
) -> Run:
    made = planned(look(client, engine), check, fix, **answers)
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    return apply(worked_out, state, lambda: still_found(made, plugins(), look(client, engine)))


def _run(client: Client, engine: PrivateEngine, command: Sequence[str]) -> subprocess.Popen[bytes]:
    given: dict[str, Any] = engine.environment
    return client.run(command, **given)


def entry(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.config.read_text())["mcpServers"]["files"]
    return found


VULNERABLE = {
    "as servers tell you to write it": (),
    "privileged": ("--privileged",),
    "the engine's socket": ("-v", "{socket}:/var/run/docker.sock"),
    "host namespaces": ("--pid=host", "--network", "host", "--ipc", "host"),
    "unconfined": ("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor:unconfined"),
    "a terminal": ("-it",),
    "too many capabilities": ("--cap-add", "SYS_ADMIN", "--user", "root"),
}


@pytest.mark.parametrize("case", VULNERABLE)
def test_it_is_closed_tried_and_undone(case: str, client: Client, engine: PrivateEngine, state: Path) -> None:
    given = [word.replace("{socket}", str(engine.socket)) for word in VULNERABLE[case]]
    configured(client, engine, "-i", "--rm", *given, "-e", f"TOKEN={TOKEN}", "-v", f"{client.workspace}:/workspace")
    before = tree(client.home)
    run = applied(client, engine, state, user="65532:65532")
    assert run.state is RunState.APPLIED, run.message
    assert engine.docker("ps", "--all", "--quiet").stdout == "", "no container stays"
    after = entry(client)
    assert (after["command"], after["args"][0], after["args"][-2:]) == ("docker", "run", [IMAGE, "/workspace"])
    kept = ["-e", f"TOKEN={TOKEN}", "-v", f"{client.workspace}:/workspace", IMAGE, "/workspace"]
    assert after["args"][-len(kept) :] == kept
    assert not set(given) & set(after["args"]) - {"--user", "--cap-add", "--security-opt", "-v", "--network"}
    assert not findings(CHECK, look(client, engine))
    assert TOKEN not in journal_text(state)
    server = client.run([after["command"], *after["args"]], **after["env"])
    _initialised(server)
    assert "the note" in _text(_asked(server, "read_text_file", path="/workspace/note.txt"))
    told = look(client, engine)
    left = {name for name in plugins().checks if name.startswith("containers/") and findings(name, told)}
    assert left == {"containers/secret-in-environment"}
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(client.home) == before


def _initialised(server: Any) -> None:
    from tests.live.test_containers_live import HELLO

    server.stdin.write(json.dumps(HELLO).encode() + b"\n")
    server.stdin.flush()
    assert "result" in json.loads(server.stdout.readline())


AS_PUBLISHED = DATA / "as-published.json"
SEED = ("--rm", "--user", "mcp-server", "--read-only", "--tmpfs", "/tmp:size=64m", "--cap-drop", "ALL")


def test_the_published_command_and_profile_are_repaired(client: Client, engine: PrivateEngine, state: Path) -> None:
    """As it is published it ends at once; as it is repaired it serves."""
    security = ("--security-opt", f"seccomp={AS_PUBLISHED}", "--security-opt", "no-new-privileges")
    given = (*SEED, "--volume", f"{client.workspace}:/workspace:rw", *security)
    command = configured(client, engine, *given)
    published = _run(client, engine, command)
    assert published.wait(30) != 0
    before = tree(client.home)
    # It is asked as which account: the name is none of the image's.
    run = applied(client, engine, state, user="65532:65532")
    assert run.state is RunState.APPLIED, run.message
    after = entry(client)
    assert str(AS_PUBLISHED) not in " ".join(after["args"]) and "mcp-server" not in after["args"]
    server = client.run([after["command"], *after["args"]], **after["env"])
    _initialised(server)
    assert "the note" in _text(_asked(server, "read_text_file", path="/workspace/note.txt"))
    told = look(client, engine)
    assert not {name for name in plugins().checks if name.startswith("containers/") and findings(name, told)}
    engine.docker("rm", "--force", *engine.docker("ps", "--all", "--quiet").stdout.split())
    server.wait(30)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(client.home) == before


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_a_container_that_could_not_start_is_given_a_profile_that_works(
    client: Client, engine: PrivateEngine, state: Path, *, no_new_privileges: bool
) -> None:
    security = ("--security-opt", f"seccomp={AS_PUBLISHED}")
    more = ("--security-opt", "no-new-privileges") if no_new_privileges else ()
    command = configured(client, engine, "-i", "-v", f"{client.workspace}:/workspace", *security, *more)
    assert _run(client, engine, command).wait(30) != 0
    before = tree(client.home)
    check, fix = "containers/seccomp-profile", "containers/install-seccomp-profile"
    run = applied(client, engine, state, check, fix)
    assert run.state is RunState.APPLIED, run.message
    after = entry(client)
    server = client.run([after["command"], *after["args"]], **after["env"])
    _initialised(server)
    # What could not start is there still; what was started now has nothing to be said of its profile.
    (finding,) = findings(check, look(client, engine))
    assert "no container can start" in finding.evidence[0].actual and not finding.also
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(client.home) == before


def test_a_running_container_is_closed_through_its_entry(client: Client, engine: PrivateEngine, state: Path) -> None:
    command = configured(client, engine, "-i", "--rm", "--name", "mine", "-v", f"{client.workspace}:/workspace")
    server = _run(client, engine, command)
    _initialised(server)
    # The trial has a name of its own: the container that runs keeps its own, and goes on.
    run = applied(client, engine, state, "containers/no-limits", user="65532:65532")
    assert run.state is RunState.APPLIED, run.message
    assert run.plan.later and findings("containers/no-limits", look(client, engine))
    assert engine.docker("ps", "--all", "--format", "{{.Names}}").stdout.split() == ["mine"]
    engine.docker("rm", "--force", *engine.docker("ps", "--all", "--quiet").stdout.split())
    server.wait(30)
    after = entry(client)
    _initialised(client.run([after["command"], *after["args"]], **after["env"]))
    assert not findings("containers/no-limits", look(client, engine))


HARDENED_TWIN = (
    *("-i", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--user", "65532:65532", "--pids-limit", "100", "--memory", "512m", "--network", "none"),
)


def test_the_hardened_twin_is_offered_nothing(client: Client, engine: PrivateEngine) -> None:
    configured(client, engine, *HARDENED_TWIN, "-v", f"{client.workspace}:/workspace")
    _initialised(_run(client, engine, configured(client, engine, *HARDENED_TWIN)))
    snapshot = look(client, engine)
    found = [each for name in plugins().checks for each in findings(name, snapshot)]
    offered = {each.check for each in found for fix in each.repairs if fix.startswith("containers/")}
    # What was built here has no digest, and of that it is said so.
    assert offered <= {"clients/unpinned-image"}
    assert isinstance(planned(snapshot, "clients/unpinned-image"), Refusal)


REFUSED = {
    # What the engine says, and what is to be done.
    "an image that is not here": (("-i",), "mcp/filesystem:other", {}, "fetch the image first"),
    "a program that starts others": (("-i", "--entrypoint", "/bin/none"), IMAGE, {}, "To try:"),
    "too little memory": (("-i",), IMAGE, {"memory": "6m"}, "To try:"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_answer_changes_nothing(case: str, client: Client, engine: PrivateEngine, state: Path) -> None:
    options, image, answers, told = REFUSED[case]
    configured(client, engine, *options, image=image)
    before = tree(client.home)
    run = applied(client, engine, state, **answers)
    assert run.state is RunState.ROLLED_BACK and told in run.message, run.message
    assert tree(client.home) == before
    assert engine.docker("ps", "--all", "--quiet").stdout == ""


def test_an_engine_that_does_not_answer_is_said_and_nothing_changed(
    client: Client, engine: PrivateEngine, state: Path
) -> None:
    configured(client, engine, "-i")
    document = json.loads(client.config.read_text())
    document["mcpServers"]["files"]["env"]["DOCKER_HOST"] = f"unix://{client.home}/none.sock"
    client.config.write_text(json.dumps(document))
    before = tree(client.home)
    run = applied(client, engine, state)
    assert run.state is RunState.ROLLED_BACK and "start the engine" in run.message, run.message
    assert tree(client.home) == before


def test_killed_in_the_middle_of_the_trial_no_container_stays(
    client: Client, engine: PrivateEngine, state: Path
) -> None:
    configured(client, engine, "-i", "-v", f"{client.workspace}:/workspace")
    made = planned(look(client, engine))
    assert isinstance(made, Plan)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared)
    before = tree(client.home)
    child = os.fork()
    if child == 0:
        from workbench.repair import container_trial

        def killed(start: Start, seconds: float) -> Outcome:
            exchange_and_stay(start)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        setattr(container_trial, "exchange", killed)  # noqa: B010 - it is none of its own names
        apply(worked_out, state, lambda: "")
        os._exit(3)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    names = engine.docker("ps", "--all", "--format", '{{.Names}} {{.Label "' + LABEL + '"}}').stdout.split()
    assert len(names) == 2 and names[0] == names[1]
    (done,) = recover(state)
    assert done.state is RunState.RECOVERED, done.message
    assert engine.docker("ps", "--all", "--quiet").stdout == "" and tree(client.home) == before


def exchange_and_stay(start: Start) -> None:
    """Start the container and leave it running, as a crash does."""
    process = subprocess.Popen(
        start.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(start.environment)
    )
    _initialised(process)


def test_it_is_started_as_the_account_whose_configuration_it_is(
    client: Client, engine: PrivateEngine, state: Path
) -> None:
    """Root repairs for another account: what that may not ask the engine for is not asked for it."""
    configured(client, engine, "-i", "-v", f"{client.workspace}:/workspace")
    for place in (client.home, *client.home.rglob("*")):
        os.chown(place, OWNER, OWNER)
    before = tree(client.home)
    (engine.folder / "config").chmod(0o755)
    made = planned(look(client, engine), user=f"{OWNER}:{OWNER}")
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    refused = apply(worked_out, state, lambda: "")
    assert refused.state is RunState.ROLLED_BACK and "may not ask the engine" in refused.message, refused.message
    assert tree(client.home) == before
    os.chown(engine.socket, OWNER, OWNER)
    try:
        run = apply(worked_out, state, lambda: "")
    finally:
        os.chown(engine.socket, 0, 0)
    assert run.state is RunState.APPLIED, run.message
    assert {place.stat().st_uid for place in (client.home, *client.home.rglob("*"))} == {OWNER}


def test_by_the_whole_workbench_nothing_else_gets_worse(client: Client, engine: PrivateEngine, state: Path) -> None:
    command = configured(client, engine, "-i", "--rm", "--privileged", "-v", f"{client.workspace}:/workspace")
    assert command
    context = replace(
        Context.of_this_host(),
        home=client.home,
        environment={"HOME": str(client.home), "PATH": os.environ["PATH"]},
        engines=(engine.socket,),
    )
    bench = Workbench(context, plugins(), state)
    snapshot = bench.look()
    report = bench.judge(snapshot)
    (finding,) = [each for each in report.findings() if each.check == CHECK and str(client.home) in each.subject.key]
    made = bench.plan(plugins().fixes[FIX], finding, snapshot, {"user": "65532:65532"})
    assert isinstance(made, Plan), made
    worked_out = bench.prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    run = bench.apply(worked_out, None, Before(report))
    assert run.state is RunState.APPLIED, run.message
    assert bench.undo(run.identity).state is RunState.UNDONE
