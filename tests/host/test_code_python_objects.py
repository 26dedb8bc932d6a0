"""Tools that are made by functions of the server's own, and arguments that go through objects and tables."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from workbench.host.code import python_flow
from workbench.host.code.languages import Analysis
from workbench.host.code.python import analyse

REGISTRY = """
from mcp.server import MCPServer

class Tools:
    def __init__(self, server: MCPServer) -> None:
        self.server = server

    def reader(self, title: str):
        return self._register(title)

    def _register(self, title: str):
        def decorate(function):
            self.server.tool(title=title)(logged(function))
            return function
        return decorate

def plain(server: MCPServer):
    def decorate(function):
        @server.tool()
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return function
    return decorate

class Other:
    def reader(self, title: str):
        return print
"""
POLICY = """
from pathlib import Path

class Policy:
    def __init__(self, allowed: list[Path]) -> None:
        self.allowed = allowed

    def resolve(self, raw: str) -> Path:
        path = Path(raw).resolve()
        if not self.allows(path):
            raise ValueError(raw)
        return path

    def allows(self, path: Path) -> bool:
        return any(path.is_relative_to(each) for each in self.allowed)
"""
WORKSPACE = """
from pathlib import Path
from .policy import Policy

class Base:
    def __init__(self, policy: Policy, other: Policy | None = None) -> None:
        self.policy = policy
        self.other = other if other is not None else Policy([])

    def find(self, raw: str) -> Path:
        return {find}

class Workspace(Base):
    def load(self, raw: str) -> str:
        return self.find(raw).read_text()
"""


def analysed(folder: Path, files: dict[str, str], of: str) -> Analysis:
    """What one file of a package gives."""
    (folder / "server").mkdir()
    for name, code in {"__init__.py": "", **files}.items():
        (folder / "server" / name).write_text(dedent(code))
    path = folder / "server" / of
    return analyse(str(path), path.read_bytes())


@pytest.mark.parametrize(
    ("find", "containment"),
    [
        ("Path(raw)", "none"),
        ("self.policy.resolve(raw)", "sound"),
        ("self.other.resolve(raw)", "sound"),
    ],
)
def test_a_tool_of_a_registry_is_followed_through_the_objects_it_is_given(
    find: str, containment: str, tmp_path: Path
) -> None:
    code = """
        from .registry import Tools
        from .workspace import Workspace

        def register(tools: Tools, workspace: "Workspace") -> None:
            @tools.reader("Read")
            def read(path: str) -> str:
                return workspace.load(path)
    """
    files = {"registry.py": REGISTRY, "policy.py": POLICY, "workspace.py": WORKSPACE.replace("{find}", find)}
    found = analysed(tmp_path, {**files, "tools.py": code}, "tools.py")
    assert [(use.tool, use.parameter, use.containment) for use in found.observations.paths] == [
        ("read", "path", containment)
    ]
    assert found.gaps == ()
    assert analysed(tmp_path / "server", {**files, "tools.py": code}, "registry.py") == Analysis()


@pytest.mark.parametrize(("decorator", "tools"), [("plain(server)", 1), ("Other().reader('x')", 0), ("print", 0)])
def test_only_what_hands_it_to_a_server_makes_a_tool(decorator: str, tools: int, tmp_path: Path) -> None:
    code = f"from .registry import Other, plain\n@{decorator}\ndef read(path: str):\n    return open(path)\n"
    found = analysed(tmp_path, {"registry.py": REGISTRY, "tools.py": code}, "tools.py")
    assert len(found.observations.paths) == tools


HANDLERS = """
from mcp.server import Server

class Handler:
    def run_tool(self, arguments: dict):
        raise NotImplementedError

class Read(Handler):
    name = "read"

    def run_tool(self, arguments: dict):
        return open(arguments["file"])
"""


@pytest.mark.parametrize(
    "dispatch",
    [
        "handlers[name].run_tool(arguments)",
        "find(name).run_tool(arguments)",
        "TABLE[name](arguments)",
        "handler = TABLE[name]\n    return handler(arguments)",
    ],
)
def test_what_is_chosen_while_it_runs_is_each_that_it_may_be(dispatch: str, tmp_path: Path) -> None:
    code = f"""
from mcp.server import Server
from .handlers import Read
server = Server("x")

def opened(arguments: dict):
    return open(arguments["file"])

TABLE = {{"read": opened}}

@server.call_tool()
async def call_tool(name: str, arguments: dict):
    return {dispatch}
""".replace("return handler = ", "handler = ")
    found = analysed(tmp_path, {"handlers.py": HANDLERS, "main.py": code}, "main.py")
    assert [(use.parameter, use.containment) for use in found.observations.paths] == [("file", "none")]
    assert found.gaps == ()


@pytest.mark.parametrize("place", ["package/main.py", "package/tools/main.py"])
def test_a_package_without_an_init_file_is_followed(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    (tmp_path / "package/data.py").write_text("def opened(name: str):\n    return open(name)\n")
    (tmp_path / "other.py").write_text("def opened(name: str):\n    return open(name)\n")
    for module, uses in (("package.data", 1), ("other", 0)):
        head = f"from mcp.server.fastmcp import FastMCP\nfrom {module} import opened\nmcp = FastMCP('x')\n"
        path.write_text(f"{head}@mcp.tool()\ndef tool(path: str):\n    return opened(path)\n")
        found = analyse(str(path), path.read_bytes())
        assert len(found.observations.paths) == uses and [gap.facet for gap in found.gaps] == ["tools"] * (1 - uses)


@pytest.mark.parametrize(("run", "uses"), [("json.dumps(arguments)", 0), ("codec.dumps(arguments)", 1)])
def test_a_function_of_another_package_is_none_of_this_one(run: str, uses: int, tmp_path: Path) -> None:
    code = f"""
        import json
        from mcp.server import Server
        from .codec import codec
        server = Server("x")

        @server.call_tool()
        async def call_tool(name: str, arguments: dict):
            return {run}
    """
    codec = "class Codec:\n    def dumps(self, a):\n        return open(a['file'])\ncodec = load()\n"
    found = analysed(tmp_path, {"codec.py": codec, "main.py": code}, "main.py")
    assert len(found.observations.paths) == uses and found.gaps == ()


def test_a_model_of_another_file_is_followed(tmp_path: Path) -> None:
    model = "from pydantic import BaseModel\nclass Ask(BaseModel):\n    path: str\n    limit: int\n"
    code = """
        from mcp.server import Server
        from .model import Ask
        server = Server("x")

        @server.call_tool()
        async def call_tool(name: str, arguments: dict):
            ask = Ask(**arguments)
            open(f"/var/log/{ask.limit}")
            return open(ask.path)
    """
    found = analysed(tmp_path, {"model.py": model, "main.py": code}, "main.py")
    assert [(use.parameter, use.site.line) for use in found.observations.paths] == [("path", 10)]


def tool(body: str) -> Analysis:
    """What a tool with that body gives."""
    head = "import requests\nfrom library import convert, Converter\nfrom mcp.server.fastmcp import FastMCP\n"
    code = f"{head}mcp = FastMCP('x')\n@mcp.tool()\ndef tool(path: str, text: str = ''):\n    {body}\n"
    return analyse("/srv/server/main.py", code.encode())


@pytest.mark.parametrize("body", ["return Converter().convert(path)", "return convert(path)", "x = [convert(path)]"])
def test_a_path_that_goes_where_it_is_not_followed_is_a_gap(body: str) -> None:
    (gap,) = tool(body).gaps
    assert (gap.facet, gap.what) == ("tools", "/srv/server/main.py")
    assert "line 7 of it" in gap.why and gap.unlock == "read line 7 of /srv/server/main.py"


@pytest.mark.parametrize(
    "body",
    [
        "return requests.get('https://example.org/' + path)",
        "return session.post(url, json={'path': path})",
        "return convert(text)",
        "return path.upper()",
        "check_path(path)\n    return convert(path)",
        "return convert(open(path))",
    ],
)
def test_what_leads_to_no_file_is_no_gap(body: str) -> None:
    assert tool(body).gaps == ()


@pytest.mark.parametrize(
    ("handed", "gaps"),
    [
        ("for each in load():\n    mcp.add_tool(each)", 1),
        ("mcp.tool()(make('x'))", 1),
        ("def known(path: str):\n    return path\nmcp.add_tool(known)", 0),
        ("def known(path: str):\n    return path\nmcp.add_tool(Tool.from_function(known))", 0),
        ("def register(function):\n    mcp.tool()(function)", 0),
    ],
)
def test_a_tool_that_cannot_be_told_is_a_gap(handed: str, gaps: int) -> None:
    code = f"from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n{handed}\n"
    found = analyse("/srv/server/main.py", code.encode())
    assert [gap.facet for gap in found.gaps] == ["tools"] * gaps


def test_a_list_holds_what_is_put_into_it() -> None:
    found = tool("words = []\n    words.append(path)\n    return open(words[0])")
    assert [use.containment for use in found.observations.paths] == ["none"]


@pytest.mark.parametrize(
    "declared", ["A: 'A'", "self.x.y.z.a.b.c.d", "x: 'Y | None'", "x: Optional[Annotated[Y, 1]]", "self: object"]
)
def test_what_is_declared_in_a_circle_ends(declared: str) -> None:
    code = f"""
from mcp.server.fastmcp import FastMCP
mcp = FastMCP('x')
class Y(Y):
    def __init__(self, x: 'Y'):
        self.x = self.x or x or Y(self)
x = x
class A:
    {declared if ":" in declared else "x: 'A'"}
    @mcp.tool()
    def tool(self, path: str, x: 'Y'):
        return self.x.x.x.x.x.x.x.x.read(path), x.x.x.x.x.read(path), Y(1).x.nothing(path)
"""
    analyse("/srv/server/main.py", code.encode())


@pytest.mark.parametrize(
    ("held", "containment"),
    [
        ("('a', 'b')", "sound"),
        ("ALLOWED", "sound"),
        ("self.allowed_files", "sound"),
        ("get_allowed()", "sound"),
        ("names", "sound"),
        ("made", "sound"),
        # What was read so far, or who knows what.
        ("cache", "unknown"),
        ("stamps()", "unknown"),
        # What the same caller says.
        ("text", "none"),
    ],
)
def test_only_a_list_that_was_written_down_says_what_may_be(held: str, containment: str) -> None:
    code = f"""
from mcp.server.fastmcp import FastMCP
mcp = FastMCP('x')
names = ["a", "b"]
made = frozenset(("a", "b"))
cache = {{}}

@mcp.tool()
def tool(path: str, text: str = ''):
    if path not in {held}:
        raise ValueError(path)
    return open(path)
"""
    (use,) = analyse("/srv/server/main.py", code.encode()).observations.paths
    assert use.containment == containment


def test_the_files_of_a_package_share_what_is_followed_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"part{number}" for number in range(100)]
    for place, name in enumerate(names):
        others = [names[(place * 7 + step) % len(names)] for step in range(1, 20)]
        imports = "".join(f"from .{other} import {other}\n" for other in others)
        calls = "".join(f"    {other}(path)\n" for other in others)
        code = f"{imports}def {name}(path):\n{calls}    return open(path)\n"
        (tmp_path / f"{name}.py").write_text(code)
    (tmp_path / "__init__.py").touch()
    code = "from mcp.server.fastmcp import FastMCP\nfrom .part0 import part0\nmcp = FastMCP('x')\n"
    code += "@mcp.tool()\ndef read(path: str):\n    return part0(path)\n"
    followed = 0

    def counted(*asked: Any) -> None:
        nonlocal followed
        followed += 1
        statement(*asked)

    statement = python_flow._statement
    monkeypatch.setattr(python_flow, "_statement", counted)
    analysis = analyse(str(tmp_path / "server.py"), code.encode())
    assert followed < 100_000
    assert "it was read in part" in analysis.gaps[0].why and analysis.observations.paths


@pytest.mark.parametrize(("calls", "expected"), [(6, "found"), (7, "not told"), (40, "not told")])
def test_calls_that_lead_farther_than_they_are_followed_are_not_passed(
    tmp_path: Path, calls: int, expected: str
) -> None:
    code = "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n"
    code += "@mcp.tool()\ndef read(path: str):\n    return step0(path)\n"
    code += "".join(f"def step{each}(p):\n    return step{each + 1}(p)\n" for each in range(calls))
    code += f"def step{calls}(p):\n    return open(p)\n"
    analysis = analyse(str(tmp_path / "server.py"), code.encode())
    told = any("not followed" in gap.why for gap in analysis.gaps)
    assert ("found" if analysis.observations.paths else "not told" if told else "passed") == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("path: str", ["open"]),
        ("path: Kind", []),
        ("path: Literal['a', 'b']", []),
        ("path: int", []),
        ("path: str\n    @field_validator('path')\n    def inside(cls, value):\n        return contained(value)", []),
    ],
)
def test_a_model_of_the_arguments_that_stands_in_another_file_is_read_there(
    tmp_path: Path, fields: str, expected: list[str]
) -> None:
    (tmp_path / "__init__.py").touch()
    models = "from enum import Enum\nfrom typing import Literal\nfrom pydantic import BaseModel, field_validator\n"
    models += f"class Kind(Enum):\n    A = 'a'\nclass Ask(BaseModel):\n    {fields}\n"
    (tmp_path / "models.py").write_text(models)
    code = "from mcp.server.fastmcp import FastMCP\nfrom .models import Ask\nmcp = FastMCP('x')\n"
    code += "@mcp.tool()\ndef read(ask: Ask):\n    return open(f'/x/{ask.path}')\n"
    analysis = analyse(str(tmp_path / "server.py"), code.encode())
    assert [use.use for use in analysis.observations.paths] == expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("str", ["open"]),
        ("Annotated[str, Field(description='a note')]", ["open"]),
        ("Annotated[str, AfterValidator(inside)]", []),
        ("Own", []),
        ("Choice", []),
        ("Imported", []),
        ("Plain", ["open"]),
        ("Circle", ["open"]),
    ],
)
def test_a_type_that_checks_the_argument_itself_is_not_judged(
    tmp_path: Path, annotation: str, expected: list[str]
) -> None:
    (tmp_path / "__init__.py").touch()
    types = "from typing import Annotated\nfrom pydantic import AfterValidator\n"
    (tmp_path / "types.py").write_text(f"{types}Imported = Annotated[str, AfterValidator(inside)]\n")
    code = f"from typing import Literal\n{types}from mcp.server.fastmcp import FastMCP\nfrom .types import Imported\n"
    code += "mcp = FastMCP('x')\nOwn = Annotated[str, AfterValidator(inside)]\nChoice = Literal['a', 'b']\n"
    code += "Plain = Annotated[str, 'a note']\nCircle = Annotated[Circle, 'itself']\n"
    code += f"@mcp.tool()\ndef read(path: {annotation}):\n    return open(path)\n"
    analysis = analyse(str(tmp_path / "server.py"), code.encode())
    assert [use.use for use in analysis.observations.paths] == expected


@pytest.mark.parametrize(
    ("use", "paths", "commands"),
    [
        ("open(file=path)", ["open"], []),
        ("open(mode='r', file=path)", ["open"], []),
        ("open(file='/x', mode=path)", [], []),
        ("os.listdir(path=path)", ["os.listdir"], []),
        ("subprocess.run(args=path, shell=True)", [], ["shell"]),
        ("subprocess.run(args=['git', '--', path])", [], ["argument"]),
        ("subprocess.run(args=['git'], cwd='/x', input=path)", [], []),
    ],
)
def test_what_is_given_by_its_name_is_seen(use: str, paths: list[str], commands: list[str]) -> None:
    code = "import os, subprocess\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n"
    code += f"@mcp.tool()\ndef read(path: str):\n    return {use}\n"
    observed = analyse("/srv/server.py", code.encode()).observations
    assert [each.use for each in observed.paths] == paths
    assert [each.kind for each in observed.commands] == commands
