"""The calls of JavaScript that open files, start programs and evaluate code, and which of their arguments does it."""

from __future__ import annotations

import re
from itertools import pairwise

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal, option
from workbench.model.code import CommandKind

_ONE_PATH = re.compile(
    r"^(?:fs|Deno|Bun)\.(?:(?:readFile|writeFile|appendFile|open|readdir|opendir|rm|unlink|rmdir|mkdir|truncate|chmod|"
    r"chown|outputFile|outputJson|readJson|readJSON|writeJson|writeJSON|remove|emptyDir|ensureDir|ensureFile|"
    r"readTextFile|writeTextFile|readDir)(?:Sync)?|createReadStream|createWriteStream|openAsBlob|file|write)$"
)
_TWO_PATHS = re.compile(r"^(?:fs|Deno)\.(?:rename|copyFile|cp|symlink|link|move|copy)(?:Sync)?$")
_SHELL = re.compile(
    r"^(?:(?:child_process\.)?(?:exec|execSync)|shelljs\.exec"
    r"|execa\.(?:command|commandSync|execaCommand|execaCommandSync))$"
)
_PROGRAM = re.compile(
    r"^(?:(?:child_process\.)?(?:spawn|spawnSync|execFile|execFileSync)"
    r"|execa(?:\.(?:execa|sync|execaSync|execaNode))?)$"
)
_EVALUATED = re.compile(
    r"^(?:eval|Function|globalThis\.eval|vm\.(?:runIn\w+|Script|compileFunction|SourceTextModule))$"
)
_SHELLS = re.compile(r"(?:^|[/\\])(?:sh|bash|zsh|dash|ash|ksh|fish|cmd|powershell|pwsh)(?:\.exe)?$")
_MOST_WORDS = 100
_SHELL_FLAG = re.compile(r"(?i)^(?:-[a-z]*c|/[a-z]*c|/s|-command|-e)$")


def paths_of(name: str, call: Node) -> tuple[Node, ...]:
    """The arguments of a call that name files which it reads, writes, lists or removes."""
    if _ONE_PATH.match(name):
        return tuple(call.arguments[:1])
    return tuple(call.arguments[:2]) if _TWO_PATHS.match(name) else ()


def commands_of(name: str, call: Node, names: Names) -> tuple[tuple[CommandKind, tuple[Node, ...]], ...]:
    """The arguments of a call that a shell runs, that are evaluated, or that name the program to start."""
    arguments = call.arguments
    if not arguments:
        return ()
    if _EVALUATED.match(name):
        return (("evaluated", tuple(arguments[-1:] if name == "Function" else arguments[:1])),)
    if _SHELL.match(name):
        return (("shell", tuple(arguments[:1])),)
    if not _PROGRAM.match(name):
        return ()
    rest = arguments[1:]
    options = next((made for each in rest if (made := names.value(each)) is not None and made.kind == "object"), None)
    shell = names.value(option(options, "shell"))
    if shell is not None and shell.kind not in ("false", "undefined", "null"):
        certain = shell.kind in ("true", "string")
        return (("shell", tuple(arguments[:2])),) if certain else ()
    program = literal(names.value(arguments[0]))
    if program is None:
        return (("program", tuple(arguments[:1])),)
    listed = names.value(rest[0]) if rest else None
    if listed is not None and listed.kind == "array":
        # A shell that another program starts is one as well: docker exec, ssh, sudo, env.
        before = program
        for element, following in pairwise(listed.children[:_MOST_WORDS]):
            word = literal(element) or ""
            if _SHELL_FLAG.match(word) and (_SHELLS.search(program) or _SHELLS.search(before)):
                return (("shell", (following,)),)
            before = word
    return ()


def uses_what_it_holds(made: Node, names: Names) -> bool:
    """Whether in a class something of ``this`` becomes a path or a part of a command."""
    for call in made.home.inside(made):
        name = names.called(call) if call.kind == "call_expression" else ""
        if not name:
            continue
        used = [*paths_of(name, call), *(each for _, parts in commands_of(name, call, names) for each in parts)]
        if any(inner.kind == "this" for each in used for inner in each.home.inside(each)):
            return True
    return False
