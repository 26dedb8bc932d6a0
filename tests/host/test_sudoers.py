from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from workbench.host import sudoers
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.sudoers import access, defaults, names, place, policy
from workbench.host.sudoers.document import NotADocument, parse
from workbench.model.sudoers import SudoCommand, SudoRule

DATA = Path(__file__).parents[1] / "data" / "sudoers"
GROUPS = {"wheel": {"alice", "carol"}, "sudo": {"alice", "bob"}}
IDS = {"root": 0, "alice": 1000, "bob": 1001, "mcp": 990}
ACCOUNTS = names.Directory(IDS.get, lambda group: frozenset(GROUPS.get(group, set())))
HOST = policy.Host("laptop", ("192.0.2.7",), ACCOUNTS, datetime(2026, 1, 2, tzinfo=UTC))


def people(*users: str) -> list[dict[str, Any]]:
    """Entries of a user list, as cvtsudoers prints them."""
    listed: list[dict[str, Any]] = []
    for user in users:
        name = user.removeprefix("!")
        item: dict[str, Any] = {"usergroup": name[1:]} if name.startswith("%") else {"username": name}
        listed.append({**item, "negated": True} if user != name else item)
    return listed


def commands(*texts: str) -> list[dict[str, Any]]:
    return [
        {"command": text.removeprefix("!"), **({"negated": True} if text.startswith("!") else {})} for text in texts
    ]


def spec(
    users: tuple[str, ...] = ("alice",),
    runas: tuple[str, ...] = ("ALL",),
    permitted: tuple[str, ...] = ("ALL",),
    authenticate: bool | None = None,
    hosts: tuple[str, ...] = ("ALL",),
    **more: Any,
) -> dict[str, Any]:
    options = [] if authenticate is None else [{"authenticate": authenticate}]
    permission = {"runasusers": people(*runas), "Options": options, "Commands": commands(*permitted), **more}
    return {
        "User_List": people(*users),
        "Host_List": [{"hostname": host} for host in hosts],
        "Cmnd_Specs": [permission],
    }


def rules(
    *specs: dict[str, Any], settings: tuple[dict[str, Any], ...] = (), of_targets: tuple[dict[str, Any], ...] = ()
) -> tuple[SudoRule, ...]:
    read = defaults.read({"Defaults": list(settings)}, {"Defaults": list(of_targets)})
    found = policy.read({"User_Specs": list(specs)}, read, HOST)
    assert found.unknown == ()
    return found.rules


def free(found: tuple[SudoRule, ...]) -> list[tuple[str, str, str]]:
    """(caller, target, command) of everything that runs without a password on this machine."""
    return [
        (user, target, command.text)
        for rule in found
        if rule.passwordless and rule.here
        for user in rule.users
        for target in rule.runas_users
        for command in rule.commands
        if not command.negated
    ]


def setting(authenticate: bool, *bound: dict[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = {"Options": [{"authenticate": authenticate}]}
    return {"Binding": list(bound), **block} if bound else block


class TestDocument:
    def test_it_is_json_where_it_is_json(self) -> None:
        assert parse('{"a": [1, {"b": null}], "c": false}') == {"a": [1, {"b": None}], "c": False}

    def test_bare_pairs_and_missing_commas_are_read(self) -> None:
        assert parse('{"o": ["cwd": "/x", {"n": 1}] "l": [] }') == {"o": [{"cwd": "/x"}, {"n": 1}], "l": []}

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"a": }', '{"a": 1} trailing', '{"a": [1', "{1: 2}", "[" * 500])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(NotADocument):
            parse(text)

    def test_what_cvtsudoers_really_prints_for_every_shape_is_read(self) -> None:
        document = parse((DATA / "every-shape.json").read_text())
        assert len(document["User_Specs"]) == 16
        limited = next(item for item in document["User_Specs"] if item["User_List"] == [{"username": "leo"}])
        assert {"runcwd": "/x"} in limited["Cmnd_Specs"][0]["Options"]


class TestEveryShape:
    @pytest.fixture
    def found(self) -> policy.Policy:
        document = parse((DATA / "every-shape.json").read_text())
        settings = defaults.read(document, parse((DATA / "every-shape-runas.json").read_text()))
        return policy.read(document, settings, replace(HOST, name="web1"))

    def of(self, found: policy.Policy, user: str) -> list[SudoRule]:
        return [rule for rule in found.rules if user in rule.users]

    def test_aliases_groups_ids_and_netgroups_are_named_as_sudoers_names_them(self, found: policy.Policy) -> None:
        first = self.of(found, "bob")[0]
        assert first.users == ("bob", "carol", "!dave", "%admins", "#1002", "%#100", "+netg", "%:directory")
        assert first.hosts == ("web1", "192.168.0.0/24", "!web2", "+hostg", "10.0.0.1")
        assert first.runas_users == ("postgres", "%dba")
        assert first.runas_groups == ("dba",)
        assert first.set_environment
        assert first.commands[-1] == SudoCommand("/bin/qux", negated=True)

    def test_a_host_list_that_needs_a_netgroup_is_said_to_be_unknown(self, found: policy.Policy) -> None:
        assert any("+hostg" in what for what in found.unknown)
        assert not any(rule.here for rule in self.of(found, "bob"))

    def test_a_digest_belongs_to_its_command(self, found: policy.Policy) -> None:
        texts = [command.text for command in self.of(found, "frank")[0].commands]
        assert texts == ["/bin/ls", "sudoedit /etc/hosts", "list", '/bin/plain ""']

    def test_no_target_means_root_and_a_group_alone_means_oneself(self, found: policy.Policy) -> None:
        assert self.of(found, "frank")[0].runas_users == ("root",)
        assert (self.of(found, "grace")[0].runas_users, self.of(found, "grace")[0].runas_groups) == (("",), ("grp",))
        assert self.of(found, "ivan")[0].runas_users == ("",)

    def test_hosts_decide_where_a_rule_counts(self, found: policy.Policy) -> None:
        assert [(rule.hosts, rule.here) for rule in self.of(found, "heidi")] == [(("h1",), False), (("h2",), False)]

    def test_a_rule_past_its_date_does_not_count(self, found: policy.Policy) -> None:
        assert [(rule.passwordless, rule.here) for rule in self.of(found, "leo")] == [(True, False)]

    def test_escapes_and_continued_lines_are_sudos_business(self, found: policy.Policy) -> None:
        assert self.of(found, "user with space")[0].commands[0].text == "/bin/esc,aped a,b :c"
        assert [command.text for command in self.of(found, "mia")[0].commands] == ["/bin/cont", "/bin/cont2 --x"]

    def test_an_undefined_alias_permits_nothing(self, found: policy.Policy) -> None:
        assert self.of(found, "nobody") == []


class TestPassword:
    def test_the_tag_decides(self) -> None:
        assert free(rules(spec(authenticate=False))) == [("alice", "ALL", "ALL")]
        assert free(rules(spec(authenticate=True), settings=(setting(False),))) == []
        assert free(rules(spec())) == []

    def test_defaults_for_everyone_and_the_last_one_counts(self) -> None:
        assert free(rules(spec(), settings=(setting(False),)))
        assert free(rules(spec(), settings=(setting(False), setting(True)))) == []

    def test_defaults_of_a_caller(self) -> None:
        for_alice = setting(False, {"username": "alice"})
        assert free(rules(spec(), settings=(for_alice,)))
        assert free(rules(spec(users=("bob",)), settings=(for_alice,))) == []
        again = setting(True, {"username": "alice"})
        assert free(rules(spec(), settings=(setting(False), again))) == []
        by_id = setting(False, {"userid": 1000})
        assert free(rules(spec(), settings=(by_id,)))

    def test_defaults_of_one_member_free_that_member_of_a_group(self) -> None:
        found = rules(spec(users=("%sudo",)), settings=(setting(False, {"username": "alice"}),))
        assert free(found) == [("alice", "ALL", "ALL")]
        assert [rule.users for rule in found if not rule.passwordless] == [("%sudo",)]

    def test_defaults_of_a_group_free_the_members_that_the_rule_names(self) -> None:
        found = rules(spec(users=("alice", "bob")), settings=(setting(False, {"usergroup": "wheel"}),))
        assert free(found) == [("alice", "ALL", "ALL")]

    def test_defaults_of_a_target_account_are_not_those_of_a_caller(self) -> None:
        for_target = setting(False, {"username": "mcp"})
        found = rules(spec(), settings=(for_target,), of_targets=(for_target,))
        assert free(found) == [("alice", "mcp", "ALL")]
        assert free(rules(spec(users=("mcp",)), settings=(for_target,), of_targets=(for_target,))) == [
            ("mcp", "mcp", "ALL")
        ]

    def test_of_two_equal_entries_only_one_is_of_the_target(self) -> None:
        twin = setting(False, {"username": "mcp"})
        found = rules(spec(users=("mcp",)), settings=(twin, twin), of_targets=(twin,))
        assert ("mcp", "ALL", "ALL") in free(found)

    def test_a_caller_left_out_of_defaults_is_asked(self) -> None:
        all_but_alice = setting(False, {"username": "ALL"}, {"username": "alice", "negated": True})
        assert free(rules(spec(), settings=(all_but_alice,))) == []
        assert free(rules(spec(users=("bob",)), settings=(all_but_alice,)))

    def test_defaults_of_a_command_come_last(self) -> None:
        for_command = setting(False, {"command": "/bin/a"})
        found = rules(spec(permitted=("/bin/a -x", "/bin/b")), settings=(for_command, setting(True)))
        assert free(found) == [("alice", "ALL", "/bin/a -x")]
        assert free(rules(spec(), settings=(for_command,))) == [("alice", "ALL", "/bin/a")]

    def test_defaults_of_another_host_do_not_count(self) -> None:
        assert free(rules(spec(), settings=(setting(False, {"hostname": "server"}),))) == []
        assert free(rules(spec(), settings=(setting(False, {"hostname": "laptop"}),)))

    def test_an_exempt_group_is_never_asked_not_even_with_passwd(self) -> None:
        exempt: tuple[dict[str, Any], ...] = ({"Options": [{"exempt_group": "wheel"}]},)
        assert free(rules(spec(authenticate=True), settings=exempt)) == [("alice", "ALL", "ALL")]
        assert free(rules(spec(users=("bob",)), settings=exempt)) == []

    def test_the_default_target_can_be_changed(self) -> None:
        permission = {**spec(authenticate=False)["Cmnd_Specs"][0]}
        del permission["runasusers"]
        rule = {**spec(), "Cmnd_Specs": [permission]}
        assert free(rules(rule, settings=({"Options": [{"runas_default": "mcp"}]},))) == [("alice", "mcp", "ALL")]


class TestOrder:
    def test_a_later_rule_with_a_password_takes_an_earlier_one_back(self) -> None:
        assert free(rules(spec(authenticate=False), spec(users=("%sudo",)))) == []
        assert free(rules(spec(users=("%sudo",)), spec(authenticate=False)))

    def test_only_what_it_surely_covers(self) -> None:
        first = spec(authenticate=False, permitted=("/bin/a", "/bin/b"))
        assert free(rules(first, spec(permitted=("/bin/b",)))) == [("alice", "ALL", "/bin/a")]
        assert free(rules(first, spec(users=("bob",))))
        assert free(rules(first, spec(runas=("mcp",))))
        assert free(rules(first, spec(hosts=("elsewhere",))))
        assert free(rules(spec(authenticate=False), spec(permitted=("/bin/a",)))) == [("alice", "ALL", "ALL")]

    def test_a_later_refusal_takes_it_back(self) -> None:
        first = spec(authenticate=False, permitted=("/bin/a",))
        assert free(rules(first, spec(permitted=("!ALL",)))) == []
        assert free(rules(first, spec(permitted=("ALL", "!/bin/a")))) == []

    def test_a_later_rule_that_asks_nobody_takes_nothing_back(self) -> None:
        freed = setting(False, {"username": "alice"})
        assert ("alice", "ALL", "ALL") in free(
            rules(spec(authenticate=False), spec(users=("%sudo",)), settings=(freed,))
        )


class TestNames:
    @pytest.mark.parametrize(
        ("hosts", "here"),
        [
            (("ALL",), True),
            (("laptop",), True),
            (("LAPTOP",), True),
            (("lap*",), True),
            (("other",), False),
            (("laptop.example.org",), False),
            (("192.0.2.0/24",), True),
            (("192.0.2.7",), True),
            (("198.51.100.1",), False),
            (("ALL", "!laptop"), False),
            (("!laptop", "ALL"), True),
            (("+group",), None),
        ],
    )
    def test_host_lists(self, hosts: tuple[str, ...], here: bool | None) -> None:
        assert names.on_this_host(hosts, "laptop", ("192.0.2.7",)) is here

    def test_an_unknown_shape_is_told_and_not_guessed(self) -> None:
        odd = spec()
        odd["User_List"] = [{"hologram": "x"}]
        found = policy.read({"User_Specs": [odd, spec()]}, defaults.read({}, {}), HOST)
        assert len(found.rules) == 1
        assert found.unknown == ("a rule with hologram",)


class TestPlace:
    CONTENT = """\
# alice ALL=(ALL) NOPASSWD: ALL
Defaults x
alice ALL=(ALL) ALL
alice ALL=(ALL) \\
  NOPASSWD: /bin/a, \\
  /bin/b
#1002 ALL=(ALL) /bin/c
"""

    def test_a_rule_is_found_by_caller_command_and_tag(self) -> None:
        lines = list(place.rule_lines("/etc/sudoers", self.CONTENT))
        assert [line.number for line in lines] == [3, 4, 7]
        first, second = rules(spec(), spec(permitted=("/bin/a", "/bin/b"), authenticate=False))
        found = [place.find(rule, lines) for rule in (first, second)]
        assert [line.number if line else None for line in found] == [3, 4]

    def test_no_line_is_better_than_a_wrong_one(self) -> None:
        lines = list(place.rule_lines("/etc/sudoers", self.CONTENT))
        assert place.find(rules(spec(users=("zoe",), permitted=("/bin/z",)))[0], lines) is None


class TestGather:
    @pytest.fixture
    def context(self, tmp_path: Path) -> Context:
        file = tmp_path / "sudoers"
        file.write_text("x ALL=ALL\n")
        return Context("linux", tmp_path, os.getuid() if hasattr(os, "getuid") else -1, {}, tmp_path, sudoers=file)

    def pretend(self, monkeypatch: pytest.MonkeyPatch, output: Output, missing: tuple[str, ...] = ()) -> None:
        def find_program(name: str) -> str:
            if name in missing:
                raise CannotLook(f"{name} is not installed", f"install the package that provides {name}")
            return f"/usr/bin/{name}"

        monkeypatch.setattr(sudoers, "find_program", find_program)
        monkeypatch.setattr(access, "find_program", find_program)
        monkeypatch.setattr(access, "run", lambda arguments, deadline: output)

    def test_windows_has_none(self, context: Context) -> None:
        assert sudoers.gather(replace(context, platform="win32")).state.status == "not applicable"

    def test_without_sudo_there_is_nothing_to_judge(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pretend(monkeypatch, Output(0, "{}", ""), missing=("sudo",))
        state = sudoers.gather(context).state
        assert (state.status, state.reason) == ("not applicable", "sudo is not installed")

    def test_an_absent_policy_permits_nothing(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pretend(monkeypatch, Output(0, "{}", ""))
        context.sudoers.unlink()
        assert sudoers.gather(context).state.status == "not applicable"

    def test_what_cannot_be_read_is_not_guessed(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pretend(monkeypatch, Output(0, "{}", ""))

        def refuse(path: object, limit: int) -> bytes:
            raise CannotLook("permission denied")

        monkeypatch.setattr(sudoers, "read_bounded", refuse)
        facts = sudoers.gather(context)
        assert facts.state.status == "failed"
        assert facts.rules == ()
        assert "sudo cvtsudoers -f json" in facts.state.unlock

    def test_without_the_converter_it_says_what_to_install(
        self, context: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.pretend(monkeypatch, Output(0, "{}", ""), missing=("cvtsudoers",))
        state = sudoers.gather(context).state
        assert state.status == "failed"
        assert "cvtsudoers" in state.unlock

    def test_a_syntax_error_is_sudos_own_message_made_visible(
        self, context: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.pretend(monkeypatch, Output(1, "", "/etc/sudoers:3:7: syntax error\x1b[31m\nx ALL=(((\n      ^\n"))
        facts = sudoers.gather(context)
        assert facts.state.status == "partial"
        message = "cvtsudoers refuses the policy: /etc/sudoers:3:7: syntax error\\x1b[31m"
        assert [(unread.facet, unread.why) for unread in facts.state.unread] == [("rules", message)]
        assert facts.errors == (("/etc/sudoers", 3, "syntax error\\x1b[31m"),)
        assert facts.rules == ()

    def test_output_that_is_not_understood_fails(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pretend(monkeypatch, Output(0, "<html>", ""))
        assert sudoers.gather(context).state.status == "failed"

    def test_a_part_that_may_not_be_read_is_named(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pretend(monkeypatch, Output(0, "{}", "cvtsudoers: /etc/sudoers.d/team: Permission denied\n"))
        state = sudoers.gather(context).state
        assert state.status == "partial"
        assert [(unread.facet, unread.what) for unread in state.unread] == [
            ("rules", "the sudo rules in /etc/sudoers.d/team")
        ]

    def test_hostile_names_are_made_visible(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        text = '{"User_Specs": [{"User_List": [{"username": "a\\u001b[31m"}], "Host_List": [{"hostname": "ALL"}],'
        text += '"Cmnd_Specs": [{"Commands": [{"command": "/bin/\\u202ex"}]}]}]}'
        self.pretend(monkeypatch, Output(0, text, ""))
        rule = sudoers.gather(context).rules[0]
        assert rule.users == ("a\\x1b[31m",)
        assert rule.commands[0].text == "/bin/\\u202ex"

    def test_a_secret_in_a_command_does_not_enter_the_facts(
        self, context: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3V"
        text = '{"User_Specs": [{"User_List": [{"username": "a"}], "Host_List": [{"hostname": "ALL"}],'
        text += f'"Cmnd_Specs": [{{"Commands": [{{"command": "/bin/x --token {secret}"}}]}}]}}]}}'
        self.pretend(monkeypatch, Output(0, text, ""))
        facts = sudoers.gather(context)
        assert facts.rules[0].commands[0].text.startswith("/bin/x --token ")
        assert secret not in repr(facts)
