"""Where in a command line the options of its ``docker run`` stand, so that they can be changed word by word."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.expressions import expression
from workbench.launch.containers import GLOBAL, RUN
from workbench.launch.words import Option, Word, basename, read_options
from workbench.model.record import record

ENGINES = ("docker", "podman")
_LAUNCHER = expression(r'\. "\$0" && export [A-Za-z0-9_ ]+ && exec "\$@"')
_LAUNCHED = 4


@record
class ContainerRun:
    """One ``docker run``. ``engine`` are its words up to ``run``, ``first`` is the place of the word behind that, and
    ``image`` that of the image. ``before`` counts the words of the workbench's own launcher that stand before it.
    """

    engine: tuple[str, ...]
    options: tuple[Option, ...]
    first: int
    image: int
    before: int = 0


def container_run(command: Sequence[str]) -> ContainerRun | None:
    """The ``docker run`` or ``podman run`` that a command line is; None where it is another, or not all understood."""
    launched = len(command) > _LAUNCHED and tuple(command[:2]) == ("/bin/sh", "-c") and _LAUNCHER.fullmatch(command[2])
    before = _LAUNCHED if launched else 0
    words = [Word(text, place) for place, text in enumerate(command)][before:]
    if not words or basename(words[0].text) not in ENGINES:
        return None
    told = read_options(words[1:], GLOBAL)
    rest = told.rest[1:] if told.rest and told.rest[0].text == "container" else told.rest
    if not told.understood or not rest or rest[0].text != "run":
        return None
    first = rest[0].index + 1
    run = read_options(rest[1:], RUN)
    if not run.understood or not run.rest or not run.rest[0].text or run.has("--rootfs", "--help"):
        return None
    # What stands behind "--" is the image, whatever is written before it.
    if any(word.text == "--" and word.index < run.rest[0].index for word in rest[1:]):
        return None
    # An empty value of an option that takes one would make the image its value.
    if any(option.name in RUN.valued and not option.values for option in run.given):
        return None
    return ContainerRun(tuple(command[before : first - 1]), run.given, first, run.rest[0].index, before)


def values(run: ContainerRun, *names: str) -> tuple[str, ...]:
    """The values that are given under any of the names, in order."""
    return tuple(option.values[0].text for option in run.options if option.name in names and option.values)


def is_on(run: ContainerRun, *names: str) -> bool:
    """Whether a switch is on: given last without a value, or with one that says yes."""
    last = next((option for option in reversed(run.options) if option.name in names), None)
    return last is not None and not (last.values and last.values[0].text.lower() in ("false", "f", "0"))


def places(option: Option) -> frozenset[int]:
    """The places of the words that an option is written in."""
    words = [*option.values, *([option.word] if option.word is not None else [])]
    return frozenset(word.index for word in words)
