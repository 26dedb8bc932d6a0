"""Understand a command line: take the wrappers off, find the package, the image and the directories given."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field

from workbench.launch.abilities import abilities_of
from workbench.launch.images import parse_image
from workbench.launch.roots import expand, on_host, roots_of, roots_of_mounts, within
from workbench.launch.run import Run
from workbench.launch.runners import PACKAGE_RUNNERS, runner_of
from workbench.launch.shells import LONGEST
from workbench.launch.step import Mount, Step
from workbench.launch.words import Word, basename
from workbench.launch.wrappers import WRAPPERS
from workbench.model.launch import Ability, ContainerOptions, Launch, PackageSpec, RootArgument, SetVariable
from workbench.model.record import draft
from workbench.secrets import redact, redact_arguments, shown_name
from workbench.text import visible

# Deeper than anyone nests them: what is left there is not understood, and not looked into.
_DEPTH = 24
_SHELL_DEPTH = 6
_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ash", "ksh", "fish"))


@draft
class _Findings:
    """What is known so far while the wrappers come off."""

    home: str
    wrappers: list[str] = field(default_factory=list)
    sandbox: str = ""
    sandbox_by: Word | None = None
    account: str = ""
    account_by: Word | None = None
    image: Word | None = None
    packages: list[PackageSpec] = field(default_factory=list)
    further: list[PackageSpec] = field(default_factory=list)
    mounts: tuple[Mount, ...] | None = None
    container: ContainerOptions | None = None
    contained: bool = False
    understood: bool = True
    roots: list[RootArgument] = field(default_factory=list)
    environment: list[Word] = field(default_factory=list)
    directory: str = ""
    script: Word | None = None
    script_path: str = ""
    remote: Word | None = None
    names: list[Word] = field(default_factory=list)
    arguments: Sequence[Word] = ()
    abilities: list[Ability] = field(default_factory=list)
    shells: int = 0
    launchers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def add(self, step: Step, by: Word) -> None:
        """Take in what one wrapper says. The outermost sandbox confines; the innermost account runs it.

        A user inside of an image is no account of this host.
        """
        self.wrappers.append(step.name)
        self.confine(step, by)
        self.image = self.image or step.image
        self.container = self.container or step.container
        if step.contained and not self.contained:
            self.roots.extend(roots_of_mounts(step.mounts or (), self.home))
        elif step.mounts is not None and not self.contained:
            self.mounts = step.mounts
        self.contained = self.contained or step.contained
        self.enter(step.directory)

    def confine(self, step: Step, by: Word) -> None:
        """Take in the sandbox, the account and the variables, which hold whatever it is that is started."""
        if step.sandbox and not self.sandbox:
            self.sandbox, self.sandbox_by = step.sandbox, by
        if step.account and not (self.contained or step.contained):
            self.account, self.account_by = step.account, step.named
        self.environment.extend(step.environment)
        self.understood = self.understood and step.understood

    def enter(self, directory: Word | None) -> None:
        """Change into a directory. One that cannot be known leaves none that is."""
        if directory is None or self.contained:
            return
        path = within(self.directory, directory.text)
        if path is None:
            path = expand(directory.text, self.home)
            if path is not None and self.mounts is not None:
                path = on_host(path, self.mounts, self.home)
        self.directory = path or ""


def understand(
    command: Sequence[str],
    home: str,
    redacted: Sequence[str] = (),
    launchers: Mapping[str, Sequence[str]] | None = None,
) -> Launch:
    """What an argument vector starts, once every wrapper is taken off. ``redacted`` is the vector as
    ``redact_arguments`` shows it, where that is known already. ``launchers`` are scripts by their path, each with the
    command line that it puts before what it is given, none where that is not known.

    ``program`` is the last program that is named: a package runner or an interpreter stays the program, with all of
    its arguments. Of a container it is the program inside of the image where that is a runner, an interpreter or a
    wrapper that is known, else the engine (``docker``) with what the image is given.
    Looks at nothing but the links of the directories given. Never fails, whatever the words are.
    """
    words = _words(command)
    if not words:
        return Launch("", understood=False)
    found = _Findings(home, launchers=launchers or {})
    # A whole command line in one string of that length starts nowhere, and was not split.
    found.understood = len(words) > 1 or len(words[0].text) <= LONGEST
    words = _followed(words, found, _SHELL_DEPTH)
    return _launch(words, found, _shown_end(words, command, redacted))


def _words(command: Sequence[str]) -> list[Word]:
    """One string with blanks in it is how npm shows itself, and how people write a command by mistake."""
    if len(command) == 1 and " " in command[0].strip() and len(command[0]) <= LONGEST:
        first = basename(command[0].split(None, 1)[0])
        if first in WRAPPERS or runner_of(first) is not None:
            try:
                texts = shlex.split(command[0])
            except ValueError:
                texts = command[0].split()
            return [Word(text, 0, whole=False) for text in texts]
    return [Word(text, place) for place, text in enumerate(command)]


def _followed(words: list[Word], found: _Findings, depth: int) -> list[Word]:
    """The words of the last program, after all that stands before it is taken in. ``depth`` is how far down to go."""
    words = _unwrapped(words, found)
    run = _examined(words, found)
    while run is not None and run.inner is not None and len(found.wrappers) < _DEPTH:
        found.wrappers.append(run.wrapper)
        words = _unwrapped(list(run.inner), found)
        run = _examined(words, found)
    arguments = run.arguments if run is not None else words[1:]
    names = run.names if run is not None else ()
    if not found.contained:
        texts = (words[0].text, *(name.text for name in names))
        found.roots.extend(roots_of(texts, arguments, found.home, found.mounts, found.directory))
    found.arguments = arguments
    if run is None and not _known(words[0].text):
        found.names.append(words[0])
    elif basename(words[0].text) not in _SHELLS:
        # The script that a shell runs is a launcher: its name says little of what it launches.
        found.names.extend(names)
    if found.image is not None:
        found.names.append(found.image)
    if run is not None and run.starts:
        if depth > 0:
            _start(list(run.starts), found, depth - 1)
        else:
            found.understood = False
    return words


def _start(words: list[Word], found: _Findings, depth: int) -> None:
    """Take in what a fetched package starts in turn. Wrappers around that confine it alone, not the package."""
    started = _Findings(
        found.home,
        directory=found.directory,
        contained=found.contained,
        mounts=found.mounts,
        shells=found.shells,
        launchers=found.launchers,
    )
    _followed(words, started, depth)
    found.further += [*started.packages, *started.further]
    found.image = found.image or started.image
    found.understood = found.understood and started.understood
    found.roots += started.roots
    found.environment += started.environment
    found.names += started.names
    found.arguments = started.arguments
    found.abilities += started.abilities
    found.remote = found.remote or started.remote
    if started.script is not None and started.contained == found.contained:
        found.script, found.script_path = started.script, started.script_path


def _unwrapped(words: list[Word], found: _Findings) -> list[Word]:
    while len(found.wrappers) < _DEPTH:
        launcher = found.launchers.get(words[0].text) if len(words) > 1 else None
        if launcher is not None:
            by = words[0]
            found.understood = found.understood and bool(launcher)
            words = [*(by.part(text) for text in launcher), *words[1:]]
        unwrap = WRAPPERS.get(basename(words[0].text))
        step = unwrap(words) if unwrap is not None else _unknown_wrapper(words)
        if step is None:
            return words
        if step.name in _SHELLS:
            found.shells += 1
            if found.shells > _SHELL_DEPTH:
                break
        if step.rest and step.contained and not _known(step.rest[0].text):
            found.add(step, words[0])
            return [words[0], *step.rest]
        if not step.rest and not step.contained:
            # What it starts is not known, so it is the program itself, confined and switched as it says.
            found.confine(step, words[0])
            return words
        found.add(step, words[0])
        if not step.rest:
            return words[:1]
        words = list(step.rest)
    found.understood = False
    return words


def _known(program: str) -> bool:
    return basename(program) in WRAPPERS or runner_of(program) is not None


def _unknown_wrapper(words: Sequence[Word]) -> Step | None:
    """A program of one's own that starts ``npx`` or ``uvx``: its name is not known, what it starts is."""
    if runner_of(words[0].text) is not None or len(words) < 3:
        return None
    at = 2 if words[1].text == "--" else 1
    if basename(words[at].text) not in PACKAGE_RUNNERS:
        return None
    return Step(basename(words[0].text), tuple(words[at:]), understood=False)


def _examined(words: Sequence[Word], found: _Findings) -> Run | None:
    examine = runner_of(words[0].text)
    if examine is None or (found.contained and basename(words[0].text) == "docker"):
        # An engine stands there for a program inside of its image that is not known.
        return None
    run = examine(words)
    if run is None:
        return None
    found.understood = found.understood and run.understood
    found.packages += [run.package] if run.package is not None else []
    found.further += run.further
    found.environment += run.environment
    found.abilities += run.abilities
    found.remote = run.remote or found.remote
    found.enter(run.directory)
    if run.script is not None:
        path = None if run.module or found.contained else within(found.directory, run.script.text)
        found.script, found.script_path = run.script, path if path is not None else run.script.text
    return run


def _shown_end(words: Sequence[Word], command: Sequence[str], redacted: Sequence[str]) -> tuple[str, ...]:
    """The last program and its arguments, fit to be shown. To look for secrets takes longer than all the rest."""
    start = len(command) - len(words)
    if redacted and start >= 0 and all(word.text == command[start + at] for at, word in enumerate(words)):
        # The program is nobody's value, whatever stands before it.
        return (visible(redact(words[0].text)), *redacted[start + 1 :])
    return redact_arguments([word.text for word in words])[0]


def _launch(words: Sequence[Word], found: _Findings, shown: tuple[str, ...]) -> Launch:
    packages = [_shown(each) for each in (*found.packages, *found.further)]
    return Launch(
        program=shown[0],
        arguments=shown[1:],
        wrappers=tuple(visible(redact(name)) for name in found.wrappers),
        sandbox=found.sandbox,
        account=visible(redact(found.account)) if found.account else "",
        image=parse_image(visible(redact(found.image.text)), found.image.argument) if found.image is not None else None,
        package=packages[0] if packages else None,
        roots=tuple(dict.fromkeys(found.roots)),
        understood=found.understood,
        script=visible(redact(found.script_path)) if found.script_path else "",
        environment=tuple(
            dict.fromkeys(SetVariable(shown_name(word.text), word.index) for word in found.environment if word.text)
        ),
        abilities=abilities_of(found.names, found.arguments, found.abilities, found.remote),
        account_argument=_argument(found.account_by),
        sandbox_argument=_argument(found.sandbox_by),
        script_argument=_argument(found.script),
        inner=tuple(packages[1:]),
        remote=visible(redact(found.remote.text)) if found.remote is not None else "",
        remote_argument=_argument(found.remote),
        directory=visible(redact(found.directory)) if found.directory else "",
        container=found.container,
    )


def _argument(word: Word | None) -> int | None:
    return word.argument if word is not None else None


def _shown(package: PackageSpec) -> PackageSpec:
    return PackageSpec(
        package.ecosystem,
        visible(redact(package.name)),
        visible(redact(package.version)),
        package.pin,
        package.runner,
        visible(redact(package.text)),
        package.argument,
    )
