"""Where the path in a tool's argument ends, and what keeps it in its folder."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from tests.host.code import read
from workbench.host.code.python import analyse
from workbench.model.code import Containment, PathUse

HEAD = """
import asyncio, os, shutil, uuid
from pathlib import Path
from typing import Literal
from mcp.server.fastmcp import Context, FastMCP
from .guards import validate_path
mcp = FastMCP("x")
ROOT = Path(os.environ.get("MCP_WORKSPACE", "/srv/workspace")).resolve()
TEXT = "/srv/workspace"
"""


def uses(body: str, parameters: str = "path: str") -> tuple[PathUse, ...]:
    tool = f"@mcp.tool()\ndef tool({parameters}):\n{indent(body.strip(), '    ')}\n"
    return read(HEAD + tool).paths


CONTAINED: list[tuple[str, Containment, str]] = [
    ("nothing", "none", "return open(path).read()"),
    ("with", "none", "with open(path) as file:\n    return file.read()"),
    ("joined", "none", "return open(os.path.join(TEXT, path)).read()"),
    ("divided", "none", "return (ROOT / path).read_text()"),
    ("formatted", "none", "return open(f'{TEXT}/{path}.md').read()"),
    ("resolved alone", "none", "return Path(path).resolve().read_text()"),
    ("only that it exists", "none", "if not os.path.exists(path):\n    return ''\nreturn open(path).read()"),
    ("a scheme is cut", "none", "if path.startswith('file://'):\n    path = path[7:]\nreturn open(path).read()"),
    ("an option is refused", "none", "if path.startswith('-'):\n    raise ValueError\nreturn open(path).read()"),
    ("in a thread", "none", "def work():\n    return open(path).read()\nreturn asyncio.to_thread(work)"),
    ("called in a thread", "none", "return asyncio.to_thread(open, path)"),
    ("removed", "none", "shutil.rmtree(path)"),
    (
        "only shown",
        "none",
        "p = Path(path).resolve()\ntry:\n    shown = p.relative_to(ROOT)\nexcept ValueError:\n    shown = p\n"
        "return f'{shown} {p.read_text()}'",
    ),
    ("nothing is given", "none", "if path in ('', '.', None):\n    path = 'x'\nreturn open(path).read()"),
    ("a default", "none", "if path is None:\n    path = '.'\nelse:\n    path = path.strip()\nreturn open(path).read()"),
    ("a way that ends", "none", "if not path:\n    path = TEXT\n    return ''\nreturn open(path).read()"),
    (
        "two ways to resolve",
        "sound",
        "p = Path(path)\nif p.is_absolute():\n    p = p.resolve()\nelse:\n    p = (ROOT / p).resolve()\n"
        "if not p.is_relative_to(ROOT):\n    raise ValueError\nreturn p.read_text()",
    ),
    ("absolute", "not resolved", "return Path(path).absolute().read_text()"),
    ("abspath", "not resolved", "return open(os.path.abspath(path)).read()"),
    (
        "absolute, then compared",
        "not resolved",
        "p = (ROOT / path).absolute()\nif not p.is_relative_to(ROOT):\n    raise ValueError\nreturn p.read_text()",
    ),
    (
        "before it is resolved",
        "checked before resolved",
        "p = ROOT / path\nif not p.is_relative_to(ROOT):\n    raise ValueError\nreturn p.resolve().read_text()",
    ),
    (
        "text that is tidied",
        "text only",
        "p = os.path.abspath(os.path.join(TEXT, path))\nif not p.startswith(TEXT + '/'):\n    raise ValueError\n"
        "return open(p).read()",
    ),
    ("dots", "text only", "if '..' in path:\n    raise ValueError\nreturn open(os.path.join(TEXT, path)).read()"),
    (
        "no separator",
        "prefix without separator",
        "p = os.path.realpath(os.path.join(TEXT, path))\nif not p.startswith(TEXT):\n    raise ValueError\n"
        "return open(p).read()",
    ),
    (
        "no separator of paths",
        "prefix without separator",
        "p = (ROOT / path).resolve()\nif not str(p).startswith(str(ROOT)):\n    raise ValueError\nreturn p.read_text()",
    ),
    (
        "commonprefix",
        "prefix without separator",
        "p = os.path.realpath(path)\nif os.path.commonprefix([TEXT, p]) != TEXT:\n    raise ValueError\n"
        "return open(p).read()",
    ),
    (
        "separator",
        "sound",
        "p = os.path.realpath(os.path.join(TEXT, path))\nif not p.startswith(TEXT + os.sep):\n    raise ValueError\n"
        "return open(p).read()",
    ),
    (
        "separator in the text",
        "sound",
        "p = os.path.realpath(path)\nif not p.startswith(f'{TEXT}/'):\n    raise ValueError\nreturn open(p).read()",
    ),
    (
        "is_relative_to",
        "sound",
        "p = (ROOT / path).resolve()\nif not p.is_relative_to(ROOT):\n    raise ValueError\nreturn p.read_text()",
    ),
    (
        "any of several",
        "sound",
        "p = Path(path).resolve()\nif not any(p.is_relative_to(each) for each in ROOTS):\n    raise ValueError\n"
        "return p.read_text()",
    ),
    (
        "relative_to",
        "sound",
        "p = (ROOT / path).resolve()\ntry:\n    p.relative_to(ROOT)\nexcept ValueError:\n    raise PermissionError\n"
        "return p.read_text()",
    ),
    (
        "parents",
        "sound",
        "p = (ROOT / path).resolve()\nif ROOT not in p.parents:\n    raise ValueError\nreturn p.read_text()",
    ),
    (
        "commonpath",
        "sound",
        "p = os.path.realpath(path)\nif os.path.commonpath([TEXT, p]) != TEXT:\n    raise ValueError\n"
        "return open(p).read()",
    ),
    (
        "what is opened has another name than what was compared",
        "sound",
        "real = (ROOT / path).resolve()\nif not real.is_relative_to(ROOT):\n    raise ValueError\n"
        "return open(ROOT / path).read()",
    ),
    ("a list of what is allowed", "sound", "if path not in ALLOWED:\n    raise ValueError\nreturn open(path).read()"),
    ("letters alone", "sound", "if not path.isalnum():\n    raise ValueError\nreturn open(f'{TEXT}/{path}').read()"),
    ("numbers alone", "unknown", "int(path)\nreturn open(f'{TEXT}/{path}').read()"),
    ("a check elsewhere", "unknown", "validate_path(path)\nreturn open(path).read()"),
    (
        "a check by an object",
        "unknown",
        "if not guard.is_allowed(path):\n    raise ValueError\nreturn open(path).read()",
    ),
    (
        "a beginning that is not known",
        "unknown",
        "if not any(path.startswith(each) for each in ROOTS):\n    raise ValueError\nreturn open(path).read()",
    ),
]


@pytest.mark.parametrize(("containment", "body"), [each[1:] for each in CONTAINED], ids=[each[0] for each in CONTAINED])
def test_what_keeps_a_path_in_its_folder(containment: Containment, body: str) -> None:
    (use,) = uses(body)
    assert use.containment == containment
    assert (use.tool, use.parameter, use.site.path) == ("tool", "path", "/srv/server/main.py")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
@pytest.mark.parametrize(("containment", "body"), [each[1:] for each in CONTAINED], ids=[each[0] for each in CONTAINED])
def test_what_is_said_of_it_is_true(containment: Containment, body: str, tmp_path: Path) -> None:
    """Run each of them on a real folder: what is found leads out of it, and what passes does not."""
    if containment == "unknown" or "rmtree" in body:
        pytest.skip("nothing is said of it" if containment == "unknown" else "it reads nothing")
    workspace, sibling = tmp_path / "workspace", tmp_path / "workspace-old"
    for folder in (workspace, sibling):
        folder.mkdir()
        (folder / "secret.md").write_text("inside" if folder == workspace else "OUTSIDE")
    (workspace / "link.md").symlink_to(sibling / "secret.md")
    (workspace / "folder").symlink_to(sibling)
    root = workspace.resolve()
    given = {"ROOT": root, "TEXT": str(root), "ROOTS": [root], "ALLOWED": [str(root / "secret.md")]}
    names: dict[str, Any] = {"os": os, "asyncio": asyncio, "Path": Path, **given}
    exec(f"def tool(path):\n{indent(body, '    ')}", names)
    outside = str(sibling / "secret.md")
    asked = [outside, "../workspace-old/secret.md", "link.md", "folder/secret.md", f"{root}/link.md", "link"]
    asked += [f"{root}/../workspace-old/secret.md", "../workspace-old/secret"]
    assert any(_escapes(names["tool"], path) for path in asked) == (containment != "sound")


def _escapes(tool: Any, path: str) -> bool:
    try:
        given = tool(path)
        text = asyncio.run(given) if asyncio.iscoroutine(given) else given
        return "OUTSIDE" in (text.read() if hasattr(text, "read") else text)
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize(
    "body",
    [
        "return open(os.path.join(TEXT, os.path.basename(path))).read()",
        "return (ROOT / Path(path).name).read_text()",
        "return open(FILES[path]).read()",
        "return open(FILES.get(path)).read()",
        "return open(f'{TEXT}/{int(path)}.md').read()",
        "return open(f'{TEXT}/{uuid.UUID(path)}.md').read()",
        "return open(validate_path(path)).read()",
        "return path.replace('a', 'b')",
        "return requests.get(path).text",
        "return open(TEXT).read()",
        "path = TEXT\nreturn open(path).read()",
    ],
)
def test_a_path_that_nobody_can_choose_is_none(body: str) -> None:
    assert uses(body) == ()


@pytest.mark.parametrize(
    "parameters",
    [
        "path: int",
        "path: Annotated[str, Field(pattern='^[a-z]+$')]",
        "path: str = Field('a', pattern='^[a-z]+$')",
        "path: Literal['a', 'b']",
        "path: Context",
        "path: float | None",
        "path: list[int]",
    ],
)
def test_an_argument_that_is_no_text_is_none(parameters: str) -> None:
    assert uses("return open(f'/var/log/{path}').read()", parameters) == ()


@pytest.mark.parametrize(
    "parameters", ["path", "path: str | None = None", "path: list[str]", "path: Path", "*, path: str", "path: 'str'"]
)
def test_an_argument_that_is_text_is_followed(parameters: str) -> None:
    assert uses("return open(path).read()", parameters)


def test_the_seeds_own_safe_path_is_sound() -> None:
    """The helper of the guide, called through a tool: its uses are sound, and stand in the tool."""
    found = read(
        HEAD
        + """
def safe_path(requested_path: str, *, must_exist: bool = False) -> Path:
    candidate = (ROOT / requested_path).resolve()
    try:
        candidate.relative_to(ROOT)
    except ValueError:
        logger.warning("traversal", extra={"requested": requested_path})
        raise PermissionError(f"denied: {requested_path!r}")
    if must_exist and not candidate.exists():
        raise FileNotFoundError(requested_path)
    return candidate

@mcp.tool()
def read(path: str) -> str:
    return safe_path(path, must_exist=True).read_text()

@mcp.tool()
def write(path: str, content: str) -> None:
    safe = safe_path(path)
    safe.parent.mkdir(parents=True, exist_ok=True)
    safe.write_text(content)
"""
    ).paths
    assert {use.containment for use in found} == {"sound"}
    assert [use.tool for use in found] == ["read", "write", "write"]


def test_a_helper_that_does_not_check_is_seen_through() -> None:
    found = read(
        HEAD
        + """
class Files:
    def _open(self, name):
        return open(os.path.join(TEXT, name))

    @mcp.tool(name="read-file")
    def tool(self, path: str):
        return self._open(path).read()
"""
    ).paths
    (use,) = found
    assert (use.tool, use.site.inside, use.containment) == ("read-file", "Files._open", "none")


LOW = """
import os
from mcp.server import Server
server = Server("x")

@server.call_tool()
async def call_tool(name: str, arguments: dict):
    if name == "read":
        return open(arguments["file"]).read()
    if name == "list":
        return await listed(**arguments)
    if name == "count":
        amount = int(arguments["n"])
        return open(f"/var/log/{amount}")

async def listed(folder: str, deep: bool = False):
    return os.listdir(folder)
"""


def test_one_function_for_every_tool_is_followed_by_its_arguments() -> None:
    assert {(use.tool, use.parameter, use.use) for use in read(LOW).paths} == {
        ("", "file", "open"),
        ("", "folder", "os.listdir"),
    }


@pytest.mark.parametrize(
    "handed",
    [
        "mcp.add_tool(tool)",
        "mcp.tool()(tool)",
        "mcp.tool()(logged(tool))",
        "mcp.add_tool(Tool.from_function(tool))",
        "mcp = FastMCP('y', tools=[tool])",
        "@mcp.tool\ndef tool(path: str):\n    return open(path)",
    ],
)
def test_every_way_to_make_a_tool_is_known(handed: str) -> None:
    plain = "def tool(path: str):\n    return open(path)\n"
    assert read(f"{HEAD}{plain}{handed}\n").paths


def test_a_function_that_is_no_tool_is_not_judged() -> None:
    assert read(HEAD + "def helper(path: str):\n    return open(path)\n").paths == ()
    other = "from langchain.tools import tool\n@tool\ndef read(path: str):\n    return open(path)\n"
    assert read(other).paths == ()
    routes = (
        "from flask import Flask\napp2 = Flask('x')\n@app2.tool('/x')\ndef read(path: str):\n    return open(path)\n"
    )
    assert read(routes).paths == ()


def test_a_model_of_the_arguments_is_followed_by_its_fields() -> None:
    found = read(
        HEAD
        + """
from pydantic import BaseModel
class Ask(BaseModel):
    path: str
    limit: int

@mcp.tool()
def read(ask: Ask):
    open(f"/x/{ask.limit}")
    return open(ask.path)
"""
    ).paths
    assert [use.use for use in found] == ["open"]


def test_what_a_model_checks_itself_is_not_judged() -> None:
    found = read(
        HEAD
        + """
from pydantic import BaseModel, field_validator
class Ask(BaseModel):
    path: str

    @field_validator("path")
    def inside(cls, value):
        return contained(value)

@mcp.tool()
def read(ask: Ask):
    return open(ask.path)
"""
    ).paths
    assert found == ()


def test_of_many_uses_in_one_file_the_first_are_told(tmp_path: Path) -> None:
    code = "@mcp.tool()\ndef read(path: str):\n" + "    open(path)\n" * 300
    analysis = analyse(str(tmp_path / "a.py"), code.encode())
    assert len(analysis.observations.paths) == 200
    assert [gap.why for gap in analysis.gaps] == ["there is more in it than is told: of each kind the first 200"]


def test_a_package_is_followed_no_further_than_a_mebibyte(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    for number in range(8):
        code = f"def read_{number}(path):\n    return open(path)\n# " + "x" * 400_000
        (tmp_path / f"part{number}.py").write_text(code)
    code = "".join(
        f"from .part{number} import read_{number}\n@mcp.tool()\ndef tool_{number}(path: str):\n"
        f"    return read_{number}(path)\n"
        for number in range(8)
    )
    analysis = analyse(str(tmp_path / "main.py"), code.encode())
    assert len(analysis.observations.paths) == 3
    assert [gap.why for gap in analysis.gaps] == ["it has more to follow than there is time for: it was read in part"]
