"""Which things worth stealing are found, and what is worked out of who can open them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import context_of, write
from workbench.host.assets import gather
from workbench.host.assets.finding import find
from workbench.host.assets.ports import databases
from workbench.launch import understand
from workbench.model.assets import AssetFacts, Reach
from workbench.model.clients import ClientFacts, EntryReference
from workbench.model.facts import Account, AccountFacts, FileFact
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import Server, ServerFacts

ME = os.getuid()


def found_in(home: Path, **more: Any) -> dict[str, str]:
    assets, _ = find(context_of(home, **more), None)
    return {asset.name.removeprefix(f"{home}/"): asset.kind for asset in assets if asset.name.startswith(f"{home}/")}


def test_what_is_there_is_found_by_its_kind(tmp_path: Path) -> None:
    for name in (
        ".ssh/id_ed25519",
        ".ssh/id_ed25519.pub",
        ".ssh/known_hosts",
        ".aws/credentials",
        ".aws/config",
        ".npmrc",
        ".config/gh/hosts.yml",
        ".mozilla/firefox/a1.default/logins.json",
        ".config/google-chrome/Default/Login Data",
        ".bash_history",
        ".gnupg/private-keys-v1.d/AB.key",
    ):
        write(tmp_path / name, "x")
    (tmp_path / ".password-store").mkdir()
    write(tmp_path / ".pypirc", "")
    assert found_in(tmp_path) == {
        ".ssh/id_ed25519": "private key",
        ".aws/credentials": "cloud credential",
        ".npmrc": "package credential",
        ".config/gh/hosts.yml": "code host credential",
        ".mozilla/firefox/a1.default/logins.json": "browser profile",
        ".config/google-chrome/Default/Login Data": "browser profile",
        ".bash_history": "shell history",
        ".gnupg/private-keys-v1.d/AB.key": "private key",
        ".password-store": "password store",
    }


def test_an_empty_home_has_nothing(tmp_path: Path) -> None:
    assert found_in(tmp_path) == {}


def test_the_folders_of_this_sessions_variables_count_for_its_own_home(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/gh/hosts.yml", "x")
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "elsewhere")}
    assert found_in(tmp_path, environment=environment) == {"elsewhere/gh/hosts.yml": "code host credential"}


def test_a_folder_of_any_number_of_names_is_cut(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    for number in range(500):
        (tmp_path / ".ssh" / f"id_{number:03}").write_text("x")
    assert len(found_in(tmp_path)) == 200


def test_the_clients_configs_are_worth_something_too(tmp_path: Path) -> None:
    config = builders.config([builders.server()], owner=1000)
    project = builders.config([builders.server()], scope="project", path=builders.path("/src/.mcp.json", 0o600))
    assets, _ = find(context_of(tmp_path), ClientFacts(builders.COMPLETE, (config, project, builders.config())))
    mine = [asset for asset in assets if asset.kind == "client config"]
    assert [(asset.name, asset.holder) for asset in mine] == [(config.path.asked, 1000)]


def test_databases_are_found_by_their_port(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    rest = "00000000:00000000 00:00000000 00000000  0 0 1 1 0000000000000000 100 0 0 10 0\n"
    lines = [
        f"   0: 0100007F:1538 00000000:0000 0A {rest}",  # 5432 listens
        f"   1: 0100007F:18EB 00000000:0000 01 {rest}",  # 6379 is only a connection
        f"   2: 0100007F:1F90 00000000:0000 0A {rest}",  # 8080 is no database
    ]
    write(tmp_path / "net/tcp", head + "".join(lines))
    six = "00000000000000000000000001000000"
    write(tmp_path / "net/tcp6", f"{head}   0: {six}:0CEA 00000000000000000000000000000000:0000 0A {rest}")
    assert [asset.name for asset in databases(tmp_path)] == ["127.0.0.1:3306", "127.0.0.1:5432"]
    assert databases(tmp_path / "gone") == []


def server(**more: Any) -> Server:
    made: dict[str, Any] = {
        "key": "config#files",
        "name": "files",
        "presence": "not running",
        "configured": True,
        "transport": "stdio",
        "launch": understand(("npx", "-y", "x@1.0.0"), "/home/dev"),
    }
    return Server(**{**made, **more})


def reached(home: Path, one: Server, *processes: ServerProcess, **more: Any) -> dict[str, Reach]:
    me = Account(ME, "me", os.getgid(), (os.getgid(),), str(home))
    found = {
        "clients": ClientFacts(builders.COMPLETE),
        "accounts": AccountFacts(builders.COMPLETE, (me, Account(60001, "mcp", 60001, (60001,)))),
        "processes": ProcessFacts(builders.COMPLETE, processes),
        "servers": ServerFacts(builders.COMPLETE, (one,)),
    }
    facts = gather(context_of(home, found=found, assess=False, **more))
    assert isinstance(facts, AssetFacts)
    return {
        reach.asset.removeprefix(f"{home}/"): reach for reach in facts.reaches if reach.asset.startswith(f"{home}/")
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / ".ssh/id_rsa", "x").chmod(0o600)
    write(tmp_path / ".npmrc", "x").chmod(0o644)
    return tmp_path


def test_what_does_not_run_is_foretold(home: Path) -> None:
    reaches = reached(home, server())
    assert {name: (reach.verdict, reach.basis) for name, reach in reaches.items()} == {
        ".ssh/id_rsa": ("yes", "predicted"),
        ".npmrc": ("yes", "predicted"),
    }


def test_another_account_is_foretold_by_its_own_rights(home: Path) -> None:
    command = ("sudo", "-n", "-u", "mcp", "/usr/bin/x")
    one = server(launch=understand(command, str(home)), isolation=("account mcp",))
    reaches = reached(home, one)
    assert reaches[".ssh/id_rsa"].verdict == "no"
    assert "it would run as mcp" in reaches[".npmrc"].why


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ((), set()),
        (("-v", "data:/data"), set()),
        (("-v", "{home}:/work"), {".ssh/id_rsa", ".npmrc"}),
        (("--mount", "type=bind,src={home}/.ssh,dst=/keys"), {".ssh/id_rsa"}),
        (("-v", "{home}:/work", "--user", "60001:60001"), {".npmrc"}),
        (("-v", "{home}/.npmrcs:/work"), set()),
        (("--privileged",), {".ssh/id_rsa", ".npmrc"}),
        (("--privileged", "--user", "60001:60001"), set()),
        (("--privileged=false",), set()),
    ],
)
def test_a_container_is_foretold_by_what_it_is_shown(options: tuple[str, ...], opened: set[str], home: Path) -> None:
    for folder in (home, *home.parents):
        if folder.stat().st_uid == ME and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    command = ("docker", "run", "-i", *(option.format(home=home) for option in options), "mcp/git")
    reaches = reached(home, server(launch=understand(command, str(home)), isolation=("docker",)))
    assert {name for name, reach in reaches.items() if reach.verdict == "yes"} == opened
    assert {(reach.verdict, reach.basis) for reach in reaches.values()} <= {("yes", "predicted"), ("no", "predicted")}
    assert len(reaches) == 2


def test_a_container_does_not_pass_the_folders_above_its_mount(home: Path) -> None:
    """A file that everybody may read, behind a closed home: the mount leads past the door."""
    home.chmod(0o700)
    command = ("docker", "run", "-i", "-v", f"{home}/.npmrc:/rc", "--user", "60001:60001", "mcp/git")
    reaches = reached(home, server(launch=understand(command, str(home)), isolation=("docker",)))
    assert {name for name, reach in reaches.items() if reach.verdict == "yes"} == {".npmrc"}


@pytest.mark.parametrize(
    "one",
    [
        server(presence="remote", launch=None),
        server(presence="switched off"),
        server(launch=understand(("docker", "run", "-i", "mcp/${TAG}"), "/home/dev"), isolation=("docker",)),
        server(launch=understand(("docker", "run", "-v", "${HOME}:/h", "mcp/git"), "/home/dev"), isolation=("docker",)),
        server(launch=understand(("bwrap", "--unshare-all", "/usr/bin/x"), "/home/dev"), isolation=("bwrap",)),
        server(isolation=("VS Code sandbox",)),
        server(units=("mcp.service",)),
        server(launch=understand(("frob", "--", "npx", "x"), "/home/dev")),
        server(
            launch=understand(("sudo", "-u", "nobody-knows", "x"), "/home/dev"), isolation=("account nobody-knows",)
        ),
    ],
)
def test_what_cannot_be_told_is_not_foretold(one: Server, home: Path) -> None:
    assert reached(home, one) == {}


def running(**more: Any) -> tuple[Server, ServerProcess]:
    """A server that is this very process, so that its mounts and network can be looked up."""
    made: dict[str, Any] = {"pid": os.getpid(), "uid": ME, "gid": os.getgid(), "groups": (os.getgid(),)}
    process = builders.process(**{**made, **more})
    return server(presence="running", processes=(process.key,)), process


def test_what_runs_is_computed_from_its_account(home: Path) -> None:
    one, process = running(uid=60001, gid=60001, groups=(60001,), account="mcp")
    for folder in (home, *home.parents):
        if folder.stat().st_uid == ME and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    reaches = reached(home, one, process, proc=Path("/proc"))
    assert (reaches[".ssh/id_rsa"].verdict, reaches[".ssh/id_rsa"].basis) == ("no", "computed")
    assert reaches[".npmrc"].verdict == "yes"


def test_capabilities_open_what_rights_do_not(home: Path) -> None:
    one, process = running(uid=60001, gid=60001, groups=(60001,), capabilities_effective=1 << 2)
    assert reached(home, one, process, proc=Path("/proc"))[".ssh/id_rsa"].verdict == "yes"


def test_a_process_that_has_ended_is_not_known(home: Path) -> None:
    one, process = running(pid=2**22 + 1)
    assert reached(home, one, process, proc=Path("/proc"))[".ssh/id_rsa"].verdict in ("unknown", "no")


def test_of_two_copies_the_one_that_reaches_more_counts(home: Path) -> None:
    one, first = running(uid=60001, gid=60001, groups=(60001,))
    _, second = running(key="other")
    one = replace(one, processes=(first.key, second.key))
    assert reached(home, one, first, second, proc=Path("/proc"))[".ssh/id_rsa"].verdict == "yes"


def test_an_unsearchable_folder_is_a_gap_not_a_pass(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.host.assets import finding
    from workbench.host.files import CannotLook

    def refuse(path: str) -> FileFact:
        raise CannotLook("permission denied", "look as root")

    monkeypatch.setattr(finding, "path_fact", refuse)
    assets, unread = find(context_of(home), None)
    assert not [asset for asset in assets if asset.name.startswith(str(home))]
    assert any(gap.what.endswith("/.ssh/id_rsa") for gap in unread)


def test_an_entry_is_started_by_the_account_of_its_home(home: Path) -> None:
    one = server(entry=EntryReference(f"{home}/.claude.json", ("mcpServers", "files"), "files"))
    assert reached(home, one)[".npmrc"].why == "it would run as me, who may open it"


def test_elsewhere_it_says_that_it_does_not_look(tmp_path: Path) -> None:
    assert gather(context_of(tmp_path, platform="darwin")).state.status == "failed"
