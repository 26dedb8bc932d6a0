"""What is done by commands of root's and is no file: which of it can be in a plan or a journal at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.repair.support import plan
from workbench.model.acts import Act, CreateAccount, LoadAuditRules, MakeRootDirectory, TrialAsAccount
from workbench.model.plan import Refusal
from workbench.repair import root_commands, root_folder
from workbench.repair.creating import ABSENT
from workbench.repair.paths import Refused
from workbench.repair.prepare import prepare
from workbench.repair.root_acts import put_back, ready, sound
from workbench.repair.staged import StagedAct

RULE = "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid=990 -k mcp_denied"
PLACE = "/var/mcp/files"
SOUND: dict[str, tuple[Act, tuple[str, ...]]] = {
    "rules": (LoadAuditRules((RULE,)), (RULE,)),
    "no rule": (LoadAuditRules((RULE,)), ()),
    "an account": (CreateAccount("mcp-files"), ("mcp-files",)),
    "a folder below the state of the system": (MakeRootDirectory("/var/lib/mcp/x", "mcp", "dev"), ("/var/lib/mcp",)),
    "a folder": (MakeRootDirectory(PLACE, "mcp-files", "dev"), ("/var/mcp", PLACE)),
    "a trial": (TrialAsAccount("/etc/sudoers.d/zz-mcp", ("sudo", "-n", "-u", "mcp", "/usr/bin/x"), "dev"), ()),
}
UNSOUND: dict[str, tuple[Act, tuple[str, ...]]] = {
    "another rule": (LoadAuditRules((RULE,)), ("-w /etc/shadow -p wa -k identity",)),
    "all rules": (LoadAuditRules(("-D",)), ("-D",)),
    "a file of rules": (LoadAuditRules(("-R /tmp/x",)), ("-R /tmp/x",)),
    "another account": (CreateAccount("mcp-files"), ("root",)),
    "an option": (CreateAccount("-r"), ("-r",)),
    "a name with a line": (CreateAccount("mcp\nroot"), ("mcp\nroot",)),
    "no account": (CreateAccount("mcp-files"), ()),
    "a home": (MakeRootDirectory("/home/dev/ws", "mcp", "mcp"), ("/home/dev/ws",)),
    "a system folder": (MakeRootDirectory("/etc/mcp", "mcp", "mcp"), ("/etc/mcp",)),
    "root's folder": (MakeRootDirectory(PLACE, "root", "root"), (PLACE,)),
    "a way out": (MakeRootDirectory("/var/../etc/mcp", "mcp", "mcp"), ()),
    "another folder": (MakeRootDirectory(PLACE, "mcp", "mcp"), ("/var/lib",)),
    "a folder beside it": (MakeRootDirectory(PLACE, "mcp", "mcp"), ("/var/mcp/fil",)),
    "the top": (MakeRootDirectory(PLACE, "mcp", "mcp"), ("/var",)),
    "a group of others": (CreateAccount("docker"), ("docker",)),
    "a folder that programs of root's obey": (
        MakeRootDirectory("/var/lib/polkit-1/localauthority/50-local.d", "mcp", "mcp"),
        ("/var/lib/polkit-1/localauthority/50-local.d",),
    ),
    "a folder of plugins that root starts": (MakeRootDirectory("/opt/cni/bin", "mcp", "mcp"), ("/opt/cni/bin",)),
    "a folder of the system's": (MakeRootDirectory("/var/spool", "mcp", "mcp"), ("/var/spool",)),
    "a folder of the person's own": (MakeRootDirectory(PLACE, "dev", "dev"), (PLACE,)),
    "a trial of a sudo of theirs": (TrialAsAccount("/x", ("/tmp/sudo", "-n", "-u", "mcp", "/usr/bin/x"), "dev"), ()),
    "a trial by number": (TrialAsAccount("/x", ("sudo", "-n", "-u", "#0", "/usr/bin/x"), "dev"), ()),
    "a trial as root": (TrialAsAccount("/x", ("sudo", "-n", "-u", "root", "/usr/bin/x"), "dev"), ()),
    "a trial of another program": (TrialAsAccount("/x", ("/bin/sh", "-n", "-u", "mcp", "/usr/bin/x"), "dev"), ()),
    "a trial that asks": (TrialAsAccount("/x", ("sudo", "-S", "-u", "mcp", "/usr/bin/x"), "dev"), ()),
    "a trial of a name": (TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "x"), "dev"), ()),
    "a trial without an end": (TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "/x"), "dev", 3600), ()),
    "a trial that leaves something": (TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "/x"), "dev"), ("/x",)),
}


def _staged(wanted: Act, parts: tuple[str, ...]) -> StagedAct:
    return StagedAct(wanted.path, wanted.path, ABSENT, wanted, parts)


@pytest.mark.parametrize("case", sorted(SOUND))
def test_what_may_be_in_a_journal(case: str) -> None:
    assert sound(_staged(*SOUND[case]))


@pytest.mark.parametrize("case", sorted(UNSOUND))
def test_g15_what_may_not_be_in_one_is_never_done(case: str) -> None:
    assert not sound(_staged(*UNSOUND[case]))


@pytest.mark.parametrize(
    "wanted",
    [
        LoadAuditRules(("-D",)),
        LoadAuditRules((RULE, RULE)),
        CreateAccount("root"),
        CreateAccount("daemon"),
        CreateAccount("Not Plain"),
        MakeRootDirectory("/home/dev/ws", "mcp", "mcp"),
        MakeRootDirectory("/var/tmp/mcp", "mcp", "mcp"),
        TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "/usr/bin/x", "--token=ghp_" + "aB3dE5gH7j" * 4), "root"),
        TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "/usr/bin/x"), "nobody-of-that-name"),
        TrialAsAccount("/x", ("sudo", "-n", "-u", "mcp", "/usr/bin/x"), "root"),
    ],
)
def test_what_no_plan_may_do_is_refused_when_it_is_worked_out(wanted: Act) -> None:
    refusal = prepare(plan(wanted))
    assert isinstance(refusal, Refusal) and refusal.reason


def test_a_folder_in_one_that_others_can_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_folder, "_BELOW", (f"{tmp_path}/",))
    with pytest.raises(Refused, match="not root's alone"):
        root_folder.parts(MakeRootDirectory(str(tmp_path / "mcp"), "mcp", "mcp"))


def test_g15_a_folder_that_a_journal_names_is_made_in_none_that_others_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes the journal could have put a link there by then, and have root make the folder elsewhere."""
    ran: list[object] = []
    monkeypatch.setattr(root_commands, "run", lambda vector, *_: ran.append(vector))
    monkeypatch.setattr(root_folder, "_BELOW", (f"{tmp_path}/",))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    place = str(shared / "lead" / "ws")
    forged = StagedAct(place, place, ABSENT, MakeRootDirectory(place, "mcp", "mcp"), (place,), comes=False)
    with pytest.raises(Refused, match="not root's alone"):
        ready(replace(forged, comes=True))
    with pytest.raises(Refused, match="not root's alone"):
        put_back(0, forged, lambda _: None, lambda _: None)
    assert ran == []


def test_no_folder_is_made_whose_journal_would_not_be_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_folder, "_BELOW", (f"{tmp_path}/srv/",))
    with pytest.raises(Refused, match="/srv does not exist"):
        root_folder.parts(MakeRootDirectory(str(tmp_path / "srv" / "files"), "mcp", "mcp"))
