"""Files of root's are changed as one: kept first, accepted by sudo's own parser, proven, and brought back exactly.

As root, on a policy in a folder of its own; through sudo it is tested in test_root_sudo_live.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.rooted_policy import Policy
from tests.live.support import require_program, require_root
from tests.repair.support import ACL, acl, plan, tree
from workbench.elevation import is_roots_own
from workbench.host.command import Output
from workbench.host.privileged import Vector
from workbench.model.operations import EditRootFile
from workbench.model.plan import Refusal
from workbench.model.run import Run, RunState
from workbench.model.sudoers import SudoersFacts, SudoRule
from workbench.repair import root_commands, rooted
from workbench.repair.history import history
from workbench.repair.journal import Entry, entries
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.staged import StagedRoot
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.sudo_tightening import Kept, Tightened, tighten_environment, tighten_password

pytestmark = pytest.mark.live
RULE = "# mine\nbob ALL=(root) NOPASSWD: /usr/bin/find, /usr/bin/id # by hand\ncarol ALL=(root) NOPASSWD: /bin/plain\n"


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Policy]:
    require_root()
    for program in ("cvtsudoers", "visudo", "sync", "xargs"):
        require_program(program)
    folder = Path(tempfile.mkdtemp(prefix="workbench-policy-"))
    try:
        yield Policy(folder, monkeypatch)
    finally:
        shutil.rmtree(folder)


def rule_of(facts: SudoersFacts, user: str) -> SudoRule:
    return next(rule for rule in facts.rules if user in rule.users and rule.passwordless)


def edit_of(policy: Policy, user: str, *kept: Kept) -> EditRootFile:
    facts = policy.facts()
    made = tighten_password(rule_of(facts, user), facts, kept)
    assert isinstance(made, Tightened), made
    return made.operation


def made(edit: EditRootFile) -> Prepared:
    ready = prepare(plan(edit))
    assert isinstance(ready, Prepared), ready
    return ready


def refused(edit: EditRootFile) -> Refusal:
    ready = prepare(plan(edit))
    assert isinstance(ready, Refusal), ready
    return ready


def applied(policy: Policy, edit: EditRootFile) -> Run:
    return apply(made(edit), policy.main.parent / "state", lambda: "")


# The line, and what it has to become; the first four are those that other tools break.
LINES = {
    "a wildcard in the line": (
        "bob ALL=(root) NOPASSWD: /usr/bin/systemctl restart mcp-*",
        "bob ALL=(root) /usr/bin/systemctl restart mcp-*",
    ),
    "a continued line": (
        "bob ALL=(root) NOPASSWD: /bin/a, \\\n    /bin/b",
        "bob ALL=(root) /bin/a, \\\n    /bin/b",
    ),
    "a plain grant stays": ("bob ALL=(root) NOPASSWD: /bin/plain", "bob ALL=(root) /bin/plain"),
    "no blanks": ("bob ALL=(root)NOPASSWD:ALL", "bob ALL=(root)ALL"),
    "freed by a setting": (
        "Defaults:bob !authenticate\nbob ALL=(ALL) ALL",
        "Defaults:bob !authenticate\nbob ALL=(ALL) PASSWD: ALL",
    ),
    "freed by both": (
        "Defaults !authenticate\nbob ALL=(root) NOPASSWD: /bin/a",
        "Defaults !authenticate\nbob ALL=(root) PASSWD: /bin/a",
    ),
    "tags of others carry on": (
        "bob ALL=(root) NOPASSWD: /bin/a, NOEXEC: /bin/b",
        "bob ALL=(root) /bin/a, NOEXEC: NOPASSWD: /bin/b",
    ),
    "a tag before holds on": (
        "bob ALL=(root) NOPASSWD: NOEXEC: /bin/x, EXEC: /bin/a, NOPASSWD: /bin/b",
        "bob ALL=(root) NOEXEC: /bin/x, EXEC: NOPASSWD: /bin/a, NOPASSWD: /bin/b",
    ),
    "a tag taken back": (
        "bob ALL=(root) NOPASSWD: /bin/a, PASSWD: /bin/b",
        "bob ALL=(root) /bin/a, PASSWD: /bin/b",
    ),
    "aliases": (
        "Cmnd_Alias TOOLS = /bin/a, /bin/b\nUser_Alias WE = bob, eve\nWE ALL=(root) NOPASSWD: TOOLS, SETENV: /bin/c",
        "Cmnd_Alias TOOLS = /bin/a, /bin/b\nUser_Alias WE = bob, eve\nWE ALL=(root) TOOLS, SETENV: NOPASSWD: /bin/c",
    ),
    "two lists of hosts": (
        "bob ALL=(root) NOPASSWD: /bin/a : elsewhere=(root) NOPASSWD: /bin/b",
        "bob ALL=(root) /bin/a : elsewhere=(root) NOPASSWD: /bin/b",
    ),
    "escaped characters and a digest": (
        f"bob ALL=(root) NOPASSWD: sha256:{'ab' * 32} /bin/a x\\,y\\:z, /bin/b --o\\=1",
        f"bob ALL=(root) sha256:{'ab' * 32} /bin/a x\\,y\\:z, /bin/b --o\\=1",
    ),
    "a user id and a comment": (
        "#1234 ALL=(#0) NOPASSWD: /bin/a # NOPASSWD: here",
        "#1234 ALL=(#0) /bin/a # NOPASSWD: here",
    ),
    "options and tabs": (
        "bob\tALL=(root)\tCWD=/srv NOPASSWD: LOG_OUTPUT:\t/bin/a",
        "bob\tALL=(root)\tCWD=/srv LOG_OUTPUT:\t/bin/a",
    ),
    "an exception": ("bob ALL=(root) NOPASSWD: ALL, !/bin/su", "bob ALL=(root) ALL, !/bin/su"),
}


@pytest.mark.parametrize("name", LINES)
def test_g7_exactly_the_password_comes_back_and_undo_brings_every_byte(policy: Policy, name: str) -> None:
    before, after = LINES[name]
    others = "# first\nroot ALL=(ALL) ALL\n", "carol ALL=(root) NOPASSWD: /bin/other\n"
    policy.write(f"{others[0]}{before}\n{others[1]}")
    os.setxattr(policy.file, "user.note", b"kept") if policy.takes_attributes() else None
    (policy.file.parent / "mcp.bak").write_text(f"{before}\n")
    was = tree(policy.file.parent)
    user = "#1234" if "#1234" in before else "bob"
    edit = edit_of(policy, user)

    run = applied(policy, edit)

    assert run.state is RunState.APPLIED, run.message
    assert policy.file.read_text() == f"{others[0]}{after}\n{others[1]}"
    now = tree(policy.file.parent)
    assert now["mcp.bak"] == was["mcp.bak"], "a file that sudo passes over is none of our business"
    assert now.keys() == was.keys(), "nothing is left beside it"
    assert now["mcp"][:4] == was["mcp"][:4] and now["mcp"][5] == was["mcp"][5]
    assert isinstance(prepare(plan(edit)), Refusal), "a second time there is nothing to do"
    state = policy.main.parent / "state"
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(policy.file.parent) == was
    again = history(state)[0].identity
    assert undo(state, again).state is RunState.UNDONE
    assert policy.file.read_text() == f"{others[0]}{after}\n{others[1]}"


def test_the_tag_for_variables_is_taken_alone(policy: Policy) -> None:
    policy.write("bob ALL=(mcp) NOPASSWD: SETENV: /bin/a, /bin/b\n")
    facts = policy.facts()
    found = tighten_environment(rule_of(facts, "bob"), facts)
    assert isinstance(found, Tightened), found
    assert applied(policy, found.operation).state is RunState.APPLIED
    assert policy.file.read_text() == "bob ALL=(mcp) NOPASSWD: /bin/a, /bin/b\n"


def test_an_exact_command_is_kept_as_a_rule_of_its_own(policy: Policy) -> None:
    policy.write("bob, eve ALL=(ALL) NOPASSWD: ALL\n")
    edit = edit_of(policy, "bob", Kept("mcp", ("/opt/server", "--root=/srv/x", "a,b")), Kept("mcp", ("/opt/other",)))
    assert applied(policy, edit).state is RunState.APPLIED
    assert policy.file.read_text() == (
        "bob, eve ALL=(ALL) ALL\n"
        "bob, eve ALL=(mcp) NOPASSWD: /opt/server --root\\=/srv/x a\\,b\n"
        'bob, eve ALL=(mcp) NOPASSWD: /opt/other ""\n'
    )
    (rule,) = [rule for rule in policy.facts().rules if rule.passwordless and "/opt/server" in rule.commands[0].text]
    assert rule.commands[0].text == "/opt/server --root=/srv/x a,b"


def test_the_main_file_is_changed_like_the_others(policy: Policy) -> None:
    policy.main.chmod(0o640)
    policy.main.write_text(policy.main.read_text() + "bob ALL=(root) NOPASSWD: /usr/bin/find\n")
    policy.main.chmod(0o440)
    run = applied(policy, edit_of(policy, "bob"))
    assert run.state is RunState.APPLIED, run.message
    assert policy.main.read_text().endswith("bob ALL=(root) /usr/bin/find\n")


def test_g15_what_is_run_is_what_was_listed(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.write(RULE)
    ready = made(edit_of(policy, "bob"))
    ran: list[Vector] = []
    once = root_commands._once

    def noted(vector: Vector, content: bytes) -> Output:
        ran.append(vector)
        return once(vector, content)

    monkeypatch.setattr(root_commands, "_once", noted)
    assert apply(ready, policy.main.parent / "state", lambda: "").state is RunState.APPLIED
    assert tuple(ran) == ready.changes[0].commands
    for vector in ran:
        assert vector[0].startswith("/usr/") and is_roots_own(vector[0])


def test_an_access_list_stays(policy: Policy) -> None:
    policy.write(RULE)
    try:
        os.setxattr(policy.file, ACL, acl((0x02, 4, 1234)))
    except OSError:
        pytest.skip("this file system has no access control lists")
    was = os.getxattr(policy.file, ACL)
    run = applied(policy, edit_of(policy, "bob"))
    assert run.state is RunState.APPLIED
    assert os.getxattr(policy.file, ACL) == was
    undo(policy.main.parent / "state", run.identity)
    assert os.getxattr(policy.file, ACL) == was


REFUSED: dict[str, tuple[Callable[[EditRootFile], EditRootFile], str]] = {
    "another line": (lambda edit: replace(edit, expect=("bob ALL=ALL",)), "is not what it was"),
    "more than is said": (
        lambda edit: replace(edit, value=(*edit.value, "eve ALL=(ALL) ALL")),
        "would change more, or something else",
    ),
    "less than is said": (lambda edit: replace(edit, gains=(*edit.gains, "x ALL=(root) y")), "something else"),
    "no sudoers any more": (lambda edit: replace(edit, value=("bob ALL=(",)), "does not accept"),
    "another file": (lambda edit: replace(edit, path="/etc/shadow"), "is no file that is changed as root"),
    "out of the folder": (
        lambda edit: replace(edit, path=f"{os.path.dirname(edit.path)}/../sudoers"),
        "is not an absolute path",
    ),
    "a file that sudo passes over": (lambda edit: replace(edit, path=f"{edit.path}.bak"), "is no file that is changed"),
    "a secret": (
        lambda edit: replace(edit, value=("bob ALL=(root) /bin/a --token ghp_aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5",)),
        "looks like a secret",
    ),
    "two lines in one": (lambda edit: replace(edit, value=("a ALL=ALL\nb ALL=ALL",)), "cannot be shown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_as_promised_is_refused_before_anything_is_done(policy: Policy, name: str) -> None:
    policy.write(RULE)
    before = tree(policy.main.parent)
    change, words = REFUSED[name]
    edit = change(edit_of(policy, "bob"))
    refusal = refused(edit)
    assert words in refusal.reason, refusal
    assert "ghp_" not in refusal.reason + refusal.instead
    assert tree(policy.main.parent) == before


def test_a_policy_that_cannot_be_followed_is_refused(policy: Policy) -> None:
    policy.write(RULE)
    other = policy.main.parent / "elsewhere"
    other.write_text("dave ALL=(root) /bin/a\n")
    policy.main.chmod(0o640)
    policy.main.write_text(policy.main.read_text() + f"@include {other}\n")
    assert "which is no plain file beside" in refused(edit_of(policy, "bob")).reason


def _then(policy: Policy, act: Callable[[], None]) -> Run:
    """Prepare, let something happen, and apply."""
    ready = made(edit_of(policy, "bob"))
    act()
    return apply(ready, policy.main.parent / "state", lambda: "")


def test_a_file_that_changed_since_it_was_shown_is_left_alone(policy: Policy) -> None:
    policy.write(RULE)
    run = _then(policy, lambda: policy.write(RULE + "# more\n"))
    assert run.state is RunState.REFUSED and "changed since it was shown" in run.message
    assert policy.file.read_text() == RULE + "# more\n" and not policy.backups.exists()


def _answering(
    monkeypatch: pytest.MonkeyPatch, meets: Callable[[Vector], bool], does: Callable[[], Output | None]
) -> None:
    once = root_commands._once

    def run(vector: Vector, content: bytes) -> Output:
        answer = does() if meets(vector) else None
        return answer if answer is not None else once(vector, content)

    monkeypatch.setattr(root_commands, "_once", run)


def _name(vector: Vector) -> str:
    return os.path.basename(vector[0])


def test_a_full_disk_leaves_the_old_file(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.write(RULE)
    was = tree(policy.file.parent)
    ready = made(edit_of(policy, "bob"))
    full = Output(1, "", "dd: error writing: No space left on device")
    _answering(monkeypatch, lambda vector: _name(vector) == "dd", lambda: full)
    run = apply(ready, policy.main.parent / "state", lambda: "")
    assert run.state is RunState.REFUSED and "the disk is full" in run.message, run
    assert tree(policy.file.parent) == was


def test_a_damaged_staged_copy_is_not_published(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.write(RULE)
    was = tree(policy.file.parent)
    ready = made(edit_of(policy, "bob"))

    def damage() -> None:
        (staged,) = policy.file.parent.glob(".mcp.*.workbench")
        staged.write_text("bob ALL=(root) NOPASSWD: ALL\n")

    _answering(monkeypatch, lambda vector: _name(vector) == "visudo" and vector[-1] != str(policy.main), damage)
    run = apply(ready, policy.main.parent / "state", lambda: "")
    assert run.state is RunState.REFUSED and "is not what was shown" in run.message, run
    assert tree(policy.file.parent) == was


@pytest.mark.parametrize("place", ["staged", "whole"])
def test_g6_where_the_parser_says_no_it_is_as_it_was(
    policy: Policy, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write(RULE)
    was = tree(policy.file.parent)
    ready = made(edit_of(policy, "bob"))
    of_whole = place == "whole"
    _answering(
        monkeypatch,
        lambda vector: _name(vector) == "visudo" and (vector[-1] == str(policy.main)) is of_whole,
        lambda: Output(1, "", f"{policy.file}:1: syntax error"),
    )
    run = apply(ready, policy.main.parent / "state", lambda: "")
    assert run.state is (RunState.ROLLED_BACK if of_whole else RunState.REFUSED), run
    assert tree(policy.file.parent) == was


def test_another_change_of_the_policy_meanwhile_rolls_it_back(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.write(RULE)
    ready = made(edit_of(policy, "bob"))
    other = policy.file.parent / "other"

    def interfere() -> None:
        other.write_text("mallory ALL=(ALL) NOPASSWD: ALL\n")
        other.chmod(0o440)

    _answering(monkeypatch, lambda vector: _name(vector) == "mv" and not other.exists(), interfere)
    run = apply(ready, policy.main.parent / "state", lambda: "")
    assert run.state is RunState.ROLLED_BACK and "something else" in run.message
    assert policy.file.read_text() == RULE


def test_what_did_not_help_is_put_back_from_the_backup_of_root(policy: Policy) -> None:
    policy.write(RULE)
    was = tree(policy.file.parent)
    run = apply(made(edit_of(policy, "bob")), policy.main.parent / "state", lambda: "it did not help")
    assert run.state is RunState.ROLLED_BACK
    assert tree(policy.file.parent) == was
    assert policy.backups.stat().st_mode & 0o7777 == 0o700


def test_undo_leaves_alone_what_was_written_since(policy: Policy) -> None:
    policy.write(RULE)
    run = applied(policy, edit_of(policy, "bob"))
    policy.write("eve ALL=(root) /bin/a\n")
    done = undo(policy.main.parent / "state", run.identity)
    assert done.state is RunState.REFUSED and str(policy.backups) in done.message
    assert policy.file.read_text() == "eve ALL=(root) /bin/a\n"


def test_g15_nothing_of_the_persons_is_ever_put_in_place(policy: Policy) -> None:
    """The journal is the person's. Whoever writes it must not come to choose what root installs."""
    policy.write(RULE)
    run = applied(policy, edit_of(policy, "bob"))
    state = policy.main.parent / "state"
    journal = state / "runs" / run.identity / "journal.jsonl"
    text = journal.read_text()
    evil = "mallory ALL=(ALL) NOPASSWD: ALL\n"
    for place in [state / "runs" / run.identity / "backup-0", policy.main.parent / "evil"]:
        place.write_text(evil)
    now = policy.file.read_text()
    before = subprocess.run(["sha256sum", str(policy.main.parent / "evil")], capture_output=True, text=True, check=True)
    forged = {
        "another digest": text.replace('"sha256":"', '"sha256":"' + before.stdout[:64] + '","was":"'),
        "another file": text.replace(str(policy.file), "/etc/shadow"),
        "a way out": text.replace(str(policy.file), f"{policy.file.parent}/../evil"),
    }
    for name, wrong in forged.items():
        assert wrong != text
        journal.write_text(wrong)
        try:
            assert undo(state, run.identity).state is not RunState.UNDONE, name
        except LookupError:
            pass
        assert policy.file.read_text() == now, name
    journal.write_text(text)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert policy.file.read_text() == RULE


def test_a_damaged_backup_is_not_brought_back(policy: Policy) -> None:
    policy.write(RULE)
    run = applied(policy, edit_of(policy, "bob"))
    now = policy.file.read_text()
    (kept,) = policy.backups.iterdir()
    kept.chmod(0o640)
    kept.write_text("mallory ALL=(ALL) NOPASSWD: ALL\n")
    done = undo(policy.main.parent / "state", run.identity)
    assert done.state is RunState.REFUSED and "is not what was kept" in done.message
    assert policy.file.read_text() == now


def _killed(work: Callable[[], Run], at: int, *, after: bool) -> bool:
    """Do the work in a child that kills itself before or after its so manyth command of root's."""
    child = os.fork()
    if child == 0:
        count = 0
        once = root_commands._once

        def counted(vector: Vector, content: bytes) -> Output:
            nonlocal count
            count += 1
            if count == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = once(vector, content)
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        root_commands._once = counted
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("what", ["apply", "rollback", "undo"])
def test_killed_between_every_two_commands(policy: Policy, what: str, after: bool) -> None:
    state = policy.main.parent / "state"
    why = "it did not help" if what == "rollback" else ""
    at, states = 0, set()
    while True:
        at += 1
        policy.write(RULE)
        shutil.rmtree(state, ignore_errors=True)
        ready, was = made(edit_of(policy, "bob")), tree(policy.file.parent)
        if what == "undo":
            run = apply(ready, state, lambda: "")
            repaired = tree(policy.file.parent)
            killed = _killed(lambda run=run: undo(state, run.identity), at, after=after)  # type: ignore[misc]
        else:
            killed = _killed(lambda ready=ready: apply(ready, state, lambda: why), at, after=after)  # type: ignore[misc]
        recovered = recover(state)
        assert all(each.state is RunState.RECOVERED for each in recovered), (at, recovered)
        assert recover(state) == ()
        last = history(state)[0] if history(state) else None
        states |= {each.state for each in recovered}
        assert {each.name for each in policy.file.parent.iterdir()} == {"mcp"}, at
        if what == "undo":
            first = history(state)[-1].state
            assert tree(policy.file.parent) == {RunState.APPLIED: repaired, RunState.UNDONE: was}[first], at
        elif killed and not (last and last.state is RunState.APPLIED):
            assert tree(policy.file.parent) == was, at
        if not killed:
            break
    assert at > 12 and RunState.RECOVERED in states


def test_the_timers_commands_bring_it_back(policy: Policy) -> None:
    policy.write(RULE)
    was = tree(policy.file.parent)
    ready = made(edit_of(policy, "bob"))
    assert apply(ready, policy.main.parent / "state", lambda: "").state is RunState.APPLIED
    (entry,) = entries(policy.main.parent / "state")
    assert isinstance(entry, Entry)
    for vector in rooted.reverting(entry):
        assert is_roots_own(vector[0])
        subprocess.run(vector, check=True, env={})
    assert tree(policy.file.parent) == was
    (staged,) = ready.operations
    assert isinstance(staged, StagedRoot)
