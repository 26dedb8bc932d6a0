"""What the collector keeps of a sudo policy besides its rules: entries, settings, folders, and what commands run."""

from __future__ import annotations

import io
import os
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.host import sudoers
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged
from workbench.host.sudoers import access, defaults, includes, names, policy, targets
from workbench.host.sudoers.document import parse
from workbench.model.facts import PathFact
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoersFacts

HOST = policy.Host(
    "laptop", (), names.Directory(lambda name: None, lambda group: frozenset()), datetime(2026, 1, 2, tzinfo=UTC)
)
DATA = Path(__file__).parents[1] / "data" / "sudoers"
unix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no sudo")


class TestDefaults:
    def test_every_operation_is_kept_with_its_scope(self) -> None:
        keep = {"operation": "list_add", "env_keep": ["NODE_OPTIONS", "FOO_*"]}
        drop = {"operation": "list_remove", "env_keep": ["LANG"]}
        document = {
            "Defaults": [
                {"Options": [{"env_reset": True}, {"use_pty": False}, {"secure_path": "/a:/b"}]},
                {"Binding": [{"username": "dev"}], "Options": [keep, drop]},
                {"Binding": [{"command": "/bin/x"}], "Options": [{"setenv": True}, {"timestamp_timeout": 5}]},
            ]
        }
        assert defaults.read(document, {}).entries == (
            SudoDefault("everyone", ("ALL",), "env_reset", "on"),
            SudoDefault("everyone", ("ALL",), "use_pty", "off"),
            SudoDefault("everyone", ("ALL",), "secure_path", "set", ("/a:/b",)),
            SudoDefault("user", ("dev",), "env_keep", "add", ("NODE_OPTIONS", "FOO_*")),
            SudoDefault("user", ("dev",), "env_keep", "remove", ("LANG",)),
            SudoDefault("command", ("/bin/x",), "setenv", "on"),
            SudoDefault("command", ("/bin/x",), "timestamp_timeout", "set", ("5",)),
        )

    @pytest.mark.parametrize(
        "block",
        [
            {"Options": [{"operation": "list_fold", "env_keep": ["A"]}]},
            {"Options": [{"env_keep": ["A"]}]},
            {"Options": ["odd"]},
            {"Options": [{"deep": {}}]},
            {"Binding": [{"hologram": "x"}], "Options": [{"setenv": True}]},
        ],
    )
    def test_what_is_not_understood_is_told(self, block: dict[str, object]) -> None:
        read = defaults.read({"Defaults": [block]}, {})
        assert read.entries == ()
        assert len(read.unknown) == 1
        assert policy.read({}, read, HOST).unknown == read.unknown

    def test_settings_of_another_host_say_so(self) -> None:
        for host, here in (("laptop", True), ("other", False)):
            block = {"Binding": [{"hostname": host}], "Options": [{"setenv": True}]}
            (setting,) = policy.read({}, defaults.read({"Defaults": [block]}, {}), HOST).defaults
            assert (setting.scope, setting.here) == ("host", here)


class TestEntries:
    @pytest.fixture
    def found(self) -> policy.Policy:
        document = parse((DATA / "every-shape.json").read_text())
        return policy.read(document, defaults.read(document, {}), HOST)

    def test_tags_digests_and_exceptions_are_kept_in_order(self, found: policy.Policy) -> None:
        entries = [entry for entry in found.entries if "bob" in entry.users]
        assert [entry.tags for entry in entries] == [
            ("authenticate=false", "setenv=true"),
            ("authenticate=true", "setenv=true"),
            ("authenticate=false", "noexec=true", "setenv=true"),
        ]
        (frank,) = [entry for entry in found.entries if "frank" in entry.users]
        assert frank.commands[0].startswith("sha224:")
        assert frank.commands[0].endswith(" /bin/ls")
        (erin,) = [entry for entry in found.entries if "erin" in entry.users]
        assert erin.commands == ("ALL", "!/bin/sh", "!/bin/bash", "!/bin/su")
        (leo,) = [entry for entry in found.entries if "leo" in entry.users]
        assert {"runcwd=/x", "runchroot=/y", "command_timeout=10"} <= set(leo.tags)

    def test_a_rule_knows_its_tag_and_its_digests(self, found: policy.Policy) -> None:
        (frank,) = [rule for rule in found.rules if "frank" in rule.users]
        assert [len(command.digests) for command in frank.commands] == [1, 0, 0, 0]
        assert frank.set_environment is None
        assert {rule.set_environment for rule in found.rules if "bob" in rule.users} == {True}


class TestIncludes:
    @pytest.mark.parametrize(
        ("line", "folder"),
        [
            ("@includedir /etc/sudoers.d", "/etc/sudoers.d"),
            ("#includedir /etc/sudoers.d", "/etc/sudoers.d"),
            ("  @includedir\tsudoers.d  ", "/etc/sudoers.d"),
            ('@includedir "/etc/with blank"', "/etc/with blank"),
            (r"@includedir /etc/with\ blank", "/etc/with blank"),
            ("@includedir /etc/sudoers.%h", "/etc/sudoers.laptop"),
            ("# includedir /etc/sudoers.d", None),
            ("##includedir /etc/sudoers.d", None),
            ("@include /etc/sudoers.local", None),
            ("alice ALL=/bin/x @includedir /y", None),
        ],
    )
    def test_include_lines(self, line: str, folder: str | None) -> None:
        text = f"Defaults env_reset\n{line}\nroot ALL=ALL\n"
        assert list(includes.folders("/etc/sudoers", text, "laptop.example.org")) == ([folder] if folder else [])

    @pytest.mark.parametrize("text", ["\n" * 500_000, " " * 500_000, "@includedir " * 50_000, '@includedir "' * 50_000])
    def test_hostile_text_takes_no_time(self, text: str) -> None:
        assert len(list(includes.folders("/etc/sudoers", text, "laptop"))) <= 1

    @unix_only
    def test_every_file_is_listed_and_links_are_followed(self, tmp_path: Path) -> None:
        (tmp_path / "a.b").write_text("x")
        (tmp_path / "good").write_text("x")
        (tmp_path / "link").symlink_to("good")
        (tmp_path / "gone").symlink_to("nowhere")
        found = includes.listing([str(tmp_path), str(tmp_path), f"{tmp_path}/absent"], None)
        kinds = {file.path.rpartition("/")[2]: file.kind for file in found.files}
        assert kinds == {"a.b": "file", "good": "file", "link": "file"}
        assert [folder.path for folder in found.folders] == [str(tmp_path)]
        assert found.unread == ()

    def test_a_folder_that_was_not_read_through_sudo_is_told(self) -> None:
        found = includes.listing(["/srv/policy.d"], [])
        assert [(gap.facet, gap.what) for gap in found.unread] == [("files", "the files in /srv/policy.d")]


@unix_only
class TestTargets:
    def test_a_program_with_its_first_line(self, tmp_path: Path) -> None:
        program = tmp_path / "server"
        program.write_text("#!/bin/sh -e\nexit\n")
        found = targets.with_files(SudoCommand(f"{program} --root /srv"))
        assert found.target is not None
        assert (found.target.file.path, found.interpreter) == (str(program), "/bin/sh -e")
        assert [path.asked for path in found.runs] == ["/bin/sh"]
        program.write_bytes(b"\x7fELF")
        assert targets.with_files(SudoCommand(str(program))).interpreter == ""

    def test_the_script_of_an_interpreter_and_what_is_behind_env(self, tmp_path: Path) -> None:
        for name in ("node", "env", "server.js"):
            (tmp_path / name).write_bytes(b"\x7fELF")
        found = targets.with_files(SudoCommand(f"{tmp_path}/node --no-warnings {tmp_path}/server.js --root *"))
        assert [path.asked for path in found.runs] == [f"{tmp_path}/server.js"]
        found = targets.with_files(SudoCommand(f"{tmp_path}/env A=b {tmp_path}/node {tmp_path}/server.js"))
        assert [path.asked for path in found.runs] == [f"{tmp_path}/node", f"{tmp_path}/server.js"]

    @pytest.mark.parametrize("rest", ["absent", "absent/deeper/program", "", "*", "s*/bin/x", "[ab]"])
    def test_the_nearest_folder_of_what_is_not_one_file(self, tmp_path: Path, rest: str) -> None:
        found = targets.with_files(SudoCommand(f"{tmp_path}/{rest}"))
        assert found.target is None
        assert found.nearest is not None
        assert found.nearest.file.path == str(tmp_path)

    @pytest.mark.parametrize("text", ["ALL", "list", "sudoedit /etc/hosts", "^/bin/.*$"])
    def test_what_is_no_path_has_no_files(self, text: str) -> None:
        assert targets.with_files(SudoCommand(text)) == SudoCommand(text)

    def test_what_cannot_be_looked_at_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: object) -> PathFact:
            raise CannotLook("permission denied")

        monkeypatch.setattr(targets, "path_fact", refuse)
        for text, unseen in (("/closed/x", "/closed/x"), ("/closed/*", "/closed"), ("/closed/", "/closed")):
            found = targets.with_files(SudoCommand(text))
            assert (found.target, found.nearest, found.unseen) == (None, None, (unseen,))


class TestThroughSudo:
    """Everything is asked for up front, and the archive tells of files that sudo leaves out."""

    CONTENT = b"@includedir /etc/sudoers.d\nalice ALL=(root) NOPASSWD: /bin/x\n"
    DOCUMENT = (
        '{"User_Specs": [{"User_List": [{"username": "alice"}], "Host_List": [{"hostname": "ALL"}],'
        '"Cmnd_Specs": [{"Options": [{"authenticate": false}], "Commands": [{"command": "/bin/x"}]}]}]}'
    )

    def context(self, tmp_path: Path, privileged: Privileged) -> Context:
        return Context("linux", tmp_path, 1000, {}, tmp_path, sudoers=Path("/etc/sudoers"), privileged=privileged)

    def archive(self) -> str:
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as members:
            for name, mode, content in (
                ("/etc/sudoers", 0o440, self.CONTENT),
                ("/etc/sudoers.d", 0o750, None),
                ("/etc/sudoers.d/mine", 0o440, b"alice ALL=(root) NOPASSWD: /bin/y\n"),
                ("/etc/sudoers.d/mine.bak", 0o440, b"alice ALL=(root) NOPASSWD: /bin/x\n"),
            ):
                member = tarfile.TarInfo(name)
                member.mode = mode
                if content is None:
                    member.type = tarfile.DIRTYPE
                    members.addfile(member)
                else:
                    member.size = len(content)
                    members.addfile(member, io.BytesIO(content))
        return written.getvalue().decode("utf-8", "surrogateescape")

    @pytest.fixture(autouse=True)
    def programs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from workbench.host import privileged

        def refuse(path: object, limit: int) -> bytes:
            raise CannotLook("permission denied")

        for module in (sudoers, privileged):
            monkeypatch.setattr(module, "find_program", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(sudoers, "read_bounded", refuse)
        monkeypatch.setattr(access, "find_program", lambda name: f"/usr/bin/{name}")

    def test_all_is_asked_for_at_once_and_then_known(self, tmp_path: Path) -> None:
        asking = Privileged()
        first = sudoers.gather(self.context(tmp_path, asking))
        assert (first.state.status, first.state.unlock) == ("failed", "workbench --sudo")
        assert [vector[0] for vector in asking.wanted] == [f"/usr/bin/{name}" for name in ("cvtsudoers",) * 2] + [
            "/usr/bin/visudo",
            "/usr/bin/passwd",
            "/usr/bin/tar",
        ]
        answers = {}
        for vector in asking.wanted:
            out = {"cvtsudoers": self.DOCUMENT, "tar": self.archive()}.get(vector[0].rpartition("/")[2], "")
            if vector[0].endswith("visudo"):
                out = "/etc/sudoers: parsed OK\n/etc/sudoers.d/mine: parsed OK\n"
            if "runas" in vector:
                out = "{}"
            answers[vector] = Output(0, out, "")
        again = Privileged(answers)
        facts = sudoers.gather(self.context(tmp_path, again))
        assert not again.wanted
        assert facts.state.status == "complete"
        assert [file.path for file in facts.files] == ["/etc/sudoers", "/etc/sudoers.d/mine"]
        assert [file.path for file in facts.listed] == ["/etc/sudoers.d/mine", "/etc/sudoers.d/mine.bak"]
        assert [(folder.path, folder.mode) for folder in facts.folders] == [("/etc/sudoers.d", 0o750)]
        # Never the line of a file that sudo does not read.
        assert (facts.rules[0].file, facts.rules[0].line) == ("/etc/sudoers", 2)

    def test_a_rule_in_a_folder_that_sudo_refuses_has_no_effect(self) -> None:
        from tests import builders

        main = builders.entry("/etc/sudoers", 0o440, uid=0, gid=0)
        inside = builders.entry("/etc/sudoers.d/a", 0o440, uid=0, gid=0)
        for mode, uid, refused in ((0o755, 0, False), (0o777, 0, True), (0o755, 1000, True)):
            folder = builders.entry("/etc/sudoers.d", mode, "directory", uid=uid, gid=0)
            assert (inside.path in sudoers._refused([main, inside], [folder])) is refused
        assert inside.path in sudoers._refused([main, replace(inside, mode=0o442)], [])


def test_a_secret_in_settings_and_entries_does_not_enter_the_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3Vab"
    file = tmp_path / "sudoers"
    file.write_text("x ALL=ALL\n")
    text = f'{{"Defaults": [{{"Options": [{{"passprompt": "{secret}"}}]}}],'
    text += '"User_Specs": [{"User_List": [{"username": "a"}], "Host_List": [{"hostname": "ALL"}],'
    text += f'"Cmnd_Specs": [{{"Commands": [{{"command": "/bin/x --token {secret}"}}]}}]}}]}}'
    monkeypatch.setattr(sudoers, "find_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(access, "find_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(access, "run", lambda arguments, deadline: Output(0, text, ""))
    facts = sudoers.gather(Context("linux", tmp_path, 0, {}, tmp_path, sudoers=file))
    assert facts.entries
    assert facts.defaults
    assert secret not in repr(facts)


@pytest.mark.parametrize(
    ("status", "err", "state", "errors"),
    [
        (1, "/etc/sudoers:3:7: syntax error", "partial", 1),
        (1, ">>> /etc/sudoers: syntax error near line 3 <<<", "partial", 1),
        (0, 'cvtsudoers: /etc/sudoers:3:7: unknown defaults entry "x"', "complete", 1),
        (0, '/etc/sudoers:3:7: unused Cmnd_Alias "X"', "complete", 0),
        (125, "/usr/bin/cvtsudoers did not answer within 3 s", "failed", 0),
        (1, "sudo: a password is required", "failed", 0),
        (1, "", "failed", 0),
    ],
)
def test_only_what_the_parser_says_of_the_policy_is_a_mistake_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, err: str, state: str, errors: int
) -> None:
    file = tmp_path / "sudoers"
    file.write_text("x ALL=ALL\n")
    outputs = {"cvtsudoers": Output(status, "" if status else "{}", err)}
    outputs |= dict.fromkeys(("visudo", "passwd"), Output(0, "", ""))
    monkeypatch.setattr(sudoers, "find_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(access, "find_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(access, "run", lambda arguments, deadline: outputs[arguments[0].rpartition("/")[2]])
    facts = sudoers.gather(Context("linux", tmp_path, 0, {}, tmp_path, sudoers=file))
    assert (facts.state.status, len(facts.errors)) == (state, errors)
    assert all((path, line) == ("/etc/sudoers", 3) for path, line, _ in facts.errors)


class TestRefusedFiles:
    """cvtsudoers reads files that sudo refuses: what they say must not count."""

    DOCUMENT = (
        '{"Defaults": [{"Options": [{"authenticate": false}]}],'
        '"User_Specs": [{"User_List": [{"username": "dev"}], "Host_List": [{"hostname": "ALL"}],'
        '"Cmnd_Specs": [{"Options": [{"authenticate": false}], "Commands": [{"command": "/bin/x"}]}]}]}'
    )

    @pytest.fixture
    def gathered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SudoersFacts:
        folder = tmp_path / "sudoers.d"
        folder.mkdir()
        inside = folder / "open"
        inside.write_text("Defaults !authenticate\ndev ALL=NOPASSWD: /bin/x\n")
        inside.chmod(0o442)
        main = tmp_path / "sudoers"
        main.write_text(f"@includedir {folder}\n")
        main.chmod(0o440)
        outputs = {
            "cvtsudoers": Output(0, self.DOCUMENT, ""),
            "visudo": Output(0, f"{main}: parsed OK\n{inside}: parsed OK\n", ""),
            "passwd": Output(1, "", "not permitted"),
        }
        monkeypatch.setattr(sudoers, "find_program", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(access, "find_program", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(access, "run", lambda arguments, deadline: outputs[arguments[0].rpartition("/")[2]])
        return sudoers.gather(Context("linux", tmp_path, 0, {}, tmp_path, sudoers=main))

    @unix_only
    def test_rules_and_entries_have_no_effect_and_settings_are_not_known(self, gathered: SudoersFacts) -> None:
        assert [rule.here for rule in gathered.rules] == [False]
        assert [entry.here for entry in gathered.entries] == [False]
        assert [(gap.facet, gap.what) for gap in gathered.state.unread] == [
            ("rules", "the settings (Defaults) of the sudo policy")
        ]

    @unix_only
    def test_the_snapshot_file_keeps_all_of_it(self, gathered: SudoersFacts) -> None:
        from tests import builders
        from workbench.report.snapshot_file import from_json, to_json

        snapshot = builders.snapshot(sudoers=replace(gathered, errors=(("/etc/sudoers", 3, "x"), ("", None, "y"))))
        assert from_json(to_json(snapshot).encode(), "host.json") == snapshot
