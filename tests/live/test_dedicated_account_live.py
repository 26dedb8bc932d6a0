"""A server gets an account of its own through sudo: a real account, a real rule, a real start, and an exact undo.

Accounts, policy, programs and workspaces exist only in private copies of /etc, /opt, /srv and /var/lib.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.live.support import require_program
from tests.live.test_audit_live import clean, listed, machine
from tests.live.test_processes_live import node_server
from tests.live.test_root_sudo_live import CALLER, OWN, PASSWORD, Desk, desk, password
from tests.repair import small_server

__all__ = ["clean", "desk", "machine", "node_server"]  # pytest finds fixtures by their names
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("root sudo")]
FIX, CHECK, ACCOUNT = "clients/dedicated-account", "clients/no-isolation", "mcp-files"
WORKSPACE, SERVER = "/srv/mcp/files", "/opt/mcp/server.py"
CONFIG = ".config/Claude/claude_desktop_config.json"
ASKS_ALWAYS = f"{CALLER} ALL=(ALL) ALL\n"
# Dies the moment a command of root's of that name has run, as a kill -9 would have it.
DIES = """
import os, signal, sys
from workbench.repair import root_commands
once, left = root_commands._once, [int(sys.argv.pop(1))]
def run(vector, content):
    answer = once(vector, content)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
root_commands._once = run
from workbench.cli import run as start
sys.exit(start(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def office(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk, with places of its own where programs of root's and workspaces lie."""
    for program in ("useradd", "userdel", "install", "rmdir", "visudo", "cvtsudoers"):
        require_program(program)
    for place in ("/opt", "/srv"):
        assert desk.etc.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place).returncode == 0
    # A number of its own: processes in containers of other tests may have those that are given out first.
    with (desk.etc.folder / "login.defs").open("a") as defaults:
        defaults.write("\nSYS_UID_MIN 700\nSYS_UID_MAX 749\nSYS_GID_MIN 700\nSYS_GID_MAX 749\n")
    folder = tmp_path_factory.mktemp("program")
    small_server.put(folder)
    for command in (("mkdir", "/opt/mcp"), ("cp", str(folder / "server.py"), SERVER), ("chmod", "644", SERVER)):
        assert desk.etc.run(*command).returncode == 0
    yield desk


def seated(office: Desk, policy: str, *command: str) -> Path:
    """The policy, and one configured server; gives its configuration."""
    office.policy(policy)
    office.etc.run("sh", "-c", f"userdel --force {ACCOUNT}; rm -rf /srv/mcp")
    config = office.home / CONFIG
    config.parent.mkdir(parents=True)
    words = command or ("/usr/bin/python3", SERVER, "notes")
    entry = {"command": words[0], "args": list(words[1:])}
    config.write_text(json.dumps({"theme": "dark", "mcpServers": {"files": entry}}, indent=1))
    uid = int(office.etc.run("id", "-u", CALLER).stdout)
    for place in (*config.parents[:2], config):
        os.chown(place, uid, uid)
    return config


def finding(office: Desk) -> str:
    report = json.loads(office.run("--headless", "--json").stdout)
    (found,) = [each["identity"] for each in report["findings"] if each["check"] == CHECK]
    return str(found)


def plan_of(office: Desk, **answers: str) -> subprocess.CompletedProcess[str]:
    given = [f"--answer={name}={value}" for name, value in {"workspace": WORKSPACE, **answers}.items()]
    return office.run("plan", finding(office), "--fix", FIX, *given, "--json")


def written(office: Desk, **answers: str) -> Path:
    done = plan_of(office, **answers)
    assert done.returncode == 0, done.stderr
    file = office.home / "plan.json"
    file.write_text(done.stdout)
    return file


def status(office: Desk) -> dict[str, str]:
    """What there is of account, workspace and rule."""
    asked = {
        "account": f"getent passwd {ACCOUNT}",
        "workspace": f"stat -c '%U %G %a' {WORKSPACE}",
        "above": "stat -c '%U %G %a' /srv/mcp",
        "rule": f"cat /etc/sudoers.d/zz-{ACCOUNT}",
        "others": "ls -A /etc/sudoers.d",
    }
    return {
        name: office.etc.run("sh", "-c", f"{command} 2>/dev/null").stdout.strip() for name, command in asked.items()
    }


def started(config: Path, office: Desk) -> dict[str, object]:
    """What the server says of itself, started as its client does."""
    entry = json.loads(config.read_text())["mcpServers"]["files"]
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    own = office.home / "own"
    own.write_text("mine")
    own.chmod(0o600)
    uid = int(office.etc.run("id", "-u", CALLER).stdout)
    os.chown(own, uid, uid)
    asked["params"] = {"name": "look", "arguments": {"path": str(own)}}
    enter = ("nsenter", "-t", str(office.etc.pid), "-m", "--", "setpriv", f"--reuid={CALLER}", f"--regid={CALLER}")
    done = subprocess.run(
        [*enter, "--init-groups", "--", entry["command"], *entry["args"]],
        input=json.dumps(asked) + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": "/usr/bin:/bin", "TOKEN": "mine"},
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)["result"]
    return result


def test_it_has_its_account_and_loses_it_again(office: Desk) -> None:
    config = seated(office, OWN)
    was, before = config.read_bytes(), status(office)
    plan = written(office)
    document = json.loads(plan.read_text())
    commands = [command for change in document["changes"] for command in change["commands"]]
    assert all(command[:3] == ["/usr/bin/sudo", "-n", "--"] and command[3].startswith("/usr/") for command in commands)
    assert status(office) == before and config.read_bytes() == was

    done = office.run("apply", str(plan))

    assert done.returncode == 0, done.stdout + done.stderr
    now = status(office)
    assert now["account"].endswith(":MCP server account made by workbench:/nonexistent:/usr/sbin/nologin")
    assert now["workspace"] == f"{ACCOUNT} {CALLER} 750" and now["above"] == "root root 755"
    assert now["rule"].endswith(f"{CALLER} ALL=({ACCOUNT}) NOPASSWD: /usr/bin/python3 {SERVER} notes")
    assert now["others"].split() == ["wb", f"zz-{ACCOUNT}"]
    said = started(config, office)
    assert said["uid"] == int(now["account"].split(":")[2])
    assert said["content"][0]["text"] == "PermissionError"  # type: ignore[index]
    assert "TOKEN" not in said["environment"]  # type: ignore[operator]
    other = office.etc.run("sudo", "-n", "-k", "-u", ACCOUNT, "/usr/bin/id", account="wbguest")
    assert other.returncode != 0
    assert office.run("apply", str(plan)).returncode != 0, "it is repaired already"

    run = office.run("history").stdout.split()[0]
    undone = office.run("undo", run)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert status(office) == before and config.read_bytes() == was
    redone = office.run("undo", office.run("history").stdout.split()[0])
    assert redone.returncode == 0, redone.stdout + redone.stderr
    assert status(office)["rule"] == now["rule"] and started(config, office)["uid"]


def test_who_needs_a_password_gives_it_once_and_the_rule_needs_none(office: Desk) -> None:
    config = seated(office, ASKS_ALWAYS)
    password(office, known=True)
    plan_at = office.at_terminal("plan", finding(office), "--fix", FIX, "--json", answer=PASSWORD)
    assert plan_at[0] == 0, plan_at[1][-1500:]
    text = plan_at[1]
    file = office.home / "plan.json"
    file.write_text(text[text.index("{") : text.rindex("}") + 1])
    code, said = office.at_terminal("apply", str(file), answer=PASSWORD)
    assert code == 0 and "applied and verified" in said, said[-2000:]
    office.etc.run("sh", "-c", "rm -rf /run/sudo/ts/*")
    assert started(config, office)["uid"]


def test_a_workspace_that_is_used_stays(office: Desk) -> None:
    config = seated(office, OWN)
    was = config.read_bytes()
    assert office.run("apply", str(written(office))).returncode == 0
    assert office.etc.run("sh", "-c", f"echo mine > {WORKSPACE}/notes").returncode == 0
    undone = office.run("undo", office.run("history").stdout.split()[0])
    assert undone.returncode == 0 and "is not empty, so it stays" in undone.stdout, undone.stdout
    now = status(office)
    assert config.read_bytes() == was and now["account"] == "" and now["rule"] == ""
    assert office.etc.run("cat", f"{WORKSPACE}/notes").stdout == "mine\n"


def test_g9_a_server_that_does_not_start_leaves_nothing(office: Desk) -> None:
    assert office.etc.run("sh", "-c", "echo 'import nothing_such' > /opt/mcp/broken.py").returncode == 0
    config = seated(office, OWN, "/usr/bin/python3", "/opt/mcp/broken.py")
    was, before = config.read_bytes(), status(office)
    done = office.run("apply", str(written(office)))
    assert done.returncode != 0 and "rolled back" in done.stdout and "does not start as" in done.stdout, done.stdout
    assert status(office) == before and config.read_bytes() == was


def test_g7_a_rule_that_comes_later_and_asks_shows_in_the_trial(office: Desk) -> None:
    config = seated(office, ASKS_ALWAYS)
    password(office, known=True)
    (office.etc.folder / "sudoers.d" / "own").write_text(OWN)
    (office.etc.folder / "sudoers.d" / "own").chmod(0o440)
    # It is read after the new one, and the last entry that matches counts.
    was = config.read_bytes()
    (office.etc.folder / "sudoers.d" / "zzz").write_text(f"{CALLER} ALL=({ACCOUNT}) PASSWD: ALL\n")
    (office.etc.folder / "sudoers.d" / "zzz").chmod(0o440)
    office.rule.unlink()
    done = office.run("apply", str(written(office)))
    assert done.returncode != 0 and "asks for the password" in done.stdout, done.stdout
    assert status(office)["rule"] == "" and status(office)["account"] == "" and config.read_bytes() == was


REFUSED = {
    "a script of the caller's": (("/usr/bin/python3", "{home}/server.py"), "closed to other accounts|can change"),
    "a package runner": (("npx", "-y", "@acme/server@1.0.0"), "package runner"),
    "a script wherever": (("/usr/bin/python3", "server.py"), "looked for|looked at"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_refused(office: Desk, case: str) -> None:
    words, why = REFUSED[case]
    seated(office, OWN, *(word.format(home=office.home) for word in words))
    (office.home / "server.py").write_text("pass\n")
    shutil.chown(office.home / "server.py", int(office.etc.run("id", "-u", CALLER).stdout))
    before = status(office)
    done = plan_of(office)
    assert done.returncode != 0, done.stdout
    assert any(each in done.stderr for each in why.split("|")), done.stderr
    assert status(office) == before


def _left() -> list[str]:
    end = time.monotonic() + 5
    while True:
        found = [" ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])]
        found = [each for each in found if SERVER in each]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.1)


@pytest.mark.parametrize("at", [4, 8, 12, 16, 20, 22])
def test_g10_killed_with_half_of_it_made_everything_is_taken_back(office: Desk, at: int) -> None:
    config = seated(office, OWN)
    was, before = config.read_bytes(), status(office)
    plan = written(office)
    done = office.etc.run(*office.command("-c", DIES, str(at), "apply", str(plan)), account=CALLER, timeout=120)
    assert done.returncode in (-9, 137), (done.returncode, done.stdout, done.stderr)
    recovered = office.run("recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert status(office) == before and config.read_bytes() == was
    assert _left() == []


@pytest.mark.parametrize("at", [7, 11, 13, 17, 20, 21, 22])
def test_g10_killed_in_the_middle_of_its_undo_it_stands_again(office: Desk, at: int) -> None:
    config = seated(office, OWN)
    assert office.run("apply", str(written(office))).returncode == 0
    now, repaired = status(office), config.read_bytes()
    run = office.run("history").stdout.split()[0]
    done = office.etc.run(*office.command("-c", DIES, str(at), "undo", run), account=CALLER, timeout=120)
    assert done.returncode in (-9, 137), (done.returncode, done.stdout, done.stderr)
    recovered = office.run("recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    after = status(office)
    assert {**after, "account": ""} == {**now, "account": ""} and after["account"].startswith(f"{ACCOUNT}:")
    assert config.read_bytes() == repaired and started(config, office)["uid"]


def test_while_the_server_runs_the_account_is_not_removed(office: Desk) -> None:
    seated(office, OWN)
    assert office.run("apply", str(written(office))).returncode == 0
    now = status(office)
    enter = ("nsenter", "-t", str(office.etc.pid), "-m", "--", "setpriv", f"--reuid={ACCOUNT}", "--clear-groups")
    server = subprocess.Popen([*enter, "--", "/usr/bin/sleep", "60"])
    try:
        uid = int(now["account"].split(":")[2])
        end = time.monotonic() + 10
        while psutil.Process(server.pid).uids().real != uid and time.monotonic() < end:
            time.sleep(0.05)
        undone = office.run("undo", office.run("history").stdout.split()[0])
        assert undone.returncode != 0 and f"(number {server.pid}, sleep)" in undone.stdout, undone.stdout
        assert status(office) == now
        # One that has ended, and of which its parent only does not know it yet, is in nobody's way.
        server.kill()
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(server.pid).status() == psutil.STATUS_ZOMBIE
        undone = office.run("undo", office.run("history").stdout.split()[0])
        assert undone.returncode == 0, undone.stdout
        assert status(office)["account"] == ""
        assert psutil.Process(server.pid).status() == psutil.STATUS_ZOMBIE
    finally:
        server.kill()
        server.wait()


def test_an_account_that_was_changed_since_is_left_alone(office: Desk) -> None:
    seated(office, OWN)
    assert office.run("apply", str(written(office))).returncode == 0
    assert office.etc.run("usermod", "-aG", "adm", ACCOUNT).returncode == 0
    now = status(office)
    undone = office.run("undo", office.run("history").stdout.split()[0])
    assert undone.returncode != 0 and "is not as it was made" in undone.stdout, undone.stdout
    assert status(office) == now


def test_two_servers_share_the_folder_above_and_each_is_undone(office: Desk) -> None:
    seated(office, OWN)
    assert office.run("apply", str(written(office))).returncode == 0
    assert office.etc.run("install", "-d", "/srv/mcp/another").returncode == 0
    undone = office.run("undo", office.run("history").stdout.split()[0])
    assert undone.returncode == 0, undone.stdout
    now = status(office)
    assert now["workspace"] == "" and now["above"] == "root root 755" and now["account"] == ""


def test_a_real_file_server_works_in_its_workspace(office: Desk, node_server: Path) -> None:
    modules = node_server.parents[3]
    assert office.etc.run("cp", "-r", str(modules), "/opt/mcp/node_modules", timeout=120).returncode == 0
    assert office.etc.run("chmod", "-R", "go=rX", "/opt/mcp/node_modules").returncode == 0
    script = f"/opt/mcp/node_modules/{node_server.relative_to(modules)}"
    config = seated(office, OWN, require_program("node"), script, str(office.home))
    before = config.read_bytes()
    plan = written(office)
    done = office.run("apply", str(plan))
    assert done.returncode == 0, done.stdout + done.stderr
    entry = json.loads(config.read_text())["mcpServers"]["files"]
    assert entry["args"][-1] == WORKSPACE
    assert status(office)["rule"].endswith(f"NOPASSWD: {require_program('node')} {script} {WORKSPACE}")
    assert office.run("undo", office.run("history").stdout.split()[0]).returncode == 0
    assert config.read_bytes() == before


def test_what_the_new_account_is_denied_comes_to_be_recorded(office: Desk, clean: None) -> None:
    """From a server that runs as you to one that is refused your files, and whose attempts are told, and back."""
    seated(office, OWN)
    assert office.run("apply", str(written(office))).returncode == 0
    report = json.loads(office.run("--headless", "--json", "--sudo", "--yes").stdout)
    (found,) = [
        each["identity"]
        for each in report["findings"]
        if each["check"] == "audit/not-watching-files" and each["subject"]["key"] == ACCOUNT
    ]
    planned = office.run("plan", found, "--sudo", "--yes", "--json")
    assert planned.returncode == 0, planned.stderr
    file = office.home / "rules.json"
    file.write_text(planned.stdout)
    before = listed()
    done = office.run("apply", str(file), "--sudo", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    uid = status(office)["account"].split(":")[2]
    kept = office.etc.folder / "audit" / "rules.d" / f"10-mcp-denied-{uid}.rules"
    assert len(listed()) == len(before) + 4 and all(f"uid={uid}" in rule for rule in listed()[len(before) :])
    assert f"-F exit=-EACCES -F uid={uid} -k mcp_denied" in kept.read_text()
    undone = office.run("undo", office.run("history").stdout.split()[0])
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert listed() == before and not kept.exists()
