"""The fixes of a SARIF report: done to the file they are what the repair would do, and no secret is in one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.homes import open_home
from tests.repair.support import SECRET, edit, plan, tree, values, written
from tests.unit.test_sarif import validator
from workbench.cli import run
from workbench.model.acts import CreateAccount, LoadAuditRules
from workbench.model.operations import CreateRootFile, EditRootFile, EditValue, RemoveValue, SetValue
from workbench.model.plan import Plan
from workbench.repair.prepare import Prepared, prepare
from workbench.report.sarif_fixes import _changes, _fix

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


def done(text: str, replacement: dict[str, Any]) -> str:
    """The text after a replacement, as any reader of SARIF would make it."""
    region = replacement["deletedRegion"]
    lines = text.split("\n")

    def offset(line: int, column: int) -> int:
        return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1

    begin, end = offset(region["startLine"], region["startColumn"]), offset(region["endLine"], region["endColumn"])
    return f"{text[:begin]}{replacement['insertedContent']['text']}{text[end:]}"


def changes(prepared: Any) -> list[dict[str, Any]] | None:
    assert isinstance(prepared, Prepared), prepared
    return _changes(prepared)


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "a": {\n    "pkg": "pkg"\n  }\n}\n',
        '{"a": {"pkg": "pkg"}}',
        '{\r\n  "a": {\r\n    "pkg": "pkg"}}\r\n',
        '{\n"a": {"pkg": "pkg"}\n}',
    ],
)
def test_the_fix_is_what_the_repair_does(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, content=text.encode())
    for operation in (
        EditValue(str(file), "json", ("a", "pkg"), "pkg", "pkg@1"),
        SetValue(str(file), "json", ("a", "more"), "true"),
        RemoveValue(str(file), "json", ("a", "pkg")),
        RemoveValue(str(file), "json", ("a",)),
    ):
        prepared = prepare(plan(operation))
        (change,) = changes(prepared) or [{}]
        assert isinstance(prepared, Prepared)
        assert done(text, change["replacements"][0]) == prepared.contents[0].decode()
        assert change["artifactLocation"]["uri"] == file.as_uri()


def test_a_line_that_holds_a_secret_is_in_no_fix(tmp_path: Path) -> None:
    file = written(tmp_path, content=b'{"a": {"args": ["pkg"], "env": {"API_KEY": "%s"}}}' % SECRET.encode())
    one_line = prepare(plan(EditValue(str(file), "json", ("a", "args", 0), "pkg", "pkg@1")))
    assert changes(one_line) is None
    other = written(tmp_path, "other.json")
    assert changes(prepare(plan(edit(other)))) is not None
    taken_out = changes(prepare(plan(*values(other))))
    assert SECRET not in json.dumps(taken_out)


def test_a_file_that_changed_meanwhile_has_no_fix(tmp_path: Path) -> None:
    file = written(tmp_path)
    prepared = prepare(plan(edit(file)))
    file.write_bytes(file.read_bytes() + b"\n")
    assert changes(prepared) is None


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_home(monkeypatch) as made:
        yield made


def test_a_report_of_a_live_host_holds_fixes_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = home / ".config" / "Claude" / "claude_desktop_config.json"
    config.parent.mkdir(parents=True)
    text = json.dumps(
        {
            "mcpServers": {
                "files": {
                    "command": "npx",
                    "args": ["-y", "@modelcontextprotocol/server-filesystem@2025.8.21", str(home)],
                    "env": {"API_KEY": SECRET},
                }
            }
        },
        indent=2,
    )
    config.write_text(text)
    before = tree(home)
    assert run(["report", "--format", "sarif", "--fail-on", "never"]) == 0
    assert tree(home) == before
    said = capsys.readouterr().out
    assert SECRET not in said
    for other in ("html", "markdown", "json"):
        assert run(["report", "--format", other, "--fail-on", "never"]) == 0
        shown = capsys.readouterr().out
        assert "claude_desktop_config.json" in shown
        assert SECRET not in shown
    log = json.loads(said)
    assert not list(validator().iter_errors(log))
    fixes = {
        result["ruleId"]: fix
        for result in log["runs"][0]["results"]
        for fix in result.get("fixes", [])
        if fix["artifactChanges"][0]["artifactLocation"]["uri"] == config.as_uri()
    }
    assert "clients/broad-root" in fixes
    assert "clients/narrow-root" in fixes["clients/broad-root"]["description"]["text"]
    after = json.loads(done(text, fixes["clients/broad-root"]["artifactChanges"][0]["replacements"][0]))
    assert after["mcpServers"]["files"]["args"][2].startswith(f"{home}/")


@pytest.mark.parametrize(
    "operation",
    [
        EditRootFile("/etc/sudoers.d/mcp", "sudoers", 1, ("a",), ("b",)),
        CreateRootFile("/etc/audit/rules.d/10-mcp-x.rules", "-w /a -p wa -k mcp_x\n", "audit-rules"),
        LoadAuditRules(("-w /a -p wa -k mcp_x",)),
        CreateAccount("mcp-x"),
    ],
)
def test_what_takes_root_is_not_even_worked_out_for_a_report(operation: Any) -> None:
    class Refusing:
        def prepare(self, _: Plan) -> None:
            raise AssertionError("working it out runs sudo")

    refusing: Any = Refusing()
    assert _fix(refusing, plan(operation)) == []
