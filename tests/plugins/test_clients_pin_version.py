"""The fix clients/pin-version."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import write
from tests.plugins.loading import get_fix, make_plan, run_check
from tests.plugins.repairing import repaired
from workbench.documents import parse, replace_string
from workbench.knowledge.base import best_version, known_flaws
from workbench.model.clients import ClientFacts, EntryReference, InstalledPackage, ServerEntry
from workbench.model.finding import Finding, Subject
from workbench.model.launch import Launch, PackageSpec, Pin
from workbench.model.operations import EditValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.processes import ProcessFacts
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sources import SourceFact

FIX = "clients/pin-version"
CHECK = "clients/unpinned-package"
NAME = "@modelcontextprotocol/server-filesystem"
NPX = "/home/dev/.npm/_npx/0cf317c41bb7e3f3/node_modules"
OLDER = InstalledPackage("npm", NAME, "2025.8.18", f"/usr/lib/node_modules/{NAME}", 100.0)
NEWER = InstalledPackage("npm", NAME, "2025.8.21", f"{NPX}/{NAME}", 200.0)


def _entry(command: tuple[str, ...], package: PackageSpec, **more: Any) -> ServerEntry:
    return builders.server(command=command, launch=Launch(command[0], command[1:], package=package), **more)


def _npx(text: str = NAME, pin: Pin = "none") -> ServerEntry:
    return _entry(("npx", "-y", text, "/w"), PackageSpec("npm", NAME, "", pin, "npx", text, 2))


def _host(entry: ServerEntry, *installed: InstalledPackage, **more: Any) -> tuple[Finding, Snapshot]:
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([entry], **more),), installed=installed)
    snapshot = builders.snapshot(clients=clients)
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    return finding, snapshot


def _plan(entry: ServerEntry, *installed: InstalledPackage, version: str = "", **more: Any) -> Plan | Refusal:
    finding, snapshot = _host(entry, *installed, **more)
    answers = get_fix(FIX).answers
    assert answers is not None
    return make_plan(FIX, finding, snapshot, answers(version) if version else None)


def _edit(plan: Plan | Refusal) -> EditValue:
    assert isinstance(plan, Plan), plan
    (operation,) = plan.operations
    assert isinstance(operation, EditValue)
    return operation


def test_it_pins_the_version_installed_last() -> None:
    plan = _plan(_npx(), OLDER, NEWER)
    edit = _edit(plan)
    assert edit.value == f"{NAME}@2025.8.21"
    assert edit.expect == NAME
    assert edit.pointer == ("mcpServers", "files", "args", 1)
    assert isinstance(plan, Plan)
    assert plan.check == CHECK
    assert (plan.safety, plan.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert "no longer arrive by themselves" in plan.consequences


def test_the_version_that_runs_comes_before_the_one_installed_last() -> None:
    newest = InstalledPackage("npm", NAME, "2026.1.1", f"/home/dev/.npm/_npx/ffff/node_modules/{NAME}", 900.0)
    finding, snapshot = _host(_npx(), OLDER, NEWER, newest)
    reference = EntryReference(snapshot.clients.configs[0].path.asked, ("mcpServers", "files"), "files")
    running = builders.process(
        command=("node", f"{NPX}/.bin/mcp-server-filesystem", "/w"), entry=reference, executable="/usr/bin/node"
    )
    live = replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (running,)))
    assert _edit(make_plan(FIX, finding, live)).value == f"{NAME}@2025.8.21"
    elsewhere = replace(running, entry=replace(reference, name="other", pointer=("mcpServers", "other")))
    other = replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (elsewhere,)))
    assert _edit(make_plan(FIX, finding, other)).value == f"{NAME}@2026.1.1"


def test_the_running_environment_of_uvx_is_recognised() -> None:
    cache = "/home/dev/.cache/uv/archive-v0"
    old, new = (
        InstalledPackage("pypi", "git-server", version, f"{cache}/{key}/lib/python3.11/site-packages/x.dist-info", at)
        for key, version, at in (("aaa", "1.0.0", 1.0), ("bbb", "2.0.0", 2.0))
    )
    package = PackageSpec("pypi", "git-server", "", "none", "uvx", "git-server", 1)
    finding, snapshot = _host(_entry(("uvx", "git-server"), package), old, new)
    reference = EntryReference(snapshot.clients.configs[0].path.asked, ("mcpServers", "files"), "files")
    running = builders.process(command=(f"{cache}/aaa/bin/python", f"{cache}/aaa/bin/git-server"), entry=reference)
    live = replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (running,)))
    assert _edit(make_plan(FIX, finding, live)).value == "git-server@1.0.0"


@pytest.mark.parametrize(
    ("text", "pin"), [(NAME, "none"), (f"{NAME}@latest", "tag"), (f"{NAME}@^2025.1.1", "range"), (f"{NAME}@1", "range")]
)
def test_a_tag_or_range_is_replaced(text: str, pin: Pin) -> None:
    assert _edit(_plan(_npx(text, pin), NEWER)).value == f"{NAME}@2025.8.21"


@pytest.mark.parametrize(
    ("command", "runner", "argument", "text", "value"),
    [
        (("uvx", "git-server"), "uvx", 1, "git-server", "git-server@1.4.0"),
        (("uvx", "git-server@latest"), "uvx", 1, "git-server@latest", "git-server@1.4.0"),
        (("uvx", "git-server>=1"), "uvx", 1, "git-server>=1", "git-server@1.4.0"),
        (("uvx", "git-server[all]"), "uvx", 1, "git-server[all]", "git-server[all]==1.4.0"),
        (("uvx", "--from", "git-server", "serve"), "uvx", 2, "git-server", "git-server==1.4.0"),
        (("uvx", "--from", "git-server[a,b]>1", "serve"), "uvx", 2, "git-server[a,b]>1", "git-server[a,b]==1.4.0"),
        (("uvx", "--from=git-server", "serve"), "uvx", 1, "git-server", "--from=git-server==1.4.0"),
        (("uv", "run", "--with", "Git_Server", "s"), "uv run", 3, "Git_Server", "Git_Server==1.4.0"),
        (("pipx", "run", "git-server"), "pipx run", 2, "git-server", "git-server==1.4.0"),
        (("pipx", "run", "--spec", "git-server", "serve"), "pipx run", 3, "git-server", "git-server==1.4.0"),
    ],
)
def test_python_spellings(command: tuple[str, ...], runner: str, argument: int, text: str, value: str) -> None:
    package = PackageSpec("pypi", "git-server", "", "none", runner, text, argument)
    installed = InstalledPackage("pypi", "git-server", "1.4.0", "/x", 1.0)
    assert _edit(_plan(_entry(command, package), installed)).value == value


def test_a_deno_specifier_keeps_its_scheme() -> None:
    package = PackageSpec("npm", NAME, "", "none", "deno", f"npm:{NAME}", 2)
    entry = _entry(("deno", "run", f"npm:{NAME}"), package)
    assert _edit(_plan(entry, NEWER)).value == f"npm:{NAME}@2025.8.21"


def test_an_own_version_is_taken() -> None:
    assert _edit(_plan(_npx(), version="1.2.3-beta.1")).value == f"{NAME}@1.2.3-beta.1"


@pytest.mark.parametrize(
    "version",
    ["latest", "^1.2.3", "1", "1.2", "1.2.3 --evil", "1.2.3;x", "1.2.x", "1.2.3\n", "../1", "", " 1.2.3", "١.٢.٣"],
)
def test_what_is_no_exact_version_is_refused(version: str) -> None:
    finding, snapshot = _host(_npx(), NEWER)
    answers = get_fix(FIX).answers
    assert answers is not None
    assert isinstance(make_plan(FIX, finding, snapshot, answers(version)), Refusal)


@pytest.mark.parametrize("version", ["latest", ">=1", "1.*", "1.0 ", "1.0;python_version<'3'", "1.0,!=2", "a"])
def test_what_is_no_exact_python_version_is_refused(version: str) -> None:
    package = PackageSpec("pypi", "git-server", "", "none", "uvx", "git-server", 1)
    assert isinstance(_plan(_entry(("uvx", "git-server"), package), version=version), Refusal)


def test_refused_when_nothing_is_installed() -> None:
    plan = _plan(_npx(), replace(NEWER, name="another"))
    assert isinstance(plan, Refusal)
    assert "start the server once" in plan.instead


def test_refused_when_the_installed_version_is_no_version() -> None:
    assert isinstance(_plan(_npx(), replace(NEWER, version="workspace:*")), Refusal)


def test_refused_inside_a_command_line() -> None:
    package = PackageSpec("npm", NAME, "", "none", "npx", NAME, None)
    assert isinstance(_plan(_entry(("sh", "-c", f"npx -y {NAME}"), package), NEWER), Refusal)


def test_refused_for_a_source() -> None:
    text = "github:acme/files"
    package = PackageSpec("npm", NAME, "", "source", "npx", text, 2)
    assert isinstance(_plan(_entry(("npx", "-y", text), package), NEWER), Refusal)


@pytest.mark.parametrize("text", ["files@npm:other@1", "files@https://example.invalid/x.tgz", "jsr:@acme/files"])
def test_refused_when_the_argument_points_elsewhere(text: str) -> None:
    package = PackageSpec("npm", NAME, "", "none", "npx", text, 2)
    assert isinstance(_plan(_entry(("npx", "-y", text), package), NEWER), Refusal)


def test_refused_when_the_argument_was_redacted() -> None:
    package = PackageSpec("npm", NAME, "", "none", "npx", NAME, 2)
    entry = _entry(("npx", "-y", f"{NAME}<secret: npm, 40 characters>"), package)
    assert isinstance(_plan(entry, NEWER), Refusal)


def test_refused_when_the_argument_cannot_be_named() -> None:
    entry = replace(_npx(), argument_pointers=((), (), (), ()))
    assert isinstance(_plan(entry, NEWER), Refusal)


def test_refused_when_the_path_is_not_exact() -> None:
    path = builders.path("/home/dev/.cursor/mcp.json", 0o600)
    path = replace(path, file=replace(path.file, exact=False))
    assert isinstance(_plan(_npx(), NEWER, path=path), Refusal)


def test_refused_when_the_server_is_gone() -> None:
    finding, snapshot = _host(_npx(), NEWER)
    gone = replace(snapshot, clients=replace(snapshot.clients, configs=()))
    assert isinstance(make_plan(FIX, finding, gone), Refusal)


def test_the_edit_changes_that_value_and_nothing_else() -> None:
    text = json.dumps({"mcpServers": {"files": {"command": "npx", "args": ["-y", NAME, "/w"]}}}, indent=3) + "\n\n"
    edit = _edit(_plan(_npx(), NEWER))
    after = replace_string(text.encode(), edit.format, edit.pointer, edit.expect, edit.value)
    assert after.decode() == text.replace(NAME, f"{NAME}@2025.8.21")
    assert parse(after, "json").value["mcpServers"]["files"]["args"][1] == f"{NAME}@2025.8.21"


def test_after_the_fix_the_check_passes() -> None:
    edit = _edit(_plan(_npx(), NEWER))
    pinned = _entry(
        ("npx", "-y", edit.value, "/w"), PackageSpec("npm", NAME, "2025.8.21", "exact", "npx", edit.value, 2)
    )
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([pinned]),))
    assert not builders.findings(run_check(CHECK, builders.snapshot(clients=clients)))


FLAWED = "clients/known-vulnerable"
SOUND = best_version("npm", known_flaws({("npm", NAME)})["npm", NAME])
MENDED = InstalledPackage("npm", NAME, SOUND, f"{NPX}/{NAME}", 200.0)


def _flawed(version: str, *installed: InstalledPackage, presence: Any = "not running") -> tuple[Finding, Snapshot]:
    package = PackageSpec("npm", NAME, version, "exact", "npx", f"{NAME}@{version}", 2)
    entry = _entry(("npx", "-y", f"{NAME}@{version}", "/w"), package)
    config = builders.config([entry])
    server = Server(
        key=f"{config.path.asked}#mcpServers/files",
        name="files",
        presence=presence,
        configured=True,
        transport="stdio",
        clients=("Claude Desktop",),
        entry=EntryReference(config.path.asked, entry.pointer, "files"),
        command=entry.command,
        launch=entry.launch,
    )
    clients = ClientFacts(builders.COMPLETE, configs=(config,), installed=installed)
    snapshot = builders.snapshot(clients=clients, servers=ServerFacts(builders.COMPLETE, (server,)))
    (finding,) = builders.findings(run_check(FLAWED, snapshot))
    return finding, snapshot


def test_a_version_with_a_known_flaw_is_replaced_by_one_that_is_installed_and_has_none() -> None:
    old = InstalledPackage("npm", NAME, "2025.3.28", f"/x/{NAME}", 900.0)
    finding, snapshot = _flawed("2025.3.28", old, OLDER, MENDED)
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan) and made.check == FLAWED
    edit = _edit(made)
    assert (edit.expect, edit.value) == (f"{NAME}@2025.3.28", f"{NAME}@{SOUND}")
    package = PackageSpec("npm", NAME, SOUND, "exact", "npx", edit.value, 2)
    (server,) = snapshot.servers.servers
    assert server.launch is not None
    after = replace(server, launch=replace(server.launch, package=package))
    left = replace(snapshot, servers=ServerFacts(builders.COMPLETE, (after,)))
    assert builders.findings(run_check(FLAWED, left)) == []


def test_no_version_without_a_known_flaw_is_installed() -> None:
    old = InstalledPackage("npm", NAME, "2025.3.28", f"/x/{NAME}", 900.0)
    for installed in ((), (old,)):
        finding, snapshot = _flawed("2025.3.28", *installed)
        made = make_plan(FIX, finding, snapshot)
        assert isinstance(made, Refusal) and "or later" in made.instead
        answers = get_fix(FIX).answers
        assert answers is not None
        assert _edit(make_plan(FIX, finding, snapshot, answers(SOUND))).value == f"{NAME}@{SOUND}"


def test_a_version_with_a_known_flaw_is_never_written() -> None:
    finding, snapshot = _flawed("2025.3.28", MENDED)
    answers = get_fix(FIX).answers
    assert answers is not None
    for version in ("2025.1.14", "2025.3.28", "0.0.1"):
        made = make_plan(FIX, finding, snapshot, answers(version))
        assert isinstance(made, Refusal), version
        assert "CVE" in made.reason and made.instead.startswith("give ")


def test_a_server_that_runs_must_end_first() -> None:
    source = SourceFact("npx cache", f"/x/{NAME}", ecosystem="npm", package=NAME, version="2025.3.28")
    finding, snapshot = _flawed("2025.3.28", MENDED)
    (server,) = snapshot.servers.servers
    running = replace(server, presence="running", sources=(source,))
    live = replace(snapshot, servers=ServerFacts(builders.COMPLETE, (running,)))
    made = make_plan(FIX, finding, live)
    assert isinstance(made, Refusal) and "quit its client" in made.instead


def test_what_a_unit_starts_as_well_is_to_be_mended_first() -> None:
    finding, snapshot = _flawed("2025.3.28", MENDED)
    both = replace(finding, also=(Subject("unit", "user:files.service", "files.service"),))
    made = make_plan(FIX, both, snapshot)
    assert isinstance(made, Refusal)
    assert "found of files.service, which no client's configuration starts" in made.reason


def test_a_flaw_in_something_else_is_not_mended_by_a_version() -> None:
    finding, snapshot = _flawed("2025.3.28", MENDED)
    made = make_plan(FIX, replace(finding, detail="image x: CVE-1"), snapshot)
    assert isinstance(made, Refusal) and "something else" in made.reason


def test_on_a_real_file_and_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for version in ("2025.3.28", SOUND):
        folder = home / f".npm/_npx/{version.replace('.', '')}/node_modules/{NAME}"
        write(folder / "package.json", {"name": NAME, "version": version})
    entry = {"command": "npx", "args": ["-y", f"{NAME}@2025.3.28", str(home / "work")]}
    file = write(home / ".cursor/mcp.json", {"mcpServers": {"files": entry}})
    before = file.read_bytes()
    repaired(home, tmp_path / "state", FIX, FLAWED)
    assert file.read_bytes() == before.replace(b"@2025.3.28", f"@{SOUND}".encode())
