"""What one command line comes to under a policy, and how two policies are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from workbench.model.facts import Account, AccountFacts
from workbench.model.sudoers import SudoDefault, SudoEntry, SudoersFacts
from workbench.sudo_matching import are_arguments, by_expression, by_wildcard, is_program, listed
from workbench.sudo_policy import Decision, Request, decide, grants, outcome

DEV = builders.DEVELOPER
SERVER = Account(990, "mcp-server", 990, (990,))
ACCOUNTS = AccountFacts(
    builders.COMPLETE,
    (*builders.ACCOUNTS.accounts, SERVER),
    (*builders.ACCOUNTS.groups, (990, "mcp-server")),
)
PROGRAM = "/usr/local/bin/mcp-filesystem-server"
EXACT = f"{PROGRAM} --root /var/mcp/workspace"
COMMAND = (PROGRAM, "--root", "/var/mcp/workspace")


def entry(
    *commands: str,
    users: tuple[str, ...] = ("dev",),
    runas: tuple[str, ...] = ("mcp-server",),
    groups: tuple[str, ...] = (),
    tags: tuple[str, ...] = ("authenticate=false",),
    here: bool | None = True,
) -> SudoEntry:
    return SudoEntry(users, ("ALL",), runas, groups, commands, tags, here)


def facts(*entries: SudoEntry, defaults: tuple[SudoDefault, ...] = ()) -> SudoersFacts:
    return SudoersFacts(builders.COMPLETE, entries=entries, defaults=defaults)


def said(
    policy: SudoersFacts,
    *command: str,
    caller: Account = DEV,
    target: str = "mcp-server",
    group: str = "",
) -> tuple[bool | None, bool | None]:
    decision = decide(policy, ACCOUNTS, Request(caller, target, command or COMMAND, group))
    return decision.permitted, decision.passwordless


YES, NO, ASKED, UNKNOWN = (True, True), (False, False), (True, False), (None, None)


class TestArguments:
    @pytest.mark.parametrize(
        ("pattern", "arguments", "answer"),
        [
            (None, (), True),
            (None, ("a",), True),
            ('""', (), True),
            ('""', ("a",), False),
            ("--root /srv", ("--root", "/srv"), True),
            ("--root /srv", ("--root /srv",), True),
            ("--root /srv", ("--root", "/srv/"), False),
            ("--root /srv", ("--root", "/srv", "x"), False),
            ("--root *", ("--root", "/srv", "--root", "/"), True),
            ("*", (), True),
            ("a", (), False),
            ("[ab]", ("a",), True),
            ("[!ab]", ("a",), False),
            ("[a-c]x", ("bx",), True),
            ("?", ("é",), True),
            (r"\*", ("*",), True),
            (r"\*", ("x",), False),
            ("[[:alpha:]]", ("a",), None),
            ("[ab", ("a",), None),
            ("^--root /(var|srv)$", ("--root", "/srv"), True),
            ("^--root /(var|srv)$", ("--root", "/srv/x"), False),
            ("^[[:alpha:]]$", ("a",), None),
            ("^(a+)+$", ("a" * 50,), None),
        ],
    )
    def test_as_sudo_compares_them(self, pattern: str | None, arguments: tuple[str, ...], answer: bool | None) -> None:
        assert are_arguments(pattern, arguments) is answer

    def test_hostile_patterns_take_no_time(self) -> None:
        assert by_wildcard("*a" * 500 + "b", "a" * 3000) is False
        assert by_wildcard("*a" * 5000, "a" * 50000) is None
        assert by_expression("^" + "a?" * 40 + "a" * 40 + "$", "a" * 40) is None
        assert by_expression("^.*.*.*x$", "a" * 500) is False
        assert by_expression("^" + "(a|a)" * 30 + "b$", "a" * 30) is None


class TestProgram:
    @pytest.mark.parametrize(
        ("pattern", "program", "answer"),
        [
            ("ALL", "/x", True),
            ("/bin/x", "/bin/x", True),
            ("/bin/x", "/usr/bin/x", True),
            ("/bin/x", "/bin/y", False),
            ("/opt/a/x", "/opt/b/x", None),
            ("/opt/a/x", "/opt/a/../a/x", None),
            ("/opt/", "/opt/x", True),
            ("/opt/", "/opt/a/x", None),
            ("/opt/*/x", "/opt/a/x", True),
            ("/opt/*", "/opt/x", True),
            ("/opt/mcp-*", "/opt/other", False),
            ("sudoedit", "/usr/bin/sudoedit", False),
            ("^/opt/(a|b)$", "/opt/b", True),
            ("^/opt/[[:alpha:]]$", "/opt/b", None),
        ],
    )
    def test_as_sudo_compares_it(self, pattern: str, program: str, answer: bool | None) -> None:
        assert is_program(pattern, program) is answer


def test_a_list_is_decided_from_its_end() -> None:
    known = {"a": True, "b": False, "n": None}
    assert listed(("a", "!a"), known.__getitem__) is False
    assert listed(("!a", "a"), known.__getitem__) is True
    assert listed(("b",), known.__getitem__) is False
    assert listed(("a", "n"), known.__getitem__) is True
    assert listed(("a", "!n"), known.__getitem__) is None
    assert listed(("n",), known.__getitem__) is None


class TestDecide:
    def test_the_exact_rule_and_nothing_else(self) -> None:
        policy = facts(entry(EXACT))
        assert said(policy) == YES
        assert said(policy, PROGRAM, "--root /var/mcp/workspace") == YES
        for other in (
            (PROGRAM,),
            (PROGRAM, "--root", "/"),
            (*COMMAND, "x"),
            ("/usr/local/bin/other", *COMMAND[1:]),
        ):
            assert said(policy, *other) == NO
        assert said(policy, caller=builders.COLLEAGUE) == NO
        assert said(policy, target="root") == NO

    def test_a_password_by_tag_default_and_order(self) -> None:
        assert said(facts(entry(EXACT, tags=()))) == ASKED
        off = SudoDefault("everyone", ("ALL",), "authenticate", "off")
        assert said(facts(entry(EXACT, tags=()), defaults=(off,))) == YES
        assert said(facts(entry(EXACT, tags=("authenticate=true",)), defaults=(off,))) == ASKED
        assert said(facts(entry(EXACT), entry("ALL", runas=("ALL",), tags=()))) == ASKED
        assert said(facts(entry("ALL", runas=("ALL",), tags=()), entry(EXACT))) == YES
        assert said(facts(entry(EXACT), entry(f"!{PROGRAM}"))) == NO
        assert said(facts(entry("ALL", f"!{EXACT}"))) == NO

    @pytest.mark.parametrize(
        ("scope", "bound", "free"),
        [
            ("user", ("dev",), True),
            ("user", ("colleague",), False),
            ("user", ("ALL", "!dev"), False),
            ("runas", ("mcp-server",), True),
            ("runas", ("root",), False),
            ("command", (PROGRAM,), True),
            ("command", (EXACT,), True),
            ("command", (f"{PROGRAM} x",), False),
        ],
    )
    def test_defaults_with_a_scope(self, scope: str, bound: tuple[str, ...], free: bool) -> None:
        off = SudoDefault(scope, bound, "authenticate", "off")  # type: ignore[arg-type]
        assert said(facts(entry(EXACT, tags=()), defaults=(off,))) == (True, free)

    def test_an_exempt_group(self) -> None:
        exempt = SudoDefault("everyone", ("ALL",), "exempt_group", "set", ("team",))
        policy = facts(entry(EXACT, users=("ALL",), tags=("authenticate=true",)), defaults=(exempt,))
        assert said(policy, caller=builders.COLLEAGUE) == YES
        assert said(policy) == ASKED

    def test_root_and_oneself_are_not_asked(self) -> None:
        everything = entry("ALL", users=("ALL",), runas=("ALL",), tags=())
        assert said(facts(everything), caller=builders.ROOT) == YES
        assert said(facts(everything), caller=SERVER) == YES

    def test_groups_of_callers_and_of_targets(self) -> None:
        assert said(facts(entry(EXACT, users=("%team",))), caller=builders.COLLEAGUE) == YES
        assert said(facts(entry(EXACT, users=("%team",)))) == NO
        assert said(facts(entry(EXACT, users=("%#2000",))), caller=builders.COLLEAGUE) == YES
        assert said(facts(entry(EXACT, users=("#1000",)))) == YES
        assert said(facts(entry(EXACT, runas=("#990",)))) == YES
        assert said(facts(entry(EXACT)), target="#990") == YES
        with_group = facts(entry(EXACT, groups=("team",)))
        assert said(with_group, group="team") == YES
        assert said(with_group, group="other") == NO
        assert said(facts(entry(EXACT)), group="mcp-server") == YES
        # Without a group list it may be an entry that names no target, which permits every group.
        assert said(facts(entry(EXACT)), group="team") == UNKNOWN
        assert said(facts(entry(EXACT, runas=("mcp-server", "root"))), group="team") == NO
        only_group = facts(entry(EXACT, runas=("",), groups=("team",)))
        assert said(only_group, target="", group="team") == YES
        assert said(only_group, target="dev") == NO
        asking = facts(entry(EXACT, runas=("ALL",), groups=("ALL",), tags=()))
        assert said(asking, target="", group="dev") == YES
        assert said(asking, target="", group="team") == ASKED

    def test_what_cannot_be_told_is_not_guessed(self) -> None:
        assert said(facts(entry(EXACT, users=("+netgroup",)))) == UNKNOWN
        assert said(facts(entry(EXACT, here=None))) == UNKNOWN
        assert said(facts(entry(EXACT, here=False))) == NO
        assert said(facts(entry(f"sha256:00 {EXACT}"))) == UNKNOWN
        later = ("authenticate=false", "notbefore=20990101000000Z")
        assert said(facts(entry(EXACT, tags=later))) == UNKNOWN
        assert said(facts(entry(f"{PROGRAM} ^[[:alpha:]]$"))) == UNKNOWN
        assert said(facts(entry(f"/opt/{PROGRAM.rpartition('/')[2]}"))) == UNKNOWN
        hidden = f"{PROGRAM} --key <secret: key, 9 characters>"
        assert said(facts(entry(hidden)), PROGRAM, "--key", "<secret: key, 9 characters>") == UNKNOWN
        # An entry that may match changes nothing where the one before it says the same.
        assert said(facts(entry(EXACT), entry(EXACT, users=("+netgroup",)))) == YES

    def test_a_bare_name_is_searched_in_the_secure_path(self) -> None:
        name = PROGRAM.rpartition("/")[2]
        path = SudoDefault("everyone", ("ALL",), "secure_path", "set", ("/usr/local/bin:/usr/bin",))
        assert said(facts(entry(EXACT), defaults=(path,)), name, *COMMAND[1:]) == YES
        elsewhere = replace(path, values=("/usr/bin",))
        assert said(facts(entry(EXACT), defaults=(elsewhere,)), name, *COMMAND[1:]) == UNKNOWN
        assert said(facts(entry(EXACT)), name, *COMMAND[1:]) == UNKNOWN
        assert said(facts(entry(EXACT)), "other", *COMMAND[1:]) == NO

    def test_who_may_set_the_environment(self) -> None:
        def keeps(policy: SudoersFacts) -> bool | None:
            return decide(policy, ACCOUNTS, Request(DEV, "mcp-server", COMMAND)).set_environment

        on = SudoDefault("user", ("dev",), "setenv", "on")
        assert keeps(facts(entry(EXACT))) is False
        assert keeps(facts(entry(EXACT, tags=("authenticate=false", "setenv=true")))) is True
        assert keeps(facts(entry(EXACT), defaults=(on,))) is True
        assert keeps(facts(entry(EXACT, tags=("authenticate=false", "setenv=false")), defaults=(on,))) is False
        assert keeps(facts(entry("ALL"))) is True
        assert keeps(facts(entry("ALL", tags=("authenticate=false", "setenv=false")))) is False

    def test_nothing_permits_nothing(self) -> None:
        assert decide(facts(), ACCOUNTS, Request(DEV, "root", ("/bin/x",))) == Decision(False, False, False)


def test_lists_of_settings_are_added_up_in_the_order_sudo_applies_them() -> None:
    policy = facts(
        defaults=(
            SudoDefault("everyone", ("ALL",), "env_keep", "add", ("A", "B")),
            SudoDefault("command", (PROGRAM,), "env_keep", "add", ("C",)),
            SudoDefault("user", ("dev",), "env_keep", "remove", ("A",)),
            SudoDefault("user", ("colleague",), "env_keep", "set", ("X",)),
        )
    )
    assert outcome(policy, ACCOUNTS, Request(DEV, "mcp-server", COMMAND))["env_keep"].values == ("B", "C")
    assert outcome(policy, ACCOUNTS, Request(DEV, "mcp-server", ("/bin/x",)))["env_keep"].values == ("B",)
    other = Request(builders.COLLEAGUE, "mcp-server", ("/bin/x",))
    assert outcome(policy, ACCOUNTS, other)["env_keep"].values == ("X",)


class TestGrants:
    BASE = (entry("ALL", users=("%sudo",), runas=("ALL",), tags=()), entry(EXACT), entry("/bin/other", users=("eve",)))

    def test_a_policy_equals_itself_whatever_the_order_of_what_does_not_meet(self) -> None:
        first, second, third = self.BASE
        assert grants(facts(first, second, third)) == grants(facts(first, third, second))

    @pytest.mark.parametrize(
        "changed",
        [
            (entry("ALL", users=("%sudo",), runas=("ALL",), tags=()), entry(EXACT)),
            (*BASE, entry("/bin/x", users=("eve",))),
            (BASE[0], entry(f"{EXACT} *"), BASE[2]),
            (BASE[0], entry(EXACT, tags=()), BASE[2]),
            (BASE[0], entry(EXACT, tags=("authenticate=false", "setenv=true")), BASE[2]),
            (BASE[0], entry(EXACT, runas=("root",)), BASE[2]),
            (BASE[0], entry(EXACT, users=("dev", "!eve")), BASE[2]),
            (BASE[0], entry(EXACT, f"!{PROGRAM}"), BASE[2]),
            (BASE[0], entry(f"sha256:00 {EXACT}"), BASE[2]),
            (BASE[0], replace(BASE[1], hosts=("other",)), BASE[2]),
            # Their order decides whether dev is asked.
            (BASE[1], BASE[0], BASE[2]),
        ],
    )
    def test_every_change_of_what_is_granted_shows(self, changed: tuple[SudoEntry, ...]) -> None:
        assert grants(facts(*changed)) != grants(facts(*self.BASE))

    def test_a_change_shows_in_the_grants_that_it_concerns_only(self) -> None:
        after = facts(self.BASE[0], entry(EXACT, tags=()), self.BASE[2])
        gone, come = grants(facts(*self.BASE)) - grants(after), grants(after) - grants(facts(*self.BASE))
        # The one before it names what may decide otherwise.
        assert {(grant.user, grant.command) for grant in gone} == {("dev", EXACT), ("%sudo", "ALL")}
        assert {(grant.user, grant.command) for grant in come} == {("dev", EXACT), ("%sudo", "ALL")}

    @pytest.mark.parametrize("name", ["authenticate", "setenv", "env_reset", "exempt_group"])
    def test_a_change_of_the_defaults_that_decide_shows(self, name: str) -> None:
        for setting, differs in (
            (SudoDefault("everyone", ("ALL",), name, "off"), True),
            (SudoDefault("user", ("nobody-here",), name, "off"), False),
        ):
            with_it = facts(*self.BASE[1:], defaults=(setting,))
            assert (grants(with_it) != grants(facts(*self.BASE[1:]))) is differs

    def test_what_is_refused_is_no_grant(self) -> None:
        (refused,) = [grant for grant in grants(facts(entry("ALL", "!/bin/su"))) if grant.command == "/bin/su"]
        assert not refused.permitted
        (kept,) = [grant for grant in grants(facts(entry("ALL", "!/bin/su"))) if grant.command == "ALL"]
        assert kept.permitted
        assert kept.but_not == ("!/bin/su",)
