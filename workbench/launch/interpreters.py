"""Interpreters and the script or the module they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.launch.run import Examine, Run, spec
from workbench.launch.words import Options, Word, arity, basename, read_options
from workbench.model.launch import Ability, AbilityKind

NODE = arity(
    "",
    "-r --require --import --loader --experimental-loader -C --conditions -e --eval -p --print --input-type --title"
    " --inspect-port --icu-data-dir --openssl-config --redirect-warnings --env-file --env-file-if-exists --tsconfig"
    " --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --diagnostic-dir --disable-proto --disable-warning"
    " --dns-result-order --experimental-default-type --experimental-policy --experimental-sea-config --heap-prof-dir"
    " --heap-prof-interval --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --inspect-publish-uid"
    " --max-http-header-size --network-family-autoselection-attempt-timeout --policy-integrity --report-filename"
    " --report-signal --report-dir --report-directory --secure-heap --secure-heap-min --snapshot-blob"
    " --test-concurrency --test-name-pattern --test-reporter --test-reporter-destination --test-shard --test-timeout"
    " --tls-cipher-list --tls-keylog --trace-event-categories --trace-event-file-pattern --trace-require-module"
    " --unhandled-rejections --use-largepages --v8-pool-size --watch-path --build-snapshot-config --localstorage-file"
    " --allow-fs-read --allow-fs-write --stack-trace-limit -P --project -O --compiler-options",
    lenient=True,
)
_PYTHON = arity(lenient=True)
_DENO = arity(
    "-A -R -W -N -E -S -I -r -q",
    "-c --config --import-map --lock -L --log-level --cert --location --seed --ext --env-file --port --host",
    lenient=True,
)
_BUN = arity("", "-r --preload --cwd -c --config --env-file --conditions -e --eval -p --print --filter", lenient=True)
_GO = arity("-a -n -v -x -race -msan -asan -cover -trimpath -modcacherw", "-C -p -mod -modfile -overlay -tags -ldflags"
            " -gcflags -asmflags -exec -pkgdir -toolexec -buildmode -buildvcs -compiler", lenient=True)  # fmt: skip
_NIX = arity(
    "--impure --refresh --offline --accept-flake-config --no-write-lock-file --recreate-lock-file -L"
    " --print-build-logs",
    "--extra-experimental-features --experimental-features --inputs-from -f --file --expr --profile",
    {"--option": 2, "--override-input": 2, "--arg": 2, "--argstr": 2},
)
_MCP = arity(
    "--no-banner --skip-env --skip-source --reload --no-reload --stateless -m --module",
    "-t --transport --host -p --port --path -l --log-level --python --with -e --with-editable --with-requirements"
    " --project -f --env-file --server-spec --reload-dir",
)
_CODE = ("-e", "--eval", "-p", "--print")
# What each permission of Deno lets a program do.
_PERMISSIONS: Mapping[AbilityKind, tuple[str, ...]] = {
    "commands": ("--allow-run", "-A", "--allow-all"),
    "files": ("--allow-read", "--allow-write", "-R", "-W", "-A", "--allow-all"),
    "network": ("--allow-net", "-N", "-A", "--allow-all"),
}
_LETS = {"commands": "start programs", "files": "read or write files", "network": "use the network"}


def of_script(options: Options, code: Sequence[str] = ()) -> Run | None:
    """The first operand is the script, unless the code itself is given."""
    if options.has(*code):
        return Run((), options.rest)
    if not options.rest:
        return None
    script = options.rest[0]
    return Run((script,), options.rest[1:], script=script, understood=options.understood)


def examine_node(words: Sequence[Word]) -> Run | None:
    """``node [options] script``, also ``tsx`` and ``ts-node``."""
    after = words[1:]
    if basename(words[0].text) == "tsx" and after and after[0].text == "watch":
        after = after[1:]
    return of_script(read_options(after, NODE), _CODE)


def examine_bun(words: Sequence[Word]) -> Run | None:
    """``bun [run] script``."""
    before = read_options(words[1:], _BUN)
    after = before
    if before.rest and before.rest[0].text == "run":
        after = read_options(before.rest[1:], _BUN)
    run = of_script(Options((*before.given, *after.given), after.rest), _CODE)
    directory = after.value("--cwd") or before.value("--cwd")
    return replace(run, directory=directory) if run is not None and directory is not None else run


def examine_deno(words: Sequence[Word]) -> Run | None:
    """``deno run [permissions] npm:package`` or a script."""
    if len(words) < 2 or words[1].text not in ("run", "serve", "x"):
        return None
    options = read_options(words[2:], _DENO)
    if not options.rest:
        return None
    target = options.rest[0]
    permissions = _permissions(words[2 : len(words) - len(options.rest)])
    if target.text.startswith("npm:"):
        package = spec("npm", f"deno {words[1].text}", target)
        return Run((target.part(package.name),), options.rest[1:], package, abilities=permissions)
    run = of_script(options)
    return replace(run, abilities=permissions) if run is not None else None


def _permissions(words: Sequence[Word]) -> tuple[Ability, ...]:
    found: dict[AbilityKind, Ability] = {}
    for word in words:
        option = word.text.partition("=")[0]
        letters = {f"-{letter}" for letter in option[1:]} if option[:1] == "-" and option[1:].isalpha() else {option}
        for kind, options in _PERMISSIONS.items():
            given = next((each for each in options if each in letters), "")
            if given and kind not in found:
                found[kind] = Ability(kind, f"deno lets it {_LETS[kind]}, by {given}", word.index)
    return tuple(found.values())


def examine_shell(words: Sequence[Word]) -> Run | None:
    """``bash [options] script``."""
    return of_script(read_options(words[1:], arity("", "-o -O --rcfile --init-file", lenient=True)), ("-c",))


def examine_go(words: Sequence[Word]) -> Run | None:
    """``go run PACKAGE@version`` or ``go run ./folder``."""
    options = read_options(words[1:], _GO)
    if len(options.rest) < 2 or options.rest[0].text != "run":
        return None
    later = read_options(options.rest[1:], _GO)
    if not later.rest:
        return None
    target = later.rest[0]
    directory = later.value("-C") or options.value("-C")
    if target.text.startswith((".", "/")) or target.text.endswith(".go"):
        return Run((target,), later.rest[1:], script=target, directory=directory)
    # Of github.com/owner/name/cmd/name@v1 it is the last part that says what it is.
    path = target.text.partition("@")[0]
    return Run((target.part(path),), later.rest[1:], directory=directory)


def examine_nix(words: Sequence[Word]) -> Run | None:
    """``nix run FLAKE#name -- arguments``."""
    before = read_options(words[1:], _NIX)
    if not before.rest or before.rest[0].text != "run":
        return None
    options = read_options(before.rest[1:], _NIX)
    understood = before.understood and options.understood
    if not options.rest:
        return Run(understood=understood)
    flake, *arguments = options.rest
    if arguments and arguments[0].text == "--":
        arguments = arguments[1:]
    address, _, name = flake.text.partition("#")
    names = (flake.part(name or address.partition("?")[0].rstrip("/").rpartition("/")[2]),)
    return Run(names, tuple(arguments), understood=understood)


def examine_mcp(words: Sequence[Word]) -> Run | None:
    """``mcp run FILE[:object]``, ``fastmcp run FILE`` or, of FastMCP, a URL that it is a bridge to."""
    name = basename(words[0].text)
    if len(words) < 3 or words[1].text not in ("run", "dev"):
        return None
    options = read_options(words[2:], _MCP)
    if not options.rest:
        return None
    target = options.rest[0]
    # Options may follow the file as well; what follows ``--`` is the server's.
    later = read_options(options.rest[1:], _MCP)
    arguments = later.rest
    understood = options.understood and later.understood
    further = tuple(spec("pypi", name, value) for value in (*options.all("--with"), *later.all("--with")))
    if target.text.startswith(("http://", "https://")):
        return Run(remote=target, further=further, understood=understood)
    if options.has("-m", "--module") or later.has("-m", "--module"):
        return Run((target,), arguments, script=target, module=True, further=further, understood=understood)
    match = re.match(r"(.+\.(?:py|json)):\w[\w.()]*\Z", target.text)
    script = target.part(match[1]) if match is not None else target
    return Run((script,), arguments, script=script, further=further, understood=understood)


# Modules that are what the programs of the same name are.
MODULES: dict[str, Examine] = {"mcp": examine_mcp, "fastmcp": examine_mcp}


def examine_python(words: Sequence[Word]) -> Run | None:
    """``python [options] -m module``, ``-c code`` or a script: what follows the first of them is the server's."""
    after = list(words[1:])
    if basename(words[0].text) == "py" and after and re.fullmatch(r"-\d(?:\.\d+)?(?:-\d+)?|-V:\S+", after[0].text):
        after = after[1:]
    at = 0
    while at < len(after):
        text = after[at].text
        if text == "--" or not text.startswith("-") or text == "-":
            break
        at += 1
        if text.startswith("--"):
            at += text == "--check-hash-based-pycs"
            continue
        place = next((place for place, letter in enumerate(text) if letter in "mcWX"), -1)
        if place < 0:
            continue
        value = after[at - 1].attached(text[place + 1 :]) if text[place + 1 :] else None
        if value is None and at < len(after):
            value = after[at]
            at += 1
        if text[place] == "c":
            return Run((), tuple(after[at:]))
        if text[place] == "m":
            return _module(value, after[at:]) if value is not None else None
    return of_script(read_options(after[at:], _PYTHON))


def _module(module: Word, arguments: Sequence[Word]) -> Run | None:
    within = MODULES.get(module.text)
    found = within([module, *arguments]) if within is not None else None
    if found is not None:
        return found
    return Run((module,), tuple(arguments), script=module, module=True)
