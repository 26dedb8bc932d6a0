"""What package runners fetch, and what the last program on a command line runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.launch.bridges import BRIDGES
from workbench.launch.gateway import examine_gateway
from workbench.launch.interpreters import (
    MODULES,
    examine_bun,
    examine_deno,
    examine_go,
    examine_nix,
    examine_node,
    examine_python,
    examine_shell,
)
from workbench.launch.options import NPM, UV
from workbench.launch.run import Examine, Run, fetched, spec
from workbench.launch.shells import split_command
from workbench.launch.words import Word, arity, basename, read_options

_PIPX = arity(
    "--no-cache --refresh --pypackages --verbose -v --system-site-packages --quiet -q --fetch-missing-python --path"
    " --no-path-check --skip-maintenance --global --editable -e",
    "--spec --python --pip-args --index-url -i --suffix --with --backend --python-args --fetch-python --cooldown",
)


def _npm_like(runner: str, words: Sequence[Word], before: tuple[Word, ...] = ()) -> Run | None:
    """``npx [options] spec arguments``, from after the runner's own name. ``before`` are packages named earlier."""
    options = read_options(words, NPM)
    call = options.value("-c", "--call")
    chosen = (*before, *options.all("-p", "--package"))
    if call is not None:
        run = _called(runner, call, chosen)
        return replace(run, understood=run.understood and options.understood)
    rest = options.rest
    if not rest:
        return None
    package = spec("npm", runner, chosen[-1] if chosen else rest[0])
    arguments = rest[1:]
    if arguments and arguments[0].text == "--":
        arguments = arguments[1:]
    started = (rest[0].part(package.name) if not chosen else rest[0], *arguments)
    run = fetched(package, chosen[-1] if chosen else rest[0], started, BRIDGES)
    if len(chosen) < 2 and options.understood:
        return run
    further = (*run.further, *(spec("npm", runner, word) for word in chosen[:-1]))
    return replace(run, further=further, understood=run.understood and options.understood)


def _called(runner: str, call: Word, chosen: Sequence[Word]) -> Run:
    package = spec("npm", runner, chosen[-1]) if chosen else None
    split = split_command(call.text)
    if split is None:
        return Run(package=package, understood=False)
    inner = split.as_words(call)
    run = fetched(package or spec("npm", runner, inner[0]), chosen[-1] if chosen else inner[0], inner, BRIDGES)
    names = tuple(call.part(name) for name in split.names)
    directory = call.part(split.directory) if split.directory else run.directory
    return replace(run, environment=(*names, *run.environment), directory=directory)


def _npx(words: Sequence[Word]) -> Run | None:
    return _npm_like(basename(words[0].text), words[1:])


def _npm(words: Sequence[Word]) -> Run | None:
    """``npm exec``, ``npm x``; ``pnpm dlx``; ``yarn dlx``; ``bun x``. Other verbs run what is installed."""
    program = basename(words[0].text)
    options = read_options(words[1:], NPM)
    verb = options.rest[0].text if options.rest else ""
    if verb in _FETCHING_VERBS.get(program, ()):
        return _npm_like(f"{program} {verb}", options.rest[1:], options.all("-p", "--package"))
    directory = options.value("--prefix", "-C", "--dir", "--cwd")
    if verb in ("exec", "node") and program in ("pnpm", "yarn") and len(options.rest) > 1:
        inner = options.rest[1:]
        return Run(inner=inner, wrapper=f"{program} {verb}", directory=directory, understood=options.understood)
    if verb in ("run", "run-script", "start"):
        # Options may stand on either side of the name of what is run; those after ``--`` are its own.
        named = verb != "start" and len(options.rest) > 1 and not options.rest[1].text.startswith("-")
        later = read_options(options.rest[2:] if named else options.rest[1:], NPM)
        directory = later.value("--prefix", "-C", "--dir", "--cwd") or directory
    return Run(arguments=tuple(words[1:]), directory=directory) if directory is not None else None


_FETCHING_VERBS = {"npm": ("exec", "x"), "pnpm": ("dlx",), "yarn": ("dlx",)}


def _bun(words: Sequence[Word]) -> Run | None:
    if len(words) > 1 and words[1].text == "x":
        return _npm_like("bun x", words[2:])
    return examine_bun(words)


def _uvx(words: Sequence[Word]) -> Run | None:
    return _uv_tool(basename(words[0].text), words[1:])


def _uv_tool(runner: str, words: Sequence[Word]) -> Run | None:
    options = read_options(words, UV)
    if not options.rest:
        return None
    chosen = options.value("--from")
    word = chosen or options.rest[0]
    package = spec("pypi", runner, word)
    first = options.rest[0] if chosen is not None else word.part(package.name)
    run = fetched(package, word, (first, *options.rest[1:]), BRIDGES)
    added = _added(options.all("-w", "--with"))
    further = (*run.further, *(spec("pypi", runner, each) for each in added))
    directory = options.value("--directory") or run.directory
    return replace(run, further=further, directory=directory, understood=run.understood and options.understood)


def _added(values: Sequence[Word]) -> list[Word]:
    """Several packages may be named in one value: ``--with a,b``. A range has commas of its own: ``a>=1,<2``."""
    parts: list[Word] = []
    for value in values:
        pieces = re.split(r",(?=\s*[A-Za-z])", value.text)
        parts += [value] if len(pieces) == 1 else [value.part(piece.strip()) for piece in pieces]
    return parts


def _uv(words: Sequence[Word]) -> Run | None:
    before = read_options(words[1:], UV)
    verbs = [word.text for word in before.rest[:2]]
    if verbs == ["tool", "run"] or verbs == ["tool", "uvx"]:
        run = _uv_tool(f"uv {' '.join(verbs)}", before.rest[2:])
        if run is None:
            return None
        return replace(
            run,
            directory=run.directory or before.value("--directory"),
            understood=run.understood and before.understood,
        )
    if verbs[:1] != ["run"]:
        return None
    options = read_options(before.rest[1:], UV)
    if not options.rest:
        return None
    packages = [spec("pypi", "uv run", each) for each in _added(options.all("-w", "--with"))]
    package = packages[0] if packages else None
    further = tuple(packages[1:])
    understood = before.understood and options.understood
    directory = options.value("--directory") or before.value("--directory")
    first = options.rest[0]
    module = options.has("-m", "--module")
    if module or options.has("-s", "--script", "--gui-script") or first.text.endswith(".py"):
        return Run(
            (first,), options.rest[1:], package, first, module, further, directory=directory, understood=understood
        )
    return Run(
        package=package,
        inner=options.rest,
        wrapper="uv run",
        further=further,
        directory=directory,
        understood=understood,
    )


def _pipx(words: Sequence[Word]) -> Run | None:
    if len(words) < 3 or words[1].text != "run":
        return None
    options = read_options(words[2:], _PIPX)
    if not options.rest:
        return None
    chosen = options.value("--spec")
    word = chosen or options.rest[0]
    package = spec("pypi", "pipx run", word)
    arguments = options.rest[1:]
    if arguments and arguments[0].text == "--":
        arguments = arguments[1:]
    first = options.rest[0] if chosen is not None else word.part(package.name)
    run = fetched(package, word, (first, *arguments), BRIDGES)
    further = (*run.further, *(spec("pypi", "pipx run", each) for each in options.all("--with")))
    return replace(run, further=further, understood=run.understood and options.understood)


def _node(words: Sequence[Word]) -> Run | None:
    """``node script``. One that a bridge is installed as runs what that runs: ``node …/mcp-remote/dist/proxy.js``."""
    run = examine_node(words)
    name = _installed(run.script.text) if run is not None and run.script is not None else ""
    examine = BRIDGES.get(name)
    if run is None or run.script is None or examine is None:
        return run
    within = examine((run.script.part(name), *run.arguments))
    if within is None:
        return run
    return replace(
        within,
        names=(*run.names, *within.names),
        script=within.script or run.script,
        inner=None,
        starts=within.starts or within.inner or (),
        understood=run.understood and within.understood,
    )


def _installed(script: str) -> str:
    """The npm package that a script lies in, or the program that it is a link of; "" for neither."""
    _, installed, after = script.replace("\\", "/").rpartition("/node_modules/")
    parts = after.split("/") if installed else []
    if len(parts) < 2:
        return ""
    if parts[0] == ".bin":
        return parts[1]
    return "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]


def _unexamined(words: Sequence[Word]) -> Run | None:
    return None


MODULES.update({"uv": _uv, "pipx": _pipx, "mcp_proxy": BRIDGES["mcp-proxy"], "mcpo": BRIDGES["mcpo"]})
RUNNERS: Mapping[str, Examine] = {
    **BRIDGES,
    "npx": _npx,
    "pnpx": _npx,
    "bunx": _npx,
    "npm": _npm,
    "pnpm": _npm,
    "yarn": _npm,
    "bun": _bun,
    "deno": examine_deno,
    "uvx": _uvx,
    "uv": _uv,
    "pipx": _pipx,
    "node": _node,
    "nodejs": _node,
    "electron": _node,
    "go": examine_go,
    "nix": examine_nix,
    "docker": examine_gateway,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh", "fish"), examine_shell),
    **dict.fromkeys(("ruby", "perl", "php", "java"), _unexamined),
}
PACKAGE_RUNNERS = frozenset(("npx", "pnpx", "bunx", "uvx", "pipx"))
_PYTHONS = re.compile(r"(?:python|pypy)w?[\d.]*\Z|py\Z")


def runner_of(program: str) -> Examine | None:
    """How to examine what a program runs, or None when it is no known runner."""
    name = basename(program)
    return RUNNERS.get(name) or (examine_python if _PYTHONS.match(name) else None)
