"""What the last program on a command line was found to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from workbench.launch.packages import parse_package
from workbench.launch.words import Word
from workbench.model.launch import Ability, Ecosystem, PackageSpec
from workbench.model.record import record


@record
class Run:
    """What a program runs. ``names`` are what the server may be known by; ``arguments`` are what it is given.

    ``script`` is the file or, with ``module``, the module that an interpreter is given. ``further`` are packages that
    are fetched besides. ``inner`` is a command line that is started in turn, by the wrapper ``wrapper``; ``starts`` is
    one that a fetched package starts in turn, the runner staying the program. ``remote`` is what a bridge connects to.
    """

    names: tuple[Word, ...] = ()
    arguments: tuple[Word, ...] = ()
    package: PackageSpec | None = None
    script: Word | None = None
    module: bool = False
    further: tuple[PackageSpec, ...] = ()
    inner: tuple[Word, ...] | None = None
    wrapper: str = ""
    starts: tuple[Word, ...] = ()
    remote: Word | None = None
    environment: tuple[Word, ...] = ()
    directory: Word | None = None
    abilities: tuple[Ability, ...] = ()
    understood: bool = True


class Examine(Protocol):
    """Takes the words from the program's name on. None: in this form it runs nothing that is known."""

    def __call__(self, words: Sequence[Word]) -> Run | None:
        """Examine the words."""


def spec(ecosystem: Ecosystem, runner: str, word: Word) -> PackageSpec:
    """The package that a word names to its runner."""
    text = word.text.removeprefix("npm:")
    name, version, pin = parse_package(ecosystem, text)
    whole = word.whole and text == word.text
    return PackageSpec(ecosystem, name, version, pin, runner, text, word.index if whole else None)


def fetched(package: PackageSpec, word: Word, started: Sequence[Word], bridges: dict[str, Examine]) -> Run:
    """A package that is fetched and started. ``word`` names it; ``started`` are its program's name and arguments.

    Where it is a package that runs something else in turn (``tsx``, ``supergateway``), that is looked into as well.
    """
    known_by: tuple[Word, ...] = (word.part(package.name),)
    if not started:
        return Run(known_by, (), package)
    if started[0].text != package.name:
        known_by = (*known_by, started[0])
    run = Run(known_by, tuple(started[1:]), package)
    examine = bridges.get(package.name) or bridges.get(started[0].text)
    within = examine(started) if examine is not None else None
    if within is None:
        return run
    return replace(
        within,
        names=(*run.names, *within.names),
        package=package,
        inner=None,
        starts=within.starts or within.inner or (),
    )
