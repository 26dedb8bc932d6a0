"""Read an argument vector as a program, the script it runs, and the launchers that only start something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from workbench.expressions import expression
from workbench.model.record import record

_ENDINGS = (".exe", ".cmd", ".bat", ".ps1")
_NODE = {"node", "nodejs", "bun", "deno", "electron"}
_PYTHON = expression(r"(?:python|pypy|pythonw)[\d.]*w?\Z")
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"}
_INTERACTIVE = {"-i", "-l", "--login", "--init-file", "--rcfile", "-li", "-il"}
_OTHER_INTERPRETERS = {"ruby", "perl", "php", "java", "dotnet", "lua", "guile"}
_RUNNERS = {"npm", "npx", "pnpm", "pnpx", "yarn", "bunx", "uv", "uvx", "pipx", "corepack"}
_WRAPPERS = {
    *("sudo", "doas", "su", "runuser", "setpriv", "env", "nice", "ionice", "nohup", "timeout", "stdbuf", "unshare"),
    *("nsenter", "bwrap", "firejail", "systemd-run", "script", "strace", "prlimit", "taskset", "chrt", "setsid"),
    *("tini", "dumb-init", "docker-init", "catatonit", "xvfb-run", "time", "faketime", "chroot", "flock", "cmd"),
    *("powershell", "pwsh", "wsl", "aa-exec", "capsh", "setarch", "dbus-run-session", "op", "doppler", "mise"),
}
_SCRIPTED_RUNNERS = {
    *("npm-cli.js", "npx-cli.js", "npm", "npx", "pnpm", "pnpm.cjs", "pnpx", "pnpx.cjs", "yarn", "yarn.js", "corepack"),
    *("tsx", "ts-node", "nodemon", "pipx", "poetry", "pdm", "hatch", "rye", "conda", "mamba", "dotenv", "cross-env"),
}
_CONTAINER_TOOLS = {"docker", "podman", "nerdctl"}
_NODE_VALUES = {
    *("-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--title"),
    *("--input-type", "--env-file", "--preload", "--config", "-c", "--import-map", "--cwd", "--tsconfig-override"),
}
_NODE_INLINE = expression(r"(?:--eval|--print|-p?e|-p)(?:=|\Z)")
_TITLE_BREAK = expression(r" +")
_WORD = expression(r"(?<![a-z])(?:fast)?mcp(?:servers?)?(?![a-z])")
_CAMEL = expression(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_SERVERS = expression(
    r"(?<![a-z])(?:client|clients|inspector|installer|install|lint|linter|test|tests|docs|hardening|sdk|log|logs)(?![a-z])"
)
_SERVERLIKE = expression(r"(?:\A|[-_./@])mcp[-_]?servers?(?:[-_.]|\Z)|[-_]mcp\Z|\Amcp[-_]|\Aserver[-_]mcp")


@record
class Script:
    """What an interpreter was told to run. ``text`` is a path, a module name, or "" for inline code and for none.

    ``code`` is the inline code.
    """

    kind: Literal["script", "module", "inline", "none"]
    text: str = ""
    arguments: tuple[str, ...] = ()
    code: str = ""


@lru_cache(maxsize=1024)
def program_name(path: str) -> str:
    """The file name of a program without folder, ending and the mark of a login shell."""
    name = re.split(r"[\\/]", path.removesuffix(" (deleted)"))[-1].lstrip("-")
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)].lower()
    return name


def split_command(raw: bytes) -> tuple[str, ...]:
    """An argument vector from NUL-ended bytes.

    A program such as npm writes a title of its own over its arguments, as one string: it is taken apart at its spaces.
    """
    pieces = raw.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0")
    if len(pieces) == 1 and " " in pieces[0] and not pieces[0].startswith(("/", "-")):
        return tuple(_TITLE_BREAK.split(pieces[0].strip()))
    return tuple(pieces) if pieces != [""] else ()


def is_node(name: str) -> bool:
    """Whether a program of this name runs JavaScript."""
    return name in _NODE


def is_python(name: str) -> bool:
    """Whether a program of this name runs Python."""
    return bool(_PYTHON.match(name))


def is_interpreter(name: str) -> bool:
    """Whether a program of this name runs something else that its arguments name."""
    return is_node(name) or is_python(name) or name in _SHELLS or name in _OTHER_INTERPRETERS


def script_of(argv: Sequence[str]) -> Script:
    """What an interpreter runs; of kind ``none`` when the program is no interpreter or was given nothing to run."""
    name = program_name(argv[0]) if argv else ""
    if is_node(name):
        return _node_script(name, argv)
    if is_python(name):
        return _python_script(argv)
    if name in _SHELLS or name in _OTHER_INTERPRETERS:
        return _other_script(name, argv)
    return Script("none")


def _node_script(name: str, argv: Sequence[str]) -> Script:
    place = 1
    if name in ("bun", "deno") and len(argv) > 1 and argv[1] in ("run", "serve"):
        place = 2
    while place < len(argv):
        item = argv[place]
        if _NODE_INLINE.match(item) and name != "deno":
            _, equals, code = item.partition("=")
            rest = place + 1 if equals else place + 2
            return Script("inline", arguments=tuple(argv[rest:]), code=code or _at(argv, place + 1))
        if item in _NODE_VALUES:
            place += 2
        elif item.startswith("-") and item != "-":
            place += 1
        else:
            return Script("script", item.removeprefix("file://"), tuple(argv[place + 1 :]))
    return Script("none")


def _python_script(argv: Sequence[str]) -> Script:
    place = 1
    while place < len(argv):
        item = argv[place]
        if item == "--" and place + 1 < len(argv):
            return Script("script", argv[place + 1], tuple(argv[place + 2 :]))
        if item.startswith("--") or not item.startswith("-") or item == "-":
            if item.startswith("--"):
                place += 1
                continue
            return Script("script", item, tuple(argv[place + 1 :]))
        for at, letter in enumerate(item[1:], 1):
            if letter in "mc":
                text, rest = (item[at + 1 :], place + 1) if len(item) > at + 1 else (_at(argv, place + 1), place + 2)
                if letter == "c":
                    return Script("inline", arguments=tuple(argv[rest:]), code=text)
                return Script("module", text, tuple(argv[rest:]))
            if letter in "WX":
                place += len(item) == at + 1
                break
        place += 1
    return Script("none")


def _other_script(name: str, argv: Sequence[str]) -> Script:
    if name in _SHELLS and any(item in _INTERACTIVE for item in argv[1:]):
        return Script("none")
    for place, item in enumerate(argv[1:], 1):
        if name in _SHELLS and re.match(r"-[a-z]*c\Z", item):
            return Script("inline", arguments=tuple(argv[place + 1 :]), code=_at(argv, place + 1))
        if item == "-jar":
            return Script("script", _at(argv, place + 1), tuple(argv[place + 2 :]))
        if not item.startswith("-") and name != "java":
            return Script("script", item, tuple(argv[place + 1 :]))
    return Script("none")


def _at(argv: Sequence[str], place: int) -> str:
    return argv[place] if place < len(argv) else ""


def is_launcher(argv: Sequence[str]) -> bool:
    """Whether this process only starts another: a package runner, a shell with a command, sudo, bwrap, tini."""
    if not argv:
        return False
    name = program_name(argv[0])
    if name in _RUNNERS or name in _WRAPPERS:
        return True
    if name in ("bun", "deno") and len(argv) > 1 and argv[1] in ("x", "task"):
        return True
    script = script_of(argv)
    if name in _SHELLS:
        return script.kind in ("inline", "script")  # without either it is someone's interactive shell
    if script.kind == "script" and (is_node(name) or is_python(name)):
        last = re.split(r"[\\/]", script.text)[-1]
        return last in _SCRIPTED_RUNNERS or bool(
            re.search(r"/node_modules/(?:npm|pnpm|tsx|ts-node|nodemon)/", script.text)
        )
    return is_container_tool(argv)


def is_container_tool(argv: Sequence[str]) -> bool:
    """Whether this is ``docker run`` or its like, whose container is no child of it."""
    words = [item for item in argv[1:4] if not item.startswith("-")]
    return bool(argv) and program_name(argv[0]) in _CONTAINER_TOOLS and words[:1] == ["run"]


def as_runner(argv: Sequence[str]) -> tuple[str, ...] | None:
    """The vector of a package runner as a person would type it: what npm and uv turn it into is turned back."""
    if not argv:
        return None
    name = program_name(argv[0])
    rest = tuple(argv[1:])
    script = script_of(argv)
    if script.kind == "script" and is_node(name):
        last = re.split(r"[\\/]", script.text)[-1]
        if last not in _SCRIPTED_RUNNERS:
            return None
        name, rest = {"npx-cli.js": "npx", "npm-cli.js": "npm", "pnpx.cjs": "pnpx"}.get(last, last), script.arguments
        name = name.removesuffix(".cjs").removesuffix(".js")
    if name == "npm" and rest[:1] in (("exec",), ("x",)):
        return ("npx", *rest[1:])
    if name == "uv" and rest[:2] in (("tool", "uvx"), ("tool", "run")):
        return ("uvx", *rest[2:])
    if name in _RUNNERS or (name == "bun" and rest[:1] == ("x",)):
        return (name, *rest)
    return None


def names_mcp(name: str) -> bool:
    """Whether a name holds ``mcp`` as a word of its own and is not that of a client, a test or a tool for servers."""
    words = _CAMEL.sub("-", name).lower()
    return bool(_WORD.search(words)) and not _NOT_SERVERS.search(words)


def names_mcp_server(name: str) -> bool:
    """Whether a name is built as MCP servers are named: ``mcp-server-git``, ``github-mcp-server``, ``notion-mcp``."""
    words = _CAMEL.sub("-", name).lower()
    return names_mcp(name) and bool(_SERVERLIKE.search(words))
