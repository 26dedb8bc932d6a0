"""clients/dedicated-account: what it asks, what it plans, and everything that it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, get_fix, plugins
from workbench.account_rules import is_account_rule, rule_for
from workbench.model.acts import CreateAccount, MakeRootDirectory, TrialAsAccount
from workbench.model.clients import ClientFacts
from workbench.model.facts import Account, AccountFacts, EnvironmentEntry, PathFact, SectionState
from workbench.model.finding import Finding
from workbench.model.launch import Ability, Launch, PackageSpec, RootArgument
from workbench.model.operations import CreateRootFile, EditValue, SetValue
from workbench.model.plan import Plan, Refusal, Reversal
from workbench.model.snapshot import Snapshot
from workbench.planning import answered, plan
from workbench.scan import run_check
from workbench.sudo_tightening import Kept

FIX, CHECK = "clients/dedicated-account", "clients/no-isolation"
NODE, SCRIPT = "/usr/bin/node", "/opt/mcp/dist/index.js"
DEV = Account(1000, "dev", 1000, (1000, 27), "/home/dev", "/bin/bash")
ROOT = {"uid": 0, "gid": 0}


def file(path: str, mode: int = 0o755, **more: Any) -> PathFact:
    return builders.path(path, mode, **{**ROOT, **more})


def host(
    command: tuple[str, ...] = (NODE, SCRIPT, "/home/dev/work"),
    files: tuple[PathFact, ...] = (file(NODE), file(SCRIPT, 0o644)),
    *,
    launch: dict[str, Any] | None = None,
    entry: dict[str, Any] | None = None,
    accounts: tuple[Account, ...] = (DEV,),
    groups: tuple[tuple[int, str], ...] = ((1000, "dev"), (27, "sudo")),
    **config: Any,
) -> Snapshot:
    given: dict[str, Any] = {
        "script": SCRIPT,
        "roots": (RootArgument("/home/dev/work", "/home/dev/work", 2),),
        "abilities": (Ability("files", "its package is known for it"),),
        **(launch or {}),
    }
    made = Launch(command[0].rpartition("/")[2], command[1:], **given)
    server = builders.server("files", command, launch=made, runs=tuple(each.asked for each in files), **(entry or {}))
    clients = ClientFacts(builders.COMPLETE, (builders.config([server], owner=1000, **config),), files=files)
    known = AccountFacts(SectionState("complete"), accounts, groups)
    return builders.snapshot(clients=clients, accounts=known)


def found(snapshot: Snapshot) -> Finding:
    (finding,) = run_check(get_check(CHECK), snapshot, plugins().repairs_of(CHECK)).findings
    assert FIX in finding.repairs
    return finding


def planned(snapshot: Snapshot, **answers: str) -> Plan | Refusal:
    return plan(get_fix(FIX), found(snapshot), snapshot, answers)


def suggested(snapshot: Snapshot) -> Any:
    return answered(get_fix(FIX), found(snapshot), snapshot, {})


def made(snapshot: Snapshot, **answers: str) -> Plan:
    ready = planned(snapshot, **answers)
    assert isinstance(ready, Plan), ready
    return ready


def refused(snapshot: Snapshot, **answers: str) -> Refusal:
    why = planned(snapshot, **answers)
    assert isinstance(why, Refusal), why
    assert why.instead
    return why


def test_account_workspace_rule_trial_and_then_the_configuration() -> None:
    ready = made(host())
    account, workspace, rule, trial, program, arguments = ready.operations
    assert account == CreateAccount("mcp-files")
    assert workspace == MakeRootDirectory("/var/mcp/files", "mcp-files", "dev", 0o750)
    assert isinstance(rule, CreateRootFile) and rule.format == "sudoers-file"
    assert rule.path == "/etc/sudoers.d/zz-mcp-files" and is_account_rule(rule.content)
    line = f"dev ALL=(mcp-files) NOPASSWD: {NODE} {SCRIPT} /var/mcp/files"
    assert rule.content.splitlines()[-1] == line
    command = ("sudo", "-n", "-u", "mcp-files", NODE, SCRIPT, "/var/mcp/files")
    assert isinstance(trial, TrialAsAccount) and (trial.command, trial.caller) == (command, "dev")
    assert isinstance(program, EditValue) and (program.expect, program.value) == (NODE, "sudo")
    assert isinstance(arguments, SetValue) and '"-n", "-u", "mcp-files"' in arguments.value
    assert ready.reversal is Reversal.PARTIAL and "/var/mcp/files" in ready.keeps
    for words in ("/home/dev/work", "env_reset", "starts files once"):
        assert words in ready.consequences


def test_a_program_that_is_named_without_its_folder_gets_it() -> None:
    rule = made(host(("node", SCRIPT, "/home/dev/work"))).operations[2]
    assert isinstance(rule, CreateRootFile) and f"NOPASSWD: {NODE} " in rule.content


def test_a_server_without_folders_needs_no_workspace() -> None:
    snapshot = host((NODE, SCRIPT), launch={"roots": (), "abilities": ()})
    ready = made(snapshot)
    assert [type(each) for each in ready.operations[:2]] == [CreateAccount, CreateRootFile]
    assert ready.reversal is Reversal.FULL and ready.keeps == ""


def test_a_program_without_arguments_may_be_given_none() -> None:
    program = "/usr/local/bin/mcp-server-time"
    snapshot = host((program,), (file(program),), launch={"roots": (), "abilities": (), "script": ""})
    rule = made(snapshot).operations[1]
    assert isinstance(rule, CreateRootFile) and rule.content.endswith(f'NOPASSWD: {program} ""\n')


@pytest.mark.parametrize(
    ("yours", "group", "mode"),
    [("read", "dev", 0o750), ("read and write", "dev", 0o770), ("nothing", "mcp-files", 0o750)],
)
def test_what_the_person_may_do_there(yours: str, group: str, mode: int) -> None:
    workspace = made(host(), yours=yours).operations[1]
    assert isinstance(workspace, MakeRootDirectory) and (workspace.group, workspace.mode) == (group, mode)


def test_where_others_share_the_group_it_is_not_used() -> None:
    other = Account(1001, "eve", 1000, (1000,), "/home/eve", "/bin/bash")
    snapshot = host(accounts=(DEV, other))
    assert suggested(snapshot).yours == "nothing"
    assert "others are in the group" in refused(snapshot, yours="read").reason


def test_a_name_that_is_taken_is_not_suggested() -> None:
    taken = Account(990, "mcp-files", 990, (990,))
    snapshot = host(accounts=(DEV, taken))
    assert suggested(snapshot).account == "mcp-files-2"
    assert "already" in refused(snapshot, account="mcp-files").reason


HOMELY = "/home/dev/mcp/server.js"
CHANGEABLE = "/srv/app/server.js"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "the caller owns the script": (
        {"command": (NODE, HOMELY), "files": (file(NODE), file(HOMELY, 0o644, uid=1000, gid=1000))},
        "can change /home/dev/mcp/server.js",
    ),
    "a folder on the way is the caller's": (
        {
            "command": (NODE, CHANGEABLE),
            "files": (file(NODE), file(CHANGEABLE, 0o644, directories={"/srv/app": (0o755, 1000, 1000)})),
        },
        "can change /srv/app/server.js",
    ),
    "everybody may write the script": (
        {"command": (NODE, CHANGEABLE), "files": (file(NODE), file(CHANGEABLE, 0o666))},
        "can change /srv/app/server.js",
    ),
    "the account cannot reach it": (
        {
            "command": (NODE, CHANGEABLE),
            "files": (file(NODE), file(CHANGEABLE, 0o644, directories={"/srv/app": (0o700, 0, 0)})),
        },
        "mcp-files could not reach /srv/app/server.js",
    ),
    "the account could not read it": (
        {"command": (NODE, CHANGEABLE), "files": (file(NODE), file(CHANGEABLE, 0o640))},
        "mcp-files could not reach /srv/app/server.js",
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_refused_where_the_rule_would_be_no_wall(case: str) -> None:
    given, words = CASES[case]
    launch = {"roots": (), "abilities": (), "script": given["command"][1]}
    why = refused(host(given["command"], given["files"], launch=launch), workspace="")
    assert words in why.reason and "/opt" in why.instead


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "variables": ({"entry": {"environment": (EnvironmentEntry("API_KEY"),)}}, "miss its variables: API_KEY"),
    "a secret": ({"command": (NODE, SCRIPT, "<secret: token>")}, "is a secret"),
    "a runner": (
        {"launch": {"package": PackageSpec("npm", "pkg", "1.0.0", "exact", "npx", "pkg@1.0.0", 2)}},
        "package runner",
    ),
    "a wrapper": ({"launch": {"wrappers": ("env",)}}, "started through env"),
    "two folders": (
        {"launch": {"roots": (RootArgument("/a", "/a", 2), RootArgument("/b", "/b", 3))}},
        "given 2 folders",
    ),
    "a script wherever": ({"launch": {"script": "index.js"}}, "whatever folder"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_refused(case: str) -> None:
    given, words = REFUSED[case]
    assert words in refused(host(**given)).reason


@pytest.mark.parametrize(
    ("package", "words"),
    [
        (
            PackageSpec("npm", "@acme/s", "1.0.0", "exact", "npx", "@acme/s@1.0.0", 2),
            "--prefix /opt/mcp @acme/s@1.0.0;",
        ),
        (PackageSpec("npm", "@acme/s", "latest", "tag", "npx", "@acme/s@latest", 2), "--prefix /opt/mcp @acme/s;"),
        (PackageSpec("pypi", "mcp-s", "2.0", "exact", "uvx", "mcp-s==2.0", 1), "pip install mcp-s==2.0;"),
    ],
)
def test_a_package_is_installed_as_root_first(package: PackageSpec, words: str) -> None:
    assert words in refused(host(launch={"package": package})).instead


def test_refused_for_a_config_that_is_not_one_accounts() -> None:
    snapshot = host()
    (config,) = snapshot.clients.configs
    shared = replace(config, scope="project", owner=None)
    changed = replace(snapshot, clients=replace(snapshot.clients, configs=(shared,)))
    assert "which one account" in refused(changed).reason


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"account": "root"}, "no name for the account"),
        ({"account": "mcp files"}, "no name for the account"),
        ({"workspace": "/home/dev/ws"}, "no plain path"),
        ({"workspace": "/var/../etc/mcp"}, "no plain path"),
        ({"workspace": "/opt/cni/bin"}, "no plain path"),
        ({"workspace": "/var/mcp/a b"}, "no plain path"),
        ({"workspace": ""}, "needs a workspace"),
    ],
)
def test_refused_answers(answers: dict[str, str], words: str) -> None:
    assert words in refused(host(), **answers).reason


@pytest.mark.parametrize("word", ["a*", "a b", "$HOME", "ü", "a\\b", '"x"'])
def test_refused_for_a_word_that_a_rule_cannot_hold(word: str) -> None:
    snapshot = host((NODE, SCRIPT, word), launch={"roots": (), "abilities": ()})
    assert isinstance(planned(snapshot), Refusal)


def test_a_word_with_a_comma_is_escaped() -> None:
    rule = rule_for("dev", Kept("mcp-files", (NODE, "--level=a,b")))
    assert rule == f"dev ALL=(mcp-files) NOPASSWD: {NODE} --level\\=a\\,b"
    assert is_account_rule(f"# x\n{rule}\n")


@pytest.mark.parametrize(
    "content",
    [
        "mallory ALL=(ALL) NOPASSWD: ALL\n",
        "dev ALL=(root) NOPASSWD: /usr/bin/id\n",
        "dev ALL=(mcp-files) NOPASSWD: ALL\n",
        "dev ALL=(mcp-files) NOPASSWD: /usr/bin/id *\n",
        "dev ALL=(mcp-files) NOPASSWD: /usr/bin/id, /usr/bin/env\n",
        "dev ALL=(mcp-files : root) NOPASSWD: /usr/bin/id\n",
        "dev ALL=(mcp-files) NOPASSWD: SETENV: /usr/bin/id\n",
        "%dev ALL=(mcp-files) NOPASSWD: /usr/bin/id\n",
        "Defaults !authenticate\ndev ALL=(mcp-files) NOPASSWD: /usr/bin/id\n",
        "#include /home/dev/x\ndev ALL=(mcp-files) NOPASSWD: /usr/bin/id\n",
        "@include /home/dev/x\ndev ALL=(mcp-files) NOPASSWD: /usr/bin/id\n",
        "# x \\\ndev ALL=(mcp-files) NOPASSWD: /usr/bin/id\n",
        "dev ALL=(mcp-files) NOPASSWD: /usr/bin/id \\\n",
        "dev ALL=(mcp-files) NOPASSWD: /usr/bin/id",
        "dev ALL=(mcp-files) NOPASSWD: /usr/bin/id\ndev ALL=(mcp-files) NOPASSWD: /usr/bin/env\n",
        "",
    ],
)
def test_g15_nothing_but_one_exact_rule_can_be_in_such_a_file(content: str) -> None:
    assert not is_account_rule(content)
