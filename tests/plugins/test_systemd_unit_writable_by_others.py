from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from tests.plugins.systemd_units import USER_FILE, host, unit
from workbench.model.facts import Acl, AclEntry, PathFact
from workbench.model.finding import NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "systemd/unit-writable-by-others"
FOLDER = "/etc/systemd/system"


def at(path: str, mode: int, uid: int = 0, gid: int = 0, **more: Any) -> PathFact:
    return builders.path(path, mode, uid=uid, gid=gid, **more)


def say(*files: PathFact, folders: tuple[PathFact, ...] = (), **more: Any) -> list[Verdict]:
    return run_check(CHECK, host(unit("User=mcp", files=files, **more), folders=folders))


@pytest.mark.parametrize(
    ("path", "mode", "uid", "gid", "who"),
    [
        (f"{FOLDER}/mcp-files.service", 0o646, 0, 0, "any account on this machine"),
        (f"{FOLDER}/mcp-files.service", 0o664, 0, 2000, "colleague"),
        (f"{FOLDER}/mcp-files.service", 0o644, 1000, 1000, "dev"),  # of a system unit you are another account too
        (f"{FOLDER}/mcp-files.service.d/10-own.conf", 0o666, 0, 0, "any account on this machine"),
        ("/etc/mcp/environment", 0o666, 0, 0, "any account on this machine"),
        (f"{FOLDER}/mcp-files.socket", 0o666, 0, 0, "any account on this machine"),
    ],
)
def test_vulnerable_a_file_that_others_write(path: str, mode: int, uid: int, gid: int, who: str) -> None:
    (found,) = builders.findings(say(at(path, mode, uid, gid)))
    assert (found.severity, found.subject.kind) == (Severity.CRITICAL, "unit")
    assert found.summary.startswith(f"{who} can write {path}")
    assert found.evidence[0].command[0] == "stat"


def test_vulnerable_by_an_acl() -> None:
    acl = Acl(4, (AclEntry("user", 1001, 6),))
    (found,) = builders.findings(say(at(f"{FOLDER}/mcp-files.service", 0o664, acl=acl)))
    assert "colleague can write" in found.summary
    assert found.evidence[0].command[0] == "getfacl"


@pytest.mark.parametrize("path", [f"{FOLDER}/mcp-files.service.d", FOLDER])
def test_vulnerable_a_folder_that_takes_a_new_drop_in(path: str) -> None:
    own = at(f"{FOLDER}/mcp-files.service", 0o644)
    folder = at(path, 0o777, kind="directory")
    said = say(own, folder) if path.endswith(".d") else say(own, folders=(folder,))
    (found,) = builders.findings(said)
    assert (found.subject.kind, found.subject.key) == ("directory", path)
    assert [subject.label for subject in found.also] == ["mcp-files.service"]


def test_vulnerable_a_directory_above() -> None:
    directories = {FOLDER: (0o775, 0, 2000)}
    (found,) = builders.findings(say(at(f"{FOLDER}/mcp-files.service", 0o644, directories=directories)))
    assert found.summary.startswith(f"colleague can put units or drop-ins into {FOLDER}")


def test_vulnerable_ones_own_unit_that_a_group_writes() -> None:
    path = at(USER_FILE, 0o664, 1000, 2000)
    said = run_check(CHECK, host(unit("", file=USER_FILE, files=(path,))))
    (found,) = builders.findings(said)
    assert "colleague can write" in found.summary
    assert found.summary.endswith("as you")


def test_hardened_roots_own_and_ones_own() -> None:
    folder = at(FOLDER, 0o755, kind="directory")
    said = say(
        at(f"{FOLDER}/mcp-files.service", 0o644), at(f"{FOLDER}/x.d", 0o755, kind="directory"), folders=(folder,)
    )
    assert builders.kinds(said) == {Passed}
    own = at(USER_FILE, 0o644, 1000, 1000)
    assert builders.kinds(run_check(CHECK, host(unit("", file=USER_FILE, files=(own,))))) == {Passed}


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_a_folder_that_could_not_be_examined() -> None:
    state = builders.unread("mode", "/etc/systemd/system/mcp-files.service.d")
    result = scan_check(get_check(CHECK), host(unit("User=mcp"), state=state))
    assert result.status is Status.NOT_ASSESSED
