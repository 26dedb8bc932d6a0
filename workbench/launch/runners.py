"""What the last program on a command line runs: the package a runner fetches, the script an interpreter is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.launch.packages import parse_package
from workbench.launch.shells import split_command
from workbench.launch.words import Options, Word, arity, basename, read_options
from workbench.model.launch import Ecosystem, PackageSpec


@dataclass(frozen=True, slots=True)
class Run:
    """What a program runs. ``names`` are what the server may be known by; ``arguments`` are what it is given.

    ``inner`` is a command line that is started in turn, by the wrapper ``wrapper``. ``script`` is the file or the
    module that an interpreter is given.
    """

    names: tuple[str, ...] = ()
    arguments: tuple[Word, ...] = ()
    package: PackageSpec | None = None
    script: str = ""
    inner: tuple[Word, ...] | None = None
    wrapper: str = ""
    understood: bool = True


class Examine(Protocol):
    """Takes the words from the program's name on. None: in this form it runs nothing that is known."""

    def __call__(self, words: Sequence[Word]) -> Run | None:
        """Examine the words."""


_NPM = arity(
    "-y --yes --no -q --quiet -s --silent -d -dd -ddd --no-install --ignore-existing --prefer-offline --prefer-online"
    " --offline -g --global --no-audit --no-fund --no-update-notifier --verbose --workspaces -ws"
    " --include-workspace-root --force -f --legacy-peer-deps --ignore-scripts --foreground-scripts --bun",
    "-p --package -c --call -w --workspace --registry --userconfig --globalconfig --cache --shell --node-options -n"
    " --node-arg --loglevel --prefix -C --dir --allow-build --reporter --filter -F --before --min-release-age",
)
_UV = arity(
    "--isolated --no-env-file --no-index -U --upgrade --reinstall --refresh -n --no-cache --no-cache-dir --no-config -q"
    " --quiet -v --verbose --offline --no-progress --native-tls --managed-python --no-managed-python"
    " --no-python-downloads --compile-bytecode --no-build-isolation --no-sources --no-build --no-binary --lfs --force"
    " --no-installer-metadata --frozen --locked --no-sync --exact --active --no-active --all-extras --no-dev --only-dev"
    " --dev --no-default-groups --all-groups --no-editable --no-project --all-packages -m --module -s --script"
    " --gui-script --inexact --show-resolution --allow-python-downloads --no-editable --dry-run",
    "--from -w --with --with-editable --with-requirements -c --constraints --constraint -b --build-constraints"
    " --overrides --override --env-file -p --python -i --index-url --index --default-index --extra-index-url -f"
    " --find-links --index-strategy --keyring-provider -P --upgrade-package --resolution --prerelease --fork-strategy"
    " --exclude-newer --exclude-newer-package -C --config-setting --config-settings-package --link-mode"
    " --reinstall-package --refresh-package --cache-dir --directory --project --config-file --allow-insecure-host"
    " --color --python-preference --python-fetch --no-build-package --no-binary-package --no-sources-package"
    " --no-build-isolation-package --torch-backend --python-platform --extra --no-extra --group --no-group --only-group"
    " --package --max-recursion-depth",
)
_PIPX = arity(
    "--no-cache --pypackages --verbose --system-site-packages --quiet -q --fetch-missing-python --path --no-path-check",
    "--spec --python --pip-args --index-url -i --suffix --with --backend",
)
_NODE = arity(
    "",
    "-r --require --import --loader --experimental-loader -C --conditions -e --eval -p --print --input-type --title"
    " --inspect-port --icu-data-dir --openssl-config --redirect-warnings --env-file --env-file-if-exists --tsconfig",
    lenient=True,
)
_PYTHON = arity(
    "-b -B -d -E -h -i -I -O -OO -P -q -s -S -u -v -V -x",
    "-W -X -c -m --check-hash-based-pycs",
    lenient=True,
)
_DENO = arity(
    "",
    "-c --config --import-map --lock -L --log-level --cert --location --seed --ext --env-file --port --host",
    lenient=True,
)
_BUN = arity("", "-r --preload --cwd -c --config --env-file --conditions -e --eval -p --print --filter", lenient=True)


def _spec(ecosystem: Ecosystem, runner: str, word: Word) -> PackageSpec:
    text = word.text.removeprefix("npm:")
    name, version, pin = parse_package(ecosystem, text)
    whole = word.whole and text == word.text
    return PackageSpec(ecosystem, name, version, pin, runner, text, word.index if whole else None)


def _npm_like(runner: str, words: Sequence[Word]) -> Run | None:
    """``npx [options] spec arguments``: the words after the runner's own name."""
    options = read_options(words, _NPM)
    call = options.value("-c", "--call")
    chosen = options.value("-p", "--package")
    rest = options.rest
    if call is not None:
        split = split_command(call.text)
        package = _spec("npm", runner, chosen) if chosen else None
        if not split:
            return Run(package=package, understood=False)
        inner = tuple(call.part(text) for text, _ in split)
        return Run((inner[0].text,), inner[1:], package or _spec("npm", runner, inner[0]))
    if not rest:
        return None
    package = _spec("npm", runner, chosen or rest[0])
    arguments = rest[1:]
    if arguments and arguments[0].text == "--":
        arguments = arguments[1:]
    return Run((package.name, rest[0].text), arguments, package, understood=options.understood)


def _npx(words: Sequence[Word]) -> Run | None:
    return _npm_like(basename(words[0].text), words[1:])


def _npm(words: Sequence[Word]) -> Run | None:
    """``npm exec``, ``npm x``; ``pnpm dlx``; ``yarn dlx``; ``bun x``. Other verbs run what is installed."""
    program = basename(words[0].text)
    options = read_options(words[1:], _NPM)
    verb = options.rest[0].text if options.rest else ""
    if verb in _FETCHING_VERBS.get(program, ()):
        before = [word for option in options.given for word in option.values if option.name in ("-p", "--package")]
        run = _npm_like(f"{program} {verb}", options.rest[1:])
        if run is not None and before and run.package is not None:
            return Run(run.names, run.arguments, _spec("npm", run.package.runner, before[-1]))
        return run
    if verb in ("exec", "run", "node") and program in ("pnpm", "yarn") and verb != "run" and len(options.rest) > 1:
        return Run(inner=options.rest[1:], wrapper=f"{program} {verb}", understood=options.understood)
    return None


_FETCHING_VERBS = {"npm": ("exec", "x"), "pnpm": ("dlx",), "yarn": ("dlx",)}


def _bun(words: Sequence[Word]) -> Run | None:
    if len(words) > 1 and words[1].text == "x":
        return _npm_like("bun x", words[2:])
    after = words[2:] if len(words) > 1 and words[1].text == "run" else words[1:]
    return _script(read_options(after, _BUN), ("-e", "--eval", "-p", "--print"))


def _deno(words: Sequence[Word]) -> Run | None:
    if len(words) < 2 or words[1].text not in ("run", "serve", "x"):
        return None
    options = read_options(words[2:], _DENO)
    if not options.rest:
        return None
    target = options.rest[0]
    if target.text.startswith("npm:"):
        package = _spec("npm", f"deno {words[1].text}", target)
        return Run((package.name,), options.rest[1:], package)
    return _script(options, ())


def _uvx(words: Sequence[Word]) -> Run | None:
    return _uv_tool(basename(words[0].text), words[1:])


def _uv_tool(runner: str, words: Sequence[Word]) -> Run | None:
    options = read_options(words, _UV)
    if not options.rest:
        return None
    chosen = options.value("--from")
    package = _spec("pypi", runner, chosen or options.rest[0])
    return Run((package.name, options.rest[0].text), options.rest[1:], package, understood=options.understood)


def _uv(words: Sequence[Word]) -> Run | None:
    before = read_options(words[1:], _UV)
    verbs = [word.text for word in before.rest[:2]]
    if verbs == ["tool", "run"] or verbs == ["tool", "uvx"]:
        return _uv_tool(f"uv {' '.join(verbs)}", before.rest[2:])
    if verbs[:1] != ["run"]:
        return None
    options = read_options(before.rest[1:], _UV)
    if not options.rest:
        return None
    added = [value for option in options.given if option.name in ("-w", "--with") for value in option.values]
    package = _spec("pypi", "uv run", added[0]) if added else None
    understood = before.understood and options.understood
    if options.has("-m", "--module"):
        module = options.rest[0].text
        return Run((module,), options.rest[1:], package, module, understood=understood)
    if options.has("-s", "--script", "--gui-script") or options.rest[0].text.endswith(".py"):
        script = options.rest[0].text
        return Run((script,), options.rest[1:], package, script, understood=understood)
    return Run(package=package, inner=options.rest, wrapper="uv run", understood=understood)


def _pipx(words: Sequence[Word]) -> Run | None:
    if len(words) < 3 or words[1].text != "run":
        return None
    options = read_options(words[2:], _PIPX)
    if not options.rest:
        return None
    chosen = options.value("--spec")
    package = _spec("pypi", "pipx run", chosen or options.rest[0])
    arguments = options.rest[1:]
    if arguments and arguments[0].text == "--":
        arguments = arguments[1:]
    return Run((package.name, options.rest[0].text), arguments, package, understood=options.understood)


def _python(words: Sequence[Word]) -> Run | None:
    """``python [options] -m module``, ``-c code`` or a script: what follows the first of them is the server's."""
    after = list(words[1:])
    if basename(words[0].text) == "py" and after and re.fullmatch(r"-\d(?:\.\d+)?(?:-\d+)?|-V:\S+", after[0].text):
        after = after[1:]
    for at, word in enumerate(after):
        if word.text in ("-m", "-c") and at + 1 < len(after):
            read = read_options(after[:at], _PYTHON)
            if read.rest:
                break  # it stands after the script, and is the script's own
            if word.text == "-c":
                return Run((), tuple(after[at + 2 :]))
            module = after[at + 1].text
            return Run((module,), tuple(after[at + 2 :]), script=module)
    return _script(read_options(after, _PYTHON), ("-c",))


def _node(words: Sequence[Word]) -> Run | None:
    return _script(read_options(words[1:], _NODE), ("-e", "--eval", "-p", "--print"))


def _script(options: Options, code: Sequence[str]) -> Run | None:
    if options.has(*code):
        return Run((), options.rest)
    if not options.rest:
        return None
    script = options.rest[0].text
    return Run((script,), options.rest[1:], script=script, understood=options.understood)


def _shell_script(words: Sequence[Word]) -> Run | None:
    return _script(read_options(words[1:], arity("", "-o -O --rcfile --init-file", lenient=True)), ("-c",))


def _unexamined(words: Sequence[Word]) -> Run | None:
    return None


RUNNERS: Mapping[str, Examine] = {
    "npx": _npx,
    "pnpx": _npx,
    "bunx": _npx,
    "npm": _npm,
    "pnpm": _npm,
    "yarn": _npm,
    "bun": _bun,
    "deno": _deno,
    "uvx": _uvx,
    "uv": _uv,
    "pipx": _pipx,
    "node": _node,
    "nodejs": _node,
    "electron": _node,
    "tsx": _node,
    "ts-node": _node,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh", "fish"), _shell_script),
    **dict.fromkeys(("ruby", "perl", "php", "java", "go"), _unexamined),
}
PACKAGE_RUNNERS = frozenset(("npx", "pnpx", "bunx", "uvx", "pipx"))
_PYTHONS = re.compile(r"(?:python|pypy)w?[\d.]*\Z|py\Z")


def runner_of(program: str) -> Examine | None:
    """How to examine what a program runs, or None when it is no known runner."""
    name = basename(program)
    return RUNNERS.get(name) or (_python if _PYTHONS.match(name) else None)
