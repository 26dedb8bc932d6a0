"""Where a tool's argument becomes part of a command."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.host.code import read
from workbench.model.code import CommandKind, CommandUse

HEAD = """
import asyncio, os, shlex, subprocess, sys
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")
"""


def uses(body: str, parameters: str = "text: str") -> tuple[CommandUse, ...]:
    return read(f"{HEAD}@mcp.tool()\nasync def tool({parameters}):\n{indent(body.strip(), '    ')}\n").commands


@pytest.mark.parametrize(
    ("kind", "whole", "body"),
    [
        ("shell", True, "os.system(text)"),
        ("shell", False, "os.system('grep ' + text)"),
        ("shell", False, "return subprocess.run(f'grep {text} .', shell=True)"),
        ("shell", False, "command = 'grep %s .' % text\nreturn subprocess.check_output(command, shell=True)"),
        ("shell", False, "return subprocess.run('grep {} .'.format(text), shell=True)"),
        ("shell", True, "p = await asyncio.create_subprocess_shell(text)"),
        ("shell", False, "return subprocess.run(['bash', '-c', 'ls ' + text])"),
        ("shell", False, "words = ['/bin/sh', '-c', f'ls {text}']\nreturn subprocess.run(words)"),
        ("shell", False, "await asyncio.create_subprocess_exec('sh', '-c', 'ls ' + text)"),
        ("shell", True, "await asyncio.to_thread(os.system, text)"),
        ("evaluated", True, "return eval(text)"),
        ("evaluated", False, "exec('x = ' + text)"),
        ("program", True, "return subprocess.run([text, '-l'])"),
        ("program", True, "return subprocess.run(shlex.split(text))"),
        ("program", True, "return subprocess.Popen(text)"),
    ],
)
def test_a_command_that_an_argument_decides(kind: CommandKind, whole: bool, body: str) -> None:
    (use,) = uses(body)
    assert (use.kind, use.whole) == (kind, whole)
    assert (use.tool, use.parameter) == ("tool", "text")


@pytest.mark.parametrize(
    "body",
    [
        "return subprocess.run(['grep', '--', text, '.'])",
        "words = ['grep', '--', text]\nreturn subprocess.run(words)",
        "await asyncio.create_subprocess_exec('grep', '--', text)",
        "return subprocess.run([sys.executable, '-m', 'x', text])",
    ],
)
def test_one_word_of_a_list_is_in_order(body: str) -> None:
    assert [use.kind for use in uses(body)] == ["argument"]


@pytest.mark.parametrize(
    "body",
    [
        "os.system('grep ' + shlex.quote(text))",
        "os.system('ls')",
        "if text not in ('ls', 'cat'):\n    raise ValueError\nsubprocess.run([text])",
        "os.system(COMMANDS[text])",
        "os.system(f'kill {int(text)}')",
        "return ast.literal_eval(text)",
        "return frame.eval(text)",
        "return session.run(text, shell=True)",
    ],
)
def test_no_command_is_seen_where_there_is_none(body: str) -> None:
    assert [use for use in uses(body) if use.kind != "argument"] == []


@pytest.mark.parametrize(
    "body",
    [
        "check_command(text)\nos.system(text)",
        # Only the first word is one of those that are allowed: a shell reads the rest as well.
        "if text.split()[0] not in ALLOWED:\n    raise ValueError\nsubprocess.run(text, shell=True)",
        "if text[0] not in ALLOWED:\n    raise ValueError\nawait asyncio.create_subprocess_exec(*text)",
    ],
)
def test_a_command_behind_a_check_that_is_not_understood_is_not_judged(body: str) -> None:
    assert [(use.guarded, use.kind != "argument") for use in uses(body)] == [(True, True)]


@pytest.mark.parametrize("parameters", ["text: int", "text: Literal['a', 'b']", "text: bool | None"])
def test_a_number_is_no_command(parameters: str) -> None:
    head = "from typing import Literal\n"
    tool = f"@mcp.tool()\ndef tool({parameters}):\n    os.system(f'kill {{text}}')\n"
    assert read(head + HEAD + tool).commands == ()


def test_a_choice_of_an_enumeration_is_no_command() -> None:
    found = read(
        HEAD
        + """
from enum import Enum
class Way(str, Enum):
    FAST = "fast"

@mcp.tool()
def tool(way: Way):
    os.system(f"run --{way.value}")
"""
    )
    assert found.commands == ()


@pytest.mark.parametrize("call", ["shell.run(text)", "Shell().run(text)", "holder.shell.run(text)"])
def test_a_method_of_an_object_of_the_file_is_followed(call: str) -> None:
    found = read(
        HEAD
        + f"""
class Shell:
    def run(self, command: str):
        return subprocess.run(command, shell=True)

shell = Shell()

@mcp.tool()
def tool(text: str):
    return {call}
"""
    ).commands
    assert [use.site.inside for use in found] == ([] if call.startswith("holder") else ["Shell.run"])


def test_an_object_that_another_one_keeps_is_followed() -> None:
    found = read(
        HEAD
        + """
class Shell:
    def run(self, command: str):
        return subprocess.run(command, shell=True)

class Server:
    def __init__(self):
        self.shell = Shell()

    @mcp.tool()
    def tool(self, text: str):
        return self.shell.run(text)
"""
    ).commands
    assert [use.site.inside for use in found] == ["Shell.run"]
