"""Write the version that is installed now into the configuration.

What it looks at
----------------
The one argument that names the package (``@modelcontextprotocol/server-filesystem``, ``mcp-server-git@latest``), and
the versions of that package that lie on this machine: in the caches of npx and uvx and among the global
installations. It suggests the version that the running server uses, else the one that was installed last. Nothing is
fetched. Where the finding is a known flaw, it is a version that lies here and has none that is known; an exact version
that has one is then replaced, in every entry that the finding names.

Why it matters
--------------
The version that ran until now is the one you know to work. Written into the argument, it is the one that runs tomorrow,
whatever is published tonight.

How an attacker uses it
-----------------------
Whoever can publish a new version of an unpinned package runs code on your machine at the next start of the client. With
an exact version they can no longer: a registry does not let a published version be replaced.

How to fix it by hand
---------------------
Put the version behind the name: ``name@1.2.3`` for npx and uvx, ``name==1.2.3`` behind ``--from``, ``--with`` and for
pipx. Extras stay: ``name[extra]==1.2.3``. Restart the client. From then on updates no longer arrive by themselves: read
the release notes now and then, and change the version when you have.

References
----------
* npm documentation: npx; package name and version syntax
* uv documentation: Using tools
* PEP 440, PEP 508; Semantic Versioning 2.0.0
* CWE-1357: Reliance on Insufficiently Trustworthy Component
"""

import re
from dataclasses import dataclass

from workbench.api import (
    ClientConfig,
    EditValue,
    Finding,
    Flaw,
    InstalledPackage,
    PackageSpec,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Server,
    ServerEntry,
    Snapshot,
    best_version,
    configured,
    fix,
    known_flaws,
    listed,
    only_in_part,
)

_SEMANTIC = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z", re.ASCII)
_PYTHON = re.compile(
    r"(?:\d+!)?\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[0-9a-z]+(?:[._-][0-9a-z]+)*)?\Z",
    re.ASCII,
)
_NPM_TEXT = re.compile(r"(?P<name>(?:npm:)?(?:@[^/@\s]+/)?[^/@\s]+)(?:@(?P<rest>.*))?\Z", re.DOTALL)
_PYPI_TEXT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\[[A-Za-z0-9._,\s-]*\])?(?P<rest>.*)\Z", re.DOTALL
)
_OPTION = re.compile(r"(--?[a-z-]+=)(.*)\Z", re.DOTALL)
_ASKS_FOR_REQUIREMENT = ("--from", "--with", "--spec", "-w")
_UNPINNED, _FLAWED = "clients/unpinned-package", "clients/known-vulnerable"
_INSTEAD = "take the server out, or put another in its place"
_BY_HAND = "write the version behind the package's name by hand"
_NOT_INSTALLED = Refusal(
    "no version of the package is installed on this machine, so none is known to work",
    "start the server once from its client, then look again",
)


@dataclass(frozen=True, slots=True)
class PinVersion:
    """What the fix asks: the exact version to write."""

    version: str


def _suggest(finding: Finding, snapshot: Snapshot) -> PinVersion | Refusal:
    """The version that runs now, else the one installed last; for a known flaw the latest installed without any."""
    found = _find(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, package = found[0]
    versions = [
        item for item in snapshot.clients.installed if (item.ecosystem, item.name) == (package.ecosystem, package.name)
    ]
    if finding.check == _FLAWED:
        sound = [item for item in versions if not _flaws_in(package, item.version)]
        return PinVersion(max(sound, key=_age).version) if sound else _none_is_sound(package)
    if not versions:
        return _NOT_INSTALLED
    running = _running(config, entry, versions, snapshot)
    return PinVersion((running or max(versions, key=_age)).version)


@fix(
    title="Pin the version that is installed now",
    repairs=(_UNPINNED, _FLAWED),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=PinVersion,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: PinVersion) -> Plan | Refusal:
    """One edit of one argument for each entry."""
    found = _find(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    edits: list[EditValue] = []
    for config, entry, package in found:
        made = _edit(config, entry, package, finding, answers.version)
        if isinstance(made, Refusal):
            return made
        edits.append(made)
    _, entry, package = found[0]
    names = listed([entry.name for _, entry, _ in found])
    return Plan(
        fix="clients/pin-version",
        check=finding.check,
        finding=finding.identity,
        title=f"Pin {package.name} of {names} to {answers.version}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(edits),
        consequences=(
            "Updates no longer arrive by themselves: look for new versions now and then. The client uses the pinned"
            " version from its next start; if that one is not in its cache, it is fetched then."
        ),
    )


def _edit(
    config: ClientConfig, entry: ServerEntry, package: PackageSpec, finding: Finding, version: str
) -> EditValue | Refusal:
    rule = _SEMANTIC if package.ecosystem == "npm" else _PYTHON
    if not rule.match(version):
        return Refusal(
            "that is not an exact version",
            "give one such as 2025.8.21" if package.ecosystem == "npm" else "give one such as 1.4.0",
        )
    flaws = _flaws_in(package, version) if finding.check == _FLAWED else ()
    if flaws:
        better = best_version(package.ecosystem, _known(package))
        return Refusal(
            f"{package.name} {version} has, or may have, {listed([flaw.id for flaw in flaws])}",
            f"give {better} or a later version" if better else _INSTEAD,
        )
    place = package.argument if package.argument is not None else -1
    stands = entry.command[place]
    value = _pinned(stands, entry.command[place - 1] if place else "", package, version)
    if value is None or value == stands:
        return Refusal("the argument is not written in a way that can be changed safely", _BY_HAND)
    return EditValue(config.path.asked, config.format, entry.argument_pointers[place], expect=stands, value=value)


def _find(finding: Finding, snapshot: Snapshot) -> list[tuple[ClientConfig, ServerEntry, PackageSpec]] | Refusal:
    """The config, the server and the package of each entry, where its argument can be edited as one value."""
    found: list[tuple[ClientConfig, ServerEntry, PackageSpec]] = []
    for config, entry in configured(finding, snapshot):
        made = _editable(config, entry, finding)
        if isinstance(made, Refusal):
            return made
        found.append(made)
    if not found:
        return Refusal("the server is no longer configured", "look again")
    _, _, package = found[0]
    in_part = only_in_part(finding, snapshot)
    if in_part is not None:
        return in_part
    if finding.check == _FLAWED:
        if not finding.detail.startswith(f"{package.ecosystem} {package.name}: "):
            return Refusal("the flaw is in something else than the package that the entry names", _INSTEAD)
        if any(flaw.malicious for flaw in _known(package)):
            return Refusal("versions of the package are known to be malicious", _INSTEAD)
        if any(server.presence == "running" for server in _servers(found, snapshot)):
            return Refusal("the server runs, with the version that has the flaw", "quit its client, then look again")
    return found


def _servers(found: list[tuple[ClientConfig, ServerEntry, PackageSpec]], snapshot: Snapshot) -> list[Server]:
    places = {(config.path.asked, entry.pointer) for config, entry, _ in found}
    return [
        server
        for server in snapshot.servers.servers
        if server.entry is not None and (server.entry.path, server.entry.pointer) in places
    ]


def _known(package: PackageSpec) -> tuple[Flaw, ...]:
    return known_flaws({(package.ecosystem, package.name)}).get((package.ecosystem, package.name), ())


def _flaws_in(package: PackageSpec, version: str) -> tuple[Flaw, ...]:
    """The known flaws that are not certain to be absent from this version."""
    return tuple(flaw for flaw in _known(package) if flaw.judge(package.ecosystem, version) != "not affected")


def _none_is_sound(package: PackageSpec) -> Refusal:
    better = best_version(package.ecosystem, _known(package))
    if not better:
        return Refusal("no version of the package is known to be without a known flaw", _INSTEAD)
    return Refusal(
        "no version without a known flaw is installed on this machine, so none is known to work",
        f"give the version yourself: {better} or later",
    )


def _age(item: InstalledPackage) -> tuple[float, str]:
    return item.modified, item.version


def _editable(
    config: ClientConfig, entry: ServerEntry, finding: Finding
) -> tuple[ClientConfig, ServerEntry, PackageSpec] | Refusal:
    package = entry.launch.package if entry.launch is not None else None
    if package is None:
        return Refusal("the server is not started by a package runner any more", "look again")
    if package.pin == "exact" and finding.check == _UNPINNED:
        return Refusal("the package has an exact version already")
    if package.pin == "source":
        return Refusal(
            "the package comes from a source repository or an address, which has no version to write",
            "name a full commit in it, or use the published package",
        )
    place = package.argument
    if place is None:
        return Refusal("the package is named inside a longer command line", _BY_HAND)
    known = (config.path.file, *config.path.directories, *config.path.links)
    if not all(file.exact for file in known):
        return Refusal("the path of the configuration holds characters that cannot be shown", _BY_HAND)
    if not 0 <= place < min(len(entry.command), len(entry.argument_pointers)) or not entry.argument_pointers[place]:
        return Refusal("the argument cannot be named exactly in the document", _BY_HAND)
    option = _OPTION.match(entry.command[place])
    if package.text not in (entry.command[place], option.group(2) if option else None):
        return Refusal("the argument holds more than the name of the package, or a secret", _BY_HAND)
    return config, entry, package


def _pinned(stands: str, before: str, package: PackageSpec, version: str) -> str | None:
    """The argument with the version in it, or None where it is not understood well enough."""
    option = _OPTION.match(stands)
    prefix = option.group(1) if option is not None and option.group(2) == package.text else ""
    if package.ecosystem == "npm":
        match = _NPM_TEXT.match(package.text)
        return f"{prefix}{match['name']}@{version}" if match is not None and _bare(match["rest"] or "") else None
    match = _PYPI_TEXT.match(package.text)
    if match is None or not _bare(match["rest"]) or ";" in match["rest"]:
        return None
    requirement = bool(prefix) or before in _ASKS_FOR_REQUIREMENT or "pipx" in package.runner
    between = "==" if requirement or match["extras"] else "@"
    return f"{prefix}{match['name']}{match['extras'] or ''}{between}{version}"


def _bare(rest: str) -> bool:
    """Whether what stands behind the name is a version, a range or a tag, and nothing that points elsewhere."""
    return ":" not in rest and "/" not in rest


def _running(
    config: ClientConfig, entry: ServerEntry, versions: list[InstalledPackage], snapshot: Snapshot
) -> InstalledPackage | None:
    """The installed version that a running process of this entry was started from."""
    for process in snapshot.processes.servers:
        reference = process.entry
        if reference is None or (reference.path, reference.pointer) != (config.path.asked, entry.pointer):
            continue
        used = (*process.command, process.executable)
        for item in versions:
            if any(text.startswith(folder) for text in used for folder in _program_folders(item)):
                return item
    return None


def _program_folders(item: InstalledPackage) -> tuple[str, ...]:
    """What the paths of the programs of one installation begin with."""
    if item.ecosystem == "npm":
        modules = item.place[: -len(item.name)]
        return f"{item.place}/", f"{modules}.bin/"
    environment = re.split(r"/(?:lib/python[^/]*|Lib)/site-packages/", item.place)[0]
    return (f"{environment}/",)
