"""A secret's own line is taken out of a startup file; the secret is shown nowhere, and nothing else is touched."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.plugins.repairing import findings
from tests.plugins.startup_files import looked_at, planned, refusal, repaired
from tests.repair.support import journal_text
from workbench.model.operations import EditLine
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.run import RunState
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

CHECK, FIX = "secrets/in-shell-startup", "secrets/shell-startup"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
OTHER = "glpat-" + "9aZ3kQ7wLm2Xp8Rt5Vb1"
PASSWORD = "Tr0ub4dor-xkcd"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def write(home: Path, name: str, content: str) -> Path:
    place = home / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode("utf-8", "surrogateescape"))
    place.chmod(0o644)
    return place


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (".bashrc", f"a=1\nexport GH_TOKEN={TOKEN}\nb=2\n", "a=1\nb=2\n"),
        (".bashrc", f"export GH_TOKEN='{TOKEN}' # mine\n", ""),
        (".bashrc", f"a=1\nexport GH_TOKEN={TOKEN}", "a=1\n"),
        (".bashrc", f"\ufeffa=1\r\nexport GH_TOKEN={TOKEN}\r\nb=2\r\n", "\ufeffa=1\r\nb=2\r\n"),
        (".bashrc", f"# caf\udce9\n  export GH_TOKEN={TOKEN};\nb=2", "# caf\udce9\nb=2"),
        (".bashrc", f"GH_TOKEN={TOKEN}\nexport GH_TOKEN\n", "export GH_TOKEN\n"),
        (".bashrc", f"declare -x GH_TOKEN={TOKEN}\n", ""),
        (".bashrc", f"export DB_PASSWORD={PASSWORD}\nx\nexport GH_TOKEN={TOKEN}\ny\n", "x\ny\n"),
        (".bashrc", f"export A_TOKEN={TOKEN}\nexport B_TOKEN={OTHER}\n", ""),
        (".bashrc", f"if true; then\n  a=1\n  export GH_TOKEN={TOKEN}\nfi\n", "if true; then\n  a=1\nfi\n"),
        (".profile", f"export GH_TOKEN={TOKEN}\na=1\n", "a=1\n"),
        (".zshrc", f"typeset -gx GH_TOKEN={TOKEN}\nsetopt a\n", "setopt a\n"),
        (".envrc", f"export GH_TOKEN={TOKEN}\nuse nix\n", "use nix\n"),
        (".config/fish/config.fish", f"set -gx GH_TOKEN {TOKEN}\nset a b\n", "set a b\n"),
        (".config/fish/conf.d/a.fish", f"if true\n  set -gx GH_TOKEN '{TOKEN}'\nend\n", "if true\nend\n"),
        (".config/environment.d/10.conf", f"A=1\nGH_TOKEN={TOKEN}\n", "A=1\n"),
        (".pam_environment", f"GH_TOKEN DEFAULT={TOKEN}\nA=1\n", "A=1\n"),
    ],
)
def test_its_line_goes_and_every_other_byte_stays(
    home: Path, tmp_path: Path, name: str, before: str, after: str
) -> None:
    place = write(home, name, before)
    run, prepared = repaired(home, tmp_path / "state", FIX, CHECK)
    assert place.read_bytes() == after.encode("utf-8", "surrogateescape")
    assert not findings(CHECK, looked_at(home))
    assert (prepared.plan.safety, prepared.plan.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert "applied and verified" in run.message
    for word in ("replace the secret", "pass insert", "Log out and in"):
        assert word in prepared.plan.consequences


def test_the_plan_names_the_line_and_the_variable(home: Path) -> None:
    place = write(home, ".bashrc", f"a=1\nexport GH_TOKEN={TOKEN}\n")
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    assert made.operations == (EditLine(str(place), "bash", 2, variable="GH_TOKEN"),)


def test_hardened_offers_nothing(home: Path) -> None:
    write(home, ".bashrc", f"# export GH_TOKEN={TOKEN}\nexport A_TOKEN=$(pass show a)\n")
    assert not findings(CHECK, looked_at(home))


def test_no_secret_is_told(home: Path, tmp_path: Path) -> None:
    """Neither the one that goes nor those that stand around it, whatever it looks like."""
    around = (
        f"export DB_PASSWORD={PASSWORD}\n"
        f'API_PASSWORD="{PASSWORD}2 {PASSWORD}3" run\n'
        f"# export GH_TOKEN={OTHER}\n"
        f"curl -H 'Authorization: Bearer {OTHER}x'\n"
        f"alias a='tool -u me:{PASSWORD}'\n"
    )
    write(home, ".bashrc", f"{around}export GH_TOKEN={TOKEN}\n{around}")
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    told: list[str] = []
    state = tmp_path / "state"
    run = apply(prepared, state, lambda: "", told.append)
    assert run.state is RunState.APPLIED
    undone = undo(state, run.identity, on_step=told.append)
    assert undone.state is RunState.UNDONE
    said = [repr(prepared), json.dumps(asdict(made)), *told, journal_text(state), repr(run), repr(undone)]
    said += [repr(asdict(change)) for each in (run, undone) for change in each.changes]
    for text in said:
        for secret in (TOKEN, OTHER, PASSWORD, TOKEN[6:], OTHER[8:]):
            assert secret not in text, text
    assert prepared.changes[0].diff.split("\n")[2:] == [
        "@@ -1,1 +1,0 @@",
        "-export DB_PASSWORD=<redacted>",
        "@@ -6,2 +5,0 @@",
        "-export GH_TOKEN=<redacted>",
        "-export DB_PASSWORD=<redacted>",
    ]
    (kept,) = (state / "runs" / run.identity).glob("backup-*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (".bashrc", f"export GH_TOKEN={TOKEN[:9]}\\\n{TOKEN[9:]}\n", "goes on in the next line"),
        (".bashrc", f"export GH_TOKEN='{TOKEN}\nmore'\n", "goes on in the next line"),
        (".bashrc", f"export \\\n  GH_TOKEN={TOKEN}\n", "goes on in the next line"),
        (".bashrc", f"a=1; export GH_TOKEN={TOKEN}\n", "more than that"),
        (".bashrc", f"[ -n a ] && export GH_TOKEN={TOKEN}\n", "more than that"),
        (".bashrc", f"[ -n a ] &&\nexport GH_TOKEN={TOKEN}\n", "hangs together"),
        (".bashrc", f"export GH_TOKEN={TOKEN} &&\necho\n", "more than that"),
        (".bashrc", f"export A=1 GH_TOKEN={TOKEN}\n", "alone"),
        (".bashrc", f"export GH_TOKEN={TOKEN} B\n", "alone"),
        (".bashrc", f"export A_TOKEN={TOKEN} B_TOKEN={OTHER}\n", "more than one variable"),
        (".bashrc", f"if a; then export GH_TOKEN={TOKEN}; fi\n", "more than that"),
        (".bashrc", f"if a; then\nexport GH_TOKEN={TOKEN}\nfi\n", "does not accept"),
        (".bashrc", f"f() {{ export GH_TOKEN={TOKEN}; }}; f\n", "more than that"),
        (".config/fish/config.fish", f"set -gx GH_TOKEN {TOKEN}\nand echo\n", "hangs together"),
        (".config/fish/fish_variables", f"SETUVAR --export GH_TOKEN:{TOKEN}\n", "written by fish itself"),
        (".config/environment.d/10.conf", f"GH_TOKEN={TOKEN}\\\nA=1\n", "goes on in the next line"),
        (".config/environment.d/10.conf", f'GH_TOKEN="{TOKEN}\nA"\n', "go on in the next line"),
    ],
)
def test_a_line_that_does_more_is_refused(home: Path, name: str, text: str, why: str) -> None:
    place = write(home, name, text)
    made = refusal(FIX, CHECK, looked_at(home))
    assert why in made.reason
    assert TOKEN[6:] not in made.reason + made.instead
    assert place.read_text() == text


def test_a_file_that_changed_meanwhile_is_refused(home: Path, tmp_path: Path) -> None:
    place = write(home, ".bashrc", f"export GH_TOKEN={TOKEN}\n")
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared)
    write(home, ".bashrc", f"a=1\nexport GH_TOKEN={TOKEN}\n")
    assert apply(prepared, tmp_path / "state", lambda: "").state is RunState.REFUSED
    assert place.read_text() == f"a=1\nexport GH_TOKEN={TOKEN}\n"
    assert not isinstance(prepare(made), Prepared)


@pytest.mark.parametrize(
    ("later", "undone"),
    [
        ("new\na\nb\nc\n", f"new\na\nexport A_TOKEN={TOKEN}\nexport B_TOKEN={OTHER}\nb\nc\n"),
        ("a\nb\nc\nnew\n", f"a\nexport A_TOKEN={TOKEN}\nexport B_TOKEN={OTHER}\nb\nc\nnew\n"),
        ("x\nb\ny\n", None),
    ],
)
def test_undo_puts_the_lines_back_in_their_place(home: Path, tmp_path: Path, later: str, undone: str | None) -> None:
    place = write(home, ".bashrc", f"a\nexport A_TOKEN={TOKEN}\nexport B_TOKEN={OTHER}\nb\nc\n")
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared)
    run = apply(prepared, tmp_path / "state", lambda: "")
    write(home, ".bashrc", later)
    done = undo(tmp_path / "state", run.identity)
    assert done.state is (RunState.REFUSED if undone is None else RunState.UNDONE), done.message
    assert place.read_text() == (later if undone is None else undone)
    assert TOKEN not in journal_text(tmp_path / "state")


@pytest.mark.parametrize("name", ["tokens.conf", "tokens.env", "environment", ".env.local"])
def test_a_file_is_edited_as_what_it_was_read_as_whatever_its_name(name: str, home: Path) -> None:
    write(home, ".profile", f". ~/{name}\n")
    file = write(home, name, f"if true; then\n  export GH_TOKEN={TOKEN}\n  a=1\nfi\n")
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    (operation,) = made.operations
    assert isinstance(operation, EditLine)
    assert operation.format == "sh"
    assert isinstance(prepare(made), Prepared)
    assert TOKEN in file.read_text()
