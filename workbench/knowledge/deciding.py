"""Which package, and which version of it, a server runs or would run next, and what tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from workbench.knowledge import versions
from workbench.knowledge.base import Package
from workbench.model.launch import Launch, PackageSpec
from workbench.model.record import record
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot

Teller = Literal["running", "pinned", "copy", ""]
"""``running``: the code that runs; ``pinned``: the config; ``copy``: what the launcher would start; "": nothing."""

_NPM_RANGE = re.compile(r"([~^])?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.[xX*])*\Z", re.ASCII)


@record
class Use:
    """A package that a server uses. ``version`` is "" when it is not known; ``place`` is where that copy lies.

    ``kind`` is the kind of its source (``npx cache`` …), "" without a copy. ``doubt`` says why there is no version.
    """

    ecosystem: str
    name: str
    version: str = ""
    told_by: Teller = ""
    place: str = ""
    kind: str = ""
    doubt: str = ""

    @property
    def package(self) -> Package:
        """Ecosystem and name."""
        return self.ecosystem, self.name


def uses(server: Server, snapshot: Snapshot) -> Iterator[Use]:
    """The packages and the image of a server. What really runs decides, then an exact pin, then the copy on disk."""
    seen: set[Package] = set()
    for source in server.sources if server.presence == "running" else ():
        if source.ecosystem and source.package and source.version:
            # Copies that were started at different times may be of different versions.
            seen.add((source.ecosystem, versions.normalised(source.ecosystem, source.package)))
            yield Use(source.ecosystem, source.package, source.version, "running", source.path, source.kind)
    for spec in packages_of(server.launch):
        package = (spec.ecosystem, versions.normalised(spec.ecosystem, spec.name))
        if package not in seen:
            seen.add(package)
            yield _of_launch(spec, server, snapshot)
    image = _image(server, server.launch)
    if image is not None:
        yield image


def packages_of(launch: Launch | None) -> tuple[PackageSpec, ...]:
    """The package that a launch runs, and those that are fetched besides."""
    if launch is None:
        return ()
    return (*((launch.package,) if launch.package is not None else ()), *launch.inner)


def _of_launch(spec: PackageSpec, server: Server, snapshot: Snapshot) -> Use:
    if spec.pin == "source":
        return Use(spec.ecosystem, spec.name, doubt="it is fetched from a source that names no version")
    if spec.pin == "exact":
        version = spec.version.lstrip("=v ")
        place, kind = next(
            ((source.path, source.kind) for source in server.sources if source.version == version), ("", "")
        )
        return Use(spec.ecosystem, spec.name, version, "pinned", place, kind)
    # Newest first: the launcher keeps to what it fetched last.
    copies = [each for each in snapshot.clients.installed if (each.ecosystem, each.name) == (spec.ecosystem, spec.name)]
    for copy in copies:
        fits = spec.pin != "range" or satisfies(spec.ecosystem, copy.version, spec.version)
        if fits is None:
            return Use(spec.ecosystem, spec.name, doubt=f"the range {spec.version} is not understood")
        if fits:
            kind = next((source.kind for source in server.sources if source.path == copy.place), "")
            return Use(spec.ecosystem, spec.name, copy.version, "copy", copy.place, kind)
    return Use(spec.ecosystem, spec.name, doubt="it names no exact version and no copy of it was found")


def _image(server: Server, launch: Launch | None) -> Use | None:
    image = launch.image if launch is not None else None
    if image is None:
        text = next((source.path for source in server.sources if source.kind == "container"), "")
        if text:
            from workbench.launch.images import parse_image  # its package is large, and few hosts need it here

            image = parse_image(text)
    if image is None or not image.name:
        return None
    if versions.key("image", image.tag) is None:
        how = f"the tag {image.tag}" if image.tag else "no tag"
        return Use("image", image.name, doubt=f"it is named by {how}, which tells no version")
    return Use("image", image.name, image.tag, "running" if server.presence == "running" else "pinned")


def satisfies(ecosystem: str, version: str, wanted: str) -> bool | None:
    """Whether a version is in a range as its runner spells it; None for a range that is not understood here."""
    wanted = wanted.strip()
    if wanted in ("*", "x", "X"):
        return True
    match = _NPM_RANGE.match(wanted) if ecosystem == "npm" else None
    try:
        if match is not None:
            return versions.contains("npm", version, _written_out(match))
        text = re.sub(r"(?<=[0-9A-Za-z])\s+(?=[<>=])", ",", wanted).replace("==", "=")
        if any(versions.key(ecosystem, bound) is None for _, bound in versions.comparators(text)):
            return None
        return versions.contains(ecosystem, version, text)
    except ValueError:
        return None


def _written_out(match: re.Match[str]) -> str:
    """``^1.2`` as ``>=1.2.0,<2.0.0``; ``~1.2`` and ``1.2`` as ``>=1.2.0,<1.3.0``."""
    sign, *texts = match.groups()
    numbers = [int(text) for text in texts if text is not None]
    if sign == "^":
        # Up to the first number that is not zero, or to the last that was written.
        place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        place = min(len(numbers) - 1, 1)
    above = [*numbers[:place], numbers[place] + 1]
    return f">={_three(numbers)},<{_three(above)}"


def _three(numbers: list[int]) -> str:
    return ".".join(map(str, (*numbers, 0, 0)[:3]))
