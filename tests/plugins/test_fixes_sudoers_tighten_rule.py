"""The fix sudoers/tighten-rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_fix, make_plan, run_check
from workbench.launch import understand
from workbench.model.clients import ClientFacts
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.finding import Finding
from workbench.model.operations import EditRootFile
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.snapshot import Snapshot
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoEntry, SudoersFacts, SudoRule, SudoStatement

FIX = "sudoers/tighten-rule"
BROAD, INEXACT, KEEPS = "sudoers/passwordless-too-broad", "sudoers/inexact-arguments", "sudoers/keeps-environment"
FILE = "/etc/sudoers.d/mcp"
SERVER = ("sudo", "-n", "-u", "mcp-server", "/usr/local/bin/mcp-files", "--root", "/srv/x")
DEV = Account(1000, "dev", 1000, (1000,), "/home/dev", "/bin/bash")
ADA = Account(1001, "ada", 1001, (1001, 27), "/home/ada", "/bin/bash")
MCP = Account(990, "mcp-server", 990, (990,), "/var/mcp", "/usr/sbin/nologin")
ROOT = Account(0, "root", 0, (0,), "/root", "/bin/bash")


def _rule(
    text: str,
    *commands: str,
    runas: str = "root",
    tags: tuple[str, ...] = ("authenticate=false",),
    user: str = "dev",
    line: int = 1,
) -> tuple[SudoRule, SudoEntry, SudoStatement]:
    lines = tuple(text.split("\n"))
    told = tuple(SudoCommand(each.removeprefix("!"), each.startswith("!")) for each in commands)
    sets = True if "setenv=true" in tags else None
    rule = SudoRule((user,), ("ALL",), (runas,), (), told, True, set_environment=sets, file=FILE, line=line)
    return rule, SudoEntry((user,), ("ALL",), (runas,), (), commands, tags), SudoStatement(FILE, line, lines)


def _host(
    *rules: tuple[SudoRule, SudoEntry, SudoStatement],
    passwords: dict[str, str] | None = None,
    defaults: tuple[SudoDefault, ...] = (),
    more: tuple[SudoEntry, ...] = (),
    servers: tuple[tuple[str, ...], ...] = (),
    accounts: tuple[Account, ...] = (ROOT, MCP, DEV),
) -> Snapshot:
    known = {"dev": "P", "root": "L"} if passwords is None else passwords
    facts = SudoersFacts(
        builders.COMPLETE,
        rules=tuple(rule for rule, _, _ in rules),
        entries=(*(entry for _, entry, _ in rules), *more),
        defaults=defaults,
        statements=tuple(statement for _, _, statement in rules),
        passwords=tuple(known.items()),
    )
    entries = [
        builders.server(f"s{number}", command, launch=understand(command, "/"))
        for number, command in enumerate(servers)
    ]
    return builders.snapshot(
        sudoers=facts,
        host=HostFacts("linux", "6.1", 1000, "dev", "/home/dev"),
        accounts=AccountFacts(builders.COMPLETE, accounts, ((0, "root"), (27, "sudo"), (990, "mcp-server"))),
        clients=ClientFacts(builders.COMPLETE, (builders.config(entries, owner=1000),)),
    )


def _found(snapshot: Snapshot, check: str = BROAD) -> Finding:
    (finding,) = builders.findings(run_check(check, snapshot))
    return finding


def _plan(snapshot: Snapshot, kept: str | None = None, check: str = BROAD) -> Plan | Refusal:
    answers = get_fix(FIX).answers
    assert answers is not None
    return make_plan(FIX, _found(snapshot, check), snapshot, None if kept is None else answers(kept))


def _edit(made: Plan | Refusal) -> EditRootFile:
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, EditRootFile)
    return operation


FIND = _rule("dev ALL=(root) NOPASSWD: /usr/bin/find", "/usr/bin/find")


def test_the_password_comes_back_and_nothing_else_changes() -> None:
    made = _plan(_host(FIND))
    edit = _edit(made)
    assert (edit.path, edit.line, edit.expect) == (FILE, 1, ("dev ALL=(root) NOPASSWD: /usr/bin/find",))
    assert edit.value == ("dev ALL=(root) /usr/bin/find",)
    assert edit.loses == ("dev ALL=(root) NOPASSWD: /usr/bin/find",)
    assert edit.gains == ("dev ALL=(root) /usr/bin/find",)
    assert isinstance(made, Plan)
    assert (made.safety, made.reversal, made.confirm) == (Safety.REVIEW, Reversal.FULL, 120)
    assert "sudo asks dev for the password" in made.consequences


def test_what_a_server_runs_is_suggested_to_stay() -> None:
    loose = _rule(
        "dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-files --root *",
        "/usr/local/bin/mcp-files --root *",
        runas="mcp-server",
    )
    snapshot = _host(loose, servers=(SERVER, ("sudo", "-u", "root", "/usr/bin/true"), ("npx", "-y", "files")))
    suggest = get_fix(FIX).suggest
    assert suggest is not None
    suggested: Any = suggest(_found(snapshot, INEXACT), snapshot)
    assert suggested.without_password == "(mcp-server) /usr/local/bin/mcp-files --root /srv/x"
    edit = _edit(_plan(snapshot, check=INEXACT))
    assert edit.value[1] == "dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-files --root /srv/x"
    assert edit.gains[1] == "dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-files --root /srv/x"
    made = _plan(snapshot, "", check=INEXACT)
    assert isinstance(made, Plan) and "these servers cannot start any more: s0" in made.consequences


def test_of_everything_one_command_as_one_account_stays() -> None:
    every = _rule("dev ALL=(ALL) NOPASSWD: ALL", "ALL", runas="ALL", tags=("authenticate=false", "setenv=true"))
    snapshot = _host(every, servers=(SERVER,))
    edit = _edit(_plan(snapshot))
    assert edit.value == (
        "dev ALL=(ALL) ALL",
        "dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-files --root /srv/x",
    )
    none = _edit(_plan(snapshot, '(mcp-server) /usr/local/bin/mcp-files ""'))
    assert none.value[1] == 'dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-files ""'


REFUSED = {
    "no account": ("/usr/bin/find /srv", "is not named with its account"),
    "no command": ("(root)", "is not named with its account"),
    "not by a path": ("(root) find /srv", "absolute path"),
    "a wildcard": ("(root) /usr/bin/find /srv/*", "means something else"),
    "an expression": ("(root) /usr/bin/find ^.*$", "means something else"),
    "more than the rule permits": ("(root) /usr/bin/id", "does not permit"),
    "another account": ("(mcp-server) /usr/bin/find /srv", "does not permit"),
    "an odd account": ("(%sudo) /usr/bin/find", "cannot be written into a rule plainly"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_stay_is_refused(name: str) -> None:
    answer, words = REFUSED[name]
    made = _plan(_host(FIND), answer)
    assert isinstance(made, Refusal) and words in made.reason, made


def test_an_answer_cannot_bring_a_line_of_its_own() -> None:
    edit = _edit(_plan(_host(FIND), "(root) /usr/bin/find a\nmallory ALL=ALL"))
    assert edit.value[1:] == ("dev ALL=(root) NOPASSWD: /usr/bin/find a mallory ALL\\=ALL",)


def test_what_is_too_broad_itself_may_not_stay() -> None:
    shell = _rule("dev ALL=(root) NOPASSWD: /bin/bash", "/bin/bash")
    made = _plan(_host(shell), "(root) /bin/bash -i")
    assert isinstance(made, Refusal) and "is too broad itself" in made.reason


def test_a_setting_that_frees_the_rule_stays_and_the_rule_asks() -> None:
    freed = _rule("dev ALL=(ALL) ALL", "ALL", runas="ALL", tags=("setenv=true",), line=2)
    setting = SudoDefault("user", ("dev",), "authenticate", "off")
    edit = _edit(_plan(_host(freed, defaults=(setting,)), ""))
    assert edit.value == ("dev ALL=(ALL) PASSWD: ALL",)
    assert edit.gains == ("dev ALL=(ALL) PASSWD: SETENV: ALL",)


def test_the_tag_for_variables_goes_alone() -> None:
    sets = _rule(
        "dev ALL=(mcp-server) NOPASSWD: SETENV: /opt/server x",
        "/opt/server x",
        runas="mcp-server",
        tags=("authenticate=false", "setenv=true"),
    )
    edit = _edit(_plan(_host(sets), check=KEEPS))
    assert edit.value == ("dev ALL=(mcp-server) NOPASSWD: /opt/server x",)
    everywhere = SudoDefault("everyone", (), "setenv", "on")
    explicit = _edit(_plan(_host(sets, defaults=(everywhere,)), check=KEEPS))
    assert explicit.value == ("dev ALL=(mcp-server) NOPASSWD: NOSETENV: /opt/server x",)


def test_a_variable_kept_by_a_setting_is_left_to_the_person() -> None:
    plain = _rule("dev ALL=(mcp-server) NOPASSWD: /opt/server x", "/opt/server x", runas="mcp-server")
    kept = SudoDefault("everyone", (), "env_keep", "add", ("LD_PRELOAD",))
    made = _plan(_host(plain, defaults=(kept,)), check=KEEPS)
    assert isinstance(made, Refusal) and "a setting (Defaults)" in made.reason


EVERY = _rule("dev ALL=(ALL) NOPASSWD: ALL", "ALL", runas="ALL", tags=("authenticate=false", "setenv=true"))
ADMIN = SudoEntry(("ada",), ("ALL",), ("ALL",), (), ("ALL",), ("setenv=true",))


@pytest.mark.parametrize(
    ("passwords", "words"),
    [
        ({"dev": "L", "root": "L"}, "its password is locked"),
        ({"dev": "NP", "root": "P"}, "it has no password"),
        ({}, "not known whether it has a password"),
    ],
)
def test_you_are_not_shut_out(passwords: dict[str, str], words: str) -> None:
    made = _plan(_host(EVERY, passwords=passwords, more=(ADMIN,), accounts=(ROOT, MCP, DEV, ADA)), "")
    assert isinstance(made, Refusal) and words in made.reason and "dev" in made.reason
    assert "sudo passwd" in made.instead


@pytest.mark.parametrize(
    ("passwords", "refused"),
    [
        ({"dev": "P", "ada": "L", "root": "L"}, False),
        ({"dev": "L", "ada": "L", "root": "P"}, False),
        ({"dev": "L", "ada": "L", "root": "L"}, True),
    ],
)
def test_g14_somebody_stays_who_can_administer(passwords: dict[str, str], refused: bool) -> None:
    of_ada = _rule(
        "ada ALL=(ALL) NOPASSWD: ALL", "ALL", runas="ALL", tags=("authenticate=false", "setenv=true"), user="ada"
    )
    of_dev = SudoEntry(("dev",), ("ALL",), ("ALL",), (), ("ALL",), ("setenv=true",))
    snapshot = _host(of_ada, passwords=passwords, more=(of_dev,), accounts=(ROOT, MCP, DEV, ADA))
    assert isinstance(_plan(snapshot, ""), Refusal) is refused


def test_the_password_of_another_account_is_not_counted_on() -> None:
    setting = SudoDefault("everyone", (), "rootpw", "on")
    made = _plan(_host(EVERY, defaults=(setting,)), "")
    assert isinstance(made, Refusal) and "rootpw" in made.reason


def test_of_a_netgroup_nobody_knows_who_is_shut_out() -> None:
    of_group = _rule("+staff ALL=(ALL) NOPASSWD: ALL", "ALL", runas="ALL", user="+staff")
    made = _plan(_host(of_group), "")
    assert isinstance(made, Refusal) and "+staff" in made.reason


def _with(snapshot: Snapshot, **facts: Any) -> Snapshot:
    return replace(snapshot, sudoers=replace(snapshot.sudoers, **facts))


def test_what_cannot_be_told_is_left_to_the_person() -> None:
    snapshot = _host(FIND)
    (rule,), (entry,), (statement,) = snapshot.sudoers.rules, snapshot.sudoers.entries, snapshot.sudoers.statements
    exempt = SudoDefault("everyone", (), "exempt_group", "set", ("wheel",))
    unclear = {
        "no text": _with(snapshot, statements=()),
        "a secret in it": _with(snapshot, statements=(replace(statement, exact=False),)),
        "twice": _with(snapshot, entries=(entry, entry)),
        "an expression": _with(
            snapshot, statements=(replace(statement, lines=("dev ALL=(root) NOPASSWD: /usr/bin/find ^a,b$",)),)
        ),
        "another text": _with(snapshot, statements=(replace(statement, lines=("dev ALL=(root) NOPASSWD: /bin/x",)),)),
        "nobody is asked": _with(snapshot, defaults=(exempt,)),
    }
    for name, each in unclear.items():
        made = _plan(each)
        assert isinstance(made, Refusal) and "sudo visudo" in made.instead, name
    gone = make_plan(FIX, _found(snapshot), _with(snapshot, rules=(replace(rule, passwordless=False),)), None)
    assert isinstance(gone, Refusal)


@pytest.mark.parametrize("option", ["noexec=true", "notafter=20300101000000Z", "runcwd=/srv", "setenv=false"])
def test_what_stays_is_never_freed_of_what_binds_the_rule(option: str) -> None:
    command = "/usr/local/bin/mcp-files --root *"
    text = f"dev ALL=(mcp-server) NOPASSWD: {command}"
    loose = _rule(text, command, runas="mcp-server", tags=("authenticate=false", option))
    snapshot = _host(loose, servers=(SERVER,))
    suggest = get_fix(FIX).suggest
    assert suggest is not None
    suggested: Any = suggest(_found(snapshot, INEXACT), snapshot)
    assert suggested.without_password == ""
    made = _plan(snapshot, "(mcp-server) /usr/local/bin/mcp-files --root /srv/x", check=INEXACT)
    assert isinstance(made, Refusal) and option in made.reason
