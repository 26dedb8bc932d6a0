"""Understand a command line: take the wrappers off, find the package, the image and the directories given."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.launch.images import parse_image
from workbench.launch.roots import roots_of, roots_of_mounts
from workbench.launch.runners import PACKAGE_RUNNERS, Run, runner_of
from workbench.launch.step import Mount, Step
from workbench.launch.words import Word, basename
from workbench.launch.wrappers import WRAPPERS
from workbench.model.launch import Launch, PackageSpec, RootArgument
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_DEPTH = 24


@dataclass(slots=True)
class _Findings:
    """What is known so far while the wrappers come off."""

    wrappers: list[str] = field(default_factory=list)
    sandbox: str = ""
    account: str = ""
    image: str = ""
    package: PackageSpec | None = None
    mounts: tuple[Mount, ...] | None = None
    contained: bool = False
    understood: bool = True
    roots: list[RootArgument] = field(default_factory=list)

    def add(self, step: Step, home: str) -> None:
        """Take in what one wrapper says. The outermost sandbox confines; the innermost account runs it.

        A user inside of an image is no account of this host.
        """
        self.wrappers.append(step.name)
        self.sandbox = self.sandbox or step.sandbox
        if not (self.contained or step.contained):
            self.account = step.account or self.account
        self.image = self.image or step.image
        self.understood = self.understood and step.understood
        if step.contained and not self.contained:
            self.roots.extend(roots_of_mounts(step.mounts or (), home))
        elif step.mounts is not None and not self.contained:
            self.mounts = step.mounts
        self.contained = self.contained or step.contained


def understand(command: Sequence[str], home: str) -> Launch:
    """What an argument vector starts, once every wrapper is taken off.

    ``program`` is the last program that is named: a package runner or an interpreter stays the program, with all of
    its arguments. Of a container it is the program inside of the image where that is a runner, an interpreter or a
    wrapper that is known, else the engine (``docker``) with what the image is given.
    Looks at nothing but the links of the directories given. Never fails, whatever the words are.
    """
    words = _words(command)
    if not words:
        return Launch("", understood=False)
    found = _Findings()
    words = _unwrapped(words, found, home)
    run = _examined(words, found)
    while run is not None and run.inner is not None and len(found.wrappers) < _DEPTH:
        found.wrappers.append(run.wrapper)
        words = _unwrapped(list(run.inner), found, home)
        run = _examined(words, found)
    names = (words[0].text, *(run.names if run else ()))
    if not found.contained:
        arguments = run.arguments if run else words[1:]
        found.roots.extend(roots_of(names, arguments, home, found.mounts))
    return _launch(words, found, run)


def _words(command: Sequence[str]) -> list[Word]:
    """One string with blanks in it is how npm shows itself, and how people write a command by mistake."""
    if len(command) == 1 and " " in command[0].strip():
        first = basename(command[0].split()[0])
        if first in WRAPPERS or runner_of(first) is not None:
            try:
                texts = shlex.split(command[0])
            except ValueError:
                texts = command[0].split()
            return [Word(text, 0, whole=False) for text in texts]
    return [Word(text, place) for place, text in enumerate(command)]


def _unwrapped(words: list[Word], found: _Findings, home: str) -> list[Word]:
    while len(found.wrappers) < _DEPTH:
        unwrap = WRAPPERS.get(basename(words[0].text))
        step = unwrap(words) if unwrap is not None else _unknown_wrapper(words)
        if step is None:
            break
        if step.rest and step.contained and not _known(step.rest[0].text):
            found.add(step, home)
            return [words[0], *step.rest]
        if not step.rest and not step.contained:
            # What it starts is not known, so it is the program itself, confined and switched as it says.
            found.understood = found.understood and step.understood
            found.sandbox = found.sandbox or step.sandbox
            found.account = step.account or found.account
            return words
        found.add(step, home)
        if not step.rest:
            return words[:1]
        words = list(step.rest)
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
    run = examine(words) if examine is not None else None
    if run is not None:
        found.understood = found.understood and run.understood
        found.package = found.package or run.package
    return run


def _launch(words: Sequence[Word], found: _Findings, run: Run | None) -> Launch:
    shown, _ = redact_arguments([word.text for word in words])
    return Launch(
        program=shown[0],
        arguments=shown[1:],
        wrappers=tuple(visible(redact(name)) for name in found.wrappers),
        sandbox=found.sandbox,
        account=visible(redact(found.account)),
        image=parse_image(visible(redact(found.image))) if found.image else None,
        package=_shown(found.package) if found.package is not None else None,
        roots=tuple(dict.fromkeys(found.roots)),
        understood=found.understood,
        script=visible(redact(run.script)) if run is not None else "",
    )


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
