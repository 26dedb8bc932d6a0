"""clients/sandbox-launcher: what it asks, what it plans, and the server known again in its sandbox afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.plugins.loading import get_check, get_fix, plugins
from tests.plugins.repairing import findings, repaired, seen
from tests.repair.support import tree
from workbench import scan
from workbench.launch.sandbox_script import Sandbox, read_script
from workbench.model.finding import Finding, Subject
from workbench.model.launch import Launch
from workbench.model.operations import CreateFile, EditValue, InsertItems, TrialStart
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.processes import ProcessFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.planning import answered, plan, still_found
from workbench.repair import trial
from workbench.repair.exchange import Outcome, Start

FIX, CHECK = "clients/sandbox-launcher", "clients/no-isolation"
PACKAGE = "@modelcontextprotocol/server-filesystem@2025.8.21"
PLACE = ".config/Claude/claude_desktop_config.json"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/work").mkdir(mode=0o755, parents=True)
    return tmp_path / "home"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Start]:
    """What would be started, played: these tests need no bubblewrap. Live tests start the real thing."""
    calls: list[Start] = []

    def exchange(start: Start, _: float) -> Outcome:
        calls.append(start)
        return Outcome("", "small", "1.0", 2)

    monkeypatch.setattr(trial, "NEEDS", ())
    monkeypatch.setattr(trial, "exchange", exchange)
    return calls


def _configured(home: Path, **server: Any) -> dict[str, Any]:
    given = {"command": "/usr/bin/python3", "args": [f"{home}/srv/dist/server.py", f"{home}/work"], **server}
    write(home / PLACE, {"mcpServers": {"files": given}})
    (home / "srv/dist").mkdir(parents=True, exist_ok=True)
    (home / "srv/dist/server.py").write_text("serve()\n")
    return given


def _found(home: Path) -> tuple[Finding, Snapshot]:
    snapshot = seen(home)
    (finding,) = findings(CHECK, snapshot)
    return finding, snapshot


def _planned(home: Path, **answers: str) -> Plan | Refusal:
    finding, snapshot = _found(home)
    return plan(get_fix(FIX), finding, snapshot, answers)


def _plan(home: Path, **answers: str) -> tuple[Plan, Sandbox]:
    made = _planned(home, **answers)
    assert isinstance(made, Plan), made
    creation = made.operations[0]
    assert isinstance(creation, CreateFile) and creation.mode == 0o700
    sandbox = read_script(creation.content, str(home))
    assert sandbox is not None
    return made, sandbox


def _suggested(home: Path) -> Any:
    finding, snapshot = _found(home)
    return answered(get_fix(FIX), finding, snapshot, {})


def test_it_is_reviewed_and_offered_for_what_it_mends() -> None:
    fix = get_fix(FIX)
    assert (fix.safety, fix.reversal) == (Safety.REVIEW, Reversal.FULL)
    for check in fix.repairs:
        assert FIX in plugins().repairs_of(check), check


def test_a_script_of_ones_own_has_its_folder_and_no_network(home: Path) -> None:
    _configured(home, args=[f"{home}/srv/mcp-server-filesystem/dist/index.py", f"{home}/work"])
    (home / "srv/mcp-server-filesystem/dist").mkdir(parents=True)
    (home / "srv/mcp-server-filesystem/dist/index.py").touch()
    asked = _suggested(home)
    assert asked.programs == f"{home}/srv/mcp-server-filesystem"
    assert (asked.folders, asked.access, asked.network, asked.own_home) == (f"{home}/work", "read and write", "no", "")
    made, sandbox = _plan(home)
    assert sandbox.writes == (f"{home}/work",) and sandbox.reads == (f"{home}/srv/mcp-server-filesystem",)
    assert not sandbox.network and not sandbox.kept
    assert (made.reversal, made.keeps, made.later) == (Reversal.FULL, "", "")
    assert "empty at each start" in made.consequences
    assert "has no network" in made.consequences and "applying starts files once" in made.consequences


def test_a_package_runner_has_the_network_and_a_home_of_its_own(home: Path) -> None:
    _configured(home, command="npx", args=["-y", PACKAGE, f"{home}/work"])
    asked = _suggested(home)
    assert (asked.network, asked.folders) == ("yes", f"{home}/work")
    assert asked.own_home.startswith(f"{home}/.local/share/workbench/homes/files-")
    made, sandbox = _plan(home)
    assert sandbox.network and sandbox.kept == asked.own_home
    assert (made.reversal, asked.own_home in made.keeps) == (Reversal.PARTIAL, True)
    assert "https_proxy" in sandbox.names and "NO_PROXY" in sandbox.names


def test_its_operations_are_in_the_only_safe_order(home: Path) -> None:
    given = _configured(home, env={"API_KEY": TOKEN, "LEVEL": "3"})
    made, sandbox = _plan(home)
    creation, start, program, arguments = made.operations
    assert isinstance(creation, CreateFile) and isinstance(start, TrialStart)
    assert isinstance(program, EditValue) and isinstance(arguments, InsertItems)
    assert start.path == creation.path == program.value
    assert start.names == ("API_KEY", "LEVEL") and sandbox.names[:2] == ("API_KEY", "LEVEL")
    assert (program.expect, arguments.items) == (given["command"], (given["command"],))
    assert Path(creation.path).parent == home / ".config/workbench/launchers"
    assert TOKEN not in repr(made)


def test_a_secret_in_the_arguments_stays_where_it_is(home: Path) -> None:
    given = _configured(home, args=["/srv/s.py", "--api-key", TOKEN])
    made, _ = _plan(home)
    assert TOKEN not in repr(made) and "<secret" not in repr(made.operations)
    (home / PLACE).write_text((home / PLACE).read_text())
    assert given["args"][2] == TOKEN


@pytest.mark.parametrize("program", ["uvx", "python"])
def test_where_its_programs_lie_is_shown_read_only(program: str, home: Path) -> None:
    base = home / ".local/share/uv/python/cpython-3.12/bin/python3.12"
    for file in (base, home / ".local/bin/uvx", home / ".local/bin/uv"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
    venv = home / "projects/srv/.venv/bin"
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(base)
    if program == "uvx":
        _configured(home, command=f"{home}/.local/bin/uvx", args=["mcp-server-git@2025.1.1"])
        wanted = {f"{home}/.local/bin/uvx", f"{home}/.local/bin/uv"}
    else:
        _configured(home, command=f"{venv}/python", args=["-m", "srv"])
        wanted = {f"{home}/projects/srv/.venv", f"{home}/.local/share/uv/python/cpython-3.12"}
    assert set(_suggested(home).programs.split(":")) == wanted
    _, sandbox = _plan(home)
    assert set(sandbox.reads) == wanted
    assert sandbox.search.startswith(f"{home}/.local/bin:" if program == "uvx" else f"{venv}:")


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("Documents/server.py", "Documents/server.py"),
        ("Downloads/dist/server.py", "Downloads/dist"),
        ("Documents/server/dist/main.py", "Documents/server"),
        ("Projects/mine/src/main.py", "Projects/mine"),
        ("server.py", "server.py"),
    ],
)
def test_of_a_folder_of_a_persons_own_only_the_script_is_shown(script: str, shown: str, home: Path) -> None:
    (home / script).parent.mkdir(parents=True, exist_ok=True)
    (home / script).touch()
    _configured(home, command="/usr/bin/python3", args=[f"{home}/{script}"])
    assert _suggested(home).programs == f"{home}/{shown}"


def test_a_root_that_is_too_much_is_not_suggested(home: Path) -> None:
    for root in ("/", str(home), f"{home}/.ssh", "/etc"):
        _configured(home, command="npx", args=["-y", PACKAGE, root, f"{home}/work"])
        assert _suggested(home).folders == f"{home}/work"


def test_an_answer_may_be_written_from_the_home(home: Path) -> None:
    _configured(home)
    _, sandbox = _plan(home, folders=f"~/work:~/notes/: /srv/data :{home}/work/inner", programs="")
    assert sandbox.writes == ("/srv/data", f"{home}/notes", f"{home}/work") and not sandbox.reads


def test_what_is_only_read_is_not_written(home: Path) -> None:
    _configured(home)
    made, sandbox = _plan(home, folders=f"{home}/work", access="read only")
    assert not sandbox.writes and f"{home}/work" in sandbox.reads
    assert "writes none" in made.consequences


def test_a_program_in_a_folder_that_it_may_write_is_not_shown_twice(home: Path) -> None:
    _configured(home)
    _, sandbox = _plan(home, folders=f"{home}/srv")
    assert sandbox.writes == (f"{home}/srv",) and not sandbox.reads


@pytest.mark.parametrize(
    "folder",
    ["/", "~", "~/.ssh", "~/.config", "/etc", "/run/user/1000", "/home", "relative", "~/../x", "/a/../b", "/a\nb"],
)
def test_an_answer_that_is_no_sandbox_is_refused(folder: str, home: Path) -> None:
    _configured(home)
    given = str(home) if folder == "~" else folder
    for answer in ({"folders": given}, {"programs": given}, {"own_home": given}):
        made = _planned(home, **answer)
        assert isinstance(made, Refusal), (answer, made)
        assert made.instead


@pytest.mark.parametrize("answer", [{"network": "maybe"}, {"access": "all"}, {"folder": "/x"}])
def test_an_answer_of_another_kind_is_refused(answer: dict[str, str], home: Path) -> None:
    _configured(home)
    assert isinstance(_planned(home, **answer), Refusal)


@pytest.mark.parametrize("name", ["$(id)", "a'b", 'a"b', "a`id`b", "a b", "-rf", "é", "*", "a;b&c"])
def test_hostile_names_and_paths_stay_text(name: str, home: Path, started: list[Start]) -> None:
    folder = home / name
    folder.mkdir()
    write(home / PLACE, {"mcpServers": {name: {"command": "/usr/bin/python3", "args": [f"{folder}/s.py", name]}}})
    (folder / "s.py").touch()
    made, sandbox = _plan(home, folders=str(folder))
    creation = made.operations[0]
    assert isinstance(creation, CreateFile)
    assert sandbox.writes == (str(folder),)
    assert Path(creation.path).name.replace("-", "").removesuffix(".sh").isalnum()
    run, _ = repaired(home, home.parent / "state", FIX, CHECK, folders=str(folder))
    assert run.message and started[0].command[1:] == ("/usr/bin/python3", f"{folder}/s.py", name)


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(name: str, home: Path) -> None:
    write(home / PLACE, {"mcpServers": {name: {"command": "npx", "args": ["-y", "x"]}}})
    made = _planned(home)
    assert isinstance(made, Refusal) and "\n" not in made.reason


FORMS: dict[str, tuple[str, str]] = {
    "jsonc": (
        ".config/Code/User/mcp.json",
        '{\n  // mine\n  "servers": {\n    "files": {"type": "stdio",\n'
        '              "command": "/usr/bin/python3", "args": ["/srv/s.py"],},\n'
        "  },\n}\n",
    ),
    "toml": (
        ".codex/config.toml",
        '# tools\n[mcp_servers.files]\ncommand = "/usr/bin/python3"\nargs = ["/srv/s.py"] # mine\n\n'
        '[mcp_servers.files.env]\nLEVEL = "3"\n',
    ),
    "yaml": (
        ".config/goose/config.yaml",
        "extensions:\n  files:\n    type: stdio\n    enabled: true\n    cmd: /usr/bin/python3\n    args:\n"
        '      - /srv/s.py  # mine\n    envs:\n      LEVEL: "3"\n',
    ),
    "one list": (
        ".config/opencode/opencode.json",
        '{"mcp": {"files": {"type": "local", "command": ["/usr/bin/python3", "/srv/s.py"],'
        ' "environment": {"LEVEL": "3"}}}}',
    ),
    "no arguments": (PLACE, '{"mcpServers": {"files": {"command": "/usr/bin/python3"}}}'),
}


@pytest.mark.parametrize("form", FORMS)
def test_in_every_form_the_server_is_known_again_and_undo_is_exact(form: str, home: Path, started: list[Start]) -> None:
    place, text = FORMS[form]
    write(home / place, text)
    before = seen(home).clients.configs[0].servers[0]
    run, prepared = repaired(home, home.parent / "state", FIX, CHECK, folders=f"{home}/work", own_home="")
    launcher = prepared.plan.operations[0].path
    assert started[0].command == (launcher, *before.command)
    assert ("LEVEL" in started[0].environment) is ("LEVEL" in text)
    (config,) = [each for each in seen(home).clients.configs if each.servers]
    (after,) = config.servers
    assert after.command == (launcher, *before.command) and run.plan.check == CHECK
    assert after.launch is not None and before.launch is not None
    assert (after.launch.sandbox, after.launch.program) == ("bwrap", before.launch.program)
    assert (after.launch.arguments, after.name) == (before.launch.arguments, before.name)
    if "mine" in text:
        assert "mine" in (home / place).read_text()


def test_an_edited_launcher_is_no_sandbox_any_more(home: Path, started: list[Start]) -> None:
    _configured(home)
    _, prepared = repaired(home, home.parent / "state", FIX, CHECK)
    launcher = Path(prepared.plan.operations[0].path)
    assert started and not findings(CHECK, seen(home))
    original = launcher.read_text()
    for old, new in (("--tmpfs /tmp", "--bind / /"), ("--unshare-all", "--unshare-user"), ("umask 077", "umask 0")):
        launcher.write_text(original.replace(old, new))
        launch = seen(home).clients.configs[0].servers[0].launch
        assert launch is not None and (launch.sandbox, launch.understood) == ("", False)
        assert launch.program == "/usr/bin/python3", "it is the same server all the same"
    launcher.write_text("# bwrap --unshare-all\n")
    told = scan.run_check(get_check(CHECK), seen(home))
    assert not told.findings and not told.passed and told.not_assessed
    launcher.unlink()
    launch = seen(home).clients.configs[0].servers[0].launch
    assert launch is not None and (launch.sandbox, launch.understood) == ("", False)


def test_what_other_fixes_put_around_it_stays(home: Path, started: list[Start]) -> None:
    """The launcher of a moved secret is inside and reads its file there; a umask set around it stays around it."""
    file = f"{home}/.config/workbench/secrets/files.env"
    inner = ["-c", '. "$0" && export API_KEY && exec "$@"', file, "/usr/bin/python3", "/srv/s.py"]
    _configured(home, command="/bin/sh", args=inner)
    write(Path(file), "API_KEY=x\n")
    asked = _suggested(home)
    assert asked.programs == file
    run, _ = repaired(home, home.parent / "state", FIX, CHECK)
    (entry,) = seen(home).clients.configs[0].servers
    assert run.plan.check == CHECK and started and entry.launch is not None
    assert (entry.launch.sandbox, entry.launch.program) == ("bwrap", "/usr/bin/python3")
    document = json.loads((home / PLACE).read_text())
    server = document["mcpServers"]["files"]
    server["args"] = ["-c", 'umask 077; exec "$@"', "sh", server["command"], *server["args"]]
    server["command"] = "/bin/sh"
    write(home / PLACE, document)
    (entry,) = seen(home).clients.configs[0].servers
    assert entry.launch is not None and (entry.launch.sandbox, entry.launch.program) == ("bwrap", "/usr/bin/python3")
    assert not findings(CHECK, seen(home))


def test_a_server_that_does_not_answer_changes_nothing(
    home: Path, started: list[Start], monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.model.run import RunState
    from workbench.repair.prepare import Prepared, prepare
    from workbench.repair.transaction import apply

    _configured(home, env={"API_KEY": TOKEN})
    before = tree(home)
    made, _ = _plan(home)
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared)
    outcome = Outcome("it ended with the exit status 1", complaint=f"bad token {TOKEN}")
    monkeypatch.setattr(trial, "exchange", lambda *_: outcome)
    run = apply(worked_out, home.parent / "state", lambda: still_found(made, plugins(), seen(home)))
    assert run.state is RunState.ROLLED_BACK and TOKEN not in run.message
    assert tree(home) == before and not started


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "sudo": ({"command": "sudo", "args": ["-n", "npx", "-y", PACKAGE]}, "changes its account"),
    "not understood": ({"command": "sh", "args": ["-c", "while true; do npx -y x; done"]}, "not understood"),
    "a reference": ({"command": "npx", "args": ["-y", PACKAGE, "${workspaceFolder}"]}, "not known here"),
    "a home by its sign": ({"command": "npx", "args": ["-y", PACKAGE, "~/work"]}, "another home"),
    "an env file": ({"command": "npx", "args": ["-y", PACKAGE], "envFile": "/x.env"}, "come from a file"),
    "a name": ({"env": {"a b": "c"}}, "no shell could hand on"),
    "a loader": ({"env": {"LD_PRELOAD": "/x.so"}}, "outside of the sandbox"),
    "a shell's own": ({"env": {"BASH_ENV": "/x.sh"}}, "outside of the sandbox"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_what_to_do(case: str, home: Path) -> None:
    server, reason = REFUSED[case]
    _configured(home, **server)
    snapshot = seen(home)
    (entry,) = snapshot.clients.configs[0].servers
    made = plan(get_fix(FIX), _about(f"{snapshot.clients.configs[0].path.asked}#mcpServers/files"), snapshot, {})
    assert isinstance(made, Refusal), made
    assert reason in made.reason and made.instead and entry.name in made.reason


def _about(*keys: str, kind: str = "server", check: str = CHECK) -> Finding:
    first, *more = (Subject(kind, key, key) for key in keys)
    return Finding(first, Severity.HIGH, "s", (), check=check, also=tuple(more))


@pytest.mark.parametrize(
    ("launch", "more", "reason"),
    [
        (Launch("npx", sandbox="firejail"), {}, "in a sandbox already"),
        (Launch("npx"), {"client_sandbox": "Seatbelt"}, "in a sandbox already"),
        (Launch("npx", account="mcp"), {}, "changes its account"),
        (Launch("npx", wrappers=("docker run",)), {}, "runs in a container"),
        (Launch("npx", wrappers=("wsl",)), {}, "in the way of Windows"),
        (None, {"transport": "http"}, "is not started by"),
        (Launch("npx"), {"disabled": True}, "is not started by"),
    ],
)
def test_what_is_confined_otherwise_is_refused(launch: Launch | None, more: dict[str, Any], reason: str) -> None:
    entry = builders.server("files", ("npx", "-y", "x"), launch=launch, **more)
    host = builders.snapshot(clients=replace(builders.snapshot().clients, configs=(builders.config([entry]),)))
    config = host.clients.configs[0]
    made = plan(get_fix(FIX), _about(f"{config.path.asked}#{'/'.join(map(str, entry.pointer))}"), host, {})
    assert isinstance(made, Refusal) and reason in made.reason and made.instead


def test_of_several_servers_each_is_repaired_by_itself(home: Path) -> None:
    one = {"command": "/usr/bin/python3", "args": ["/srv/s.py"]}
    write(home / PLACE, {"mcpServers": {"one": one, "two": one}})
    snapshot = seen(home)
    path = snapshot.clients.configs[0].path.asked
    finding = _about(f"{path}#mcpServers/one", f"{path}#mcpServers/two", check="secrets/reachable-files")
    made = plan(get_fix(FIX), finding, snapshot, {})
    assert isinstance(made, Refusal) and "one and two" in made.reason and CHECK in made.instead


def test_a_running_server_is_repaired_through_its_entry_and_later(home: Path) -> None:
    _configured(home)
    snapshot = seen(home)
    config = snapshot.clients.configs[0]
    from workbench.model.clients import EntryReference

    reference = EntryReference(config.path.asked, config.servers[0].pointer, "files")
    server = builders.process(key="1000:server.py", entry=reference)
    running = replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (server,)))
    check = "processes/shares-your-account"
    made = plan(get_fix(FIX), _about("1000:server.py", kind="process", check=check), running, {})
    assert isinstance(made, Plan), made
    assert (made.check, made.later) == (check, f"when {config.client_name} starts it again")
    alone = replace(running, processes=ProcessFacts(builders.COMPLETE, (replace(server, entry=None),)))
    assert isinstance(plan(get_fix(FIX), _about("1000:server.py", kind="process", check=check), alone, {}), Refusal)
    gone = _about("1000:other.py", kind="process", check=check)
    assert isinstance(plan(get_fix(FIX), gone, running, {}), Refusal)


def test_the_filter_is_suggested_but_for_browsers(home: Path) -> None:
    _configured(home)
    assert _suggested(home).filter == "yes" and _plan(home)[1].filtered
    assert not _plan(home, filter="no")[1].filtered
    _configured(home, command="npx", args=["-y", "@playwright/mcp@0.0.40"])
    assert _suggested(home).filter == "no"
    made, sandbox = _plan(home)
    assert not sandbox.filtered and "without your desktop" in made.consequences


def test_what_is_found_for_want_of_a_filter_is_not_repaired_without_one(home: Path) -> None:
    _configured(home)
    snapshot = seen(home)
    finding = _about(f"{home / PLACE}#mcpServers/files", check="processes/no-syscall-filter")
    made = plan(get_fix(FIX), finding, snapshot, {"filter": "no"})
    assert isinstance(made, Refusal) and made.instead == "answer filter=yes"
    assert isinstance(plan(get_fix(FIX), finding, snapshot, {}), Plan)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_than_on_linux_it_is_refused(platform: str, home: Path) -> None:
    _configured(home)
    finding, snapshot = _found(home)
    elsewhere = replace(snapshot, host=replace(snapshot.host, platform=platform))
    made = plan(get_fix(FIX), finding, elsewhere, {})
    assert isinstance(made, Refusal) and "Linux" in made.reason and made.instead


def test_the_settings_of_a_project_say_so(home: Path) -> None:
    _configured(home)
    finding, snapshot = _found(home)
    (config,) = snapshot.clients.configs
    of_project = replace(snapshot, clients=replace(snapshot.clients, configs=(replace(config, scope="project"),)))
    made = plan(get_fix(FIX), finding, of_project, {"folders": f"{home}/work"})
    assert isinstance(made, Plan) and "belongs to a project" in made.consequences
    managed = replace(snapshot, clients=replace(snapshot.clients, configs=(replace(config, scope="managed"),)))
    assert isinstance(plan(get_fix(FIX), finding, managed, {}), Refusal)


def test_the_plan_is_the_same_again(home: Path) -> None:
    _configured(home, env={"LEVEL": "3"})
    one, other = _plan(home)[0], _plan(home)[0]
    assert one.digest == other.digest
    assert json.loads((home / PLACE).read_text())["mcpServers"]["files"]["command"] == "/usr/bin/python3"
